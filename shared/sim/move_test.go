package sim_test

import (
	"bytes"
	"errors"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/postgres"
	"cityhall/shared/sqlite"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

var moveActs = flag.Int("move-acts", 300, "acts of the city that moves to PostgreSQL")

// What the process that is to be killed moves, and when it kills itself.
const (
	moveFrom = "MOVE_FROM"
	moveTo   = "MOVE_TO"
	moveDies = "MOVE_DIES"
)

// TestMovesUntilKilled is not a test but the program that TestMoveToPostgres kills.
func TestMovesUntilKilled(t *testing.T) {
	if os.Getenv(moveFrom) == "" {
		t.Skip("runs in a process of its own")
	}
	left, err := strconv.Atoi(os.Getenv(moveDies))
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Move(ctx, store.MoveOptions{From: os.Getenv(moveFrom), To: os.Getenv(moveTo), Now: time.Now, Progress: func(string, int64, int64) {
		if left--; left == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func killedMove(t *testing.T, from, to string, after int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMovesUntilKilled$")
	cmd.Env = append(os.Environ(), moveFrom+"="+from, moveTo+"="+to, moveDies+"="+strconv.Itoa(after))
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("killed after %d: %v\n%s", after, err, said)
	}
}

// paths notes what a device asks for, and may keep it from pulling.
type paths struct {
	to     http.RoundTripper
	asked  []string
	noPull bool
}

func (p *paths) RoundTrip(r *http.Request) (*http.Response, error) {
	p.asked = append(p.asked, r.URL.Path)
	if p.noPull && strings.HasSuffix(r.URL.Path, "/pull") {
		return nil, errors.New("the line is dead")
	}
	return p.to.RoundTrip(r)
}

// A city moves to PostgreSQL while its devices are in the middle of everything.
// The move is killed again and again; once it is through, the devices go on with
// the cursors that they had, and SQLite is not served any more.
func TestMoveToPostgres(t *testing.T) {
	db := postgres.NewDatabase(t)
	c, clock := newCity(t), sim.NewClock(noon)
	var acts []city.MutationID
	device := func(kind city.DeviceKind) (*replica.Replica, *paths) {
		p := &paths{to: line(c)}
		r := newReplica(t, c, kind, sim.Address, p, clock)
		step(t, r)
		return r, p
	}
	synced, syncedPaths := device(city.DeviceKiosk)
	for i := range *moveActs {
		acts = append(acts, record(t, synced, report(city.NewID())))
		if i%100 == 99 { // the more waits, the longer a tap takes
			step(t, synced)
		}
	}
	step(t, synced)
	behind, behindPaths := device(city.DeviceTablet)
	request := city.NewID()
	acts = append(acts, record(t, synced, report(request)))
	step(t, synced) // the tablet has not heard of it
	sent, sentPaths := device(city.DeviceKiosk)
	sentAct := record(t, sent, report(city.NewID()))
	sentPaths.noPull = true
	if err := sent.Step(ctx); err == nil || state(t, sent, sentAct) != replica.StateSent {
		t.Fatalf("without a pull: %v", err)
	}
	waiting, waitingPaths := device(city.DeviceKiosk)
	waitingAct := record(t, waiting, report(city.NewID()))

	before, err := c.Server().Store().Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Move(ctx, store.MoveOptions{From: c.Data(), To: db.DSN(), Now: clock.Now}); !errors.Is(err, sqlite.ErrInUse) {
		t.Fatalf("beside a running server: %v", err)
	}
	old := filepath.Join(t.TempDir(), "city.db")
	err = c.MoveTo(ctx, db, func(from string) error {
		copyFile(t, filepath.Join(from, "city.db"), old)
		for _, after := range []int{1, 2, 4, 7, 15, 20} {
			killedMove(t, from, db.DSN(), after)
			if _, err := openServer(from, db.DSN()); !errors.Is(err, store.ErrMoving) {
				t.Fatalf("a server on half a city: %v", err)
			}
		}
		// The old server may still go on, and what it does then moves too.
		s, err := openServer(from, "")
		if err != nil {
			return err
		}
		if _, err := s.Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), before.Seq, &city.SetCrew{ID: "late", Crew: city.Crew{Name: "Late crew", Department: "parks"}}); err != nil {
			return err
		}
		if before, err = s.Store().Head(ctx); err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
		start := time.Now()
		done, err := store.Move(ctx, store.MoveOptions{From: from, To: db.DSN(), Now: clock.Now})
		var rows int64
		for _, table := range done.Tables {
			rows += table.Rows
		}
		t.Logf("%d rows in %v, %d of them copied", rows, time.Since(start), done.Copied)
		if err == nil && (int64(done.Log.Changes) != before.Seq || done.Copied == rows) {
			t.Errorf("moved %+v, of %d", done, before.Seq)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	after, err := c.Server().Store().Head(ctx)
	if err != nil || after.Epoch != before.Epoch || after.Seq != before.Seq || !bytes.Equal(after.Hash, before.Hash) {
		t.Fatalf("the head was %+v and is %+v, %v", before, after, err)
	}

	sentPaths.noPull = false
	for _, d := range []struct {
		*replica.Replica
		*paths
	}{{synced, syncedPaths}, {behind, behindPaths}, {sent, sentPaths}, {waiting, waitingPaths}} {
		d.asked = nil
		step(t, d.Replica)
		if asked := strings.Join(d.asked, " "); strings.Contains(asked, "snapshot") {
			t.Errorf("a device began anew: %s", asked)
		}
	}
	for _, act := range acts {
		if got := state(t, synced, act); got != replica.StateReceived {
			t.Fatalf("act %s is %s", act, got)
		}
	}
	if a, b := state(t, sent, sentAct), state(t, waiting, waitingAct); a != replica.StateReceived || b != replica.StateReceived {
		t.Errorf("after the move: %s, %s", a, b)
	}
	if found, err := behind.Records(ctx, city.KindRequest); err != nil || len(found) < *moveActs {
		t.Errorf("the tablet has %d requests, %v", len(found), err)
	}
	neverServedAgain(t, c.Data(), old)
}

// neverServedAgain tries to start a server on the old database, and on a copy of
// it from before the move.
func neverServedAgain(t *testing.T, data, old string) {
	t.Helper()
	if _, err := openServer(data, ""); !errors.Is(err, store.ErrMoved) {
		t.Errorf("the old database is served: %v", err)
	}
	moved := t.TempDir()
	copyFile(t, filepath.Join(data, "server-keys.json"), filepath.Join(moved, "server-keys.json"))
	copyFile(t, filepath.Join(data, "city.db"), filepath.Join(moved, "city.db"))
	if _, err := openServer(moved, ""); !errors.Is(err, store.ErrMoved) {
		t.Errorf("the old database is served without its ledger: %v", err)
	}
	copyFile(t, old, filepath.Join(data, "city.db"))
	if _, err := openServer(data, ""); !errors.Is(err, store.ErrMoved) {
		t.Errorf("a copy from before the move is served: %v", err)
	}
}

func openServer(data, db string) (*syncserver.Server, error) {
	return syncserver.Open(ctx, syncserver.Config{Data: data, DB: db, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)})
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
