package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// Options choose a history.
type Options struct {
	Seed   uint64
	Steps  int
	Faults Faults
}

// Report counts what a history held.
type Report struct {
	Acts     int           `json:"acts"`
	Calls    int           `json:"calls"`
	Deaths   int           `json:"deaths"`
	Restores int           `json:"restores"`
	Clones   int           `json:"clones"`
	Crashes  int           `json:"crashes"`
	Lived    time.Duration `json:"-"` // by the city's clock, summed over the devices
}

// Add counts another history too.
func (r *Report) Add(o Report) {
	r.Acts += o.Acts
	r.Calls += o.Calls
	r.Deaths += o.Deaths
	r.Restores += o.Restores
	r.Clones += o.Clones
	r.Crashes += o.Crashes
	r.Lived += o.Lived
}

// Fleet is a city with its devices, and the history that a seed makes of them.
type Fleet struct {
	Report
	city    *City
	devices []*Device
	rng     *rand.Rand
	o       Options
	root    string
	backups []string // of the server, the newest last
	old     []image  // one a device, or none
	notes   int
}

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// NewFleet starts a city with two kiosks and two tablets in an empty folder.
func NewFleet(ctx context.Context, root string, o Options) (*Fleet, error) {
	f := &Fleet{rng: rand.New(rand.NewPCG(o.Seed, 0x666c656574)), o: o, root: root}
	var err error
	if f.city, err = NewCity(ctx, root, NewClock(start)); err != nil {
		return nil, err
	}
	for _, name := range []string{"kiosk-a", "kiosk-b", "tablet-a", "tablet-b"} {
		if err := f.join(ctx, name); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, errors.Join(f.firstJobs(ctx), f.backUp())
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

// backUp copies the server's files. The last three copies are kept.
func (f *Fleet) backUp() error {
	to, err := f.city.Backup()
	if err != nil {
		return err
	}
	f.backups = append(f.backups, to)
	if len(f.backups) > 3 {
		err = os.RemoveAll(f.backups[0])
		f.backups = f.backups[1:]
	}
	return err
}

// restore begins a life of the server from one of the backups.
func (f *Fleet) restore(ctx context.Context) error {
	f.Restores++
	i := len(f.backups) - 1
	if f.rng.IntN(3) == 0 {
		i = f.rng.IntN(len(f.backups))
	}
	return f.city.Restore(ctx, f.backups[i])
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
	d.Line.Faults = f.o.Faults
	return nil
}

func (f *Fleet) newDevice(name string, kind city.DeviceKind) *Device {
	d := &Device{Name: name, Kind: kind, root: f.root, Clock: NewClock(start), Owed: map[city.MutationID]string{}, Blobs: map[string]bool{},
		Line: &Line{To: f.city, Rand: f.rng}}
	f.devices, f.old = append(f.devices, d), append(f.old, image{})
	return d
}

// Close stops everything.
func (f *Fleet) Close() error {
	var errs []error
	for _, d := range f.devices {
		if d.Replica != nil {
			errs = append(errs, d.Close())
		}
	}
	return errors.Join(append(errs, f.city.Close())...)
}

// Run makes the history, lets it become quiet and checks the promises.
func (f *Fleet) Run(ctx context.Context) error {
	for step := range f.o.Steps {
		passed := time.Duration(f.rng.IntN(600)) * time.Second
		f.city.Clock.Advance(passed)
		f.Lived += passed * time.Duration(len(f.devices))
		if err := f.step(ctx); err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
	}
	if err := f.Quiet(ctx); err != nil {
		return err
	}
	return f.Check(ctx)
}

func (f *Fleet) step(ctx context.Context) error {
	i := f.rng.IntN(len(f.devices))
	d := f.devices[i]
	switch n := f.rng.IntN(100); {
	case n < 30:
		return f.work(ctx, d)
	case n < 42:
		return f.office(ctx)
	case n < 70:
		_ = d.Step(ctx) // may fail for every reason there is; what counts is checked in the end
		return nil
	case n < 76:
		f.Deaths++
		return d.DieDuring(ctx, 1+f.rng.IntN(8))
	case n < 79:
		d.Line.Down = !d.Line.Down
		return nil
	case n < 82:
		return d.Wipe(ctx)
	case n < 84:
		d.Shift(time.Duration(f.rng.IntN(20*365)-10*365) * 24 * time.Hour)
		return nil
	case n < 88:
		return f.keepOrRestore(ctx, i)
	case n < 90:
		return f.clone(ctx, d)
	case n < 94:
		return f.backUp()
	case n < 96:
		f.Crashes++
		return f.city.Crash(ctx)
	case n < 98:
		return d.StepWhile(ctx, 2+f.rng.IntN(4), func() error { return f.restore(ctx) })
	}
	return f.restore(ctx)
}

// keepOrRestore makes an image of a device, or goes back to the one it made.
func (f *Fleet) keepOrRestore(ctx context.Context, i int) error {
	var err error
	if f.old[i].dir == "" {
		f.old[i], err = f.devices[i].image()
		return err
	}
	f.Restores++
	err = f.devices[i].become(ctx, f.old[i])
	if err == nil {
		err = os.RemoveAll(f.old[i].dir)
	}
	f.old[i] = image{}
	return err
}

// clone starts a second device from the first one's folder: same keys, same
// stream, and from now on its own acts.
func (f *Fleet) clone(ctx context.Context, d *Device) error {
	if len(f.devices) > 6 {
		return nil
	}
	f.Clones++
	img, err := d.image()
	if err != nil {
		return err
	}
	twin := f.newDevice(fmt.Sprintf("%s-twin%d", d.Name, f.Clones), d.Kind)
	twin.Owed, twin.Blobs = img.owed, img.blobs
	twin.Line.Faults = f.o.Faults
	return twin.start(ctx, img.dir)
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
			d.Line.Down, d.Line.Faults = false, Faults{}
			if round == 0 { // the daily look at the photos falls into the quiet
				d.Clock.Advance(25 * time.Hour)
			}
			if err := d.Step(ctx); err != nil {
				return Violation{"reachable means delivered", fmt.Sprintf("%s in quiet round %d: %v", d.Name, round, err)}
			}
			f.Calls += d.Line.Calls
			d.Line.Calls = 0
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

// work lets a person at the device do something.
func (f *Fleet) work(ctx context.Context, d *Device) error {
	f.notes++
	f.Acts++
	words := fmt.Sprintf("words-%d-%d", f.o.Seed, f.notes)
	if d.Kind == city.DeviceKiosk {
		return d.Record(ctx, words, replica.Entry{Actor: city.Actor{Kind: city.ActorResident}, Title: "A report", Act: &city.FileRequest{
			Request: city.NewID(), Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: words}})
	}
	jobs, err := d.Find(ctx, city.KindWorkOrder, "crew", string(Crew))
	if err != nil || len(jobs) == 0 {
		return err
	}
	job := jobs[f.rng.IntN(len(jobs))]
	order, request := job.ID, job.Parent
	me := city.Actor{Kind: city.ActorCrew, ID: "ana", Name: words, Crew: Crew}
	switch f.rng.IntN(4) {
	case 0:
		return d.Record(ctx, words, replica.Entry{Actor: me, Act: &city.StartVisit{Visit: city.NewID(), WorkOrder: order}})
	case 1:
		return d.Record(ctx, words, replica.Entry{Actor: me, Act: &city.FinishVisit{Visit: city.ID(job.Text("visit")), WorkOrder: order,
			Outcome: city.OutcomeFixed, Notes: words, Minutes: 30}})
	case 2:
		sha, err := d.SaveBlob(ctx, []byte(words+" photo"))
		if err != nil {
			return err
		}
		return d.Record(ctx, words, replica.Entry{Actor: me, Blobs: []string{sha},
			Act: &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "after", Caption: words}})
	}
	return d.Record(ctx, words, replica.Entry{Actor: me, Act: &city.AddNote{Note: city.NewID(), Request: request, Text: words}})
}

// office lets Sam do something about a request. What cannot be done is refused.
func (f *Fleet) office(ctx context.Context) error {
	id, order, err := f.anyRequest(ctx)
	if err != nil || id == "" {
		return err
	}
	if order == "" {
		order = city.NewID()
	}
	acts := []city.Act{
		&city.AssignRequest{Request: id, WorkOrder: order, Crew: Crew, Priority: city.PriorityNormal, Instruction: "mind the wires"},
		&city.AssignRequest{Request: id, WorkOrder: order, Crew: Crew, Priority: city.PriorityUrgent},
		&city.SetPriority{Request: id, WorkOrder: order, Priority: city.PriorityHigh},
		&city.ApproveWork{Request: id, WorkOrder: order, Words: "done"},
		&city.CloseRequest{Request: id, Outcome: city.OutcomeNotOurs, Owner: "the county"},
	}
	weights := []int{0, 0, 0, 1, 2, 3, 3, 4}
	err = f.city.Act(ctx, acts[weights[f.rng.IntN(len(weights))]])
	if _, told := city.AsError(err); told {
		return nil
	}
	return err
}

// anyRequest picks a request and its job, by a number that the ids' randomness
// does not enter: the order in which they came.
func (f *Fleet) anyRequest(ctx context.Context) (id, order city.ID, err error) {
	rows, err := f.city.Server().Store().DB().QueryContext(ctx,
		`SELECT id, coalesce(fields->>'workorder', '') FROM record WHERE kind = 'request.work' ORDER BY (SELECT min(seq) FROM change WHERE change.id = record.id), id`)
	if err != nil {
		return "", "", err
	}
	defer rows.Close()
	var all [][2]city.ID
	for rows.Next() {
		var r [2]city.ID
		if err := rows.Scan(&r[0], &r[1]); err != nil {
			return "", "", err
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return "", "", rows.Err()
	}
	r := all[f.rng.IntN(len(all))]
	return r[0], r[1], rows.Err()
}

// Folder makes a folder for a simulation, in memory where the system has such a
// place: thousands of synced commits would only wear out a disk.
func Folder(pattern string) (string, error) {
	if dir, err := os.MkdirTemp("/dev/shm", pattern); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", filepath.Base(pattern))
}
