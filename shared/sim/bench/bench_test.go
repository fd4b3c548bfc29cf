package bench_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/postgres"
)

func TestMain(m *testing.M) { postgres.Main(m) }

// work is a part of the bench, and whether the server's engine makes a difference.
type work struct {
	name string
	run  func(*testing.T, *table)
	both bool
}

// TestBench measures everything and writes the table.
func TestBench(t *testing.T) {
	if *out == "" {
		t.Skip(`"make bench" gives it a file for the figures`)
	}
	postgres.Durable()
	var tb table
	for _, e := range []string{"sqlite", "postgres"} {
		if *engine != "both" && *engine != e {
			continue
		}
		tb.engine = e
		for _, w := range []work{{"W6", record, false}, {"W1", push, true}, {"W2", pull, true}, {"W4", crowd, true}, {"W5", live, true}, {"memory", memory, false}} {
			if (*only == "" || strings.Contains(*only, w.name)) && (w.both || e == "sqlite") {
				t.Run(e+" "+w.name, func(t *testing.T) { w.run(t, &tb) }) // what it made goes with it
			}
		}
	}
	tb.save(t)
}

// record is W6: from the tap until it survives a power cut.
func record(t *testing.T, tb *table) {
	s := newStage(t, tb.engine)
	r, _ := s.join(t, city.DeviceTablet)
	request := s.job(t, sim.Crew)
	step(t, r)
	rng := rand.New(rand.NewPCG(6, 0))
	n := 500 / *scale
	var ours, floor []time.Duration
	db := bareFile(t)
	for _, it := range someItems(n) { // by turns, so that both meet the same disk
		note := entry(worker(sim.Crew), request, words(rng, 550))
		ours = append(ours, timed(func() { must(t, rec(t.Context(), r, note)) }))
		floor = append(floor, timed(func() { must(t, insert(db, []item{it}, "waiting")) }))
	}
	tb.add("W6 tap to durable, p50", quantile(ours, .5), quantile(floor, .5), "x1.5", map[string]float64{"acts": float64(n)})
	tb.add("W6 tap to durable, p99", quantile(ours, .99), quantile(floor, .99), "-", nil)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func rec(ctx context.Context, r *replica.Replica, e ...replica.Entry) error {
	_, err := r.Record(ctx, e...)
	return err
}

func entry(by city.Actor, request city.ID, text string) replica.Entry {
	return replica.Entry{Actor: by, Title: "Note", Act: &city.AddNote{Note: city.NewID(), Request: request, Text: text}}
}

// job is a request that a crew has.
func (s *stage) job(t testing.TB, crew city.ID) city.ID {
	id := s.fill(t, 1)[0]
	s.act(t, office, &city.AssignRequest{Request: id, WorkOrder: city.NewID(), Crew: crew, Priority: city.PriorityNormal})
	return id
}

// queue records n notes, many in a transaction: how they came there is not measured.
func queue(t testing.TB, r *replica.Replica, by city.Actor, request city.ID, n int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, uint64(n)))
	for n > 0 {
		batch := make([]replica.Entry, min(n, 500))
		for i := range batch {
			batch[i] = entry(by, request, words(rng, 350))
		}
		must(t, rec(t.Context(), r, batch...))
		n -= len(batch)
	}
}

// push is W1. The whole round is measured: hello, push, and the pull that brings
// the echoes without which nothing counts as received.
func push(t *testing.T, tb *table) {
	n := 10_000 / *scale
	s := newStage(t, tb.engine)
	r, l := s.join(t, city.DeviceTablet)
	request := s.job(t, sim.Crew)
	step(t, r)
	queue(t, r, worker(sim.Crew), request, n)
	sent := l.sent.Load()
	round, cpu := costs(func() { step(t, r) })
	b, db := newBare(t), bareFile(t)
	must(t, insert(db, someItems(n), "waiting"))
	bytes := float64(l.sent.Load()-sent) / float64(n)
	floor, cpuFloor := costs(func() { b.pushBare(t, http.DefaultClient, db) })
	tb.add(fmt.Sprintf("W1 push %d queued, and their echoes", n), round, floor, "x2 for the push", cpus(cpu, cpuFloor, map[string]float64{"bytes_each": bytes}))
}

