package atlas_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// large is a city of 50,000 surveyed addresses on 2,500 streets.
func large() atlas.Geography {
	var g atlas.Geography
	for i := range 2500 {
		x, y := int32(i%50)*20_000, int32(i/50)*20_000
		name := fmt.Sprintf("%s %s %s", syllables(i), syllables(i*31+7), []string{"St", "Ave", "Rd", "Ln"}[i%4])
		line := []atlas.Point{{423_000_000 + y, -711_000_000 + x}, {423_007_000 + y, -711_000_100 + x}, {423_015_000 + y, -711_000_000 + x}}
		g.Streets = append(g.Streets, atlas.Street{Name: name, Left: atlas.Range{From: 1, To: 99}, Right: atlas.Range{From: 2, To: 100}, Line: line})
		for n := range 20 {
			g.Houses = append(g.Houses, atlas.House{Street: name, Number: 1 + n*5, At: atlas.Point{Lat: line[0].Lat + int32(n*750), Lon: line[0].Lon + int32(n%2*4000-2000)}})
		}
		at := atlas.Point{Lat: line[0].Lat, Lon: line[0].Lon + 9000}
		if i%5 == 0 {
			g.Spots = append(g.Spots, atlas.Spot{Sort: atlas.SortLandmark, Kind: []string{"library", "school", "park"}[i%3], Name: syllables(i*7) + " House", At: at})
		}
		for j := range 8 { // every block has houses on the map and hydrants
			p := atlas.Point{Lat: line[0].Lat + int32(j*1800), Lon: line[0].Lon + 3000}
			g.Areas = append(g.Areas, atlas.Area{Kind: atlas.AreaBuilding, Rings: [][]atlas.Point{{p, {p.Lat + 900, p.Lon}, {p.Lat + 900, p.Lon + 1200}, {p.Lat, p.Lon + 1200}}}})
		}
		g.Spots = append(g.Spots, atlas.Spot{Sort: atlas.SortAsset, Kind: "hydrant", Key: fmt.Sprint("H", i), At: at})
	}
	for i := range 25 {
		south, west := 423_000_000+int32(i/5)*200_000, -711_000_000+int32(i%5)*200_000
		ring := []atlas.Point{{south, west}, {south, west + 200_000}, {south + 200_000, west + 200_000}, {south + 200_000, west}}
		for _, kind := range []string{atlas.AreaDistrict, atlas.AreaPrecinct, "sweeping", "collection"} {
			key := fmt.Sprintf("k%d", i)
			g.Areas = append(g.Areas, atlas.Area{Kind: kind, Key: key, Name: kind + " " + key, Rings: [][]atlas.Point{ring}})
			g.Schedules = append(g.Schedules, atlas.Schedule{Kind: kind, Key: key, Rule: "every 2nd and 4th Tuesday"})
		}
	}
	return g
}

func syllables(n int) string {
	parts := []string{"ba", "ke", "lo", "mi", "ru", "sta", "ven", "tor", "wil", "har"}
	out := parts[n%10] + parts[n/10%10] + parts[n/100%10]
	return strings.ToUpper(out[:1]) + out[1:]
}

// keystrokes are what a kiosk asks while people type an address, every letter.
func keystrokes(g atlas.Geography, rng *rand.Rand, people int) []string {
	var out []string
	for range people {
		s := g.Streets[rng.IntN(len(g.Streets))]
		text := fmt.Sprintf("%d %s", 1+rng.IntN(99), strings.ToLower(s.Name))
		if rng.IntN(3) == 0 { // with a letter left out
			i := 4 + rng.IntN(len(text)-5)
			text = text[:i] + text[i+1:]
		}
		for i := range text {
			out = append(out, text[:i+1])
		}
	}
	return out
}

// TestLargeCity holds the size of the file, and prints how long answers take.
func TestLargeCity(t *testing.T) {
	if testing.Short() {
		t.Skip("a city of 50,000 addresses")
	}
	g := large()
	path := filepath.Join(t.TempDir(), "places.db")
	if err := atlas.Build(t.Context(), path, g); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := atlas.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	rng := rand.New(rand.NewPCG(1, 1))
	var search, here []time.Duration
	for _, typed := range keystrokes(g, rng, 30) {
		start := time.Now()
		if _, err := a.Search(t.Context(), typed, 6); err != nil {
			t.Fatal(err)
		}
		search = append(search, time.Since(start))
	}
	for range 300 {
		start := time.Now()
		at := city.Place{Lat: 423_000_000 + int32(rng.IntN(1_000_000)), Lon: -711_000_000 + int32(rng.IntN(1_000_000))}
		if _, err := a.Here(t.Context(), at, day, city.Calendar{}); err != nil {
			t.Fatal(err)
		}
		here = append(here, time.Since(start))
	}
	p := func(all []time.Duration, share int) float64 {
		slices.Sort(all)
		return float64(all[len(all)*share/100].Microseconds()) / 1000
	}
	fmt.Printf("{\"figure\":\"places of 50,000 addresses\",\"bytes\":%d,\"keystrokes\":%d,\"search_p50_ms\":%.2f,\"search_p95_ms\":%.2f,\"here_p50_ms\":%.2f,\"here_p95_ms\":%.2f}\n",
		info.Size(), len(search), p(search, 50), p(search, 95), p(here, 50), p(here, 95))
	if info.Size() > 25<<20 {
		t.Errorf("the file has %d bytes", info.Size())
	}
}

func BenchmarkSearch(b *testing.B) {
	g := large()
	a := open(b, g)
	typed := keystrokes(g, rand.New(rand.NewPCG(1, 2)), 40)
	i := 0
	for b.Loop() {
		if _, err := a.Search(context.Background(), typed[i%len(typed)], 6); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkHere(b *testing.B) {
	a := open(b, large())
	rng := rand.New(rand.NewPCG(1, 3))
	for b.Loop() {
		at := city.Place{Lat: 423_000_000 + int32(rng.IntN(1_000_000)), Lon: -711_000_000 + int32(rng.IntN(1_000_000))}
		if _, err := a.Here(context.Background(), at, day, city.Calendar{}); err != nil {
			b.Fatal(err)
		}
	}
}
