package sim_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"cityhall/shared/sim"
)

var (
	oneSeed   = flag.Uint64("seed", 0, "replay this one seed")
	firstSeed = flag.Uint64("first", 1, "begin with this seed")
	seeds     = flag.Int("seeds", 30, "how many seeds to run")
	steps     = flag.Int("steps", 100, "length of a history")
)

// TestFleet runs one history a seed and prints how to replay the one that broke
// a promise.
func TestFleet(t *testing.T) {
	first, n := *firstSeed, *seeds
	if testing.Short() {
		n = min(n, 4)
	}
	if *oneSeed != 0 {
		first, n = *oneSeed, 1
	}
	var broken atomic.Int64
	var mu sync.Mutex
	var sum sim.Report
	t.Cleanup(func() {
		line, err := json.Marshal(struct {
			Figure string  `json:"figure"`
			First  uint64  `json:"first"`
			Seeds  int     `json:"seeds"`
			Years  float64 `json:"device_years"`
			sim.Report
			Violations int64 `json:"violations"`
		}{"fleet", first, n, math.Round(sum.Lived.Hours()/24/365*1000) / 1000, sum, broken.Load()})
		if err != nil {
			t.Error(err)
		}
		t.Logf("%s", line)
	})
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			if broken.Load() >= 3 {
				t.Skip("three broken histories are enough")
			}
			// In a bubble the short waits between repeats take no time.
			synctest.Test(t, func(t *testing.T) {
				report, err := history(t, sim.Options{Seed: seed, Steps: *steps, Faults: sim.Rough})
				if err != nil {
					broken.Add(1)
					t.Errorf("%v\nreplay: go test -tags ci,migrated_fynedo ./shared/sim -run TestFleet -seed %d -steps %d", err, seed, *steps)
				}
				mu.Lock()
				defer mu.Unlock()
				sum.Add(report)
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
