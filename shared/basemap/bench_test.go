package basemap_test

import (
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"cityhall/shared/basemap"
	"cityhall/shared/look"
)

// BenchmarkTile draws tiles all over Cambridge. Beside the mean it tells the
// 95th in a hundred, names of a zoom that is looked at first included.
func BenchmarkTile(b *testing.B) {
	for scale := 1; scale <= 2; scale++ {
		b.Run(map[int]string{1: "1x", 2: "2x"}[scale], func(b *testing.B) {
			m := cambridge(b)
			random := rand.New(rand.NewPCG(1, 1))
			var took []time.Duration
			for b.Loop() {
				t := tileAt(42.355+0.045*random.Float64(), -71.155+0.09*random.Float64(), 12+random.IntN(7))
				t.Scale, t.Theme = scale, look.MapTheme(random.IntN(3))
				start := worked(b)
				if _, err := m.Draw(b.Context(), t); err != nil {
					b.Fatal(err)
				}
				took = append(took, worked(b)-start)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
		})
	}
}

// worked is the processor time of this program, its garbage collector's included:
// other programs on the machine do not count.
func worked(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// BenchmarkPNG tells what a tile takes on disk or on the wire.
func BenchmarkPNG(b *testing.B) {
	m := cambridge(b)
	random := rand.New(rand.NewPCG(1, 1))
	bytes := 0
	for b.Loop() {
		p := basemap.NewPictures(m, 1, 1)
		t := tileAt(42.355+0.045*random.Float64(), -71.155+0.09*random.Float64(), 12+random.IntN(7))
		raw, err := p.PNG(b.Context(), t)
		if err != nil {
			b.Fatal(err)
		}
		bytes += len(raw)
	}
	b.ReportMetric(float64(bytes)/float64(b.N), "bytes/tile")
}