// pull is W2 and W3, and what they cost against the size of the city.
func pull(t *testing.T, tb *table) {
	sizes := []int{1000, 10_000, 100_000}
	if tb.engine == "postgres" {
		sizes = sizes[:2]
	}
	if *large && tb.engine == "sqlite" {
		sizes = append(sizes, 1_000_000)
	}
	for _, n := range sizes {
		t.Run(fmt.Sprint(n), func(t *testing.T) { pullOf(t, tb, max(100, n / *scale)) })
	}
}

func pullOf(t *testing.T, tb *table, n int) {
	s := newStage(t, tb.engine)
	ids := s.fill(t, n)
	weigh(t, tb, s, n)
	r, l := s.join(t, city.DeviceKiosk)
	cold, cpu, bytes := s.cold(t)
	b := newBare(t)
	must(t, insert(b.db, someItems(n), ""))
	db := bareFile(t)
	var after int64
	floor, cpuFloor := costs(func() { after = b.pullBare(t, http.DefaultClient, db, 0) })
	tb.add(fmt.Sprintf("W2 cold pull of %d", n), cold, floor, "x2", cpus(cpu, cpuFloor, map[string]float64{"bytes_each": float64(bytes) / float64(n)}))
	var acts, commits []time.Duration
	for i, id := range ids[:100] {
		acts = append(acts, timed(func() {
			s.act(t, office, &city.AssignRequest{Request: id, WorkOrder: city.NewID(), Crew: sim.Crew, Priority: city.PriorityNormal})
		}))
		commits = append(commits, timed(func() { must(t, insert(b.db, someItems(100)[i:i+1], "")) }))
	}
	tb.add(fmt.Sprintf("an act of staff in a city of %d, p50", n), quantile(acts, .5), quantile(commits, .5), "flat", nil)
	after = b.pullBare(t, http.DefaultClient, db, after)
	was := l.received.Load() + l.sent.Load()
	some := timed(func() { step(t, r) })
	moved := l.received.Load() + l.sent.Load() - was
	must(t, insert(b.db, someItems(100), ""))
	floor = timed(func() { after = b.pullBare(t, http.DefaultClient, db, after) })
	tb.add(fmt.Sprintf("W3 100 changes on top of %d", n), some, floor, "15 ms, 20 kB", map[string]float64{"bytes": float64(moved)})
	was = l.received.Load() + l.sent.Load()
	var none, bare []time.Duration
	for range 50 {
		none = append(none, timed(func() { step(t, r) }))
		bare = append(bare, timed(func() { b.pullBare(t, http.DefaultClient, db, after) }))
	}
	moved = (l.received.Load() + l.sent.Load() - was) / 50
	tb.add(fmt.Sprintf("W3 nothing new on top of %d", n), quantile(none, .5), quantile(bare, .5), "1.5 ms, 0.5 kB", map[string]float64{"bytes": float64(moved)})
}

// cold is a new device's first round.
func (s *stage) cold(t testing.TB) (wall, cpu time.Duration, bytes int64) {
	t.Helper()
	l := newLine()
	r, err := replica.Open(t.Context(), replica.Config{Dir: disk(t), Now: time.Now, Version: "bench", Transport: l})
	must(t, err)
	defer r.Close()
	_, err = r.Enrol(t.Context(), s.enrolment(t, city.DeviceKiosk, ""), "Device")
	must(t, err)
	wall, cpu = costs(func() { step(t, r) })
	return wall, cpu, l.received.Load()
}

