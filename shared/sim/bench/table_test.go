package bench_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	out    = flag.String("out", "", "file for the figures; nothing is measured without one")
	folder = flag.String("folder", "", "where files are made: a real disk; the system's folder when empty")
	scale  = flag.Int("scale", 1, "divides every count: a quick look")
	only   = flag.String("only", "", "the works to measure, W1 to W6; all when empty (W2 has W3 with it)")
	large  = flag.Bool("large", false, "also with a million records")
)

// row is one line of the table. Times are in milliseconds.
type row struct {
	Work   string             `json:"work"`
	Ours   float64            `json:"ours_ms"`
	Floor  float64            `json:"floor_ms,omitempty"`
	Ratio  float64            `json:"ratio,omitempty"`
	Limit  string             `json:"limit"`
	Detail map[string]float64 `json:"detail,omitempty"`
}

// table collects the rows of one run.
type table struct{ rows []row }

func (tb *table) add(work string, ours, floor time.Duration, limit string, detail map[string]float64) {
	r := row{Work: work, Ours: ms(ours), Floor: ms(floor), Limit: limit, Detail: detail}
	if floor > 0 {
		r.Ratio = float64(ours) / float64(floor)
	}
	tb.rows = append(tb.rows, r)
	fmt.Println(r)
}

func (r row) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-44s %10.2f ms", r.Work, r.Ours)
	if r.Floor > 0 {
		fmt.Fprintf(&b, "  floor %9.2f ms  x%.2f", r.Floor, r.Ratio)
	}
	fmt.Fprintf(&b, "  (at most %s)", r.Limit)
	names := make([]string, 0, len(r.Detail))
	for name := range r.Detail {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "  %s %.6g", name, r.Detail[name])
	}
	return b.String()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// save writes the figures with what they were measured on.
func (tb *table) save(t testing.TB) {
	t.Helper()
	raw, err := json.MarshalIndent(map[string]any{"cores": runtime.NumCPU(), "go": runtime.Version(), "scale": *scale, "rows": tb.rows}, "", " ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(*out), 0o755)
	}
	if err == nil {
		err = os.WriteFile(*out, append(raw, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// quantile of measured times; q from 0 to 1.
func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func timed(work func()) time.Duration {
	from := time.Now()
	work()
	return time.Since(from)
}

// costs is timed, with the processor's time that both ends took together: on a
// machine that does other things too it is what can be compared.
func costs(work func()) (wall, cpu time.Duration) {
	before := spent()
	wall = timed(work)
	return wall, spent() - before
}

func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cpus are both in a row's details.
func cpus(ours, floor time.Duration, detail map[string]float64) map[string]float64 {
	detail["cpu_ms"], detail["cpu_floor_ms"], detail["cpu_ratio"] = ms(ours), ms(floor), float64(ours)/float64(floor)
	return detail
}
