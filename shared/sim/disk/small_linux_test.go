package disk_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

var small = flag.Int("small", 3, "how many kiosks, and as many servers, live on a disk of 2 MiB until it is full")

// cramped mounts a disk of 2 MiB, for those who may, with a copy of a folder on it.
func cramped(t *testing.T, from string) string {
	t.Helper()
	dir := folder(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m,mode=700"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	copyTo(t, dir, from)
	return dir
}

// widen gives a mounted disk room again.
func widen(dir string) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m")
}

// fills lets people report and the kiosk exchange until one of the disks has been
// found full some times.
func (o *owner) fills(r *replica.Replica, rng *rand.Rand) (full int, err error) {
	for rounds := 0; full < 20; rounds++ {
		if rounds == 2000 {
			return full, errors.New("the disk does not become full")
		}
		if failed := o.work(r, rng); failed != nil {
			if city.CodeOf(failed) != city.CodeDiskFull {
				return full, sim.Violation{Invariant: "a failure of the disk is told as such", Detail: fmt.Sprint(failed)}
			}
			full++
		}
		if rng.IntN(4) == 0 {
			if r.Step(ctx) != nil {
				full++
			}
		}
	}
	return full, o.check(r)
}

// Everything of a kiosk, or of a server, is on a disk of 2 MiB. Who finds it full
// is told so, nothing that was promised is lost, and with room all arrives.
func TestDiskOfTwoMebibytes(t *testing.T) {
	n := *small
	if testing.Short() {
		n = 1
	}
	sum := figures{Figure: "everything on 2 MiB", Seed: *oneSeed, Scripts: 2 * n}
	for seed := *oneSeed; seed < *oneSeed+uint64(n); seed++ {
		for _, server := range []bool{false, true} {
			acts, full, err := onSmallDisk(t, seed, server)
			sum.Acts += acts
			if sum.Operations += full; err != nil {
				sum.Violations++
				t.Errorf("server %v: %v\nreplay: go test -tags ci,migrated_fynedo ./shared/sim/disk -run '^%s$' -seed %d -small 1", server, err, t.Name(), seed)
			}
		}
	}
	sum.print(t)
}

func onSmallDisk(t *testing.T, seed uint64, server bool) (acts, full int, err error) {
	t.Helper()
	s := newStand(t, seed)
	home, narrow := copied(t, s.device), ""
	if server {
		narrow = cramped(t, s.backup)
		if s.city, err = sim.OpenCity(ctx, folder(t), narrow, s.city.Clock); err != nil {
			return 0, 0, err
		}
		defer func() { s.city.Close() }()
	} else {
		narrow = cramped(t, s.device)
		home = narrow
	}
	o := newOwner(home)
	r, err := o.openOn(&sim.Line{To: s.city})
	if err != nil {
		return 0, 0, err
	}
	defer func() { r.Close() }()
	if full, err = o.fills(r, rand.New(rand.NewPCG(seed, 8))); err != nil {
		return len(o.owed), full, err
	}
	if err := widen(narrow); err != nil {
		return len(o.owed), full, err
	}
	if err := s.arrives(o, r); err != nil {
		return len(o.owed), full, err
	}
	if !server { // and after a start
		if err := r.Close(); err != nil {
			return len(o.owed), full, err
		}
		if r, err = o.openOn(&sim.Line{To: s.city}); err != nil {
			return len(o.owed), full, err
		}
	}
	return len(o.owed), full, o.check(r)
}
