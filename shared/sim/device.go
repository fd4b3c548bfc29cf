package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// Device is a replica on its own line and clock, and what it has promised.
type Device struct {
	*replica.Replica
	Name  string
	Kind  city.DeviceKind
	Line  *Line
	Clock *Clock
	// Owed are the words of every act in its outbox, by id: the city has to have
	// each of them in the end.
	Owed map[city.MutationID]string
	// Blobs are the photos that belong to them.
	Blobs map[string]bool

	Rand     *rand.Rand    // for what Run draws
	Version  string        // of the program
	KeepSafe time.Duration // how long it keeps acts that are safe

	root    string // holds one folder a life
	dir     string
	lives   int
	on      bool              // Run is to run
	last    []city.MutationID // its newest act, in whatever life
	sick    bool              // its disk fails: whoever is told so is owed nothing
	old     image             // to be restored from later
	joined  time.Time
	starts  int
	closed  bool
	stop    func() // ends Run
	drawing sync.Mutex
}

func (d *Device) start(ctx context.Context, dir string) error {
	r, err := replica.Open(ctx, replica.Config{Dir: dir, Now: d.Clock.Now, Version: d.Version, Transport: d.Line, Dial: d.Line.Dial, Draw: d.draw, KeepSafe: d.KeepSafe})
	if err != nil {
		return fmt.Errorf("start %s: %w", d.Name, err)
	}
	d.Replica, d.dir = r, dir
	d.starts++
	d.closed = false
	if d.on {
		d.run()
	}
	return nil
}

// id is the name under which the city knows it.
func (d *Device) id() city.DeviceID {
	me, _ := d.Identity()
	return me.Device
}

// draw gives the pauses of Run by the seed.
func (d *Device) draw(bound time.Duration) time.Duration {
	d.drawing.Lock()
	defer d.drawing.Unlock()
	return time.Duration(d.Rand.Int64N(int64(bound)))
}

// run lets the device exchange by itself, until halt.
func (d *Device) run() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	r := d.Replica
	go func() {
		defer close(ended)
		_ = r.Run(ctx) // never fails
	}()
	d.stop = func() {
		stop()
		<-ended
	}
}

// pauseRun ends Run, and leaves the files open.
func (d *Device) pauseRun() {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
}

// halt ends the program: Run and the files.
func (d *Device) halt() error {
	d.pauseRun()
	if d.closed {
		return nil
	}
	d.closed = true
	return d.Close()
}

// Off ends the program for the night; On starts it again.
func (d *Device) Off() error {
	d.on = false
	return d.halt()
}

// On starts the program, which exchanges by itself from now on.
func (d *Device) On(ctx context.Context) error {
	d.on = true
	return errors.Join(d.halt(), d.start(ctx, d.dir))
}

// longRound is a time in which a woken device has done its round, repeats and
// the waits between them included.
const longRound = 20 * time.Second

// exchange makes one round happen. Whether it was complete, the checker finds out.
func (d *Device) exchange(ctx context.Context) {
	if !d.on {
		_ = d.Step(ctx)
		return
	}
	d.Wake()
	_ = wait(ctx, longRound)
}

func (d *Device) newDir() string {
	d.lives++
	return filepath.Join(d.root, fmt.Sprintf("%s-%d", d.Name, d.lives))
}

// image is a device's folder as it was, and what its outbox owed then.
type image struct {
	dir   string
	owed  map[city.MutationID]string
	blobs map[string]bool
}

// Image copies the device's folder as it is, while it runs.
func (d *Device) image() (image, error) {
	to := d.newDir()
	img := image{dir: to, owed: map[city.MutationID]string{}, blobs: map[string]bool{}}
	for id, words := range d.Owed {
		img.owed[id] = words
	}
	for sha := range d.Blobs {
		img.blobs[sha] = true
	}
	return img, copyFolder(d.dir, to)
}

// become ends this life and goes on from an image.
func (d *Device) become(ctx context.Context, img image) error {
	next := d.newDir()
	if err := copyFolder(img.dir, next); err != nil {
		return err
	}
	old := d.dir
	if err := errors.Join(d.halt(), os.RemoveAll(old)); err != nil {
		return err
	}
	d.Owed, d.Blobs = map[city.MutationID]string{}, map[string]bool{}
	for id, words := range img.owed {
		d.Owed[id] = words
	}
	for sha := range img.blobs {
		d.Blobs[sha] = true
	}
	return d.start(ctx, next)
}

// errDied ends a round in which the device dies.
var errDied = errors.New("the device died")

// DieDuring runs a round and kills the device before its nth request: what it
// does after that is lost with it.
func (d *Device) DieDuring(ctx context.Context, nth int) error {
	var img image
	var failed error
	var mu sync.Mutex // the live connection makes calls beside the rounds
	calls := 0
	ctx, die := context.WithCancel(ctx)
	defer die()
	d.Line.Before(func() error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == nth {
			img, failed = d.image()
			die()
		}
		if calls >= nth {
			return errDied
		}
		return nil
	})
	d.exchange(ctx)
	d.Line.Before(nil)
	if failed != nil {
		return failed
	}
	if img.dir == "" { // the round was over before
		var err error
		if img, err = d.image(); err != nil {
			return err
		}
	}
	return errors.Join(d.become(context.WithoutCancel(ctx), img), os.RemoveAll(img.dir))
}

// StepWhile runs a round and lets something happen to the city before the device's
// nth request.
func (d *Device) StepWhile(ctx context.Context, nth int, happens func() error) error {
	var failed error
	var mu sync.Mutex
	calls := 0
	d.Line.Before(func() error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == nth {
			failed = happens()
		}
		return nil
	})
	d.exchange(ctx)
	d.Line.Before(nil)
	return failed
}

// Crash kills the device between two rounds.
func (d *Device) Crash(ctx context.Context) error { return d.DieDuring(ctx, 1) }

// Wipe loses the cache while the device is off.
func (d *Device) Wipe(ctx context.Context) error {
	if err := d.halt(); err != nil {
		return err
	}
	for _, name := range []string{"cache.db", "cache.db-wal", "cache.db-shm"} {
		if err := os.Remove(filepath.Join(d.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return d.start(ctx, d.dir)
}

// Record stores an act and remembers what is owed. Words are found again in the
// archive.
func (d *Device) Record(ctx context.Context, words string, e replica.Entry) error {
	ids, err := d.Replica.Record(ctx, e)
	if _, told := city.AsError(err); told && city.CodeOf(err) != city.CodeInternal {
		return nil // a person is told, and nothing is owed
	}
	if err != nil && d.sick {
		return nil
	}
	if err != nil {
		return err
	}
	d.Owed[ids[0]], d.last = words, ids[:1]
	for _, sha := range e.Blobs {
		d.Blobs[sha] = true
	}
	return nil
}

// Shift sets the device's clock wrong.
func (d *Device) Shift(by time.Duration) { d.Clock.Advance(by) }
