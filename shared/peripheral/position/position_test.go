package position_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cityhall/shared/peripheral/position"
)

// daemon is gpsd's place at the other end of a line: the test says what it says.
type daemon struct {
	t    *testing.T
	at   net.Listener
	conn net.Conn
}

func newDaemon(t *testing.T) *daemon {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, at: l}
	t.Cleanup(func() { l.Close(); d.hangUp() })
	return d
}

// meet takes the next call and reads what is asked for.
func (d *daemon) meet() {
	d.t.Helper()
	d.at.(*net.TCPListener).SetDeadline(time.Now().Add(20 * time.Second))
	conn, err := d.at.Accept()
	if err != nil {
		d.t.Fatal(err)
	}
	d.conn = conn
	asked, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.HasPrefix(asked, "?WATCH=") {
		d.t.Fatalf("asked %q, %v", asked, err)
	}
	d.say(`{"class":"VERSION","release":"3.22","proto_major":3,"proto_minor":14}`)
}

func (d *daemon) say(line string) {
	d.t.Helper()
	if _, err := io.WriteString(d.conn, line+"\r\n"); err != nil {
		d.t.Fatal(err)
	}
}

func (d *daemon) hangUp() {
	if d.conn != nil {
		d.conn.Close()
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// until waits for a fix that is as wanted.
func until(t *testing.T, r *position.Receiver, want func(position.Fix) bool) position.Fix {
	t.Helper()
	for range 2000 {
		if f, ok := r.Last(); ok && want(f) {
			return f
		}
		time.Sleep(5 * time.Millisecond)
	}
	f, ok := r.Last()
	t.Fatalf("no such fix came; the last is %+v, %t", f, ok)
	return f
}

func at(lat, lon int32) func(position.Fix) bool {
	return func(f position.Fix) bool { return f.Lat == lat && f.Lon == lon }
}

// TestFixes hears what is a fix, with its accuracy, and passes over what is none.
func TestFixes(t *testing.T) {
	d := newDaemon(t)
	clock := time.Date(1970, 1, 1, 0, 7, 0, 0, time.UTC)
	var fixes atomic.Int32 // each is timed once
	r := position.Watch(t.Context(), d.at.Addr().String(), func() time.Time { fixes.Add(1); return clock }, quiet())
	if _, ok := r.Last(); ok {
		t.Fatal("a position before there was one")
	}
	d.meet()
	d.say(`{"class":"TPV","device":"/dev/ttyACM0","mode":3,"time":"2007-04-07T10:00:00.000Z","lat":46.300001250,"lon":-69.300020000,"alt":91.2,"epx":3.1,"epy":4.2,"eph":6.500,"speed":0.1}`)
	f := until(t, r, at(463_000_013, -693_000_200))
	if f.Within != 6.5 || !f.At.Equal(clock) {
		t.Errorf("%+v; want 6.5 m, at this device's time", f)
	}
	for _, none := range []string{
		`{"class":"TPV","mode":1,"lat":1,"lon":1}`, `{"class":"TPV","mode":3}`, `{"class":"TPV","mode":2,"lat":91,"lon":1}`, `{"class":"TPV","mode":2,"lat":0,"lon":0}`,
		`{"class":"TPV","mode":"3","lat":2,"lon":2}`, `{"class":"SKY","mode":3,"lat":3,"lon":3}`, `{"class":"TPV","mode":3,"lat":4,"lon":`, `$GPGGA`, ``, `null`, `[]`,
		`{"class":"TPV","mode":3,"lat":1e400,"lon":1}`,
	} {
		d.say(none)
	}
	d.say(`{"class":"TPV","mode":2,"lat":-46.1,"lon":170.5,"epx":3,"epy":4}`)
	if f := until(t, r, at(-461_000_000, 1_705_000_000)); f.Within != 5 {
		t.Errorf("%+v; want 5 m of 3 and 4", f)
	}
	d.say(`{"class":"TPV","mode":2,"lat":46.2,"lon":-69.2}`)
	if f := until(t, r, at(462_000_000, -692_000_000)); f.Within != 0 {
		t.Errorf("%+v; want no word of its accuracy", f)
	}
	if n := fixes.Load(); n != 3 {
		t.Errorf("%d fixes were taken, want 3", n)
	}
}

// TestGoesOn calls again when the daemon hangs up, or sends a line without end,
// and keeps the last fix meanwhile.
func TestGoesOn(t *testing.T) {
	d := newDaemon(t)
	r := position.Watch(t.Context(), d.at.Addr().String(), time.Now, quiet())
	d.meet()
	d.say(`{"class":"TPV","mode":3,"lat":46.3,"lon":-69.3,"eph":4}`)
	until(t, r, at(463_000_000, -693_000_000))
	d.hangUp()
	d.meet()
	if f, ok := r.Last(); !ok || f.Lat != 463_000_000 {
		t.Errorf("the last fix is %+v, %t", f, ok)
	}
	go io.Copy(d.conn, endless{}) // ends when the other side hangs up
	d.meet()
	d.say(`{"class":"TPV","mode":3,"lat":46.4,"lon":-69.3,"eph":4}`)
	until(t, r, at(464_000_000, -693_000_000))
}

// endless is one line that does not end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestNobodyThere works without a daemon, and without an address.
func TestNobodyThere(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1:1", "not an address"} {
		r := position.Watch(t.Context(), address, time.Now, quiet())
		time.Sleep(50 * time.Millisecond)
		if f, ok := r.Last(); ok {
			t.Errorf("%q: %+v", address, f)
		}
	}
}

// gpsd is the real daemon. Like the other programs that tests need it may be
// missing on a developer's machine, but not in CI.
func gpsd(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a daemon is not part of the short tests")
	}
	for _, name := range []string{"gpsd", "/usr/sbin/gpsd"} { // not on everybody's PATH
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("gpsd is missing: run make install-test")
	}
	t.Skip("gpsd is missing: run make install-test")
	return ""
}

