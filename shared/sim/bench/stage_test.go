package bench_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/postgres"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

var (
	system = city.Actor{Kind: city.ActorSystem, Name: "bench"}
	office = city.Actor{Kind: city.ActorStaff, ID: "sam", Name: "Sam"}
)

func worker(crew city.ID) city.Actor {
	return city.Actor{Kind: city.ActorCrew, ID: "ana", Name: "Ana", Crew: crew}
}

// stage is the real server on a real port, with a small city in it.
type stage struct {
	*syncserver.Server
	url, data string
	close     func()
}

// disk is a folder on a real disk: durability is part of what is measured.
func disk(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(*folder, "bench-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newStage(t testing.TB, engine string) *stage {
	t.Helper()
	db := ""
	if engine == "postgres" {
		db = postgres.New(t)
	}
	s := open(t, disk(t), db, "127.0.0.1:0")
	for _, act := range []city.Act{
		&city.SetCity{Settings: city.Settings{Name: "Benchburg", TimeZone: "UTC", Languages: []string{"en"}}},
		&city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", Crew: sim.Crew, Active: true, Version: 1}},
		&city.SetCrew{ID: sim.Crew, Crew: city.Crew{Name: "Tree crew", Department: "parks"}},
		&city.SetStaff{ID: office.ID, Staff: city.Staff{Name: "Sam", Roles: []city.Role{city.RoleReviewer, city.RoleDispatcher}, Active: true}},
	} {
		s.act(t, system, act)
	}
	return s
}

// open serves a folder, with a database or with its own, until the test ends or close
// is called.
func open(t testing.TB, data, db, addr string) *stage {
	t.Helper()
	srv, err := syncserver.Open(t.Context(), syncserver.Config{Data: data, DB: db, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx, l) }()
	s := &stage{Server: srv, url: "http://" + l.Addr().String(), data: data}
	s.close = sync.OnceFunc(func() {
		stop()
		if err := errors.Join(<-ended, srv.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(s.close)
	return s
}

func (s *stage) act(t testing.TB, by city.Actor, act city.Act) {
	t.Helper()
	head, err := s.Store().Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store().Act(t.Context(), by, city.NewMutationID(), head.Seq, act); err != nil {
		t.Fatalf("%s: %v", act.Type(), err)
	}
}

func (s *stage) enrolment(t testing.TB, kind city.DeviceKind, crew city.ID) string {
	t.Helper()
	grants := []city.Scope{city.ScopePublic}
	if kind == city.DeviceTablet {
		grants = append(grants, city.ScopeCrew(crew))
	}
	code, err := s.Store().CreateEnrolment(t.Context(), kind, "Device", grants, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return keys.Enrolment{URL: s.url, Code: code, Fingerprint: s.Keys().Identity.Public().Fingerprint()}.Link()
}

// line counts the bytes of a device's connections, headers included.
type line struct {
	http.Transport
	sent, received atomic.Int64
}

func newLine() *line {
	l := &line{}
	l.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		return &counted{c, l}, err
	}
	l.MaxIdleConnsPerHost = 4
	return l
}

type counted struct {
	net.Conn
	line *line
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.line.received.Add(int64(n))
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.line.sent.Add(int64(n))
	return n, err
}

// join makes a device that has pulled all there is.
func (s *stage) join(t testing.TB, kind city.DeviceKind) (*replica.Replica, *line) {
	return s.joinCrew(t, kind, sim.Crew)
}

func (s *stage) joinCrew(t testing.TB, kind city.DeviceKind, crew city.ID) (*replica.Replica, *line) {
	t.Helper()
	l := newLine()
	r, err := replica.Open(t.Context(), replica.Config{Dir: disk(t), Now: time.Now, Version: "bench", Transport: l})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if _, err := r.Enrol(t.Context(), s.enrolment(t, kind, crew), "Device"); err != nil {
		t.Fatal(err)
	}
	step(t, r)
	return r, l
}

// step is a round. A server that is still making its snapshot is asked again, as Run does.
func step(t testing.TB, r *replica.Replica) {
	t.Helper()
	err := r.Step(t.Context())
	for err != nil && strings.Contains(err.Error(), "the snapshot is being made") {
		time.Sleep(time.Second)
		err = r.Step(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// words is text of about n bytes, as compressible as people's notes are.
func words(rng *rand.Rand, n int) string {
	const lexicon = "the a large branch tree fell over road near house number cars cannot pass light pole broken glass corner school kids please hurry " +
		"water pipe leak since yesterday evening morning street sidewalk block dangerous oak maple elm power line sparks neighbor called twice nobody came " +
		"pothole deep wheel damaged bus stop bench paint sign missing traffic lamp dark dog park fence gate open rain flood drain leaves trash bin full"
	all := strings.Fields(lexicon)
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(all[rng.IntN(len(all))])
		if rng.IntN(12) == 0 {
			fmt.Fprintf(&b, " %d", rng.IntN(9000))
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String()[:n])
}

// fill imports n open requests of about 670 bytes each and gives their ids.
func (s *stage) fill(t testing.TB, n int) []city.ID {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	ids := make([]city.ID, n)
	for at := 0; at < n; {
		batch := make([]store.Dated, 0, 2000)
		for ; at < n && len(batch) < cap(batch); at++ {
			ids[at] = city.NewID()
			batch = append(batch, store.Dated{ID: city.NewMutationID(), At: time.Now(), Act: &city.ImportRequest{Request: ids[at], Service: "tree", ReceivedAt: time.Now().Add(-time.Hour).UTC().Truncate(time.Second),
				Place:       city.Place{Address: fmt.Sprintf("%d %s St", 1+rng.IntN(900), words(rng, 9)), Lat: 423_000_000 + rng.Int32N(900_000), Lon: -711_000_000 + rng.Int32N(900_000)},
				Description: words(rng, 300)}})
		}
		if err := s.Store().Import(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}
