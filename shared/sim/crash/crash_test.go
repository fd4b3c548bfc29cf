package crash_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/postgres"
	"cityhall/shared/sqlite"
	"cityhall/syncserver"
)

var (
	kills   = flag.Int("kills", 150, "how often the server is killed, and the device")
	oneSeed = flag.Uint64("seed", 1, "decides when")
	program = flag.String("server", "", "the server's program; the test's own when empty")
)

var ctx = context.Background()

// These are set in the process that is to be killed.
const (
	dataFolder = "CRASH_DATA"
	address    = "CRASH_ADDRESS"
	database   = "CRASH_DB"    // PostgreSQL; empty for the file
	ahead      = "CRASH_AHEAD" // of its clock before the right time
)

func TestMain(m *testing.M) { postgres.Main(m) }

// TestServesUntilKilled is not a test but the program that TestServerIsKilled
// kills when it has no other.
func TestServesUntilKilled(t *testing.T) {
	if os.Getenv(dataFolder) == "" {
		t.Skip("runs in a process of its own")
	}
	l, err := net.Listen("tcp", os.Getenv(address))
	if err != nil {
		t.Fatal(err)
	}
	wrong, _ := time.ParseDuration(os.Getenv(ahead)) // none: the right time
	now := func() time.Time { return time.Now().Add(wrong) }
	s, err := syncserver.Open(ctx, syncserver.Config{Data: os.Getenv(dataFolder), DB: os.Getenv(database), Now: now, Several: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(`{"listening":"here"}`)
	t.Fatal(s.Serve(ctx, l))
}

// fixture is a server's folder with a device that is enrolled at its address.
type fixture struct {
	*replica.Replica
	data, addr string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	dir, err := sim.Folder("crash-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{addr: l.Addr().String()}
	l.Close()
	c, err := sim.NewCity(ctx, dir, sim.NewClock(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	f.data = c.Data()
	// A transport of its own: connections to a killed process are not kept.
	f.Replica, err = replica.Open(ctx, replica.Config{Dir: filepath.Join(dir, "device"), Now: time.Now, Version: "crash", Transport: &http.Transport{DisableKeepAlives: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	link, err := c.Enrolment(ctx, city.DeviceKiosk, "http://"+f.addr, city.ScopePublic)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	kill := f.serve(t)
	defer kill()
	if _, err := f.Enrol(ctx, link, "Library"); err != nil {
		t.Fatal(err)
	}
	if err := f.Step(ctx); err != nil {
		t.Fatal(err)
	}
	return f
}

// serve starts the server's process, waits until it listens, and gives what kills
// it.
func (f *fixture) serve(t *testing.T) (kill func()) {
	t.Helper()
	return serve(t, f.data, "", f.addr, 0)
}

// serve starts a server's process on a folder and a database. One whose clock is
// wrong is the test's own program.
func serve(t *testing.T, data, db, addr string, wrong time.Duration) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServesUntilKilled$", "-test.v")
	if *program != "" && wrong == 0 {
		cmd = exec.Command(*program, "-data", data, "-addr", addr, "-db", db)
	}
	cmd.Env = append(os.Environ(), dataFolder+"="+data, address+"="+addr, database+"="+db, ahead+"="+wrong.String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		if strings.Contains(scan.Text(), `"listening"`) {
			return func() {
				cmd.Process.Kill()
				for scan.Scan() { // its last words
				}
				cmd.Wait() // killed, as it should be
			}
		}
	}
	t.Fatalf("the server did not start: %v", cmd.Wait())
	return nil
}

// push records three reports and delivers what waits, if it can.
func (f *fixture) push(t *testing.T) {
	t.Helper()
	for range 3 {
		if _, err := f.Record(ctx, reported()); err != nil {
			t.Fatal(err)
		}
	}
	step, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	_ = f.Step(step) // fails when the server dies
}

// lost lists the acts that the server had acknowledged and no longer has.
func (f *fixture) lost(t *testing.T) (acknowledged int, lost []city.MutationID) {
	t.Helper()
	db, err := sqlite.Open(ctx, filepath.Join(f.data, "city.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	items, err := f.Items(ctx, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		if it.State == replica.StateSaved {
			continue
		}
		acknowledged++
		var n int
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM mutation WHERE id = $1`, it.ID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != 1 {
			lost = append(lost, it.ID)
		}
	}
	return acknowledged, lost
}

// Whatever the server has acknowledged is there after kill -9, and the device
// delivers the rest by itself.
func TestServerIsKilled(t *testing.T) {
	n := *kills
	if testing.Short() {
		n = min(n, 4)
	}
	t.Parallel()
	f := newFixture(t)
	rng := rand.New(rand.NewPCG(*oneSeed, 5))
	acts, violations := 0, 0
	for i := range n {
		kill := f.serve(t)
		gone := make(chan bool)
		f.push(t)
		time.AfterFunc(time.Duration(1000+rng.IntN(29_000))*time.Microsecond, func() {
			kill()
			close(gone)
		})
		for alive := true; alive; {
			select {
			case <-gone:
				alive = false
			default:
				f.push(t)
			}
		}
		if i%5 != 4 && i != n-1 { // looking takes longer than killing
			continue
		}
		var lost []city.MutationID
		if acts, lost = f.lost(t); len(lost) > 0 {
			violations++
			t.Errorf("%v\nreplay: go test -tags ci,migrated_fynedo ./shared/sim/crash -run '^TestServerIsKilled$' -seed %d -kills %d",
				sim.Violation{Invariant: "an acknowledged push survives a kill", Detail: fmt.Sprint(lost)}, *oneSeed, i+1)
		}
	}
	kill := f.serve(t)
	defer kill()
	if err := f.Step(ctx); err != nil {
		t.Error(sim.Violation{Invariant: "the server works after kills", Detail: err.Error()})
	}
	if s, err := f.Summary(ctx); err != nil || s.Pending != 0 {
		t.Error(sim.Violation{Invariant: "every act arrives", Detail: fmt.Sprint(s, err)})
	}
	line, err := json.Marshal(struct {
		Figure     string `json:"figure"`
		Seed       uint64 `json:"seed"`
		Kills      int    `json:"kills"`
		Acts       int    `json:"acts"`
		Violations int    `json:"violations"`
	}{"kill -9, server", *oneSeed, n, acts, violations})
	if err != nil || acts < n/4 {
		t.Fatalf("%d acts were acknowledged, which proves little: %v", acts, err)
	}
	t.Logf("%s", line)
}
