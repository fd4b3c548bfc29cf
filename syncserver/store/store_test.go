package store_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	_ "cityhall/shared/keys/cheap" // what is stored behind a password or a PIN is the point, not its cost
	"cityhall/shared/protocol"
	"cityhall/shared/sim/postgres"
	"cityhall/syncserver/store"
)

func TestMain(m *testing.M) { postgres.Main(m) }

// onBoth runs a test of the conformance suite on each engine.
func onBoth(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newFixture(t, filepath.Join(t.TempDir(), "city.db"))) })
	t.Run("postgres", func(t *testing.T) { test(t, newFixture(t, postgres.New(t))) })
}

// fixture is a store with a small city in it: a service, two crews, two staff.
type fixture struct {
	*store.Store
	t      *testing.T
	db     string
	dir    string
	ledger string // empty: none
	snaps  string // empty: none are made
	room   int64  // for snapshots; 0: much
	behind int64  // horizon; 0: the usual
	keys   *keys.ServerKeys
	now    *clock
}

var quiet = slog.New(slog.DiscardHandler)

var (
	system     = city.Actor{Kind: city.ActorSystem}
	resident   = city.Actor{Kind: city.ActorResident}
	reviewer   = city.Actor{Kind: city.ActorStaff, ID: "rosa", Name: "Rosa"}
	dispatcher = city.Actor{Kind: city.ActorStaff, ID: "dan", Name: "Dan"}
	treeCrew   = city.Actor{Kind: city.ActorCrew, ID: "ana", Name: "Ana", Crew: "trees"}
	roadCrew   = city.Actor{Kind: city.ActorCrew, ID: "bo", Name: "Bo", Crew: "roads"}
)

