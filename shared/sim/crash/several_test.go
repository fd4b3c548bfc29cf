package crash_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/postgres"
	"cityhall/syncserver"
)

// several are three servers on one database and in one folder, behind a proxy.
type several struct {
	t     *testing.T
	data  string
	db    *postgres.Database
	addr  [3]string
	kill  [3]func()
	line  http.RoundTripper // of the devices; nil: the usual
	turn  atomic.Uint64
	links []string     // one-time, for devices
	jobs  [][2]city.ID // request and work order
}

// wrongClocks is how far each server's clock is ahead.
var wrongClocks = [3]time.Duration{0, 0, 24 * time.Hour}

// newSeveral makes the city of servers that are not started yet; proxy starts what
// stands before them and gives its address.
func newSeveral(t *testing.T, proxy func(*several) string) *several {
	t.Helper()
	s := &several{t: t, db: postgres.NewDatabase(t)}
	dir, err := sim.Folder("several-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for i := range s.addr {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s.addr[i] = l.Addr().String()
		defer l.Close()
	}
	front := proxy(s)
	c, err := sim.NewCityOn(ctx, dir, sim.NewClock(time.Now()), s.db)
	if err != nil {
		t.Fatal(err)
	}
	s.data = c.Data()
	for range 20 {
		job := [2]city.ID{city.NewID(), city.NewID()}
		for _, act := range []city.Act{&city.FileRequest{Request: job[0], Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}},
			&city.AssignRequest{Request: job[0], WorkOrder: job[1], Crew: sim.Crew, Priority: city.PriorityNormal}} {
			if err := c.Act(ctx, act); err != nil {
				t.Fatal(err)
			}
		}
		s.jobs = append(s.jobs, job)
	}
	// Four tablets and a kiosk by the proxy, and two tablets at servers of their own.
	for i, at := range []string{front, front, front, front, front, "http://" + s.addr[0], "http://" + s.addr[1]} {
		kind, grants := city.DeviceTablet, []city.Scope{city.ScopePublic, city.ScopeCrew(sim.Crew)}
		if i == 4 {
			kind, grants = city.DeviceKiosk, grants[:1]
		}
		link, err := c.Enrolment(ctx, kind, at, grants...)
		if err != nil {
			t.Fatal(err)
		}
		s.links = append(s.links, link)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

// roundRobin is a proxy that gives each request to the next server.
func roundRobin(s *several) string {
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: s.next, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		Transport: &http.Transport{DisableKeepAlives: true}})
	s.t.Cleanup(proxy.Close)
	return proxy.URL
}

// next gives a request to the next server that takes connections.
func (s *several) next(r *httputil.ProxyRequest) {
	for range s.addr {
		addr := s.addr[s.turn.Add(1)%3]
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			conn.Close()
			r.SetURL(&url.URL{Scheme: "http", Host: addr})
			r.Out.Host = r.In.Host
			return
		}
	}
	r.SetURL(&url.URL{Scheme: "http", Host: s.addr[0]}) // fails
}

func (s *several) start(i int) {
	s.t.Helper()
	s.kill[i] = serve(s.t, s.data, s.db.DSN(), s.addr[i], wrongClocks[i])
}

// working is a device that records and exchanges by itself.
type working struct {
	*replica.Replica
	name  string
	mine  []city.MutationID // recorded
	stop  func()
	ended sync.WaitGroup
}

// join enrols a device and lets it run.
func (s *several) join(i int) *working {
	s.t.Helper()
	dir, err := sim.Folder("several-device-*")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { os.RemoveAll(dir) })
	d := &working{name: fmt.Sprintf("device %d", i)}
	d.Replica, err = replica.Open(ctx, replica.Config{Dir: filepath.Join(dir, "device"), Now: time.Now, Version: "several", Transport: s.line})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := d.Enrol(ctx, s.links[i], d.name); err != nil {
		s.t.Fatal(err)
	}
	if err := d.Step(ctx); err != nil {
		s.t.Fatal(err)
	}
	life, stop := context.WithCancel(ctx)
	d.ended.Go(func() { _ = d.Run(life) })
	d.stop = func() {
		stop()
		d.ended.Wait()
	}
	s.t.Cleanup(func() {
		d.stop()
		d.Close()
	})
	return d
}

