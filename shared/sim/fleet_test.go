package sim_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"

	"cityhall/shared/sim"
)

var (
	oneSeed = flag.Uint64("seed", 0, "replay this one seed")
	seeds   = flag.Int("seeds", 30, "how many seeds to run")
	steps   = flag.Int("steps", 100, "length of a history")
)

// TestFleet runs one history a seed and prints how to replay the one that broke
// a promise.
func TestFleet(t *testing.T) {
	first, n := uint64(1), *seeds
	if testing.Short() {
		n = min(n, 4)
	}
	if *oneSeed != 0 {
		first, n = *oneSeed, 1
	}
	var mu sync.Mutex
	var sum sim.Report
	t.Cleanup(func() { t.Logf("%d seeds: %+v", n, sum) })
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			// In a bubble the short waits between repeats take no time.
			synctest.Test(t, func(t *testing.T) {
				report, err := history(t, sim.Options{Seed: seed, Steps: *steps, Faults: sim.Rough})
				if err != nil {
					t.Errorf("%v\nreplay: go test -tags ci,migrated_fynedo ./shared/sim -run TestFleet -seed %d -steps %d", err, seed, *steps)
				}
				mu.Lock()
				defer mu.Unlock()
				sum.Acts += report.Acts
				sum.Calls += report.Calls
				sum.Deaths += report.Deaths
				sum.Restores += report.Restores
				sum.Clones += report.Clones
				sum.Crashes += report.Crashes
			})
		})
	}
}

func history(t *testing.T, o sim.Options) (sim.Report, error) {
	t.Helper()
	ctx := context.Background()
	dir, err := sim.Folder("fleet-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	f, err := sim.NewFleet(ctx, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = f.Run(ctx)
	return f.Report, err
}
