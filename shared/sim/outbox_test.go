package sim_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/disk"
)

var machineSteps = flag.Int("machine", 2_000, "how many steps the machine of the outbox makes at least")

// valve is a line on which one route can be shut: what it carries does not arrive,
// or its answer does not.
type valve struct {
	*sim.Line
	shut string
	deaf bool
}

var errShut = errors.New("this route is shut")

func (v *valve) RoundTrip(r *http.Request) (*http.Response, error) {
	if v.shut == "" || !strings.HasSuffix(r.URL.Path, v.shut) {
		return v.Line.RoundTrip(r)
	}
	if v.deaf {
		if _, err := v.Line.RoundTrip(r); err != nil {
			return nil, err
		}
	}
	return nil, errShut
}

// routes are those that can be shut.
var routes = []string{"", "", "", "/hello", "/push", "/pull", "/reconcile", "/snapshot"}

// ranks are the states of an act that is not damaged, in their order.
var ranks = map[replica.State]int{replica.StateSaved: 0, replica.StateSent: 1, replica.StateReceived: 2, replica.StateSafe: 3}

// keeper is a device, and the model of its outbox.
type keeper struct {
	*replica.Replica
	line    *valve
	dir     string
	owed    map[city.MutationID]int // rank that each act was seen at
	lineage int                     // of the city, as of its last whole round
}

// ward is a city whose only kiosk is kept, copied and put back by somebody careless.
type ward struct {
	city    *sim.City
	root    string
	folders int
	devices []*keeper
	image   *keeper // closed, to be put back
	backups []copied
	lineage int // how often the city was restored
	tried   int
}

// copied is a backup of the city that has all up to safe.
type copied struct {
	dir  string
	safe int64
}

func (w *ward) safe() int64 {
	if len(w.backups) == 0 {
		return 0
	}
	return w.backups[0].safe
}

