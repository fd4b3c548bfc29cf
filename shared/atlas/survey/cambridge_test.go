package survey_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/atlas/survey"
	"cityhall/shared/city"
)

// seed draws the samples; others than those in use were used for tuning.
var seed = flag.Uint64("atlas-seed", 20261123, "draws the addresses and points that are looked up")

// cambridgeFolder is real data beside the project; where it is not, tests skip.
const cambridgeFolder = "../../../../shared/data/cambridge"

var now = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// realFolder is found from the project's folder or, in a second working copy of
// it, by the environment.
func realFolder(t testing.TB) string {
	folder := cambridgeFolder
	if data := os.Getenv("CITYHALL_SHARED_DATA"); data != "" {
		folder = filepath.Join(data, "cambridge")
	}
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the real data are not beside the project")
	}
	return folder
}

var cambridge struct {
	sync.Once
	path   string
	report survey.Report
	took   time.Duration
	err    error
}

func openCambridge(t testing.TB) *atlas.Atlas {
	t.Helper()
	folder := realFolder(t)
	cambridge.Do(func() {
		dir, err := os.MkdirTemp("", "cambridge")
		if err != nil {
			cambridge.err = err
			return
		}
		start := time.Now()
		cambridge.path = filepath.Join(dir, "places.db")
		cambridge.report, cambridge.err = survey.Import(context.Background(), survey.Options{Folder: folder, Mapping: "testdata/cambridge.map", Out: cambridge.path, Now: now})
		cambridge.took = time.Since(start)
	})
	if cambridge.err != nil {
		t.Fatal(cambridge.err)
	}
	a, err := atlas.Open(context.Background(), cambridge.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if cambridge.path != "" {
		os.RemoveAll(filepath.Dir(cambridge.path))
	}
	os.Exit(code)
}

func TestCambridgeImports(t *testing.T) {
	if testing.Short() {
		t.Skip("all of a city")
	}
	openCambridge(t)
	mapping, err := os.ReadFile("testdata/cambridge.map")
	if err != nil || strings.Count(string(mapping), "\n") > 40 {
		t.Errorf("the mapping has more than 40 lines: %v", err)
	}
	features, taken := 0, 0
	for _, f := range cambridge.report.Files {
		features, taken = features+f.Read, taken+f.Taken
		if f.Sort != "skip" && (f.Taken == 0 || f.AsOf == "" || f.Dropped*50 > f.Read) {
			t.Errorf("%+v", f)
		}
		t.Logf("%s: %d of %d, as of %s, %v", f.Name, f.Taken, f.Read, f.AsOf, f.Reasons)
	}
	info, err := os.Stat(cambridge.path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("{\"figure\":\"geography import\",\"features\":%d,\"taken\":%d,\"bytes\":%d,\"seconds\":%.1f}\n", features, taken, info.Size(), cambridge.took.Seconds())
	if cambridge.took > time.Minute || features < 4000 {
		t.Errorf("%d features in %v", features, cambridge.took)
	}
}

// stretch is a street segment as the city's own file has it.
type stretch struct {
	name  string
	sides [2][2]int // left, right: from, to
	line  [][2]float64
}

type collection struct {
	Features []struct {
		Properties map[string]any `json:"properties"`
		Geometry   struct {
			Type        string          `json:"type"`
			Coordinates json.RawMessage `json:"coordinates"`
		} `json:"geometry"`
	} `json:"features"`
}

func realFile(t testing.TB, name string) collection {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(realFolder(t), name))
	if err != nil {
		t.Fatal(err)
	}
	var c collection
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func realStretches(t testing.TB) []stretch {
	var out []stretch
	for _, f := range realFile(t, "TRANS_Centerlines.geojson").Features {
		var s stretch
		s.name, _ = f.Properties["Street"].(string)
		for i, side := range []string{"L", "R"} {
			for j, end := range []string{"_From", "_To"} {
				n, _ := f.Properties[side+end].(float64)
				s.sides[i][j] = int(n)
			}
		}
		if f.Geometry.Type == "LineString" && s.name != "" && json.Unmarshal(f.Geometry.Coordinates, &s.line) == nil {
			out = append(out, s)
		}
	}
	return out
}

// address is a number that a side of a stretch really has.
type address struct {
	stretch
	number, side int
}

func drawAddress(rng *rand.Rand, all []stretch) address {
	for {
		a := address{stretch: all[rng.IntN(len(all))], side: rng.IntN(2)}
		from, to := a.sides[a.side][0], a.sides[a.side][1]
		if from <= 0 || to <= 0 || from%2 != to%2 {
			continue
		}
		low, high := min(from, to), max(from, to)
		a.number = low + 2*rng.IntN((high-low)/2+1)
		return a
	}
}

// offset is how far a point lies from a stretch and on which side (0 is left).
func offset(line [][2]float64, lat, lon int32) (float64, int) {
	best, side := math.Inf(1), 0
	scale := math.Cos(42.37 * math.Pi / 180)
	for i := 1; i < len(line); i++ {
		ax, ay := (line[i][0]-line[i-1][0])*scale, line[i][1]-line[i-1][1]
		px, py := (float64(lon)*1e-7-line[i-1][0])*scale, float64(lat)*1e-7-line[i-1][1]
		t := max(0, min(1, (px*ax+py*ay)/(ax*ax+ay*ay)))
		if d := math.Hypot(px-t*ax, py-t*ay) * 111_320; d < best {
			best, side = d, 0
			if ax*py-ay*px < 0 {
				side = 1
			}
		}
	}
	return best, side
}

// TestRealAddresses looks 500 up that the city has: each must be found on its
// street, beside a stretch that has the number, on the side that has it.
func TestRealAddresses(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of look-ups")
	}
	a := openCambridge(t)
	all := realStretches(t)
	rng := rand.New(rand.NewPCG(*seed, 1))
	right := 0
	const sample = 500
	for range sample {
		want := drawAddress(rng, all)
		found, err := a.Search(context.Background(), fmt.Sprintf("%d %s", want.number, want.name), 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 || found[0].Kind != atlas.KindAddress || found[0].Place.Address != fmt.Sprintf("%d %s", want.number, want.name) || !found[0].Estimated {
			t.Logf("%d %s: %+v", want.number, want.name, found)
			continue
		}
		ok := slices.ContainsFunc(all, func(s stretch) bool {
			if s.name != want.name {
				return false
			}
			for side, r := range s.sides {
				if want.number < min(r[0], r[1]) || want.number > max(r[0], r[1]) || r[0]%2 == r[1]%2 && want.number%2 != r[0]%2 {
					continue
				}
				if d, at := offset(s.line, found[0].Place.Lat, found[0].Place.Lon); d < 15 && at == side {
					return true
				}
			}
			return false
		})
		if !ok {
			t.Logf("%d %s lies at %d %d", want.number, want.name, found[0].Place.Lat, found[0].Place.Lon)
			continue
		}
		right++
	}
	fmt.Printf("{\"figure\":\"real addresses\",\"seed\":%d,\"looked_up\":%d,\"right\":%d}\n", *seed, sample, right)
	if right*100 < sample*99 {
		t.Errorf("%d of %d are on the right street and side", right, sample)
	}
}

// misspell changes, drops, adds or swaps one letter of a text.
func misspell(rng *rand.Rand, text string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	for {
		r := []rune(text)
		i := rng.IntN(len(r))
		switch rng.IntN(4) {
		case 0:
			r[i] = rune(letters[rng.IntN(len(letters))])
		case 1:
			r = slices.Delete(r, i, i+1)
		case 2:
			r = slices.Insert(r, i, rune(letters[rng.IntN(len(letters))]))
		default:
			if i+1 < len(r) {
				r[i], r[i+1] = r[i+1], r[i]
			}
		}
		if out := string(r); out != text && strings.TrimSpace(out) != "" {
			return out
		}
	}
}

// TestMisspeltAddresses makes one mistake in 200 street names.
func TestMisspeltAddresses(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of look-ups")
	}
	a := openCambridge(t)
	all := realStretches(t)
	rng := rand.New(rand.NewPCG(*seed, 2))
	right := 0
	const sample = 200
	for range sample {
		want := drawAddress(rng, all)
		typed := fmt.Sprintf("%d %s", want.number, misspell(rng, want.name))
		found, err := a.Search(context.Background(), typed, 3)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(found, func(m atlas.Match) bool { return m.Place.Address == fmt.Sprintf("%d %s", want.number, want.name) }) {
			right++
			continue
		}
		var labels []string
		for _, m := range found {
			labels = append(labels, m.Label)
		}
		t.Logf("%q for %s: %q", typed, want.name, labels)
	}
	fmt.Printf("{\"figure\":\"misspelt addresses\",\"seed\":%d,\"looked_up\":%d,\"in_top_three\":%d}\n", *seed, sample, right)
	if right*100 < sample*90 {
		t.Errorf("%d of %d are among the first three", right, sample)
	}
}

// within is a check of its own: the angle that a ring turns around a point.
func within(rings [][][2]float64, lat, lon float64) bool {
	in := false
	for _, ring := range rings {
		turn := 0.0
		for i := 1; i < len(ring); i++ {
			one := math.Atan2(ring[i-1][1]-lat, ring[i-1][0]-lon)
			two := math.Atan2(ring[i][1]-lat, ring[i][0]-lon)
			turn += math.Remainder(two-one, 2*math.Pi)
		}
		if math.Abs(turn) > math.Pi {
			in = !in
		}
	}
	return in
}

// outline is a real area as it stands in its file.
type outline struct {
	key   string
	parts [][][][2]float64
}

func outlines(t testing.TB, file, name string) []outline {
	var out []outline
	for _, f := range realFile(t, file).Features {
		var o outline
		o.key, _ = f.Properties[name].(string)
		if f.Geometry.Type == "Polygon" {
			o.parts = make([][][][2]float64, 1)
			if err := json.Unmarshal(f.Geometry.Coordinates, &o.parts[0]); err != nil {
				t.Fatal(err)
			}
		} else if err := json.Unmarshal(f.Geometry.Coordinates, &o.parts); err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

func bruteKey(all []outline, lat, lon float64) string {
	for _, o := range all {
		for _, rings := range o.parts {
			if within(rings, lat, lon) {
				return o.key
			}
		}
	}
	return ""
}

// TestRandomPointsByBruteForce compares precinct and sweeping district with a
// check that shares no code with the atlas.
func TestRandomPointsByBruteForce(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of look-ups")
	}
	a := openCambridge(t)
	precincts, sweeping := outlines(t, "ELECTIONS_WardsPrecincts.geojson", "WardPrecinct"), outlines(t, "DPW_StreetSweepingDistricts.geojson", "District")
	rng := rand.New(rand.NewPCG(*seed, 3))
	same, inside := 0, 0
	const sample = 200
	for range sample {
		lat, lon := 42.352+rng.Float64()*0.052, -71.160+rng.Float64()*0.097
		h, err := a.Here(context.Background(), city.Place{Lat: int32(lat * 1e7), Lon: int32(lon * 1e7)}, now, city.Calendar{})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, area := range h.Areas {
			got[area.Kind] = area.Key
		}
		precinct, sweep := bruteKey(precincts, lat, lon), bruteKey(sweeping, lat, lon)
		if precinct != "" {
			inside++
			if len(h.Polling) == 0 {
				t.Errorf("precinct %s has no polling place", precinct)
			}
		}
		if got["precinct"] == precinct && got["sweeping"] == sweep {
			same++
		} else {
			t.Errorf("%f %f: precinct %q and sweeping %q, want %q and %q", lat, lon, got["precinct"], got["sweeping"], precinct, sweep)
		}
	}
	fmt.Printf("{\"figure\":\"points by brute force\",\"seed\":%d,\"points\":%d,\"inside\":%d,\"same\":%d}\n", *seed, sample, inside, same)
	if inside < sample/4 {
		t.Errorf("only %d points lie in the city", inside)
	}
}

// TestGuessesAlone imports the same files without a mapping.
func TestGuessesAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("all of a city")
	}
	g, report, err := survey.Read(t.Context(), survey.Options{Folder: realFolder(t), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, a := range g.Areas {
		kinds[a.Kind]++
	}
	numbered := 0
	for _, s := range g.Streets {
		if s.Left.To > 0 {
			numbered++
		}
	}
	if kinds["precinct"] != 33 || kinds["sweeping"] != 10 || kinds["neighborhood"] != 13 || kinds["zip"] != 5 || numbered < 1400 {
		t.Errorf("%v, %d streets with numbers", kinds, numbered)
	}
	for _, f := range report.Files {
		if !f.Guessed {
			t.Errorf("%+v", f)
		}
	}
}
