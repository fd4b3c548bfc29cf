package sim_test

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// The histories of this file are written by hand: each is one in which a single
// protection stands between a person's words and their loss, and which a crowd of
// drawn histories meets too rarely. The removals in the folder sabotage name them.

// barred is a line on which the requests to one path come to nothing: the line
// breaks, or the answer is a refusal.
type barred struct {
	*sim.Line
	path string
	code protocol.Code
}

func (b *barred) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.path == "" || !strings.HasPrefix(r.URL.Path, protocol.Path+b.path) {
		return b.Line.RoundTrip(r)
	}
	if b.code == "" {
		return nil, errors.New("the line broke")
	}
	rec := httptest.NewRecorder()
	rec.WriteHeader(http.StatusBadRequest)
	rec.WriteString(`{"code":"` + string(b.code) + `","message":"no"}`)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

// imageOf copies a device's folder while its program is off.
func imageOf(t *testing.T, r *replica.Replica, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "image")
	if err := errors.Join(r.Close(), os.CopyFS(to, os.DirFS(dir))); err != nil {
		t.Fatal(err)
	}
	return to
}

// stands counts an act in the city's archive.
func stands(t *testing.T, c *sim.City, id city.MutationID) int {
	t.Helper()
	var n int
	if err := c.Server().Store().DB().QueryRow(`SELECT count(*) FROM mutation WHERE id = $1`, id).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// delivered asks of each act that it stands in the archive once, and is known to.
func delivered(t *testing.T, c *sim.City, r *replica.Replica, ids ...city.MutationID) {
	t.Helper()
	for _, id := range ids {
		if n := stands(t, c, id); n != 1 {
			t.Error(sim.Violation{Invariant: "every act stands once in the archive", Detail: string(id)}, n)
		}
		it, ok, err := r.Item(ctx, id)
		if err != nil || ok && it.State != replica.StateReceived && it.State != replica.StateSafe {
			t.Error(sim.Violation{Invariant: "an act that has arrived is known to have", Detail: string(id)}, it.State, it.Code, err)
		}
	}
}

// A kiosk is put back to an image from before two reports, and three others are
// made there: their numbers are the continuation of what the city has, they are
// not. Then only the link tells that none of them was ever sent.
func TestNoLaterWriteIsTakenForAnEarlierOne(t *testing.T) {
	c := newCity(t)
	dir := t.TempDir()
	first := reopened(t, dir, line(c))
	enrol(t, c, first, city.DeviceKiosk, city.ScopePublic)
	step(t, first)
	image := imageOf(t, first, dir)
	first = reopened(t, dir, line(c))
	before := []city.MutationID{record(t, first, report(city.NewID())), record(t, first, report(city.NewID()))}
	step(t, first)

	wire := &barred{Line: line(c), path: "/pull"} // what a push was told is all it has
	second := reopened(t, image, wire)
	var after []city.MutationID
	for range 3 {
		after = append(after, record(t, second, report(city.NewID())))
	}
	if err := second.Step(ctx); err == nil {
		t.Fatal("the pull did not fail")
	}
	for _, id := range after {
		if said, n := state(t, second, id), stands(t, c, id); said != replica.StateSaved && n != 1 {
			t.Error(sim.Violation{Invariant: "no later write is mistaken for a duplicate", Detail: string(id)}, said, n)
		}
	}
	wire.path = ""
	step(t, second)
	delivered(t, c, second, after...)
	last := record(t, first, report(city.NewID())) // both go on
	step(t, first)
	delivered(t, c, first, append(before, last)...)
}

// The server is put back to before an act, nobody notices, and the log grows
// beyond where the act had stood and into a backup. What the city then calls safe
// is another act; a hello says so before a pull can say which history it is of.
func TestOnlyAPullTellsWhatIsSafe(t *testing.T) {
	c := newCity(t)
	wire := line(c)
	r := newReplica(t, c, city.DeviceKiosk, sim.Address, wire, c.Clock)
	step(t, r)
	backup, err := c.Backup()
	if err != nil {
		t.Fatal(err)
	}
	id := record(t, r, report(city.NewID()))
	step(t, r)
	delivered(t, c, r, id)
	had, err := c.Server().Store().Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Restore(ctx, backup); err != nil {
		t.Fatal(err)
	}
	for head := int64(0); head < had.Seq; {
		crewJob(t, c, sim.Crew, "by phone")
		now, err := c.Server().Store().Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		head = now.Seq
	}
	if err := c.MarkSafe(ctx, had.Seq); err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(91 * 24 * time.Hour) // past the retention
	step(t, r)
	step(t, r)
	delivered(t, c, r, id)
}

// What was revoked and erased after a backup stays so when the backup is put back,
// and who was welcomed after it still is: the ledger says so.
func TestALedgerOutlivesTheDatabase(t *testing.T) {
	c := newCity(t)
	thief := newReplica(t, c, city.DeviceKiosk, sim.Address, line(c), sim.NewClock(noon))
	request := job(t, c)
	step(t, thief)
	backup, err := c.Backup()
	if err != nil {
		t.Fatal(err)
	}
	st := c.Server().Store()
	me, _ := thief.Identity()
	if err := st.Revoke(ctx, me.Device); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Erase(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), request, "asked for"); err != nil {
		t.Fatal(err)
	}
	late := newReplica(t, c, city.DeviceKiosk, sim.Address, line(c), sim.NewClock(noon))
	step(t, late)
	if err := c.RestoreBesideLedger(ctx, backup); err != nil {
		t.Fatal(err)
	}
	if err := thief.Step(ctx); err == nil || thief.Link().State != replica.LinkRevoked {
		t.Error(sim.Violation{Invariant: "who was revoked stays out", Detail: string(me.Device)}, err, thief.Link().State)
	}
	person, _, err := c.Server().Store().View(ctx).Record(city.Ref{Kind: city.KindPerson, ID: request})
	if err != nil || len(person.Fields) > 0 {
		t.Error(sim.Violation{Invariant: "what was erased stays so", Detail: string(request)}, len(person.Fields), err)
	}
	id := record(t, late, report(city.NewID()))
	if err := late.Step(ctx); err != nil {
		t.Error(sim.Violation{Invariant: "reachable means delivered", Detail: "enrolled after the backup"}, err)
	}
	delivered(t, c, late, id)
}

