package disk_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"cityhall/shared/city"
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

// broken does the script with the nth operation going wrong, lets the disk be well
// again, and does it once more. It tells whether the script was long enough.
func broken(t *testing.T, template string, b breakage, n int) (acts int, reached bool, err error) {
	t.Helper()
	o := newOwner(copied(t, template))
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
	rng := rand.New(rand.NewPCG(uint64(n), 3))
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

// For every N: whatever the Nth operation of the disk does, the script succeeds
// or says why not, loses nothing that it has acknowledged, and works again after.
func TestEveryOperationMayFail(t *testing.T) {
	stride := 1
	if testing.Short() {
		stride = 9
	}
	template := enrolled(t)
	sum := figures{Figure: "every operation of the disk fails once, for good, or for want of room"}
	for _, b := range breakages {
		for n := 1; ; n += stride {
			acts, reached, err := broken(t, template, b, n)
			if err != nil {
				sum.Violations++
				t.Errorf("%s, operation %d: %v\nreplay: go test -tags ci,migrated_fynedo ./shared/sim/disk -run '^TestEveryOperationMayFail$'", b.name, n, err)
			}
			sum.Operations++
			if sum.Acts += acts; !reached {
				break
			}
		}
	}
	if sum.Operations < 60/stride {
		t.Errorf("only %d operations", sum.Operations)
	}
	sum.print(t)
}
