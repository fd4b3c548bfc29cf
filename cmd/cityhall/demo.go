package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/peripheral/screen"
)

// Demo is the command line of the demo city.
type Demo struct {
	Data     string `help:"Folder of the demo city; a second start goes on where the first ended." default:"out/city" type:"path"`
	Addr     string `help:"Address of the server; port 0 takes a free one." default:"127.0.0.1:8080"`
	Headless bool   `help:"Start the server alone and print one line of JSON: addresses, logins, enrolment links."`
	Seed     uint64 `help:"What the invented city follows from." default:"1"`
	Pin      string `help:"PIN of the crew's tablet." default:"2468"`
}

// Run makes the demo city and shows it until ctx ends.
func (d Demo) Run(ctx context.Context, t terminal) error {
	p, err := prepare(ctx, d.Data, d.Seed)
	if err != nil {
		return err
	}
	server, err := startServer(d)
	if err != nil {
		return err
	}
	defer server.stop()
	url := "http://" + server.listening
	if d.Headless {
		if err := json.NewEncoder(t.out).Encode(p.facts(url)); err != nil {
			return err
		}
		return server.wait(ctx)
	}
	windows, shown, err := d.openWindows(p, url)
	if err != nil {
		return err
	}
	defer shown.stop()
	for _, w := range windows {
		defer w.stop()
	}
	d.tell(t, p, url, shown)
	if shown.virtual() {
		go shown.photograph(ctx, t)
	}
	return waitAny(ctx, append(windows, server)...)
}

// facts is what a script needs to know, as one line of JSON.
type facts struct {
	City    string            `json:"city"`
	Console string            `json:"console"`
	Sync    string            `json:"sync"`
	Logins  []login           `json:"logins"`
	Enrol   map[string][]link `json:"enrol"` // by kind of device: kiosk, tablet
}

type login struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	About    string `json:"about"`
}

type link struct {
	Name string `json:"name"`
	Link string `json:"link"`
}

func (p prepared) facts(url string) facts {
	f := facts{City: p.city.Settings.Name, Console: url + "/console", Sync: url, Enrol: map[string][]link{}}
	for _, l := range p.city.Logins {
		f.Logins = append(f.Logins, login{Name: l.Name, Password: l.Password, About: l.About})
	}
	for _, i := range p.invitations {
		f.Enrol[string(i.kind)] = append(f.Enrol[string(i.kind)], link{Name: i.name, Link: p.link(i, url)})
	}
	return f
}

// tell says what there is to see and how to get in.
func (d Demo) tell(t terminal, p prepared, url string, shown *showing) {
	fmt.Fprintf(t.out, "\n%s is open.\n\n  Staff console  %s/console\n", p.city.Settings.Name, url)
	for _, l := range p.city.Logins {
		fmt.Fprintf(t.out, "                 %-10s %-18s %s\n", l.Name, l.Password, l.About)
	}
	fmt.Fprintf(t.out, "\n  Kiosk          %s\n  Field app      %s, PIN %s\n", shown.where("kiosk"), shown.where("fieldapp"), d.Pin)
	if shown.virtual() {
		fmt.Fprintf(t.out, "\n  This machine has no display, so the windows are on virtual ones. What they show is in\n  %s/kiosk.png and %s/fieldapp.png, every few seconds anew.\n", shownIn, shownIn)
	}
	fmt.Fprintf(t.out, "\n  More devices enrol with one of these, each good for one device and one day:\n")
	for _, i := range p.spare() {
		fmt.Fprintf(t.out, "    %-20s %s\n", i.name, p.link(i, url))
	}
	fmt.Fprintf(t.out, "\n  Everything is kept in %s. Ctrl-C closes the city; starting again goes on from here.\n\n", d.Data)
}

// spare are the invitations that the demo's own windows leave over: they take
// the first of each kind.
func (p prepared) spare() []invitation {
	var out []invitation
	taken := map[city.DeviceKind]bool{}
	for _, i := range p.invitations {
		if taken[i.kind] {
			out = append(out, i)
		}
		taken[i.kind] = true
	}
	return out
}

// showing is where the windows are: on the machine's display or on virtual ones.
type showing struct {
	screens map[string]*screen.Screen
}

func (s *showing) virtual() bool { return len(s.screens) > 0 }

func (s *showing) where(name string) string {
	if v, ok := s.screens[name]; ok {
		return "on the virtual display " + v.Name()
	}
	return "in its window"
}

func (s *showing) stop() {
	for _, v := range s.screens {
		v.Stop()
	}
}

// shownIn is where pictures of the virtual displays go.
const shownIn = "out/run"

// photograph saves every few seconds what the virtual displays show, since
// nobody can look at them.
func (s *showing) photograph(ctx context.Context, t terminal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(4 * time.Second):
		}
		for name, v := range s.screens {
			if err := v.SavePNG(filepath.Join(shownIn, name+".png")); err != nil {
				fmt.Fprintln(t.err, "cityhall:", err)
				return
			}
		}
	}
}

// openWindows starts the kiosk and the field app, each on a virtual display of
// its own when the machine has none.
func (d Demo) openWindows(p prepared, url string) ([]*program, *showing, error) {
	shown := &showing{screens: map[string]*screen.Screen{}}
	var windows []*program
	for _, w := range []struct {
		name          string
		kind          city.DeviceKind
		width, height int
		args          []string
	}{
		{"kiosk", city.DeviceKiosk, 1080, 1920, []string{"--at", "Alder Bend Public Library"}},
		{"fieldapp", city.DeviceTablet, 1280, 800, []string{"--pin", d.Pin, "--pictures", filepath.Join(d.Data, "pictures")}},
	} {
		display := os.Getenv("DISPLAY")
		args := append([]string{"--data", filepath.Join(d.Data, w.name), "--enrol", p.firstLink(w.kind, url)}, w.args...)
		if display == "" {
			s, err := screen.Start(w.width, w.height)
			if err != nil {
				shown.stop()
				return nil, nil, err
			}
			shown.screens[w.name] = s
			display = s.Name()
			args = append(args, "--fullscreen")
		} else if w.name == "kiosk" {
			args = append(args, "--width", "540", "--height", "960", "--scale", "0.5") // a lobby's panel, on a desk
		}
		win, err := start(w.name, d.Data, []string{"DISPLAY=" + display}, args...)
		if err != nil {
			for _, open := range windows {
				open.stop()
			}
			shown.stop()
			return nil, nil, err
		}
		windows = append(windows, win)
	}
	return windows, shown, nil
}

func (p prepared) firstLink(kind city.DeviceKind, url string) string {
	for _, i := range p.invitations {
		if i.kind == kind {
			return p.link(i, url)
		}
	}
	return ""
}
