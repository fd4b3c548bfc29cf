package disk_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/disk"
)

// breakage is a way in which a disk goes wrong at its nth operation.
type breakage struct {
	name string
	at   func(d *disk.Disk, n int)
	want city.Code // that people are told; "" for any error
}

var breakages = []breakage{
	{"one operation fails", func(d *disk.Disk, n int) { d.FailAt(n, false) }, ""},
	{"all operations fail", func(d *disk.Disk, n int) { d.FailAt(n, true) }, ""},
	{"the disk is full", func(d *disk.Disk, n int) { d.Fill(n) }, city.CodeDiskFull},
}

// stand is a city with a kiosk that has pulled once, to begin from again and again.
type stand struct {
	t       *testing.T
	city    *sim.City
	backup  string // of the city
	device  string // template of the kiosk's folder
	variant uint64 // decides how long what people write is
}

func newStand(t *testing.T, variant uint64) *stand {
	t.Helper()
	s := &stand{t: t, variant: variant}
	s.device, s.city = enrolledAt(t)
	var err error
	if s.backup, err = s.city.Backup(); err != nil {
		t.Fatal(err)
	}
	return s
}

// begin sets city and kiosk back, and opens the kiosk on a line to the city.
func (s *stand) begin() (*owner, *replica.Replica, error) {
	if err := s.city.Restore(ctx, s.backup); err != nil {
		return nil, nil, err
	}
	o := newOwner(copied(s.t, s.device))
	r, err := o.openOn(&sim.Line{To: s.city})
	return o, r, err
}

// script is something that a disk fails in: it lets the nth operation go wrong and
// sees to it that nothing is lost. It tells whether there were as many operations.
type script struct {
	name string
	run  func(s *stand, b breakage, n int) (acts int, reached bool, err error)
}

var scripts = []script{{"reports at a kiosk", (*stand).reports}, {"a kiosk starts", (*stand).starts},
	{"a kiosk's round", (*stand).round}, {"the server takes a push", (*stand).push}}

// reports does the script of a person with the nth operation going wrong, lets the
// disk be well again, and does it once more.
func (s *stand) reports(b breakage, n int) (acts int, reached bool, err error) {
	o := newOwner(copied(s.t, s.device))
	defer os.RemoveAll(o.dir)
	d, err := disk.New(o.dir, uint64(n))
	if err != nil {
		return 0, false, err
	}
	defer d.Close()
	r, err := o.open()
	if err != nil {
		return 0, false, err
	}
	defer func() { r.Close() }()
	rng := rand.New(rand.NewPCG(s.variant, 3))
	b.at(d, n)
	failed := o.work(r, rng)
	reached = d.Failed()
	d.Reset()
	if failed != nil && (!reached || b.want != "" && city.CodeOf(failed) != b.want) {
		return 0, reached, sim.Violation{Invariant: "a failure of the disk is told as such", Detail: fmt.Sprint(failed)}
	}
	if err := o.work(r, rng); err != nil {
		return 0, reached, sim.Violation{Invariant: "a disk that is well again is used again", Detail: err.Error()}
	}
	if err := o.check(r); err != nil {
		return 0, reached, err
	}
	if err := r.Close(); err != nil {
		return 0, reached, err
	}
	if r, err = o.open(); err != nil {
		return 0, reached, sim.Violation{Invariant: "the outbox opens", Detail: err.Error()}
	}
	return len(o.owed), reached, o.check(r)
}

// starts opens a kiosk while its disk goes wrong: it opens or it does not, and no
// act is given up for a disk that stumbled.
func (s *stand) starts(b breakage, n int) (acts int, reached bool, err error) {
	o := newOwner(copied(s.t, s.device))
	defer os.RemoveAll(o.dir)
	d, err := disk.New(o.dir, uint64(n))
	if err != nil {
		return 0, false, err
	}
	defer d.Close()
	r, err := o.open()
	if err != nil {
		return 0, false, err
	}
	if err := errors.Join(o.work(r, rand.New(rand.NewPCG(s.variant, 4))), r.Close()); err != nil {
		return 0, false, err
	}
	b.at(d, n)
	if r, err = o.open(); err == nil {
		_ = r.Close() // may fail on such a disk
	}
	reached = d.Failed()
	d.Reset()
	if err != nil && !reached {
		return 0, reached, err
	}
	if r, err = o.open(); err != nil {
		return 0, reached, sim.Violation{Invariant: "the outbox opens", Detail: err.Error()}
	}
	return len(o.owed), reached, errors.Join(o.check(r), r.Close())
}

