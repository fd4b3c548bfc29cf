package town

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	_ "cityhall/shared/keys/cheap" // what is stored behind a password or a PIN is the point, not its cost
	"cityhall/shared/replica"
	"cityhall/shared/sqlite"
	"cityhall/syncserver"
)

// URL is the address by which devices of a town call it. Nothing listens there.
const URL = "http://127.0.0.1:1"

// Town is a city for one test.
type Town struct {
	Server *syncserver.Server
	// Watch, when set, sees every request of a device before it leaves.
	Watch func(*http.Request)

	t   testing.TB
	log *slog.Logger
	cut atomic.Bool
	mu  sync.Mutex
	now time.Time
}

// New makes a town with services, two crews and no requests, on a Monday
// morning.
func New(t testing.TB) *Town {
	t.Helper()
	return Logged(t, slog.New(slog.DiscardHandler))
}

// Logged makes a town whose server and devices write to a log.
func Logged(t testing.TB, log *slog.Logger) *Town {
	t.Helper()
	w := &Town{t: t, log: log, now: time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)}
	s, err := syncserver.Open(t.Context(), syncserver.Config{Data: t.TempDir(), Now: w.Now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.Server = s
	for _, act := range furniture() {
		w.Act(act)
	}
	return w
}

// Now is the town's time.
func (w *Town) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Wait moves the clock.
func (w *Town) Wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Act does something as the office.
func (w *Town) Act(act city.Act) {
	w.t.Helper()
	ctx := w.t.Context()
	head, err := w.Server.Store().Head(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Server.Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), head.Seq, act); err != nil {
		w.t.Fatalf("%s: %v", act.Type(), err)
	}
}

// Cut takes the network away from every device, or gives it back.
func (w *Town) Cut(cut bool) { w.cut.Store(cut) }

var errCut = errors.New("town: the cable is out")

// RoundTrip implements http.RoundTripper for the devices.
func (w *Town) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.Watch != nil {
		w.Watch(r)
	}
	if w.cut.Load() {
		return nil, errCut
	}
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:9"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.Host = r.URL.Host
	out := httptest.NewRecorder()
	w.Server.Handler().ServeHTTP(out, in)
	res := out.Result()
	res.Request = r
	return res, nil
}

// Enrolment makes a one-time enrolment, as the console would show it.
func (w *Town) Enrolment(kind city.DeviceKind, grants ...city.Scope) string {
	w.t.Helper()
	code, err := w.Server.Store().CreateEnrolment(w.t.Context(), kind, "Device", grants, time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	return keys.Enrolment{URL: URL, Code: code, Fingerprint: w.Server.Keys().Identity.Public().Fingerprint()}.Link()
}

// Open opens a device's folder.
func (w *Town) Open(dir string) *replica.Replica {
	w.t.Helper()
	r, err := replica.Open(w.t.Context(), replica.Config{Dir: dir, Now: w.Now, Log: w.log, Version: "test", Transport: w})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// Outbox changes the outbox of a device in that folder behind its program's back.
func (w *Town) Outbox(dir, statement string) {
	w.t.Helper()
	db, err := sqlite.Open(w.t.Context(), filepath.Join(dir, "outbox.db"), sqlite.Options{MaxConns: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(w.t.Context(), statement); err != nil {
		w.t.Fatal(err)
	}
}

// Join opens a folder and makes it a device with all that it may see.
func (w *Town) Join(dir string, kind city.DeviceKind, grants ...city.Scope) *replica.Replica {
	w.t.Helper()
	r := w.Open(dir)
	if _, err := r.Enrol(w.t.Context(), w.Enrolment(kind, grants...), "Device"); err != nil {
		w.t.Fatal(err)
	}
	w.Sync(r)
	return r
}

// Sync is one whole round of a device.
func (w *Town) Sync(r *replica.Replica) {
	w.t.Helper()
	if err := r.Step(context.WithoutCancel(w.t.Context())); err != nil {
		w.t.Fatalf("sync: %v", err)
	}
}

// Report files a request at the desk and gives it to a crew.
func (w *Town) Report(crew city.ID, act city.FileRequest, job city.AssignRequest) (request, order city.ID) {
	w.t.Helper()
	act.Request = city.NewID()
	w.Act(&act)
	job.Request, job.WorkOrder, job.Crew = act.Request, city.NewID(), crew
	if job.Priority == "" {
		job.Priority = city.PriorityNormal
	}
	w.Act(&job)
	return act.Request, job.WorkOrder
}
