package sim_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// spotty is a line on which parts of snapshots break off after some bytes.
type spotty struct {
	*sim.Line
	cut      int // bytes of a part that get through at a time; 0: all
	carried  int // bytes of parts that did
	whole    int // parts asked for from their beginning
	rests    int // and by Range
	asked    int // manifests
	pulls    int // without a cursor
	oldStyle bool
	before   func(path string)
}

var errSpot = errors.New("the line broke")

func (s *spotty) RoundTrip(r *http.Request) (*http.Response, error) {
	path := strings.TrimPrefix(r.URL.Path, protocol.Path)
	if s.before != nil {
		s.before(path)
	}
	if path == "/pull" && r.URL.Query().Get("cursor") == "" {
		s.pulls++
	}
	if path == "/snapshot" {
		s.asked++
	}
	if s.oldStyle && strings.HasPrefix(path, "/snapshot") { // a server that does not know the address
		r = r.Clone(r.Context())
		r.URL.Path = "/sync/v1/nowhere"
	}
	resp, err := s.Line.RoundTrip(r)
	if err != nil || !strings.HasPrefix(path, "/snapshot/") {
		return resp, err
	}
	if r.Header.Get("Range") == "" {
		s.whole++
	} else {
		s.rests++
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	end := io.Reader(strings.NewReader(""))
	if s.cut > 0 && len(raw) > s.cut {
		raw, end = raw[:s.cut], broken{}
	}
	s.carried += len(raw)
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(raw), end))
	return resp, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errSpot }

// crewJob gives the crew a job and gives its request.
func crewJob(t *testing.T, c *sim.City, crew city.ID, words string) city.ID {
	t.Helper()
	id := city.NewID()
	file := &city.FileRequest{Request: id, Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: words, Person: city.Person{Name: words}}
	assign := &city.AssignRequest{Request: id, WorkOrder: city.NewID(), Crew: crew, Priority: city.PriorityNormal, Instruction: words}
	if err := errors.Join(c.Act(ctx, file), c.Act(ctx, assign)); err != nil {
		t.Fatal(err)
	}
	return id
}

// manyNotes makes the crew's snapshot a few parts large.
func manyNotes(t *testing.T, c *sim.City, n int) {
	t.Helper()
	job := crewJob(t, c, sim.Crew, "the large one")
	for range n {
		text := ""
		for len(text) < 3900 {
			text += rand.Text()
		}
		if err := c.Act(ctx, &city.AddNote{Note: city.NewID(), Request: job, Text: text[:3900]}); err != nil {
			t.Fatal(err)
		}
	}
}

