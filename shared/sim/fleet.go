package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cityhall/shared/city"
)

// Options choose a history. With Steps it is a crowded one: something happens
// every few minutes, and a device exchanges when it is its turn. With Days it is
// like life: people work by day, and the devices exchange by themselves.
type Options struct {
	Seed   uint64
	Steps  int
	Days   int
	Faults Faults           // on the lines; with Days on bad days only
	Tick   func() time.Time // with Days: the clock that all goes by
	DB     Database         // PostgreSQL; nil: SQLite
}

// Report counts what a history held.
type Report struct {
	Acts   int            `json:"acts"`
	Calls  int            `json:"calls"`
	Starts int            `json:"starts"` // of a device's program
	Faults map[string]int `json:"faults"`
	Forgot int            `json:"forgotten"` // acts that devices no longer keep, being safe
	Lines  Struck         `json:"lines"`
	Lived  time.Duration  `json:"-"` // by the city's clock, summed over the enrolled devices
}

// Add counts another history too.
func (r *Report) Add(o Report) {
	r.Acts += o.Acts
	r.Calls += o.Calls
	r.Starts += o.Starts
	r.Forgot += o.Forgot
	r.Lived += o.Lived
	r.Lines.add(o.Lines)
	if r.Faults == nil {
		r.Faults = map[string]int{}
	}
	for name, n := range o.Faults {
		r.Faults[name] += n
	}
}

// Fleet is a city with its devices, and the history that a seed makes of them.
type Fleet struct {
	Report
	city    *City
	devices []*Device
	out     []*Device // revoked
	rng     *rand.Rand
	o       Options
	root    string
	backups []backup // of the server, the newest last, each with all that the one before has
	notes   int
	seen    int64 // as of the old page in the console
	version int   // of the program, the newest
	deck    []fault
	erased  map[city.ID]string // who filed a report, by its id, and is to be forgotten
	gone    map[string]bool    // words of reports that were erased once: no device has to keep them
}

var start = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC) // a Monday

