package survey_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"cityhall/shared/atlas"
	"cityhall/shared/atlas/survey"
)

const goodStreets = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"Street":"Elm St","L_From":1,"L_To":99,"R_From":2,"R_To":100},"geometry":{"type":"LineString","coordinates":[[-71.1,42.3],[-71.09,42.3]]}},
{"type":"Feature","properties":{"Street":"Oak St","L_From":1,"L_To":99,"R_From":2,"R_To":100},"geometry":{"type":"LineString","coordinates":[[-71.1,42.3],[-71.1,42.31]]}}]}`

const square = `[[[-71.1,42.3],[-71.09,42.3],[-71.09,42.31],[-71.1,42.31],[-71.1,42.3]]]`

// wards is a file of features, each with the geometry given.
func wards(geometries ...string) string {
	var all []string
	for i, g := range geometries {
		all = append(all, fmt.Sprintf(`{"type":"Feature","id":"w%d","properties":{"Ward":"%d"},"geometry":%s}`, i+1, i+1, g))
	}
	return `{"type":"FeatureCollection","features":[` + strings.Join(all, ",") + `]}`
}

func polygon(rings string) string { return `{"type":"Polygon","coordinates":` + rings + `}` }

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var small = survey.Limits{FileBytes: 1 << 20, FeatureBytes: 64 << 10, Features: 1000, Points: 10_000}

// TestWhatIsRefused gives a broken file beside good ones: the error names the
// file and the feature, and the places file that was there stays.
func TestWhatIsRefused(t *testing.T) {
	good := polygon(square)
	for name, c := range map[string]struct{ file, text, want string }{
		"Web Mercator":          {"wards.geojson", wards(polygon(`[[[-7914000,5211000],[-7913000,5211000],[-7913000,5212000],[-7914000,5211000]]]`)), "feature 1: its coordinates are no degrees"},
		"state plane metres":    {"wards.geojson", wards(good, polygon(`[[[233000,900000],[234000,900000],[234000,901000],[233000,900000]]]`)), "feature 2: its coordinates are no degrees"},
		"another named system":  {"wards.geojson", strings.Replace(wards(good), `"features"`, `"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::26986"}},"features"`, 1), "not WGS 84"},
		"latitude first":        {"wards.geojson", wards(polygon(`[[[42.3,-71.1],[42.3,-71.09],[42.31,-71.09],[42.3,-71.1]]]`)), "feature 1: 1 of 1 features cannot be used; dropped: it lies far from the city's streets"},
		"cut off":               {"wards.geojson", wards(good, good, good)[:400], "cut off"},
		"cut off at its end":    {"wards.geojson", strings.TrimSuffix(wards(good, good), "]}"), "cut off"},
		"cut off gzip":          {"wards.geojson.gz", zipped(t, wards(good, good, good))[:60], "cut off"},
		"no gzip":               {"wards.geojson.gz", wards(good), "not gzip"},
		"a bomb":                {"wards.geojson.gz", zipped(t, `{"type":"FeatureCollection","features":[`+strings.Repeat(" ", 4<<20)+`]}`), "larger than an import takes"},
		"one endless feature":   {"wards.geojson", wards(polygon(`[[` + strings.Repeat(`[-71.1,42.3],`, 9000) + `[-71.1,42.3]]]`)), "one feature is larger"},
		"too many points":       {"wards.geojson", wards(strings.Split(strings.TrimSuffix(strings.Repeat(polygon(`[[`+alternating(2500)+`]]`)+"|", 5), "|"), "|")...), "more than 1000 features or 10000 points"},
		"nested for ever":       {"wards.geojson", `{"type":"FeatureCollection","features":[{"geometry":` + strings.Repeat("[", 30_000), "exceeded max depth"},
		"not JSON":              {"wards.geojson", "<html>Not found</html>", "wards.geojson"},
		"an error's JSON":       {"wards.geojson", `{"error":"token expired"}`, "no GeoJSON FeatureCollection"},
		"empty":                 {"wards.geojson", "", "wards.geojson"},
		"UTF-16":                {"wards.geojson", "\xff\xfe{\x00}\x00", "zero bytes"},
		"mostly empty":          {"wards.geojson", wards(good, "null", "null", "null"), "feature 2: 3 of 4 features cannot be used; dropped: it has no geometry"},
		"mapping without field": {"geography.map", "area ward streets.geojson key=WARD_NO", "no attribute WARD_NO; it has L_From"},
		"mapping with a typo":   {"geography.map", "streets streets.geojson\nstreet streets.geojson", `line 2: "street" is no sort of file`},
		"mapping out of it":     {"geography.map", "streets ../streets.geojson", "of this folder"},
		"mapping of no file":    {"geography.map", "area ward none.geojson", "none.geojson"},
		"an address without":    {"addresses.csv", "number,street,lat,lon\n1,Elm St,,\n2,Elm St,,\n", "feature 1: 2 of 2"},
		"a torn table":          {"addresses.csv", "number,street,lat,lon\n1,\"Elm St,42.3,-71.1\n", "addresses.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"streets.geojson": goodStreets})
			out := filepath.Join(t.TempDir(), "places.db")
			o := survey.Options{Folder: dir, Out: out, Now: now, Limits: small}
			if _, err := survey.Import(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err = survey.Import(t.Context(), o)
			if !errors.Is(err, survey.ErrRefused) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) && c.file != "geography.map" {
				t.Errorf("%v; want %q", err, c.want)
			}
			if after, err := os.ReadFile(out); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the places in use have changed: %v", err)
			}
		})
	}
}

// alternating is a line of many different points.
func alternating(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("[-71.%04d,42.3]", i%9000)
	}
	return strings.Join(all, ",")
}

// TestWhatIsMendedAndDropped keeps what is usable and tells of the rest.
func TestWhatIsMendedAndDropped(t *testing.T) {
	good := polygon(square)
	dir := folder(t, map[string]string{
		"streets.geojson": goodStreets,
		"wards.geojson": wards(good, strings.Replace(good, `,[-71.1,42.3]]`, `]`, 1), polygon(`[]`), polygon(`[[[-71.1,42.3],[-71.09,42.3],[-71.1,42.3]]]`),
			`{"type":"Point","coordinates":[-71.1,42.3]}`, `{"type":"Polygon","coordinates":"none"}`, polygon(strings.ReplaceAll(square, "42.3", "42.4")), good, good, good),
		"libraries.csv.txt": "not a file of geography",
		"addresses.csv":     "number;street;lat;lon\n12;Ca\xf1on St;42.3;-71.1\n14B;Elm St;42.3;-71.1\n;Elm St;42.3;-71.1\n16;Elm St;42.3;-71.1\n",
	})
	g, report, err := survey.Read(t.Context(), survey.Options{Folder: dir, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]survey.File{}
	for _, f := range report.Files {
		byName[f.Name] = f
	}
	w := byName["wards.geojson"]
	if w.Read != 10 || w.Taken != 6 || w.Dropped != 4 || w.Mended != 1 || !w.Guessed || w.Kind != "ward" {
		t.Errorf("%+v", w)
	}
	for feature, what := range map[int]string{2: "mended: its outline was not closed", 3: "dropped: its geometry is empty", 4: "dropped: its outline has fewer than three points",
		5: "dropped: it is a Point, not a polygon", 6: "dropped: its coordinates are no list of positions"} {
		found := false
		for _, n := range w.Notes {
			found = found || n.Feature == feature && n.What == what && n.ID == fmt.Sprintf("w%d", feature)
		}
		if !found {
			t.Errorf("feature %d is not told: %s; %+v", feature, what, w.Notes)
		}
	}
	if a := byName["addresses.csv"]; a.Taken != 3 || a.Dropped != 1 || a.Reasons["read as Windows-1252 (Latin-1): it is not UTF-8"] != 1 {
		t.Errorf("%+v", a)
	}
	if len(g.Houses) != 3 || g.Houses[0].Street != "Cañon St" || g.Houses[1].Number != 14 || g.Houses[1].Suffix != "B" {
		t.Errorf("%+v", g.Houses)
	}
}

func TestTablesByArea(t *testing.T) {
	dir := folder(t, map[string]string{
		"streets.geojson": goodStreets,
		"wards.geojson":   wards(polygon(square)),
		"people.csv":      "\xef\xbb\xbfward,Council member\n1,Rosa Delgado\n9,Nobody\n",
		"sweep.csv":       "ward,rule,side,holidays\n1,every 2nd and 4th Tuesday,odd,skip\n1,now and then,odd,skip\n1,every Monday,left,skip\n1,every Monday,,shift\n1,Mondays,even,week\n1,Fridays,,\n",
		"geography.map":   "streets streets.geojson\narea ward wards.geojson key=Ward asof=2026-02-03\nfacts ward people.csv key=ward\ndates ward sweep.csv key=ward asof=2026-04-05\n",
	})
	g, report, err := survey.Read(t.Context(), survey.Options{Folder: dir, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Facts) != 2 || g.Facts[0] != (atlas.Fact{Kind: "ward", Key: "1", Name: "Council member", Value: "Rosa Delgado"}) || len(g.Schedules) != 3 {
		t.Errorf("%+v %+v", g.Facts, g.Schedules)
	}
	if g.AsOf["ward"] != "2026-02-03" || g.AsOf["dates ward"] != "2026-04-05" {
		t.Errorf("%v", g.AsOf)
	}
	told := fmt.Sprint(report.Files)
	for _, what := range []string{"no area has this key", `the word "now" is not understood`, `the side "left" is neither`, `holidays "shift" are none`} {
		if !strings.Contains(told, what) {
			t.Errorf("not told: %s", what)
		}
	}
}

// TestAgainTheSameBytes imports twice; a file of the second time is in another
// order.
func TestAgainTheSameBytes(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(goodStreets, "]}"), "\n")
	turned := lines[0] + "\n" + lines[2] + ",\n" + strings.TrimSuffix(lines[1], ",") + "]}"
	var files [][]byte
	for _, streets := range []string{goodStreets, goodStreets, turned} {
		dir := folder(t, map[string]string{"streets.geojson": streets, "geography.map": "streets streets.geojson asof=2026-01-02"})
		out := filepath.Join(t.TempDir(), "places.db")
		if _, err := survey.Import(t.Context(), survey.Options{Folder: dir, Out: out, Now: now}); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, raw)
	}
	if !bytes.Equal(files[0], files[1]) || !bytes.Equal(files[0], files[2]) {
		t.Error("one geography, several files")
	}
}

func TestAnImportEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := filepath.Join(t.TempDir(), "places.db")
	if _, err := survey.Import(ctx, survey.Options{Folder: folder(t, map[string]string{"streets.geojson": goodStreets}), Out: out, Now: now}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was made")
	}
}

// TestAFileOf300MegabytesCostsNoMemory reads trees that fill a file.
func TestAFileOf300MegabytesCostsNoMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a file of 300 MB")
	}
	dir := folder(t, map[string]string{"streets.geojson": goodStreets})
	f, err := os.Create(filepath.Join(dir, "trees.geojson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	comment := strings.Repeat("x", 12_000) // what is not kept
	bytes, count := 0, 25_000
	for i := range count {
		head := ","
		if i == 0 {
			head = `{"type":"FeatureCollection","features":[`
		}
		n, err := fmt.Fprintf(z, `%s{"type":"Feature","properties":{"TreeID":%d,"comment":"%s"},"geometry":{"type":"Point","coordinates":[-71.1,42.3]}}`, head, i, comment)
		if err != nil {
			t.Fatal(err)
		}
		bytes += n
	}
	if _, err := io.WriteString(z, "]}"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var most uint64
	told := 0
	runtime.GC()
	var start runtime.MemStats
	runtime.ReadMemStats(&start)
	g, _, err := survey.Read(t.Context(), survey.Options{Folder: dir, Now: now, Progress: func(string, int) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc-min(m.HeapAlloc, start.HeapAlloc))
		told++
	}})
	if err != nil || len(g.Spots) != count || bytes < 300_000_000 {
		t.Fatalf("%d trees of %d bytes: %v", len(g.Spots), bytes, err)
	}
	if most > 48<<20 || told < 5 {
		t.Errorf("%d MB of memory; told %d times", most>>20, told)
	}
}

func FuzzGeoJSON(f *testing.F) {
	f.Add([]byte(goodStreets))
	f.Add([]byte(wards(polygon(square), "null", `{"type":"MultiPolygon","coordinates":[[[[1e400,2]]]]}`)))
	f.Add([]byte(`{"crs":null,"features":[{"id":1,"properties":{"a":[]},"geometry":{"type":"Point","coordinates":[1]}}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir := folder(t, map[string]string{"geography.map": "streets a.geojson\narea park b.geojson\n", "a.geojson": goodStreets, "b.geojson": string(raw)})
		o := survey.Options{Folder: dir, Out: filepath.Join(dir, "places.db"), Now: now, Limits: small}
		g, _, err := survey.Read(t.Context(), o)
		if err != nil {
			if !errors.Is(err, survey.ErrRefused) {
				t.Fatal(err)
			}
			return
		}
		for _, a := range g.Areas { // what is taken can be built and asked
			for _, r := range a.Rings {
				if len(r) < 3 {
					t.Fatalf("an outline of %d points", len(r))
				}
			}
			atlas.Inside(a.Rings, atlas.Within(a.Rings))
		}
	})
}
