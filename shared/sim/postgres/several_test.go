package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/postgres"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

// twins are servers on one database and in one folder.
type twins struct {
	t     *testing.T
	db    *postgres.Database
	data  string
	blobs string // where photos are; empty: in data
}

var system = city.Actor{Kind: city.ActorSystem}

var quiet = slog.New(slog.DiscardHandler)

func newTwins(t *testing.T) *twins {
	t.Helper()
	return &twins{t: t, db: postgres.NewDatabase(t), data: t.TempDir()}
}

// config is a server's; its writes wait half a second for a lock.
func (w *twins) config() syncserver.Config {
	return syncserver.Config{Data: w.data, Blobs: w.blobs, DB: w.db.DSN() + " lock_timeout=500ms", Now: time.Now, Several: true, Log: quiet}
}

func (w *twins) open() *syncserver.Server {
	w.t.Helper()
	s, err := syncserver.Open(w.t.Context(), w.config())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// opened is open for a server that runs until the test's end.
func (w *twins) opened() *syncserver.Server {
	w.t.Helper()
	s := w.open()
	w.t.Cleanup(func() { s.Close() })
	return s
}

// settle gives a new city a name and a service.
func (w *twins) settle(s *syncserver.Server) {
	w.t.Helper()
	for _, act := range []city.Act{&city.SetCity{Settings: city.Settings{Name: "Testburg", TimeZone: "UTC", Languages: []string{"en"}}},
		&city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", Active: true, Version: 1}}} {
		if _, err := s.Store().Act(w.t.Context(), system, city.NewMutationID(), 0, act); err != nil {
			w.t.Fatal(err)
		}
	}
}

// line carries a device's requests to one server, and keeps the last of a path.
type line struct {
	mu   sync.Mutex
	to   http.Handler
	kept map[string]*http.Request
	body map[string][]byte
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	var raw []byte
	if r.Body != nil {
		raw, _ = io.ReadAll(r.Body) // our own client's, from memory
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept[r.URL.Path], l.body[r.URL.Path] = r, raw
	return ask(l.to, r, raw).Result(), nil
}

// ask sends a copy of a request.
func ask(to http.Handler, r *http.Request, body []byte) *httptest.ResponseRecorder {
	again := r.Clone(context.WithoutCancel(r.Context()))
	again.Body, again.ContentLength, again.RequestURI = io.NopCloser(bytes.NewReader(body)), int64(len(body)), r.URL.RequestURI()
	if again.Host == "" {
		again.Host = r.URL.Host
	}
	out := httptest.NewRecorder()
	to.ServeHTTP(out, again)
	return out
}

// join enrols a kiosk at a server.
func (w *twins) join(s *syncserver.Server) (*replica.Replica, *line) {
	w.t.Helper()
	return w.joinAs(s, city.DeviceKiosk, city.ScopePublic)
}

func (w *twins) joinAs(s *syncserver.Server, kind city.DeviceKind, grants ...city.Scope) (*replica.Replica, *line) {
	w.t.Helper()
	l := &line{to: s.Handler(), kept: map[string]*http.Request{}, body: map[string][]byte{}}
	r, err := replica.Open(w.t.Context(), replica.Config{Dir: w.t.TempDir(), Now: time.Now, Version: "twins", Transport: l})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { r.Close() })
	code, err := s.Store().CreateEnrolment(w.t.Context(), kind, "Library", grants, time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	link := keys.Enrolment{URL: sim.Address, Code: code, Fingerprint: s.Keys().Identity.Public().Fingerprint()}.Link()
	if _, err := r.Enrol(w.t.Context(), link, ""); err != nil {
		w.t.Fatal(err)
	}
	w.step(r)
	return r, l
}

func (w *twins) step(r *replica.Replica) {
	w.t.Helper()
	if err := r.Step(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *twins) report(r *replica.Replica) city.MutationID {
	w.t.Helper()
	ids, err := r.Record(w.t.Context(), replica.Entry{Actor: city.Actor{Kind: city.ActorResident}, Act: &city.FileRequest{
		Request: city.NewID(), Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: "it fell"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return ids[0]
}

// soon waits until something is so.
func (w *twins) soon(what string, so func() bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal(sim.Violation{Invariant: what, Detail: "not within 10 s"})
		}
	}
}

// A request that one server has taken is not taken by another.
func TestReplayAtAnotherServer(t *testing.T) {
	w := newTwins(t)
	a, b := w.opened(), w.opened()
	w.settle(a)
	r, l := w.join(a)
	w.report(r)
	w.step(r)
	for _, path := range []string{"/hello", "/push"} {
		kept := l.kept[protocol.Path+path]
		for name, s := range map[string]*syncserver.Server{"the same": a, "the other": b} {
			if got := ask(s.Handler(), kept, l.body[protocol.Path+path]); got.Code != http.StatusUnauthorized || !strings.Contains(got.Body.String(), string(protocol.CodeSignature)) {
				t.Error(sim.Violation{Invariant: "a request is taken once", Detail: fmt.Sprintf("%s at %s server: %d %s", path, name, got.Code, got.Body)})
			}
		}
	}
}

// What one server made or learnt serves the others: a snapshot's parts, a code of
// the office, a revocation, an erasure.
func TestNoServerNeedsAnothersMemory(t *testing.T) {
	w := newTwins(t)
	a, b := w.opened(), w.opened()
	w.settle(a)
	r, _ := w.join(a)
	for range 20 {
		w.report(r)
	}
	w.step(r)
	id, _ := r.Identity()
	d, err := b.Store().Device(t.Context(), id.Device)
	if err != nil {
		t.Fatal(err)
	}
	made, err := a.Store().Snapshot(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	part := made.Parts[0].SHA256
	f, err := b.Store().SnapshotPart(t.Context(), d, part)
	if err != nil {
		t.Fatal(sim.Violation{Invariant: "a part made by one server is given by another", Detail: err.Error()})
	}
	f.Close()
	if again, err := b.Store().Snapshot(t.Context(), d); err != nil || len(again.Parts) == 0 || again.Parts[0].SHA256 != part {
		t.Errorf("a young snapshot was made once more, %v", err)
	}
	form, sam := city.NewID(), city.ID("sam")
	e := store.Enrolment{Kind: city.DeviceKiosk, Name: "Entrance", Grants: []city.Scope{city.ScopePublic}, Expires: time.Now().Add(time.Minute)}
	if err := a.Store().IssueEnrolment(t.Context(), form, sam, e); err != nil {
		t.Fatal(err)
	}
	if e, err = b.Store().IssuedEnrolment(t.Context(), form, sam); err != nil || e.Name != "Entrance" {
		t.Errorf("the other server does not show the code: %v", err)
	}
	if _, err := b.Store().IssuedEnrolment(t.Context(), form, "maya"); !errors.Is(err, store.ErrCode) {
		t.Errorf("somebody else sees the code: %v", err)
	}
	var request string
	if err := a.Store().DB().QueryRowContext(t.Context(), `SELECT id FROM record WHERE kind = 'request' ORDER BY id LIMIT 1`).Scan(&request); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Store().Act(t.Context(), system, city.NewMutationID(), 0, &city.SetStaff{ID: "sam", Staff: city.Staff{Name: "Sam", Roles: []city.Role{city.RoleAdmin}, Active: true}}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Store().Erase(t.Context(), city.Actor{Kind: city.ActorStaff, ID: "sam", Name: "Sam"}, city.NewMutationID(), city.ID(request), "asked"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Store().SnapshotPart(t.Context(), d, part); !errors.Is(err, store.ErrNoSnapshot) {
		t.Error(sim.Violation{Invariant: "what was erased stays so", Detail: fmt.Sprint("the other server gives a part of before: ", err)})
	}
	if err := a.Store().Revoke(t.Context(), id.Device); err != nil {
		t.Fatal(err)
	}
	if d, err = b.Store().Device(t.Context(), id.Device); err != nil || d.State != store.DeviceRevoked {
		t.Errorf("the other server knows the device as %q, %v", d.State, err)
	}
}

// News of one server wakes who waits at another, at once by notification.
func TestNewsOfAnotherServer(t *testing.T) {
	w := newTwins(t)
	a, b := w.opened(), w.opened()
	w.settle(a)
	heads, stop := b.Store().Watch()
	defer stop()
	time.Sleep(300 * time.Millisecond)
	var slowest time.Duration
	for range 5 {
		select {
		case <-heads:
		default:
		}
		begun := time.Now()
		if _, err := a.Store().Act(t.Context(), system, city.NewMutationID(), 0, &city.SetCrew{ID: city.NewID(), Crew: city.Crew{Name: "A crew", Department: "parks"}}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-heads:
		case <-time.After(2 * time.Second):
			t.Fatal(sim.Violation{Invariant: "a poke reaches devices at other servers", Detail: "not within 2 s"})
		}
		slowest = max(slowest, time.Since(begun))
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("slowest %v", slowest)
}

// Servers that start at the same time on nothing at all become one city.
func TestStartAtOnceOnNothing(t *testing.T) {
	w := newTwins(t)
	all, errs := make([]*syncserver.Server, 4), make([]error, 4)
	var group sync.WaitGroup
	for i := range all {
		group.Go(func() { all[i], errs[i] = syncserver.Open(t.Context(), w.config()) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		defer s.Close()
		if s.Keys().Identity.Public() != all[0].Keys().Identity.Public() {
			t.Error("two servers have keys of their own")
		}
	}
	w.settle(all[1])
	r, _ := w.join(all[2])
	w.report(r)
	w.step(r)
	if err := sim.CheckLog(t.Context(), all[3].Store()); err != nil {
		t.Error(err)
	}
}

// A server with other keys or another folder does not start.
func TestStrangersDoNotStart(t *testing.T) {
	w := newTwins(t)
	a := w.open()
	w.settle(a)
	other := w.config()
	other.Data = t.TempDir()
	if err := a.Keys().Save(other.Data); err != nil {
		t.Fatal(err)
	}
	w.soon("a server shows its session", func() bool {
		s, err := syncserver.Open(t.Context(), other)
		if err == nil {
			s.Close()
		}
		return errors.Is(err, store.ErrOtherFolder)
	})
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	other.Data = filepath.Join(t.TempDir(), "new")
	if _, err := syncserver.Open(t.Context(), other); !errors.Is(err, store.ErrOtherKeys) {
		t.Errorf("new keys on an old database: %v", err)
	}
}

// A server's wrong clock is corrected by the database's.
func TestOneClock(t *testing.T) {
	w := newTwins(t)
	for _, wrong := range []time.Duration{24 * time.Hour, -40 * 365 * 24 * time.Hour} {
		c := w.config()
		c.Now = func() time.Time { return time.Now().Add(wrong) }
		s, err := syncserver.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if off := time.Until(s.Store().Now()).Abs(); off > 2*time.Second {
			t.Errorf("a clock that is off by %v is off by %v", wrong, off)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