// round lets a kiosk deliver and fetch while its disk goes wrong.
func (s *stand) round(b breakage, n int) (acts int, reached bool, err error) {
	o, r, err := s.begin()
	if err != nil {
		return 0, false, err
	}
	defer os.RemoveAll(o.dir)
	if err := r.Close(); err != nil {
		return 0, false, err
	}
	d, err := disk.New(o.dir, uint64(n))
	if err != nil {
		return 0, false, err
	}
	defer d.Close()
	if r, err = o.openOn(&sim.Line{To: s.city}); err != nil {
		return 0, false, err
	}
	defer func() { r.Close() }()
	if err := o.work(r, rand.New(rand.NewPCG(s.variant, 5))); err != nil {
		return 0, false, err
	}
	b.at(d, n)
	failed := r.Step(ctx)
	reached = d.Failed()
	d.Reset()
	if failed != nil && !reached {
		return 0, reached, failed
	}
	return len(o.owed), reached, s.arrives(o, r)
}

// push lets a kiosk deliver while the server's disk goes wrong.
func (s *stand) push(b breakage, n int) (acts int, reached bool, err error) {
	o, r, err := s.begin()
	if err != nil {
		return 0, false, err
	}
	defer os.RemoveAll(o.dir)
	defer func() { r.Close() }()
	d, err := disk.New(s.city.Data(), uint64(n))
	if err != nil {
		return 0, false, err
	}
	defer d.Close()
	if err := s.city.Restart(ctx, func() error { return nil }); err != nil { // its files are simulated from now on
		return 0, false, err
	}
	if err := o.work(r, rand.New(rand.NewPCG(s.variant, 6))); err != nil {
		return 0, false, err
	}
	b.at(d, n)
	failed := r.Step(ctx)
	reached = d.Failed()
	d.Reset()
	if failed != nil && !reached {
		return 0, reached, failed
	}
	if err := s.arrives(o, r); err != nil {
		return 0, reached, err
	}
	return len(o.owed), reached, s.city.Restart(ctx, func() error { d.Close(); return nil })
}

// arrives looks whether what the kiosk shows as delivered is there, and delivers
// the rest now that the disk is well again.
func (s *stand) arrives(o *owner, r *replica.Replica) error {
	shown, err := sent(r)
	if err == nil {
		err = archived(s.city, shown)
	}
	if err != nil {
		return err
	}
	for range 3 {
		if err = r.Step(ctx); err == nil {
			break
		}
	}
	if err != nil {
		return sim.Violation{Invariant: "a disk that is well again is used again", Detail: err.Error()}
	}
	if shown, err = sent(r); err == nil && len(shown) != len(o.owed) {
		err = sim.Violation{Invariant: "every act arrives", Detail: fmt.Sprintf("%d of %d", len(shown), len(o.owed))}
	}
	return errors.Join(err, archived(s.city, shown), o.check(r))
}

// each runs a script with every operation going wrong in turn.
func (s *stand) each(do script, b breakage, stride int, done func(acts, n int, err error)) {
	for n := 1; ; n += stride {
		acts, reached, err := do.run(s, b, n)
		if done(acts, n, err); !reached {
			return
		}
	}
}

// For every N: whatever the Nth operation of the disk does, each script succeeds
// or says why not, loses nothing that it has acknowledged, and works again after.
func TestEveryOperationMayFail(t *testing.T) {
	stride := 1
	if testing.Short() {
		stride = 29
	}
	sum := figures{Figure: "every operation of a disk fails once, for good, or for want of room", Seed: *oneSeed}
	var mu sync.Mutex
	var all sync.WaitGroup
	free := make(chan bool, runtime.NumCPU())
	for variant := range uint64(*variants) {
		for _, do := range scripts {
			sum.Scripts++
			for i, b := range breakages {
				if testing.Short() && i != sum.Scripts%len(breakages) { // to make ready takes longer than to fail
					continue
				}
				free <- true
				s := newStand(t, *oneSeed+variant)
				all.Go(func() {
					defer func() { <-free }()
					s.each(do, b, stride, func(acts, n int, err error) {
						mu.Lock()
						defer mu.Unlock()
						sum.Operations++
						if sum.Acts += acts; err != nil {
							sum.Violations++
							t.Errorf("%s, %s, operation %d: %v\nreplay: go test -tags ci,migrated_fynedo ./shared/sim/disk -run '^TestEveryOperationMayFail$' -seed %d",
								do.name, b.name, n, err, s.variant)
						}
					})
				})
			}
		}
	}
	all.Wait()
	if sum.Operations < 120/stride {
		t.Errorf("only %d operations", sum.Operations)
	}
	sum.print(t)
}
