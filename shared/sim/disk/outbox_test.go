package disk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/disk"
)

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

// enrolled makes the folder of a kiosk that has pulled once.
func enrolled(t *testing.T) string {
	t.Helper()
	dir, _ := enrolledAt(t)
	return dir
}

// enrolledAt gives its city too.
func enrolledAt(t *testing.T) (string, *sim.City) {
	t.Helper()
	c, err := sim.NewCity(ctx, folder(t), sim.NewClock(noon))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	dir := folder(t)
	r, err := replica.Open(ctx, replica.Config{Dir: dir, Now: c.Clock.Now, Version: "disk", Transport: &sim.Line{To: c}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	link, err := c.Enrolment(ctx, city.DeviceKiosk, sim.Address, city.ScopePublic)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Enrol(ctx, link, "Library"); err != nil {
		t.Fatal(err)
	}
	if err := r.Step(ctx); err != nil {
		t.Fatal(err)
	}
	return dir, c
}

func copied(t *testing.T, from string) string {
	t.Helper()
	to := folder(t)
	copyTo(t, to, from)
	return to
}

func copyTo(t *testing.T, to, from string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(filepath.Join(to, "server-keys.json"), 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// owner is a person at a device, and what the device has promised them.
type owner struct {
	dir     string
	owed    map[city.MutationID]bool
	draft   []string // the last one that was saved, and those tried since
	setting []string
	tried   int
}

func newOwner(dir string) *owner {
	return &owner{dir: dir, owed: map[city.MutationID]bool{}, draft: []string{""}, setting: []string{""}}
}

func (o *owner) open() (*replica.Replica, error) { return o.openOn(&sim.Line{Down: true}) }

func (o *owner) openOn(line *sim.Line) (*replica.Replica, error) {
	return replica.Open(ctx, replica.Config{Dir: o.dir, Now: func() time.Time { return noon }, Version: "disk", Transport: line})
}

// work does the script: three reports of different length, a draft and a setting.
// It gives the first error and goes on, as a person would.
func (o *owner) work(r *replica.Replica, rng *rand.Rand) error {
	var first error
	note := func(err error) bool {
		if first == nil {
			first = err
		}
		return err == nil
	}
	for range 3 {
		ids, err := r.Record(ctx, replica.Entry{Actor: city.Actor{Kind: city.ActorResident}, Title: "Fallen tree", Act: &city.FileRequest{
			Request: city.NewID(), Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: fmt.Sprintf("%0*d", 1+rng.IntN(3000), 1)}})
		if note(err) {
			o.owed[ids[0]] = true
		}
	}
	o.tried++
	words := fmt.Sprintf("words %d %0*d", o.tried, 1+rng.IntN(6000), 1)
	o.draft = tried(o.draft, words, note(r.SaveDraft(ctx, "draft", []byte(words))))
	o.setting = tried(o.setting, words, note(r.SetSetting(ctx, "setting", words)))
	return first
}

func tried(before []string, words string, ok bool) []string {
	if ok {
		return []string{words}
	}
	return append(before, words)
}

// check opens the device and looks for all that was promised.
func (o *owner) check(r *replica.Replica) error {
	sum, err := r.Summary(ctx)
	if err != nil {
		return err
	}
	aside, err := filepath.Glob(filepath.Join(o.dir, "*.damaged-*"))
	if err != nil || len(aside) > 0 || sum.Damaged > 0 {
		return sim.Violation{Invariant: "nothing is damaged", Detail: fmt.Sprint(sum, aside, err)}
	}
	items, err := r.Items(ctx, 1<<20)
	if err != nil {
		return err
	}
	there := map[city.MutationID]bool{}
	for _, it := range items {
		there[it.ID] = true
	}
	for id := range o.owed {
		if !there[id] {
			return sim.Violation{Invariant: "a receipt survives", Detail: string(id) + " is lost"}
		}
	}
	draft, _, err := r.Draft(ctx, "draft")
	if err != nil || !slices.Contains(o.draft, string(draft)) {
		return sim.Violation{Invariant: "a saved draft survives", Detail: fmt.Sprint(err)}
	}
	setting, err := r.Setting(ctx, "setting")
	if err != nil || !slices.Contains(o.setting, setting) {
		return sim.Violation{Invariant: "a setting survives", Detail: fmt.Sprint(err)}
	}
	o.draft, o.setting = []string{string(draft)}, []string{setting}
	return nil
}

// lifeCuts is how often one device loses its power before a new one begins, so
// that the looking does not grow with the square of the cuts.
const lifeCuts = 20

// life cuts one device's power again and again, and gives how many acts it owed.
func life(t *testing.T, template string, seed uint64, n int) (int, error) {
	t.Helper()
	o := newOwner(copied(t, template))
	defer os.RemoveAll(o.dir)
	d, err := disk.New(o.dir, seed)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	rng := rand.New(rand.NewPCG(seed, 1))
	for range n {
		rounds := 1 + rng.IntN(3)
		if rng.IntN(50) == 0 { // long enough for the log to be moved into the file
			rounds = 60
		}
		d.CutAt(1 + rng.IntN(60*rounds))
		if r, err := o.open(); err == nil {
			for range rounds {
				if !d.Cut() {
					_ = o.work(r, rng) // what failed is not owed
				}
			}
			_ = r.Close() // without power it fails
		} else if !d.Cut() {
			return 0, sim.Violation{Invariant: "the outbox opens", Detail: err.Error()}
		}
		d.CutNow()
		if err := d.Settle(); err != nil {
			return 0, err
		}
		d.Reset()
		r, err := o.open()
		if err != nil {
			return 0, sim.Violation{Invariant: "the outbox opens", Detail: err.Error()}
		}
		if err := o.check(r); err != nil {
			return 0, err
		}
		if rng.IntN(2) == 0 { // without a clean end, the log stays
			d.CutNow()
		}
		_ = r.Close()
		if d.Cut() {
			if err := d.Settle(); err != nil {
				return 0, err
			}
		}
	}
	return len(o.owed), nil
}

// Whatever Record has returned is there after the power was cut, at any operation.
func TestOutboxSurvivesPowerCuts(t *testing.T) {
	n := *cuts
	if testing.Short() {
		n = min(n, 30)
	}
	template := enrolled(t)
	sum := inLives(t, n, func(seed uint64, n int) (int, error) { return life(t, template, seed, n) })
	sum.Figure = "power cuts, outbox"
	if sum.Acts < n {
		t.Errorf("%d acts were recorded in %d cuts, which proves little", sum.Acts, n)
	}
	sum.print(t)
}

// inLives divides n cuts among devices or servers, as many at once as there are
// processors.
func inLives(t *testing.T, n int, live func(seed uint64, n int) (int, error)) figures {
	t.Helper()
	sum := figures{Seed: *oneSeed, Cuts: n}
	var mu sync.Mutex
	var all sync.WaitGroup
	free := make(chan bool, runtime.NumCPU())
	for seed, from := *oneSeed, 0; from < n; seed, from = seed+1, from+lifeCuts {
		free <- true
		all.Go(func() {
			acts, err := live(seed, min(lifeCuts, n-from))
			mu.Lock()
			defer mu.Unlock()
			if sum.Acts += acts; err != nil {
				sum.Violations++
				t.Errorf("%v\nreplay: go test -tags ci,migrated_fynedo ./shared/sim/disk -run '^%s$' -seed %d -cuts %d", err, t.Name(), seed, lifeCuts)
			}
			<-free
		})
	}
	all.Wait()
	return sum
}

// figures are one line of JSON.
type figures struct {
	Figure     string `json:"figure"`
	Seed       uint64 `json:"seed"`
	Cuts       int    `json:"cuts,omitempty"`
	Scripts    int    `json:"scripts,omitempty"`
	Operations int    `json:"operations,omitempty"`
	Acts       int    `json:"acts"`
	Lost       int    `json:"lost,omitempty"` // to the damage itself, noticed
	Noticed    int    `json:"noticed,omitempty"`
	Violations int    `json:"violations"`
}

func (f figures) print(t *testing.T) {
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", raw)
}