// A report arrives, its answer does not; the kiosk is enrolled anew, so that the
// echo is no longer its own, and the server, put back to an older version, cannot
// read the report any more. Only asking about what waits tells that it has it.
func TestWhatCannotBeSentAgainIsAskedAbout(t *testing.T) {
	c := newCity(t)
	wire := &barred{Line: line(c)}
	r := newReplica(t, c, city.DeviceKiosk, sim.Address, wire, sim.NewClock(noon))
	step(t, r)
	id := record(t, r, report(city.NewID()))
	wire.Before(func() error { wire.Down = wire.Calls >= 3; return nil }) // hello, push, and no pull
	wire.Calls = 0
	if err := r.Step(ctx); err == nil || stands(t, c, id) != 1 {
		t.Fatal("the report did not arrive, or more than that", err)
	}
	wire.Before(nil)
	wire.Down = false
	enrol(t, c, r, city.DeviceKiosk, city.ScopePublic)
	wire.path, wire.code = "/push", protocol.CodeMalformed
	_ = r.Step(ctx) // it may complain
	delivered(t, c, r, id)
	if s, err := r.Summary(ctx); err != nil || s != (replica.Summary{}) {
		t.Error(sim.Violation{Invariant: "nothing waits after quiet", Detail: "the kiosk"}, s, err)
	}
}

// A kiosk's disk is copied with a report that waits, and the copy, enrolled as
// another device, brings it. The first one is told "duplicate", has no echo to wait
// for, and nothing about the history has changed: it has to ask.
func TestWhoeverBroughtItItHasArrived(t *testing.T) {
	c := newCity(t)
	dir := t.TempDir()
	first := reopened(t, dir, line(c))
	enrol(t, c, first, city.DeviceKiosk, city.ScopePublic)
	step(t, first)
	id := record(t, first, report(city.NewID()))
	copied := reopened(t, imageOf(t, first, dir), line(c))
	enrol(t, c, copied, city.DeviceKiosk, city.ScopePublic)
	step(t, copied)
	delivered(t, c, copied, id)
	first = reopened(t, dir, line(c))
	step(t, first)
	delivered(t, c, first, id)
	if s, err := first.Summary(ctx); err != nil || s != (replica.Summary{}) {
		t.Error(sim.Violation{Invariant: "nothing waits after quiet", Detail: "the first kiosk"}, s, err)
	}
}

// An act has arrived, a twin forks the stream, and the server is put back to before
// all of it. The new stream brings only what is on it.
func TestAnActOfAnEarlierStreamComesBack(t *testing.T) {
	c := newCity(t)
	dir := t.TempDir()
	r := reopened(t, dir, line(c))
	enrol(t, c, r, city.DeviceKiosk, city.ScopePublic)
	step(t, r)
	backup, err := c.Backup()
	if err != nil {
		t.Fatal(err)
	}
	early := record(t, r, report(city.NewID()))
	step(t, r)
	twin := reopened(t, imageOf(t, r, dir), line(c))
	record(t, twin, report(city.NewID()))
	step(t, twin)
	r = reopened(t, dir, line(c))
	late := record(t, r, report(city.NewID()))
	step(t, r)
	delivered(t, c, r, early, late)
	if err := c.Restore(ctx, backup); err != nil {
		t.Fatal(err)
	}
	step(t, r)
	delivered(t, c, r, early, late)
}

// The first page of a pull brings an echo, the second one never comes, and then the
// program ends. The cursor is behind the echo: it will not come again.
func TestAnEchoOutlivesTheProgram(t *testing.T) {
	c := newCity(t)
	dir := t.TempDir()
	wire := &barred{Line: line(c)}
	r := reopened(t, dir, wire)
	enrol(t, c, r, city.DeviceKiosk, city.ScopePublic)
	step(t, r)
	id := record(t, r, report(city.NewID()))
	wire.path = "/pull"
	if err := r.Step(ctx); err == nil {
		t.Fatal("the pull did not fail")
	}
	wire.path = ""
	wire.To = endless{c}
	wire.Before(func() error { wire.Down = wire.Calls >= 3; return nil }) // hello, one page
	wire.Calls = 0
	if err := r.Step(ctx); err == nil || stands(t, c, id) != 1 {
		t.Fatal("the second page did not fail", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	wire.Before(nil)
	wire.Down = true
	r = reopened(t, dir, wire)
	delivered(t, c, r, id)
}

// endless is a server on whose every page another one follows.
type endless struct{ *sim.City }

func (e endless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Del("Accept-Encoding")
	rec := httptest.NewRecorder()
	e.City.ServeHTTP(rec, r)
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	w.Write(bytes.Replace(rec.Body.Bytes(), []byte(`"more":false`), []byte(`"more":true`), 1))
}