// work records something now and then, until busy ends.
func (d *working) work(s *several, busy context.Context, rng *rand.Rand) {
	me := city.Actor{Kind: city.ActorCrew, ID: "ana", Name: "Ana", Crew: sim.Crew}
	for busy.Err() == nil {
		request := s.jobs[rng.IntN(len(s.jobs))][0]
		e := replica.Entry{Actor: me, Act: &city.AddNote{Note: city.NewID(), Request: request, Text: "the trunk is hollow"}}
		switch id, _ := d.Identity(); {
		case id.Kind == city.DeviceKiosk:
			e = reported()
		case rng.IntN(8) == 0:
			picture := make([]byte, 100_000+rng.IntN(400_000))
			for i := range picture {
				picture[i] = byte(rng.Uint32())
			}
			sha, err := d.SaveBlob(ctx, picture)
			if err != nil {
				s.t.Error(err)
				return
			}
			e = replica.Entry{Actor: me, Blobs: []string{sha}, Act: &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "after"}}
		}
		ids, err := d.Record(ctx, e)
		if err != nil {
			s.t.Error(err)
			return
		}
		d.mine = append(d.mine, ids...)
		time.Sleep(time.Duration(20+rng.IntN(60)) * time.Millisecond)
	}
}

// delivered waits until nothing is left to send.
func (d *working) delivered(within time.Duration) error {
	for end := time.Now().Add(within); ; time.Sleep(100 * time.Millisecond) {
		sum, err := d.Summary(ctx)
		if err == nil && sum.Pending == 0 && sum.Blobs == 0 {
			return nil
		}
		if time.Now().After(end) {
			return sim.Violation{Invariant: "every act arrives", Detail: fmt.Sprint(d.name, sum, err, d.Link())}
		}
		d.Wake()
	}
}

