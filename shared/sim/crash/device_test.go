package crash_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// deviceFolder is set in the process that is to be killed.
const deviceFolder = "CRASH_DEVICE"

// TestSyncsUntilKilled is not a test but the program that TestDeviceIsKilled kills:
// it records and exchanges with the server for ever, and prints each id once Record
// has returned.
func TestSyncsUntilKilled(t *testing.T) {
	dir := os.Getenv(deviceFolder)
	if dir == "" {
		t.Skip("runs in a process of its own")
	}
	fmt.Println("begins")
	r, err := replica.Open(ctx, replica.Config{Dir: dir, Now: time.Now, Version: "crash"})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("opened")
	go func() {
		for {
			_ = r.Step(ctx) // the server may be gone
		}
	}()
	for {
		ids, err := r.Record(ctx, reported())
		if city.CodeOf(err) == city.CodeUnknown { // an empty cache knows no service yet
			time.Sleep(time.Millisecond)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("recorded", ids[0])
	}
}

func reported() replica.Entry {
	return replica.Entry{Actor: city.Actor{Kind: city.ActorResident}, Act: &city.FileRequest{
		Request: city.NewID(), Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: "it fell"}}
}

// victim is a device's folder, whose program is killed, and the city it talks to.
type victim struct {
	t    *testing.T
	city *sim.City
	dir  string
	owed map[city.MutationID]bool
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	dir, err := sim.Folder("crash-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	v := &victim{t: t, dir: filepath.Join(dir, "device"), owed: map[city.MutationID]bool{}}
	if v.city, err = sim.NewCity(ctx, dir, sim.NewClock(time.Now())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.city.Close() })
	served := httptest.NewServer(v.city)
	t.Cleanup(served.Close)
	link, err := v.city.Enrolment(ctx, city.DeviceKiosk, served.URL, city.ScopePublic)
	if err != nil {
		t.Fatal(err)
	}
	r := v.open()
	defer r.Close()
	if _, err := r.Enrol(ctx, link, "Library"); err != nil {
		t.Fatal(err)
	}
	if err := r.Step(ctx); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *victim) open() *replica.Replica {
	v.t.Helper()
	r, err := replica.Open(ctx, replica.Config{Dir: v.dir, Now: time.Now, Version: "crash", Transport: &http.Transport{DisableKeepAlives: true}})
	if err != nil {
		v.t.Fatal(sim.Violation{Invariant: "the device starts after a kill", Detail: err.Error()})
	}
	return r
}

// killed runs the program and kills it some time after it has said a word.
func (v *victim) killed(dir, word string, after time.Duration) {
	v.t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestSyncsUntilKilled$", "-test.v")
	cmd.Env = append(os.Environ(), deviceFolder+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		v.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	said := false
	for scan := bufio.NewScanner(out); scan.Scan(); {
		if id, ok := strings.CutPrefix(scan.Text(), "recorded "); ok && len(id) == 36 {
			v.owed[city.MutationID(id)] = true
		}
		if !said && strings.HasPrefix(scan.Text(), word) {
			said = true
			time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
	}
	cmd.Wait() // killed, as it should be
	if !said {
		v.t.Fatalf("the program did not get as far as %q", word)
	}
}

// lost lists what was promised and is no longer there.
func (v *victim) lost(r *replica.Replica) (lost []city.MutationID) {
	v.t.Helper()
	items, err := r.Items(ctx, 1<<20)
	if err != nil {
		v.t.Fatal(err)
	}
	there := map[city.MutationID]bool{}
	for _, it := range items {
		there[it.ID] = it.Code != city.CodeDamaged
	}
	for id := range v.owed {
		if !there[id] {
			lost = append(lost, id)
		}
	}
	return lost
}

// Whatever a device has promised is there after kill -9, at any point of a start, of
// its first migration, of a pull and of a rebuild of its cache, and arrives.
func TestDeviceIsKilled(t *testing.T) {
	n := *kills
	if testing.Short() {
		n = min(n, 10)
	}
	t.Parallel()
	v := newVictim(t)
	backup, err := v.city.Backup()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(*oneSeed, 8))
	violations := 0
	violated := func(i int, what sim.Violation) {
		violations++
		t.Errorf("%v\nreplay: go test -tags ci,migrated_fynedo ./shared/sim/crash -run '^TestDeviceIsKilled$' -seed %d -kills %d", what, *oneSeed, i+1)
	}
	for i := range n {
		after := time.Duration(1000+rng.IntN(29_000)) * time.Microsecond
		switch rng.IntN(6) {
		case 0: // in its very first start
			fresh := v.dir + "-fresh"
			v.killed(fresh, "begins", after/3)
			r, err := replica.Open(ctx, replica.Config{Dir: fresh, Now: time.Now})
			if err != nil {
				violated(i, sim.Violation{Invariant: "the device starts after a kill", Detail: err.Error()})
			} else if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(fresh); err != nil {
				t.Fatal(err)
			}
		case 1: // while it starts
			v.killed(v.dir, "begins", after)
		case 2: // while it fills an empty cache
			for _, end := range []string{"", "-wal", "-shm"} {
				if err := os.RemoveAll(filepath.Join(v.dir, "cache.db"+end)); err != nil {
					t.Fatal(err)
				}
			}
			v.killed(v.dir, "opened", after)
		case 3: // while it builds the cache of a restored city, and sends again what that lost
			if err := v.city.Restore(ctx, backup); err != nil {
				t.Fatal(err)
			}
			v.killed(v.dir, "opened", after)
		default:
			v.killed(v.dir, "recorded", after)
		}
		if i%10 == 9 {
			r := v.open()
			if lost := v.lost(r); len(lost) > 0 {
				violated(i, sim.Violation{Invariant: "a receipt survives a kill", Detail: fmt.Sprint(lost)})
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	v.delivers(func(what sim.Violation) { violated(n, what) })
	line, err := json.Marshal(struct {
		Figure     string `json:"figure"`
		Seed       uint64 `json:"seed"`
		Kills      int    `json:"kills"`
		Acts       int    `json:"acts"`
		Violations int    `json:"violations"`
	}{"kill -9, device", *oneSeed, n, len(v.owed), violations})
	if err != nil || len(v.owed) < n/4 {
		t.Fatalf("%d acts were recorded, which proves little: %v", len(v.owed), err)
	}
	t.Logf("%s", line)
}

// delivers lets the device finish and looks for every act in the archive.
func (v *victim) delivers(violated func(sim.Violation)) {
	v.t.Helper()
	r := v.open()
	defer r.Close()
	if err := r.Step(ctx); err != nil {
		violated(sim.Violation{Invariant: "the device works after kills", Detail: err.Error()})
		return
	}
	if s, err := r.Summary(ctx); err != nil || s.Pending+s.Damaged != 0 {
		violated(sim.Violation{Invariant: "every act arrives", Detail: fmt.Sprint(s, err)})
	}
	if lost := v.lost(r); len(lost) > 0 {
		violated(sim.Violation{Invariant: "a receipt survives a kill", Detail: fmt.Sprint(lost)})
	}
	for id := range v.owed {
		var n int
		err := v.city.Server().Store().DB().QueryRowContext(ctx, `SELECT count(*) FROM mutation WHERE id = $1`, id).Scan(&n)
		if err != nil || n != 1 {
			violated(sim.Violation{Invariant: "every act stands once in the archive", Detail: fmt.Sprint(id, n, err)})
		}
	}
}