func must(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// twin copies a device's folder as it is and gives a closed device on it.
func (w *ward) twin(t *rapid.T, d *keeper) *keeper {
	w.folders++
	to := filepath.Join(w.root, fmt.Sprintf("kiosk-%d", w.folders))
	must(t, os.CopyFS(to, os.DirFS(d.dir)))
	shared, err := filepath.Glob(filepath.Join(to, "*-shm")) // memory does not outlive its process
	must(t, err)
	for _, path := range shared {
		must(t, os.Remove(path))
	}
	return &keeper{dir: to, owed: maps.Clone(d.owed), lineage: d.lineage}
}

func (w *ward) open(t *rapid.T, d *keeper) *keeper {
	var err error
	d.line = &valve{Line: &sim.Line{To: w.city}}
	d.Replica, err = replica.Open(ctx, replica.Config{Dir: d.dir, Now: w.city.Clock.Now, Version: "machine", Transport: d.line, KeepSafe: time.Hour})
	if err != nil {
		t.Fatal(sim.Violation{Invariant: "the outbox opens", Detail: err.Error()})
	}
	return d
}

// become lets a device go on as another one, which is closed.
func (w *ward) become(t *rapid.T, d, next *keeper) {
	_ = d.Close() // it is dead
	must(t, os.RemoveAll(d.dir))
	*d = *w.open(t, next)
}

func (w *ward) pick(t *rapid.T) *keeper { return rapid.SampledFrom(w.devices).Draw(t, "device") }

// report records something that is found again by its number.
func (w *ward) report(t *rapid.T, d *keeper) error {
	var entries []replica.Entry
	for range rapid.IntRange(1, 3).Draw(t, "acts") {
		w.tried++
		words := fmt.Sprintf("report-%d-%0*d", w.tried, rapid.IntRange(1, 3000).Draw(t, "length"), 0)
		entries = append(entries, replica.Entry{Actor: guest, Title: "Fallen tree", Act: &city.FileRequest{Request: city.NewID(),
			Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: words}})
	}
	ids, err := d.Record(ctx, entries...)
	for _, id := range ids {
		d.owed[id] = 0
	}
	return err
}

// round is a whole round, or what a shut route leaves of it. After a whole one the
// city has everything.
func (w *ward) round(t *rapid.T, d *keeper) error {
	err := d.Step(ctx)
	if err != nil {
		return err
	}
	d.lineage = w.lineage
	items, err := d.Items(ctx, 1<<20)
	must(t, err)
	for _, it := range items {
		if ranks[it.State] < ranks[replica.StateReceived] {
			t.Fatal(sim.Violation{Invariant: "reachable means delivered", Detail: fmt.Sprintf("%s is %s after a whole round", it.ID, it.State)})
		}
	}
	return nil
}

func (w *ward) exchange(t *rapid.T) {
	d := w.pick(t)
	d.line.shut, d.line.deaf = rapid.SampledFrom(routes).Draw(t, "shut"), rapid.Bool().Draw(t, "deaf")
	if err := w.round(t, d); err != nil && !errors.Is(err, errShut) {
		t.Fatalf("a round with %q shut: %v", d.line.shut, err)
	}
	d.line.shut = ""
}

// crash ends a device without care, between two rounds or before the nth request
// of one.
func (w *ward) crash(t *rapid.T) {
	d := w.pick(t)
	var image *keeper
	calls, nth := 0, rapid.IntRange(0, 6).Draw(t, "request")
	if nth > 0 {
		d.line.Before(func() error {
			if calls++; calls < nth {
				return nil
			}
			if calls == nth {
				image = w.twin(t, d)
			}
			return errShut
		})
		if err := w.round(t, d); err != nil && image == nil {
			t.Fatal(err)
		}
	}
	if image == nil {
		image = w.twin(t, d)
	}
	w.become(t, d, image)
}

// cutPower lets a device record and exchange until its power is gone. What was
// stored though its Record failed is owed from then on, for it was shown again.
func (w *ward) cutPower(t *rapid.T) {
	d := w.pick(t)
	must(t, d.Close())
	sick, err := disk.New(d.dir, rapid.Uint64().Draw(t, "seed"))
	must(t, err)
	defer sick.Close()
	w.open(t, d)
	sick.CutAt(rapid.IntRange(1, 60).Draw(t, "operation"))
	for range rapid.IntRange(1, 2).Draw(t, "rounds") {
		if err := w.report(t, d); err != nil && !sick.Cut() {
			t.Fatal(err)
		}
		if err := d.Step(ctx); err != nil && !sick.Cut() {
			t.Fatal(err)
		}
	}
	sick.CutNow()
	_ = d.Close() // without power it fails
	must(t, sick.Settle())
	w.open(t, d)
	items, err := d.Items(ctx, 1<<20)
	must(t, err)
	for _, it := range items {
		if _, known := d.owed[it.ID]; !known {
			d.owed[it.ID] = 0
		}
	}
}

func (w *ward) clone(t *rapid.T) {
	if len(w.devices) == 3 {
		t.Skip("three of one kind are enough")
	}
	w.devices = append(w.devices, w.open(t, w.twin(t, w.pick(t))))
}

// putBack makes an image of a device, or puts the one that there is in the place
// of a device.
func (w *ward) putBack(t *rapid.T) {
	d := w.pick(t)
	if w.image == nil {
		w.image = w.twin(t, d)
		return
	}
	w.become(t, d, w.image)
	w.image = nil
}

func (w *ward) backUp(t *rapid.T) {
	head, err := w.city.Server().Store().Head(ctx)
	must(t, err)
	dir, err := w.city.Backup()
	must(t, err)
	w.backups = append(w.backups, copied{dir, head.Seq})
	if len(w.backups) > 2 {
		must(t, w.city.Forget(w.backups[0].dir))
		w.backups = w.backups[1:]
	}
	must(t, w.city.MarkSafe(ctx, w.safe()))
}

func (w *ward) restore(t *rapid.T) {
	if len(w.backups) == 0 {
		t.Skip("no backup")
	}
	i := rapid.IntRange(0, len(w.backups)-1).Draw(t, "backup")
	w.backups = w.backups[:i+1]
	again := w.city.Restore
	if rapid.Bool().Draw(t, "ledger") {
		again = w.city.RestoreBesideLedger
	}
	must(t, again(ctx, w.backups[i].dir))
	w.lineage++
}

var reportNumber = regexp.MustCompile(`report-\d+-`)

// archive gives the place of each act, and sees that each stands there once, by
// whatever id.
func (w *ward) archive(t *rapid.T) map[city.MutationID]int64 {
	rows, err := w.city.Server().Store().DB().Query(`SELECT id, seq, args FROM mutation WHERE args IS NOT NULL`)
	must(t, err)
	defer rows.Close()
	at, seen := map[city.MutationID]int64{}, map[string]city.MutationID{}
	for rows.Next() {
		var id city.MutationID
		var seq int64
		var args []byte
		must(t, rows.Scan(&id, &seq, &args))
		at[id] = seq
		number := string(reportNumber.Find(args))
		if other, twice := seen[number]; twice && number != "" {
			t.Fatal(sim.Violation{Invariant: "every act stands once in the archive", Detail: fmt.Sprintf("%sstands as %s and as %s", number, other, id)})
		}
		seen[number] = id
	}
	must(t, rows.Err())
	return at
}

// check compares every outbox with its model, and what it shows with the archive.
func (w *ward) check(t *rapid.T) {
	at := w.archive(t)
	for _, d := range w.devices {
		items, err := d.Items(ctx, 1<<20)
		must(t, err)
		here, pending := map[city.MutationID]bool{}, 0
		for _, it := range items {
			here[it.ID] = true
			if ranks[it.State] < ranks[replica.StateReceived] {
				pending++
			}
			w.checkItem(t, d, it, at[it.ID])
		}
		for id := range d.owed {
			if !here[id] && (at[id] == 0 || at[id] > w.safe()) {
				t.Fatal(sim.Violation{Invariant: "a receipt survives", Detail: string(id) + " is lost"})
			}
		}
		if sum, err := d.Summary(ctx); err != nil || sum.Pending != pending || sum.Damaged+sum.Handed+sum.Attention > 0 {
			t.Fatal(sim.Violation{Invariant: "the summary counts what there is", Detail: fmt.Sprintf("%+v of %d pending, %v", sum, pending, err)})
		}
	}
}

func (w *ward) checkItem(t *rapid.T, d *keeper, it replica.Item, seq int64) {
	was, owed := d.owed[it.ID]
	rank, sound := ranks[it.State]
	wrong := ""
	switch {
	case !owed:
		wrong = "no act comes from nowhere"
	case !sound:
		wrong = "nothing is damaged"
	case d.lineage != w.lineage: // what it shows is of a city that is gone
		d.owed[it.ID] = 0
		return
	case rank < was:
		wrong = "states go forward within a lineage"
	case rank > 0 && seq == 0, rank == 3 && seq > w.safe():
		wrong = "what is shown is true"
	}
	if wrong != "" {
		t.Fatal(sim.Violation{Invariant: wrong, Detail: fmt.Sprintf("%s is %s after rank %d, archived at %d, safe up to %d", it.ID, it.State, was, seq, w.safe())})
	}
	d.owed[it.ID] = rank
}

// rest lets every device exchange in quiet. Then each outbox is delivered.
func (w *ward) rest(t *rapid.T) {
	for range 2 {
		for _, d := range w.devices {
			must(t, w.round(t, d))
		}
	}
	w.check(t)
}

// TestAnyOutbox drives a kiosk's outbox through anything that people and power do
// to it. Whatever happens, no act is lost or stands twice, and what is shown of it
// is true.
func TestAnyOutbox(t *testing.T) {
	steps, want := 0, *machineSteps
	if testing.Short() {
		want = 30
	}
	c := newCity(t)
	first := &keeper{dir: t.TempDir(), owed: map[city.MutationID]int{}}
	r, err := replica.Open(ctx, replica.Config{Dir: first.dir, Now: c.Clock.Now, Version: "machine", Transport: line(c)})
	if err != nil {
		t.Fatal(err)
	}
	link, err := c.Enrolment(ctx, city.DeviceKiosk, sim.Address, city.ScopePublic)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = r.Enrol(ctx, link, "Library"); err == nil {
		err = errors.Join(r.Step(ctx), r.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := c.Backup()
	if err != nil {
		t.Fatal(err)
	}
	broken := false // then it is made smaller, which takes more steps
	for steps < want && !t.Failed() {
		rapid.Check(t, func(rt *rapid.T) {
			if steps >= want && !broken {
				return
			}
			passed := false
			defer func() { broken = broken || !passed }()
			anyOutbox(rt, c, fresh, first, &steps)
			passed = true
		})
	}
	t.Logf(`{"figure":"state machine","machine":"outbox","steps":%d,"violations":0}`, steps)
}

func anyOutbox(t *rapid.T, c *sim.City, fresh string, first *keeper, steps *int) {
	root, err := sim.Folder("outbox-*")
	must(t, err)
	defer os.RemoveAll(root)
	c.Clock.Advance(noon.Sub(c.Clock.Now()))
	must(t, c.Restore(ctx, fresh))
	w := &ward{city: c, root: root}
	w.devices = []*keeper{w.open(t, w.twin(t, first))}
	defer func() {
		for _, d := range w.devices {
			_ = d.Close()
		}
		for _, b := range w.backups {
			_ = c.Forget(b.dir)
		}
	}()
	t.Repeat(map[string]func(*rapid.T){
		"":               func(t *rapid.T) { *steps++; w.check(t) },
		"record":         func(t *rapid.T) { must(t, w.report(t, w.pick(t))) },
		"exchange":       w.exchange,
		"exchange again": w.exchange,
		"crash":          w.crash,
		"reopen": func(t *rapid.T) {
			d := w.pick(t)
			must(t, d.Close())
			w.open(t, d)
		},
		"power cut":       w.cutPower,
		"clone":           w.clone,
		"put back":        w.putBack,
		"backup":          w.backUp,
		"server crash":    func(t *rapid.T) { must(t, c.Crash(ctx)) },
		"server restored": w.restore,
		"time passes": func(t *rapid.T) {
			c.Clock.Advance(time.Duration(rapid.IntRange(0, 180).Draw(t, "minutes")) * time.Minute)
		},
	})
	w.rest(t)
}
