package sim_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cityhall/shared/sim"
	"cityhall/shared/sim/postgres"
)

func TestMain(m *testing.M) { postgres.Main(m) }

var (
	oneSeed    = flag.Uint64("seed", 0, "replay this one seed")
	firstSeed  = flag.Uint64("first", 1, "begin with this seed")
	seeds      = flag.Int("seeds", 30, "how many crowded histories to run")
	enough     = flag.Int64("enough", 3, "begin no further history after so many broken ones")
	years      = flag.Int("years", 10, "how many histories of years to run")
	steps      = flag.Int("steps", 100, "length of a crowded history")
	onPostgres = flag.Int("postgres", 40, "length of the history on PostgreSQL")
	days       = flag.Int("days", 60, "length of a history of years")
)

// TestFleet runs one crowded history a seed and prints how to replay the one that
// broke a promise.
func TestFleet(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 4)
	}
	histories(t, "fleet", n, fmt.Sprintf("-steps %d", *steps), sim.Options{Steps: *steps, Faults: sim.Rough})
}

// TestYears lets devices live by their own Run, one city a seed.
func TestYears(t *testing.T) {
	n, o := *years, sim.Options{Days: *days, Faults: sim.Rough, Tick: time.Now}
	if testing.Short() {
		n, o.Days = 1, 3
	}
	histories(t, "years", n, fmt.Sprintf("-days %d", o.Days), o)
}

// TestYearsOnPostgres is TestYears with the server's tables in PostgreSQL.
func TestYearsOnPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("a database server is not part of the short tests")
	}
	o := sim.Options{Days: *onPostgres, Faults: sim.Rough, Tick: time.Now}
	histories(t, "years on PostgreSQL", 1, fmt.Sprintf("-postgres %d", o.Days), o)
}

func histories(t *testing.T, figure string, n int, flags string, o sim.Options) {
	first := *firstSeed
	if *oneSeed != 0 {
		first, n = *oneSeed, 1
	}
	name := t.Name()
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
		}{figure, first, n, math.Round(sum.Lived.Hours()/24/365*1000) / 1000, sum, broken.Load()})
		if err != nil {
			t.Error(err)
		}
		t.Logf("%s", line)
	})
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			if broken.Load() >= *enough {
				t.Skip("enough histories are broken")
			}
			o := o
			if strings.HasSuffix(figure, "PostgreSQL") {
				o.DB = postgres.NewDatabase(t)
			}
			// In a bubble waiting takes no time.
			synctest.Test(t, func(t *testing.T) {
				o.Seed = seed
				report, err := history(t, o)
				if err != nil {
					broken.Add(1)
					t.Errorf("%v\nreplay: go test -tags ci,migrated_fynedo ./shared/sim -run %s -seed %d %s", err, name, seed, flags)
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