// Three servers on one database, one of them with a clock a day ahead; any of them
// is killed at any time, and the database crashes too: every act stands once in the
// archive, the chain holds, and all devices come to the same records.
func TestSeveralServers(t *testing.T) {
	s := newSeveral(t, roundRobin)
	rounds := max(6, *kills/25)
	rng := rand.New(rand.NewPCG(*oneSeed, 7))
	for i := range s.addr {
		s.start(i)
	}
	defer func() {
		for _, kill := range s.kill {
			kill()
		}
	}()
	var devices []*working
	for i := range 5 {
		devices = append(devices, s.join(i))
	}
	busy, rest := context.WithCancel(ctx)
	var working sync.WaitGroup
	for i, d := range devices {
		working.Go(func() { d.work(s, busy, rand.New(rand.NewPCG(*oneSeed, uint64(i)))) })
	}
	for round := range rounds {
		time.Sleep(time.Duration(100+rng.IntN(500)) * time.Millisecond)
		if round == rounds/2 {
			if err := s.db.Crash(200 * time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		i := rng.IntN(3)
		s.kill[i]()
		time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond)
		s.start(i)
	}
	rest()
	working.Wait()
	near, far := s.join(5), s.join(6)
	poke := s.poke(near, far)
	devices = append(devices, near, far)
	acts, violations := s.check(devices), 0
	if t.Failed() {
		violations = 1
		t.Logf("replay: go test -tags ci,migrated_fynedo ./shared/sim/crash -run '^TestSeveralServers$' -seed %d -kills %d", *oneSeed, *kills)
	}
	line, err := json.Marshal(struct {
		Figure     string `json:"figure"`
		Seed       uint64 `json:"seed"`
		Kills      int    `json:"kills"`
		Acts       int    `json:"acts"`
		Poke       int64  `json:"slowest_poke_ms"`
		Violations int    `json:"violations"`
	}{"kill -9, one of three servers", *oneSeed, rounds, acts, poke.Milliseconds(), violations})
	if err != nil || acts < 20*rounds {
		t.Fatalf("%d acts were recorded, which proves little: %v", acts, err)
	}
	t.Logf("%s", line)
}

// note has a device write a note on a request.
func (s *several) note(d *working, request city.ID) city.ID {
	s.t.Helper()
	note := city.NewID()
	ids, err := d.Record(ctx, replica.Entry{Actor: city.Actor{Kind: city.ActorCrew, ID: "ana", Name: "Ana", Crew: sim.Crew},
		Act: &city.AddNote{Note: note, Request: request, Text: "look here"}})
	if err != nil {
		s.t.Fatal(err)
	}
	d.mine = append(d.mine, ids...)
	return note
}

// poke gives how long at most it takes until a device sees what another has done
// at another server. Neither asks by itself meanwhile: their pauses are minutes.
func (s *several) poke(near, far *working) time.Duration {
	s.t.Helper()
	time.Sleep(time.Second) // until both hear pokes
	var slowest time.Duration
	for n := range 4 {
		begun := time.Now()
		note := s.note(near, s.jobs[n][0])
		for there := false; !there; time.Sleep(2 * time.Millisecond) {
			notes, err := far.Records(ctx, city.KindNote)
			if err != nil {
				s.t.Fatal(err)
			}
			there = slices.ContainsFunc(notes, func(r city.Record) bool { return r.ID == note })
			if time.Since(begun) > 30*time.Second {
				s.t.Fatal(sim.Violation{Invariant: "a poke reaches devices at other servers", Detail: "not within half a minute"})
			}
		}
		slowest = max(slowest, time.Since(begun))
		time.Sleep(1100 * time.Millisecond) // a device is poked once a second
	}
	if slowest > 2*time.Second {
		s.t.Error(sim.Violation{Invariant: "a poke reaches devices at other servers", Detail: slowest.String()})
	}
	return slowest
}

// check looks at the database itself once all is delivered, and gives how many acts
// the devices have recorded.
func (s *several) check(devices []*working) int {
	s.t.Helper()
	for _, d := range devices {
		if err := d.delivered(time.Minute); err != nil {
			s.t.Error(err)
		}
	}
	for _, d := range devices {
		d.stop()
	}
	for _, d := range devices {
		if err := d.Step(ctx); err != nil {
			s.t.Error(sim.Violation{Invariant: "the servers work after kills", Detail: err.Error()})
		}
	}
	var log bytes.Buffer
	srv, err := syncserver.Open(ctx, syncserver.Config{Data: s.data, DB: s.db.DSN(), Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		s.t.Fatal(err)
	}
	defer srv.Close()
	st, acts := srv.Store(), 0
	if err := sim.CheckLog(ctx, st); err != nil {
		s.t.Error(err)
	}
	var early, late int
	now := time.Now().UTC()
	err = st.DB().QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE received < $1), count(*) FILTER (WHERE received > $2) FROM mutation`,
		now.Add(-time.Hour).Format("2006-01-02T15:04:05.000Z"), now.Add(time.Minute).Format("2006-01-02T15:04:05.000Z")).Scan(&early, &late)
	if err != nil || early+late > 0 {
		s.t.Error(sim.Violation{Invariant: "a server's wrong clock dates nothing", Detail: fmt.Sprint(early, late, err)})
	}
	for _, d := range devices {
		for _, id := range d.mine {
			acts++
			var n int
			if err := st.DB().QueryRowContext(ctx, `SELECT count(*) FROM mutation WHERE id = $1`, id).Scan(&n); err != nil || n != 1 {
				s.t.Error(sim.Violation{Invariant: "every act stands once in the archive", Detail: fmt.Sprint(d.name, id, n, err)})
			}
		}
		if err := sim.CheckSame(ctx, st, d.name, d.Replica); err != nil {
			s.t.Error(err)
		}
	}
	s.checkPhotos(srv)
	return acts
}

// checkPhotos: every photo that was recorded is here, whole.
func (s *several) checkPhotos(srv *syncserver.Server) {
	s.t.Helper()
	rows, err := srv.Store().DB().QueryContext(ctx, `SELECT r.fields->>'blob', coalesce(b.complete, 0) FROM record AS r LEFT JOIN blob AS b ON b.sha256 = r.fields->>'blob' WHERE r.kind = 'photo'`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	photos := 0
	for rows.Next() {
		var sha string
		var complete int
		if err := rows.Scan(&sha, &complete); err != nil {
			s.t.Fatal(err)
		}
		photos++
		if complete != 1 {
			s.t.Error(sim.Violation{Invariant: "every photo arrives", Detail: sha})
			continue
		}
		if f, _, err := srv.Store().OpenBlob(ctx, sha); err != nil {
			s.t.Error(sim.Violation{Invariant: "every photo arrives", Detail: fmt.Sprint(sha, err)})
		} else {
			f.Close()
		}
	}
	if photos == 0 || rows.Err() != nil {
		s.t.Error("no photo was taken", rows.Err())
	}
}
