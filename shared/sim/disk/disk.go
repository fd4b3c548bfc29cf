package disk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// Disk simulates the SQLite files of one folder. It is safe for concurrent use.
type Disk struct {
	mu     sync.Mutex
	folder string
	rng    *rand.Rand
	files  map[string]*file
	order  int // numbers the changes, over all files
	events int // writes, truncations, syncs and deletions since Reset
	reads  int // and reads
	cutAt  int // 0: never
	failAt int // counts events and reads; 0: never
	lasts  bool
	failed bool
	full   bool
	dead   map[string][]byte // after a cut: the surviving files
}

// file is one file as the disk has it and as the programs see it.
type file struct {
	kept    []byte // as of the last sync
	born    bool   // its folder entry is on the disk
	gone    bool   // deleted, but perhaps not yet on the disk
	ghost   []byte // what stood under this name before; back if the deletion is lost
	pending []change
	size    int64 // as the programs see it
	open    int
}

// change is a write, or a truncation when data is nil.
type change struct {
	order int
	at    int64
	data  []byte
}

// New simulates the SQLite files of a folder; the seed decides what a cut leaves.
// Close ends it. What is in the folder now counts as written safely.
func New(folder string, seed uint64) (*Disk, error) {
	var failed error
	plug.Do(func() { failed = plugIn() })
	if failed != nil {
		return nil, failed
	}
	abs, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil { // SQLite names files so
		return nil, err
	}
	d := &Disk{folder: abs, rng: rand.New(rand.NewPCG(seed, 0x6469736b)), files: map[string]*file{}}
	reg.Lock()
	defer reg.Unlock()
	disks[abs] = d
	return d, nil
}

// Close ends the simulation. Every database in the folder has to be closed.
func (d *Disk) Close() {
	reg.Lock()
	defer reg.Unlock()
	delete(disks, d.folder)
}

// Events counts the operations since the last Reset: those that change the disk,
// and all.
func (d *Disk) Events() (changing, all int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.events, d.events + d.reads
}

// Reset forgets the plans of CutAt, FailAt and Fill and counts from zero.
func (d *Disk) Reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events, d.reads, d.cutAt, d.failAt, d.lasts, d.failed, d.full = 0, 0, 0, 0, false, false, false
}

// CutAt cuts the power at the nth changing operation from now, 0 for never.
func (d *Disk) CutAt(n int) {
	d.Reset()
	d.mu.Lock()
	d.cutAt = n
	d.mu.Unlock()
}

// FailAt lets the nth operation from now, reads included, fail with an I/O error;
// if it lasts, all that follow too.
func (d *Disk) FailAt(n int, lasts bool) {
	d.Reset()
	d.mu.Lock()
	d.failAt, d.lasts = n, lasts
	d.mu.Unlock()
}

// Fill makes the disk full at the nth operation from now.
func (d *Disk) Fill(n int) {
	d.Reset()
	d.mu.Lock()
	d.failAt, d.full = n, true
	d.mu.Unlock()
}

// Cut tells whether the power has been cut.
func (d *Disk) Cut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead != nil
}

// Failed tells whether FailAt or Fill have come to bear.
func (d *Disk) Failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// CutNow cuts the power between two operations.
func (d *Disk) CutNow() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead == nil {
		d.dead = d.survivors()
	}
}

// Settle writes what survived the cut into the folder, and the power is back.
// Every database in it has to be closed.
func (d *Disk) Settle() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead == nil {
		return errors.New("disk: there was no cut")
	}
	for path := range d.files {
		if raw, ok := d.dead[path]; ok {
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				return fmt.Errorf("disk: %w", err)
			}
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("disk: %w", err)
		}
	}
	shared, err := filepath.Glob(filepath.Join(d.folder, "*-shm"))
	if err != nil {
		return err
	}
	for _, path := range shared { // memory does not outlive the machine
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("disk: %w", err)
		}
	}
	d.dead, d.files, d.cutAt = nil, map[string]*file{}, 0
	return nil
}