// TestRealDaemon lets gpsd itself read a receiver that speaks NMEA on a line, as
// one in a car does, and follows it to another place.
func TestRealDaemon(t *testing.T) {
	program := gpsd(t)
	receiver, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer receiver.Close()
	place := make(chan string, 1)
	place <- "4618.00075,N,06918.00120,W" // 46.3000125, -69.30002
	go drive(receiver, place)
	port := freePort(t)
	cmd := exec.CommandContext(t.Context(), program, "-N", "-n", "-S", port, "tcp://"+receiver.Addr().String())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	r := position.Watch(t.Context(), "127.0.0.1:"+port, time.Now, quiet())
	if f := until(t, r, at(463_000_125, -693_000_200)); f.Within <= 0 || f.Within > 100 {
		t.Errorf("%+v: a receiver with its deviations given has an accuracy", f)
	}
	place <- "4619.50000,N,06917.00000,W"
	until(t, r, at(463_250_000, -692_833_333))
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// drive is the receiver: ten times a second it says where it is, how good the
// satellites stand, and how far it may be off.
func drive(l net.Listener, place <-chan string) {
	conn, err := l.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	now := <-place
	for second := 0; ; second++ {
		select {
		case now = <-place:
		default:
		}
		clock := fmt.Sprintf("1200%02d.00", second%60)
		for _, s := range []string{
			"GPRMC," + clock + ",A," + now + ",0.0,0.0,231126,,,A",
			"GPGGA," + clock + "," + now + ",1,08,1.1,91.0,M,-28.0,M,,",
			"GPGSA,A,3,02,05,07,09,13,15,20,28,,,,,1.9,1.1,1.5",
			"GPGST," + clock + ",6.0,4.0,3.0,45.0,3.0,4.0,6.0",
		} {
			sum := byte(0)
			for i := range len(s) {
				sum ^= s[i]
			}
			if _, err := fmt.Fprintf(conn, "$%s*%02X\r\n", s, sum); err != nil {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}