func newFixture(t *testing.T, db string) *fixture {
	t.Helper()
	k, err := keys.NewServerKeys(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, db: db, dir: t.TempDir(), snaps: t.TempDir(), keys: k, now: newClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
	f.found()
	return f
}

// found opens the store for the first time and founds the city.
func (f *fixture) found() {
	f.t.Helper()
	f.open()
	f.t.Cleanup(func() { f.Close() })
	for _, act := range []city.Act{
		&city.SetCity{Settings: city.Settings{Name: "Testburg", TimeZone: "America/New_York", Languages: []string{"en"}}},
		&city.SetStaff{ID: "rosa", Staff: city.Staff{Name: "Rosa", Roles: []city.Role{city.RoleReviewer}, Active: true}},
		&city.SetStaff{ID: "dan", Staff: city.Staff{Name: "Dan", Roles: []city.Role{city.RoleDispatcher}, Active: true}},
		&city.SetCrew{ID: "trees", Crew: city.Crew{Name: "Tree crew", Department: "parks"}},
		&city.SetCrew{ID: "roads", Crew: city.Crew{Name: "Road crew", Department: "works"}},
		&city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", Promise: city.Promise{Days: 2, Working: true}, Active: true, Version: 1}},
	} {
		f.mustAct(system, act)
	}
}

// clock is the fixture's time, which the store's own goroutines read too.
type clock struct{ at atomic.Pointer[time.Time] }

func newClock(t time.Time) *clock {
	c := &clock{}
	c.at.Store(&t)
	return c
}

func (c *clock) get() time.Time { return *c.at.Load() }

func (c *clock) pass(d time.Duration) {
	t := c.get().Add(d)
	c.at.Store(&t)
}

func (f *fixture) open() {
	f.t.Helper()
	s, err := store.Open(context.Background(), store.Config{DB: f.db, Blobs: f.dir, Ledger: f.ledger,
		Snapshots: f.snaps, SnapshotBytes: f.room, Horizon: f.behind, Keys: f.keys, Now: f.now.get, Log: quiet})
	if err != nil {
		f.t.Fatal(err)
	}
	f.Store = s
}

func (f *fixture) head() store.Head {
	f.t.Helper()
	h, err := f.Head(context.Background())
	if err != nil {
		f.t.Fatal(err)
	}
	return h
}

func (f *fixture) mustAct(a city.Actor, act city.Act) store.Verdict {
	f.t.Helper()
	v, err := f.Act(context.Background(), a, city.NewMutationID(), f.head().Seq, act)
	if err != nil {
		f.t.Fatalf("%s: %v", act.Type(), err)
	}
	return v
}

// enrolled makes a device the way a device does.
func (f *fixture) enrolled(kind city.DeviceKind, grants ...city.Scope) *device {
	f.t.Helper()
	ctx := context.Background()
	code, err := f.CreateEnrolment(ctx, kind, "a "+string(kind), grants, time.Hour)
	if err != nil {
		f.t.Fatal(err)
	}
	id, err := keys.NewIdentity(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	d, err := f.Enrol(ctx, code, id.Public(), "")
	if err != nil {
		f.t.Fatal(err)
	}
	return &device{f: f, Device: d, stream: "s1"}
}

// device speaks for one device: it keeps a stream's place, as a replica would.
type device struct {
	f      *fixture
	Device store.Device
	stream string
	n      uint64
	link   protocol.Hash
	cursor protocol.Cursor
	key    *keys.SealingKey // persons come sealed to it; nil: none do
}

// line makes the next line of the stream.
func (d *device) line(env protocol.Envelope) store.Incoming {
	d.f.t.Helper()
	d.n++
	env.N = d.n
	n := env.N
	env.N = 0
	rest, err := city.Canonical(env)
	if err != nil {
		d.f.t.Fatal(err)
	}
	raw := bytes.Replace(rest, []byte(`"n":0,`), nil, 1)
	raw = append(fmt.Appendf(nil, `{"n":%d,`, n), raw[1:]...) // as a replica writes it
	env.N = n
	content, err := protocol.ContentOf(raw)
	if err != nil {
		d.f.t.Fatal(err)
	}
	d.link = protocol.Link(d.link, content)
	return store.Incoming{Line: raw, Envelope: env}
}

// prepared makes an envelope of an act that rests on what the office sees now.
func (d *device) prepared(a city.Actor, act city.Act) protocol.Envelope {
	d.f.t.Helper()
	m, err := city.Prepare(d.f.View(context.Background()), city.NewMutationID(), a, d.Device.ID, d.f.now.get(), act)
	if err != nil {
		d.f.t.Fatalf("prepare %s: %v", act.Type(), err)
	}
	return protocol.Wrap(m)
}

// push sends envelopes and gives their verdicts.
func (d *device) push(envs ...protocol.Envelope) []protocol.PushVerdict {
	d.f.t.Helper()
	h := protocol.PushHeader{Stream: d.stream, From: d.n + 1, Prev: d.link}
	var lines []store.Incoming
	for _, e := range envs {
		lines = append(lines, d.line(e))
	}
	v, end, err := d.f.Push(context.Background(), d.Device, h, lines)
	if err != nil {
		d.f.t.Fatal(err)
	}
	if end.LastN != d.n || end.Link != d.link {
		d.f.t.Fatalf("the stream ends at %d %s, want %d %s", end.LastN, end.Link, d.n, d.link)
	}
	return v
}

// pull reads all that is new, in pages of about limit.
func (d *device) pull(limit int) []protocol.Frame {
	d.f.t.Helper()
	var all []protocol.Frame
	for {
		p, err := d.f.Pull(context.Background(), d.Device, d.cursor, limit)
		if err != nil {
			d.f.t.Fatal(err)
		}
		all = append(all, d.opened(p.Frames)...)
		d.cursor = p.Next(d.Device)
		if !p.More {
			return all
		}
	}
}

func newRequest() *city.FileRequest {
	return &city.FileRequest{Request: city.NewID(), Service: "tree", Version: 1, Place: city.Place{Address: "12 Elm Street"},
		Description: "It blocks the road", Person: city.Person{Name: "Zenobia Quux"}}
}

func (f *fixture) record(kind city.Kind, id city.ID) city.Record {
	f.t.Helper()
	r, ok, err := f.View(context.Background()).Record(city.Ref{Kind: kind, ID: id})
	if err != nil || !ok {
		f.t.Fatalf("%s/%s: there %v, %v", kind, id, ok, err)
	}
	return r
}

// close closes the store, to be opened again.
func (f *fixture) close() *fixture {
	f.t.Helper()
	if err := f.Close(); err != nil {
		f.t.Fatal(err)
	}
	return f
}