// NewFleet starts a city with two kiosks and two tablets in an empty folder.
func NewFleet(ctx context.Context, root string, o Options) (*Fleet, error) {
	f := &Fleet{rng: rand.New(rand.NewPCG(o.Seed, 0x666c656574)), o: o, root: root, erased: map[city.ID]string{}, gone: map[string]bool{}, Report: Report{Faults: map[string]int{}}}
	var err error
	if f.city, err = NewCityOn(ctx, root, f.clock(), o.DB); err != nil {
		return nil, err
	}
	for _, name := range []string{"kiosk-a", "kiosk-b", "tablet-a", "tablet-b"} {
		if err := f.join(ctx, name); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, errors.Join(f.firstJobs(ctx), f.backUp(ctx))
}

func (f *Fleet) clock() *Clock {
	if f.o.Tick == nil {
		return NewClock(start)
	}
	return Running(start, f.o.Tick)
}

// firstJobs gives the crew something to do.
func (f *Fleet) firstJobs(ctx context.Context) error {
	for range 2 {
		id := city.NewID()
		file := &city.FileRequest{Request: id, Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: "at the desk"}
		assign := &city.AssignRequest{Request: id, WorkOrder: city.NewID(), Crew: Crew, Priority: city.PriorityNormal}
		if err := errors.Join(f.city.Act(ctx, file), f.city.Act(ctx, assign)); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fleet) join(ctx context.Context, name string) error {
	d := f.newDevice(name, city.DeviceKiosk)
	grants := []city.Scope{city.ScopePublic}
	if name[:6] == "tablet" {
		d.Kind = city.DeviceTablet
		grants = append(grants, city.ScopeCrew(Crew))
	}
	if err := d.start(ctx, d.newDir()); err != nil {
		return err
	}
	link, err := f.city.Enrolment(ctx, d.Kind, Address, grants...)
	if err != nil {
		return err
	}
	if _, err := d.Enrol(ctx, link, name); err != nil {
		return fmt.Errorf("enrol %s: %w", name, err)
	}
	if f.o.Steps > 0 {
		d.Line.Faults = f.o.Faults
	}
	return nil
}

func (f *Fleet) newDevice(name string, kind city.DeviceKind) *Device {
	d := &Device{Name: name, Kind: kind, root: f.root, Clock: f.clock(), Owed: map[city.MutationID]string{}, Blobs: map[string]bool{},
		Version: "sim", KeepSafe: 30 * time.Minute, Rand: f.source(), Line: &Line{To: f.city, Rand: f.source()}}
	d.Clock.Advance(f.city.Clock.Now().Sub(d.Clock.Now()))
	d.joined = f.city.Clock.Now()
	if f.o.Days > 0 {
		d.Line.Latency, d.KeepSafe = 100*time.Millisecond, 10*24*time.Hour
	}
	f.devices = append(f.devices, d)
	return d
}

// source gives a part of the history its own chance, so that what one device
// draws does not depend on when another one does.
func (f *Fleet) source() *rand.Rand { return rand.New(rand.NewPCG(f.rng.Uint64(), f.rng.Uint64())) }

// Close stops everything.
func (f *Fleet) Close() error {
	var errs []error
	for _, d := range slices.Concat(f.devices, f.out) {
		if d.Replica != nil {
			errs = append(errs, d.halt())
		}
	}
	return errors.Join(append(errs, f.city.Close())...)
}

// Run makes the history, lets it become quiet and checks the promises.
func (f *Fleet) Run(ctx context.Context) error {
	defer f.count()
	if f.o.Days > 0 {
		return f.live(ctx)
	}
	for step := range f.o.Steps {
		f.city.Clock.Advance(time.Duration(f.rng.IntN(600)) * time.Second)
		if err := f.step(ctx); err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
	}
	if err := f.Quiet(ctx); err != nil {
		return err
	}
	return f.Check(ctx)
}

func (f *Fleet) count() {
	for _, d := range slices.Concat(f.devices, f.out) {
		f.Calls += d.Line.Calls
		f.Starts += d.starts
		f.Lines.add(d.Line.Struck)
		f.Lived += f.city.Clock.Now().Sub(d.joined)
	}
}

func (f *Fleet) step(ctx context.Context) error {
	d := f.devices[f.rng.IntN(len(f.devices))]
	switch n := f.rng.IntN(100); {
	case n < 28:
		return f.work(ctx, d)
	case n < 40:
		return f.office(ctx)
	case n < 64:
		_ = d.Step(ctx) // may fail for every reason there is; what counts is checked in the end
		return nil
	case n < 68:
		return f.backUp(ctx)
	}
	return f.strike(ctx, f.anyFault(), d)
}

// anyFault draws one by its weight.
func (f *Fleet) anyFault() fault {
	all := 0
	for _, x := range faults {
		all += x.weight
	}
	n := f.rng.IntN(all)
	for _, x := range faults {
		if n -= x.weight; n < 0 {
			return x
		}
	}
	panic("sim: no fault") // n is below the sum
}

// Quiet repairs every line and lets all exchange until nobody has more to say.
func (f *Fleet) Quiet(ctx context.Context) error {
	for round := 0; ; round++ {
		f.city.Clock.Advance(time.Minute)
		before, err := f.city.Server().Store().Head(ctx)
		if err != nil {
			return err
		}
		for _, d := range f.devices {
			d.Line.Cut(false)
			d.Line.Weather(Faults{})
			if round == 0 { // the daily look at the photos falls into the quiet
				d.Clock.Advance(25 * time.Hour)
			}
			if err := d.Step(ctx); err != nil {
				return Violation{"reachable means delivered", fmt.Sprintf("%s in quiet round %d: %v", d.Name, round, err)}
			}
		}
		if err := wait(ctx, time.Minute); err != nil { // what the server does on its own, about photos
			return err
		}
		after, err := f.city.Server().Store().Head(ctx)
		if err != nil {
			return err
		}
		if before.Seq == after.Seq && round > 0 {
			return nil
		}
		if round > 10 {
			return Violation{"quiet ends", fmt.Sprintf("the log still grows: %d, %d", before.Seq, after.Seq)}
		}
	}
}

// Folder makes a folder for a simulation, in memory where the system has such a
// place: thousands of synced commits would only wear out a disk.
func Folder(pattern string) (string, error) {
	if dir, err := os.MkdirTemp("/dev/shm", pattern); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", filepath.Base(pattern))
}
