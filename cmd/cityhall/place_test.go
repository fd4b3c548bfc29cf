package main_test

import (
	"bufio"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/demo"
	"cityhall/shared/sim/stage"
)

// TestTabletKnowsWhereItIs shows the real field app's maps: its jobs, what is
// open around the place that gpsd tells, and a report from there.
func TestTabletKnowsWhereItIs(t *testing.T) {
	stage.Need(t, "Xvfb")
	j := newJourney(t)
	h := openHall(t, "-addr", "127.0.0.1:0", "-data", filepath.Join(t.TempDir(), "city"))
	tablet := j.newWindow(h, "tablet", "fieldapp", h.Enrol["tablet"][0].Link, 1280, 800, "-pin", "2468",
		"-gpsd", gpsd(t, house(t, "Juniper Avenue", 212)))
	tablet.open()
	tablet.signIn()
	tablet.TapAt(tablet.WaitFor("Show my jobs on the map", eventually)) // once the places have come
	tablet.WaitFor("Go to where I am", soon)
	tablet.show("jobs-map")
	tablet.press("Everything open near here")
	tablet.WaitFor("Near here", soon)
	tablet.press("Hydrants, lights, trees here")
	tablet.show("near")
	tablet.press("Back", "Report", "Where I am now, give or take 7 m")
	tablet.WaitForPattern(`^On the map: 212 Juniper Avenue`, soon)
	tablet.show("report")
	tablet.press("Point on the map")
	tablet.WaitForPattern(`^Near 212 Juniper Avenue`, soon)
	tablet.show("point")
}

func house(t *testing.T, street string, number int) atlas.Point {
	t.Helper()
	for _, s := range demo.New(1, time.Now()).Geography.Streets {
		if p, ok := s.House(number); ok && s.Name == street {
			return p
		}
	}
	t.Fatalf("no %d %s", number, street)
	return atlas.Point{}
}

// gpsd tells one position every second to whoever asks, as the daemon does.
func gpsd(t *testing.T, at atlas.Point) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
					return
				}
				for {
					if _, err := fmt.Fprintf(conn, `{"class":"TPV","mode":3,"lat":%.7f,"lon":%.7f,"eph":6.5}`+"\r\n", float64(at.Lat)/1e7, float64(at.Lon)/1e7); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			}()
		}
	}()
	return l.Addr().String()
}