func reopened(t *testing.T, dir string, transport http.RoundTripper) *replica.Replica {
	t.Helper()
	r, err := replica.Open(ctx, replica.Config{Dir: dir, Now: sim.NewClock(noon).Now, Version: "test", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func enrol(t *testing.T, c *sim.City, r *replica.Replica, kind city.DeviceKind, grants ...city.Scope) city.DeviceID {
	t.Helper()
	link, err := c.Enrolment(ctx, kind, sim.Address, grants...)
	if err != nil {
		t.Fatal(err)
	}
	id, err := r.Enrol(ctx, link, "")
	if err != nil {
		t.Fatal(err)
	}
	return id.Device
}

func count(t *testing.T, r *replica.Replica, kind city.Kind) int {
	t.Helper()
	all, err := r.Records(ctx, kind)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// TestDownloadGoesOn breaks the line again and again, and starts the program anew
// in between: no byte of a part comes twice.
func TestDownloadGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	c := newCity(t)
	manyNotes(t, c, 1200)
	dir, line := t.TempDir(), &spotty{Line: line(c), cut: 150 << 10}
	r := reopened(t, dir, line)
	enrol(t, c, r, city.DeviceTablet, city.ScopePublic, city.ScopeCrew(sim.Crew))
	requests, starts := 0, 0
	line.before = func(path string) {
		if strings.HasPrefix(path, "/snapshot/") {
			requests++
			line.Down = line.Down || requests%4 == 0 // for the rest of the round
		}
	}
	for ; r.Step(ctx) != nil; starts++ {
		if starts > 20 {
			t.Fatal("it does not come to an end")
		}
		if count(t, r, city.KindNote) != 0 {
			t.Fatal("half a snapshot is shown")
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		line.Down = false
		r = reopened(t, dir, line)
	}
	if n := count(t, r, city.KindNote); n != 1200 {
		t.Errorf("%d notes", n)
	}
	parts := 0
	for path := range walk(t, filepath.Join(c.Data(), "snapshots")) {
		if filepath.Base(path) != "manifest.json" {
			parts += fileLen(t, path)
		}
	}
	if line.asked != 1 || line.pulls != 0 || line.carried != parts || starts < 3 {
		t.Errorf("%d manifests, %d pulls from the beginning, %d bytes for %d, in %d starts", line.asked, line.pulls, line.carried, parts, starts+1)
	}
	if _, err := os.Stat(filepath.Join(dir, "snapshot")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the download is still there: %v", err)
	}
}

// walk gives the files below a folder with their bytes.
func walk(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files[path], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func fileLen(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

// TestSnapshotExpiresMidway: the server has forgotten the parts that a device is
// still downloading.
func TestSnapshotExpiresMidway(t *testing.T) {
	c := newCity(t)
	manyNotes(t, c, 60)
	line := &spotty{Line: line(c), cut: 20 << 10}
	r := reopened(t, t.TempDir(), line)
	enrol(t, c, r, city.DeviceTablet, city.ScopePublic, city.ScopeCrew(sim.Crew))
	line.before = func(path string) {
		if line.rests == 2 {
			line.rests++
			c.Clock.Advance(25 * time.Hour)
		}
	}
	step(t, r)
	if n := count(t, r, city.KindNote); n != 60 || line.asked != 2 || line.whole != 2 {
		t.Errorf("%d notes after %d manifests and %d beginnings", n, line.asked, line.whole)
	}
}

// TestDamagedDownload: bytes of a part that turned on the disk are fetched again.
func TestDamagedDownload(t *testing.T) {
	c := newCity(t)
	manyNotes(t, c, 60)
	dir, line := t.TempDir(), &spotty{Line: line(c), cut: 50 << 10}
	r := reopened(t, dir, line)
	enrol(t, c, r, city.DeviceTablet, city.ScopePublic, city.ScopeCrew(sim.Crew))
	line.before = func(string) {
		if line.rests != 1 {
			return
		}
		for path, raw := range walk(t, filepath.Join(dir, "snapshot")) {
			if filepath.Base(path) != "manifest.json" {
				raw[len(raw)/2] ^= 1
				if err := os.WriteFile(path, raw, 0o600); err != nil {
					t.Error(err)
				}
			}
		}
		line.rests = 100
	}
	step(t, r)
	if n := count(t, r, city.KindNote); n != 60 || line.whole != 2 || line.asked != 1 {
		t.Errorf("%d notes after %d manifests and %d beginnings", n, line.asked, line.whole)
	}
}

func TestServerWithoutSnapshots(t *testing.T) {
	c := newCity(t)
	crewJob(t, c, sim.Crew, "something")
	line := &spotty{Line: line(c), oldStyle: true}
	r := reopened(t, t.TempDir(), line)
	enrol(t, c, r, city.DeviceTablet, city.ScopePublic, city.ScopeCrew(sim.Crew))
	step(t, r)
	if count(t, r, city.KindWorkOrder) != 1 || line.pulls != 1 || line.asked != 1 {
		t.Errorf("%d jobs, %d pulls", count(t, r, city.KindWorkOrder), line.pulls)
	}
}

// TestEveryWayInIsASnapshot: the first start, a cursor too far back, another
// history, other grants and a damaged cache all begin with one, and end with the
// same records and echoes.
func TestEveryWayInIsASnapshot(t *testing.T) {
	c := newCity(t)
	dir, line := t.TempDir(), &spotty{Line: line(c)}
	r := reopened(t, dir, line)
	device := enrol(t, c, r, city.DeviceTablet, city.ScopePublic, city.ScopeCrew(sim.Crew))
	job := crewJob(t, c, sim.Crew, "something")
	check := func(what string) {
		t.Helper()
		c.Clock.Advance(11 * time.Minute)
		asked := line.asked
		step(t, r)
		if line.asked != asked+1 || line.pulls != 0 {
			t.Errorf("%s: %d manifests, %d pulls from the beginning", what, line.asked-asked, line.pulls)
		}
		work, err := r.Records(ctx, city.KindWorkOrder)
		if err != nil || len(work) == 0 {
			t.Errorf("%s: %d jobs, %v", what, len(work), err)
		}
	}
	check("the first start")
	note := record(t, r, replica.Entry{Actor: ana, Act: &city.AddNote{Note: city.NewID(), Request: job, Text: "mine"}})
	step(t, r)
	echoed := func(what string) {
		t.Helper()
		if got := state(t, r, note); got != replica.StateReceived {
			t.Errorf("%s: the note is %s", what, got)
		}
	}

	c.Horizon = 3
	if err := c.Restart(ctx, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	crewJob(t, c, sim.Crew, "two")
	crewJob(t, c, sim.Crew, "three")
	check("too far back")
	echoed("too far back")

	backup, err := c.Backup()
	if err != nil {
		t.Fatal(err)
	}
	crewJob(t, c, sim.Crew, "four")
	step(t, r)
	if err := c.Restore(ctx, backup); err != nil {
		t.Fatal(err)
	}
	check("another history")
	echoed("another history")

	if err := c.Server().Store().SetGrants(ctx, device, []city.Scope{city.ScopePublic, city.ScopeCrew(sim.Crew), city.ScopeCrew("more")}); err != nil {
		t.Fatal(err)
	}
	check("more grants")
	echoed("more grants")

	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cache.db"), []byte("not a database, by far"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = reopened(t, dir, line)
	check("a damaged cache")
	echoed("a damaged cache")
}

// TestTheOldCacheIsShownMeanwhile, as long as it holds nothing that it may not.
func TestTheOldCacheIsShownMeanwhile(t *testing.T) {
	c := newCity(t)
	line := &spotty{Line: line(c)}
	r := reopened(t, t.TempDir(), line)
	device := enrol(t, c, r, city.DeviceTablet, city.ScopePublic, city.ScopeCrew(sim.Crew))
	crewJob(t, c, sim.Crew, "something")
	step(t, r)
	line.before = func(path string) { line.Down = strings.HasPrefix(path, "/snapshot/") }
	for _, x := range []struct {
		grants []city.Scope
		shown  int
	}{
		{[]city.Scope{city.ScopePublic, city.ScopeCrew(sim.Crew), city.ScopeCrew("more")}, 1},
		{[]city.Scope{city.ScopePublic, city.ScopeCrew("more")}, 0},
	} {
		if err := c.Server().Store().SetGrants(ctx, device, x.grants); err != nil {
			t.Fatal(err)
		}
		if err := r.Step(ctx); err == nil {
			t.Fatal("the round went well without a line")
		}
		if n := count(t, r, city.KindWorkOrder); n != x.shown {
			t.Errorf("what is lost goes at once, all else is shown meanwhile: %d jobs with %v", n, x.grants)
		}
	}
}

// TestNothingOfALostGrantStays looks through every byte of the device's folder
// after a grant went and one round, also when it goes between hello and pull.
func TestNothingOfALostGrantStays(t *testing.T) {
	for name, when := range map[string]string{"before the round": "/hello", "within the round": "/pull"} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			dir, line := t.TempDir(), &spotty{Line: line(c)}
			r := reopened(t, dir, line)
			device := enrol(t, c, r, city.DeviceTablet, city.ScopePublic, city.ScopeCrew(sim.Crew))
			const secret = "zanzibarquince"
			roads := &city.SetCrew{ID: "roads", Crew: city.Crew{Name: "Road crew", Department: "works"}}
			if _, err := c.Server().Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 1<<40, roads); err != nil {
				t.Fatal(err)
			}
			job := crewJob(t, c, sim.Crew, secret)
			public := crewJob(t, c, "roads", "plain")
			photo, err := c.Server().Store().PutBlob(ctx, []byte(secret))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Act(ctx, &city.AddPhoto{Photo: city.NewID(), Request: job, Blob: photo, Stage: "before"}); err != nil {
				t.Fatal(err)
			}
			step(t, r)
			if _, err := r.FetchBlob(ctx, photo); err != nil {
				t.Fatal(err)
			}
			if holding(t, dir, secret) == "" {
				t.Fatal("the device never held it")
			}
			crewJob(t, c, "roads", "more") // with nothing new a round has no pull
			line.before = func(path string) {
				if path != when {
					return
				}
				line.before = nil
				if err := c.Server().Store().SetGrants(ctx, device, []city.Scope{city.ScopePublic}); err != nil {
					t.Error(err)
				}
			}
			step(t, r)
			if at := holding(t, dir, secret); at != "" {
				t.Errorf("nothing of a lost grant stays: %s holds it", at)
			}
			if found, err := r.Find(ctx, city.KindRequest, "number", public.Number()); len(found) != 1 || err != nil {
				t.Errorf("the public face is gone: %v", err)
			}
			if id, ok := r.Identity(); !ok || len(id.Grants) != 1 {
				t.Errorf("grants %v", id.Grants)
			}
		})
	}
}

// holding names a file below dir that holds the word.
func holding(t *testing.T, dir, word string) string {
	t.Helper()
	for path, raw := range walk(t, dir) {
		if bytes.Contains(raw, []byte(word)) {
			return path
		}
	}
	return ""
}

// TestManyRecords travel without ever being in memory, on either side.
func TestManyRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	c := newCity(t)
	const n = 40_000
	// Their log is not needed: a snapshot is of what stands.
	if _, err := c.Server().Store().DB().Exec(`WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < $1)
		INSERT INTO record (kind, id, parent, seq, fields, writers, scopes) SELECT 'request', 'bulk-' || n, '', 1,
		'{"number":"' || hex(randomblob(8)) || '","service":"tree","status":"open","words":"' || hex(randomblob(200)) || '"}',
		'{"number":"m' || n || '","service":"m' || n || '","status":"m' || n || '","words":"m' || n || '"}', 'office public' FROM i`, n); err != nil {
		t.Fatal(err)
	}
	r := reopened(t, t.TempDir(), &spotty{Line: line(c)})
	enrol(t, c, r, city.DeviceKiosk, city.ScopePublic)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most, done, watched := uint64(0), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	begin := time.Now()
	step(t, r)
	took := time.Since(begin)
	close(done)
	<-watched
	grown := (int64(most) - int64(before.HeapAlloc)) >> 20
	found, err := r.Find(ctx, city.KindRequest, "number", "nothing")
	if err != nil || len(found) != 0 {
		t.Error(err)
	}
	for _, id := range []city.ID{"bulk-1", "bulk-40000"} {
		view, err := r.View(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := city.LoadRequest(view, id); !ok || err != nil {
			t.Errorf("%s did not arrive: %v", id, err)
		}
	}
	t.Logf(`{"figure":"snapshot","records":%d,"seconds":%.1f,"heap_mb":%d}`, n, took.Seconds(), grown)
	if grown > 48 {
		t.Errorf("the heap grew by %d MB", grown)
	}
}
