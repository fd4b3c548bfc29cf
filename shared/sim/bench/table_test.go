package bench_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
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
	large  = flag.Bool("million", false, "also with a million records")
	engine = flag.String("engine", "both", "sqlite, postgres or both")
	page   = flag.String("page", "", "a page of documentation whose table is written anew")
)

// row is one line of the table. A floor is of the same unit.
type row struct {
	Work   string             `json:"work"`
	Engine string             `json:"engine"` // the server's
	Unit   string             `json:"unit"`   // ms, MiB or B
	Ours   float64            `json:"ours"`
	Floor  float64            `json:"floor,omitempty"`
	Ratio  float64            `json:"ratio,omitempty"`
	Limit  string             `json:"limit"`
	Detail map[string]float64 `json:"detail,omitempty"`
}

// table collects the rows of one run.
type table struct {
	rows   []row
	engine string // of the rows that are added next
}

func (tb *table) add(work string, ours, floor time.Duration, limit string, detail map[string]float64) {
	tb.put(row{Work: work, Unit: "ms", Ours: ms(ours), Floor: ms(floor), Limit: limit, Detail: detail})
}

// count adds a figure that is no time.
func (tb *table) count(work string, ours float64, unit, limit string) {
	tb.put(row{Work: work, Unit: unit, Ours: ours, Limit: limit})
}

func (tb *table) put(r row) {
	if r.Engine = tb.engine; r.Floor > 0 {
		r.Ratio = r.Ours / r.Floor
	}
	tb.rows = append(tb.rows, r)
	fmt.Println(r)
}

func (r row) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-44s %-8s %10.2f %s", r.Work, r.Engine, r.Ours, r.Unit)
	if r.Floor > 0 {
		fmt.Fprintf(&b, "  floor %9.2f %s  x%.2f", r.Floor, r.Unit, r.Ratio)
	}
	fmt.Fprintf(&b, "  (at most %s)", r.Limit)
	for _, name := range slices.Sorted(maps.Keys(r.Detail)) {
		fmt.Fprintf(&b, "  %s %.6g", name, r.Detail[name])
	}
	return b.String()
}

// markdown is the table as the page has it. With a floor on SQLite both engines have
// the same one: the bare program knows no other.
func (tb *table) markdown() string {
	var b strings.Builder
	b.WriteString("| work | SQLite | floor | ratio, clock | ratio, processor | PostgreSQL | bytes | at most |\n|---|---|---|---|---|---|---|---|\n")
	some := func(v float64, format string) string {
		if v == 0 {
			return ""
		}
		if v >= 1000 { // %g would write an exponent
			format = strings.Replace(format, "%.4g", "%.0f", 1)
		}
		return fmt.Sprintf(format, v)
	}
	for _, r := range tb.rows {
		other := row{}
		if i := slices.IndexFunc(tb.rows, func(o row) bool { return o.Work == r.Work && o.Engine == "postgres" }); i >= 0 {
			other = tb.rows[i]
		}
		if r.Engine == "postgres" && slices.ContainsFunc(tb.rows, func(o row) bool { return o.Work == r.Work && o.Engine != r.Engine }) {
			continue // told beside it
		}
		ours := some(r.Ours, "%.4g "+r.Unit)
		if r.Engine == "postgres" {
			ours = ""
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.Work, ours, some(r.Floor, "%.4g "+r.Unit), some(r.Ratio, "%.2f"),
			some(r.Detail["cpu_ratio"], "%.2f"), some(other.Ours, "%.4g "+r.Unit), some(r.Detail["bytes"]+r.Detail["bytes_each"], "%.4g"), r.Limit)
	}
	return b.String()
}

// intoPage puts the table between the page's marks.
func intoPage(page, table string) (string, error) {
	const begin, end = "<!-- make bench: the table -->\n", "<!-- end of the table -->\n"
	before, rest, ok := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return "", errors.New("the page has no marks around its table")
	}
	return before + begin + table + end + after, nil
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
	if err == nil && *page != "" {
		var was []byte
		var now string
		if was, err = os.ReadFile(*page); err == nil {
			now, err = intoPage(string(was), tb.markdown())
		}
		if err == nil {
			err = os.WriteFile(*page, []byte(now), 0o644)
		}
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