// crowd is W4. Each device is another crew's and gets back what it wrote itself, not
// what the 49 others did: that would be a measure of pulling.
func crowd(t *testing.T, tb *table) {
	devices, acts := 50, 100 / *scale
	s := newStage(t, tb.engine)
	all := make([]*replica.Replica, devices)
	for i := range all {
		crew := city.ID(fmt.Sprintf("crew-%d", i))
		s.act(t, system, &city.SetCrew{ID: crew, Crew: city.Crew{Name: string(crew), Department: "parks"}})
		request := s.job(t, crew)
		all[i], _ = s.joinCrew(t, city.DeviceTablet, crew)
		queue(t, all[i], worker(crew), request, acts)
	}
	var whole, floor time.Duration
	var each, floorEach []time.Duration
	_, cpu := costs(func() { whole, each = together(devices, func(i int) { step(t, all[i]) }) })
	b := newBare(t)
	files := make([]func(), devices)
	for i := range files {
		db := bareFile(t)
		must(t, insert(db, someItems(acts), "waiting"))
		client := &http.Client{Transport: &http.Transport{}}
		files[i] = func() { b.pushBare(t, client, db) }
	}
	_, cpuFloor := costs(func() { floor, floorEach = together(devices, func(i int) { files[i]() }) })
	tb.add(fmt.Sprintf("W4 %d devices push %d each, whole", devices, acts), whole, floor, "x2", cpus(cpu, cpuFloor, map[string]float64{}))
	tb.add("W4 p99 of a device", quantile(each, .99), quantile(floorEach, .99), "x2", nil)
}

func together(n int, work func(int)) (time.Duration, []time.Duration) {
	each := make([]time.Duration, n)
	var all sync.WaitGroup
	whole := timed(func() {
		for i := range n {
			all.Go(func() { each[i] = timed(func() { work(i) }) })
		}
		all.Wait()
	})
	return whole, each
}

// live is W5: from the office's act until the store of a connected device has it.
func live(t *testing.T, tb *table) {
	n := 40 / *scale
	s := newStage(t, tb.engine)
	ids := s.fill(t, n)
	r, _ := s.join(t, city.DeviceKiosk)
	changes, end := r.Changes()
	defer end()
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { r.Run(ctx); close(ran) }()
	defer func() { stop(); <-ran }()
	var ours []time.Duration
	for _, id := range ids {
		time.Sleep(1100 * time.Millisecond) // pokes come at most once a second
		ours = append(ours, timed(func() {
			s.act(t, office, &city.AssignRequest{Request: id, WorkOrder: city.NewID(), Crew: sim.Crew, Priority: city.PriorityNormal})
			for !assigned(t, r, id) {
				select {
				case <-changes:
				case <-time.After(30 * time.Second):
					t.Fatal("a change did not arrive")
				}
			}
		}))
	}
	floor := bareLive(t, n)
	tb.add("W5 change to connected device, p50", quantile(ours, .5), quantile(floor, .5), "3 ms", nil)
	tb.add("W5 change to connected device, p99", quantile(ours, .99), quantile(floor, .99), "x2", nil)
}

func assigned(t testing.TB, r *replica.Replica, id city.ID) bool {
	view, err := r.View(t.Context())
	must(t, err)
	req, ok, err := city.LoadRequest(view, id)
	must(t, err)
	return ok && req.Status == city.StatusAssigned
}

// bareLive inserts, pokes, pulls and inserts again.
func bareLive(t testing.TB, n int) []time.Duration {
	b, db := newBare(t), bareFile(t)
	resp, err := http.Get(b.url + "/live")
	must(t, err)
	defer resp.Body.Close()
	events := bufio.NewScanner(resp.Body)
	var all []time.Duration
	var after int64
	for _, it := range someItems(n) {
		time.Sleep(20 * time.Millisecond)
		all = append(all, timed(func() {
			must(t, insert(b.db, []item{it}, ""))
			b.poke <- struct{}{}
			for events.Scan() && !strings.HasPrefix(events.Text(), "data:") {
			}
			after = b.pullBare(t, http.DefaultClient, db, after)
		}))
	}
	return all
}
