package atlas_test

import (
	"bytes"
	"context"
	"errors"
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
	"cityhall/shared/demo"
)

func alderBend() atlas.Geography {
	return demo.New(1, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)).Geography
}

func open(t testing.TB, g atlas.Geography) *atlas.Atlas {
	t.Helper()
	path := filepath.Join(t.TempDir(), "places.db")
	if err := atlas.Build(context.Background(), path, g); err != nil {
		t.Fatal(err)
	}
	a, err := atlas.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// TestSearchAsPeopleType gives what is typed and the first match.
func TestSearchAsPeopleType(t *testing.T) {
	a := open(t, alderBend())
	for _, c := range []struct{ typed, kind, label string }{
		{"120 maple avenue", "address", "120 Maple Avenue, The Meadows"},
		{"120 Maple Ave.", "address", "120 Maple Avenue, The Meadows"},
		{"120 map", "address", "120 Maple Avenue, The Meadows"},
		{"Maple Ave 120", "address", "120 Maple Avenue, The Meadows"},
		{"120b maple", "address", "120 Maple Avenue, The Meadows"},
		{"120 Maple Avenue, Apt 3", "address", "120 Maple Avenue, The Meadows"},
		{"120 maple #4", "address", "120 Maple Avenue, The Meadows"},
		{"avenida maple 120", "address", "120 Maple Avenue, The Meadows"},
		{"maple", "street", "Maple Avenue"},
		{"  MAPLE  ", "street", "Maple Avenue"},
		{"maple av", "street", "Maple Avenue"},
		{"mill rd", "street", "Mill Road"},
		{"mill road", "street", "Mill Road"},
		{"pena ct", "street", "Peña Court"},
		{"Peña", "street", "Peña Court"},
		{"pen\u0303a", "street", "Peña Court"},
		{"st brendan way", "street", "Saint Brendan Way"},
		{"dr okafor blvd", "street", "Doctor Amelia Okafor Boulevard"},
		{"okafor", "street", "Doctor Amelia Okafor Boulevard"},
		{"calle principal", "street", "Main Street"},
		{"calle principal 801", "address", "801 Main Street, Old Town"},
		{"library", "street", "Library Lane"},
		{"public libr", "landmark", "Alder Bend Public Library, Old Town"},
		{"biblioteca publica", "landmark", "Alder Bend Public Library, Old Town"},
		{"estacion de bomberos 2", "landmark", "Fire Station 2, Millside"},
		{"fire station 2", "landmark", "Fire Station 2, Millside"},
		{"high school", "landmark", "Alder Bend High School, Old Town"},
		{"iron br", "landmark", "Iron Bridge, Millside"},
		{"9999 maple", "street", "Maple Avenue"},
		{"0 maple", "", ""},
		{"the", "", ""},
		{"zzz", "", ""},
		{"", "", ""},
		{" ,.-# ", "", ""},
		{"maple zzz", "", ""},
		{"%", "", ""},
		{"' OR 1=1 --", "", ""},
		{"مكتبة", "", ""},
		{"🌳", "", ""},
		{strings.Repeat("maple ", 900), "street", "Maple Avenue"},
	} {
		found, err := a.Search(context.Background(), c.typed, 5)
		if err != nil {
			t.Errorf("%q: %v", c.typed, err)
			continue
		}
		var first atlas.Match
		if len(found) > 0 {
			first = found[0]
		}
		if first.Kind != c.kind || first.Label != c.label {
			t.Errorf("%q: %s %q, want %s %q (of %d)", c.typed, first.Kind, first.Label, c.kind, c.label, len(found))
		}
	}
}

func TestHouseNumbers(t *testing.T) {
	street := atlas.Street{Name: "Level Street", First: 101, Last: 199, Line: []atlas.Point{{Lat: 463_000_000, Lon: -693_100_000}, {Lat: 463_000_000, Lon: -693_000_000}}}
	bare := atlas.Street{Name: "Numberless Walk", Line: street.Line}
	district := atlas.District{ID: "all", Name: "All", Area: []atlas.Point{{462_000_000, -694_000_000}, {464_000_000, -694_000_000}, {464_000_000, -692_000_000}, {462_000_000, -692_000_000}}}
	a := open(t, atlas.Geography{Streets: []atlas.Street{street, bare}, Districts: []atlas.District{district}})
	at := func(typed string) atlas.Match {
		found, err := a.Search(context.Background(), typed, 3)
		if err != nil || len(found) != 1 {
			t.Fatalf("%q: %v %v", typed, found, err)
		}
		return found[0]
	}
	first, middle, last := at("101 level"), at("150 level"), at("199 level")
	if first.Place.Lat <= 463_000_000 || last.Place.Lat <= 463_000_000 || middle.Place.Lat >= 463_000_000 {
		t.Error("odd numbers are not on the left, even ones on the right")
	}
	if first.Place.Lon != -693_100_000 || last.Place.Lon != -693_000_000 || middle.Place.Lon < -693_060_000 || middle.Place.Lon > -693_040_000 {
		t.Errorf("numbers do not run from end to end: %d %d %d", first.Place.Lon, middle.Place.Lon, last.Place.Lon)
	}
	if d, ok := atlas.Metres(middle.Place, city.Place{Lat: 463_000_000, Lon: middle.Place.Lon}); !ok || d < 5 || d > 15 {
		t.Errorf("the house stands %d m from the street", d)
	}
	if !middle.Estimated || middle.Kind != atlas.KindAddress || middle.Place.Address != "150 Level Street" || middle.Place.District != "all" {
		t.Errorf("%+v", middle)
	}
	out := at("200 level")
	if out.Kind != atlas.KindStreet || out.Place.Address != "Level Street" || out.First != 101 || out.Last != 199 || !out.Place.OnMap() {
		t.Errorf("a number that the street has not: %+v", out)
	}
	if m := at("12 numberless"); m.Kind != atlas.KindStreet || m.Last != 0 {
		t.Errorf("a street without numbers: %+v", m)
	}
}

func TestLimitAndOrder(t *testing.T) {
	a := open(t, alderBend())
	found, err := a.Search(context.Background(), "m", 4)
	if err != nil || len(found) != 4 {
		t.Fatalf("%d matches, %v", len(found), err)
	}
	again, _ := a.Search(context.Background(), "m", 4)
	if !slices.Equal(found, again) {
		t.Error("the order changes from search to search")
	}
	for _, limit := range []int{0, -1} {
		if found, err := a.Search(context.Background(), "maple", limit); err != nil || len(found) != 0 {
			t.Errorf("limit %d: %v %v", limit, found, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.Search(ctx, "maple", 3); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestDistrict(t *testing.T) {
	g := alderBend()
	a := open(t, g)
	for _, l := range g.Landmarks {
		want, _ := g.DistrictAt(l.At)
		if got, ok := a.District(l.At.Lat, l.At.Lon); !ok || got != want.ID {
			t.Errorf("%s: %s, want %s", l.Name, got, want.ID)
		}
	}
	if id, ok := a.District(0, 0); ok {
		t.Errorf("the middle of the sea is in %s", id)
	}
}

// TestDistrictsNeitherOverlapNorLeaveGaps throws points into the city.
func TestDistrictsNeitherOverlapNorLeaveGaps(t *testing.T) {
	g := alderBend()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		p := atlas.Point{Lat: 463_000_000 + int32(rng.IntN(300_000)-150_000), Lon: -693_000_000 + int32(rng.IntN(400_000)-200_000)}
		in := 0
		for _, d := range g.Districts {
			if _, ok := (atlas.Geography{Districts: []atlas.District{d}}).DistrictAt(p); ok {
				in++
			}
		}
		if in != 1 {
			t.Fatalf("%v lies in %d districts", p, in)
		}
	}
}

func TestMetres(t *testing.T) {
	at := func(lat, lon int32) city.Place { return city.Place{Lat: lat, Lon: lon} }
	for _, c := range []struct {
		a, b city.Place
		want int
	}{
		{at(463_000_000, -693_000_000), at(463_000_000, -693_000_000), 0},
		{at(463_000_000, -693_000_000), at(463_010_000, -693_000_000), 111},
		{at(463_000_000, -693_000_000), at(463_000_000, -692_990_000), 77},
		{at(0, 1_799_999_000), at(0, -1_799_999_000), 22},
		{at(850_000_000, 100_000_000), at(850_000_000, 100_100_000), 97},
	} {
		if got, ok := atlas.Metres(c.a, c.b); !ok || got != c.want {
			t.Errorf("%v to %v: %d m, want %d", c.a, c.b, got, c.want)
		}
		if back, _ := atlas.Metres(c.b, c.a); back != c.want {
			t.Errorf("the way back from %v is %d m", c.b, back)
		}
	}
	if _, ok := atlas.Metres(city.Place{}, at(1, 1)); ok || atlas.Near(city.Place{Address: "somewhere"}, at(1, 1), 1<<30) {
		t.Error("a place that is not on the map is near to something")
	}
	if !atlas.Near(at(463_000_000, -693_000_000), at(463_010_000, -693_000_000), 111) || atlas.Near(at(463_000_000, -693_000_000), at(463_010_000, -693_000_000), 110) {
		t.Error("near does not end where it says")
	}
}

func TestSameGeographySameBytes(t *testing.T) {
	g := alderBend()
	other := atlas.Geography{Streets: slices.Clone(g.Streets), Landmarks: slices.Clone(g.Landmarks), Districts: g.Districts}
	slices.Reverse(other.Streets)
	slices.Reverse(other.Landmarks)
	var files [][]byte
	for i, g := range []atlas.Geography{g, g, other} {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", i))
		if err := atlas.Build(context.Background(), path, g); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, raw)
		rest, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(rest) != 1 {
			t.Errorf("beside the file there are others: %v %v", rest, err)
		}
	}
	if !bytes.Equal(files[0], files[1]) || !bytes.Equal(files[0], files[2]) {
		t.Error("one geography, several files")
	}
	if len(files[0]) > 128<<10 {
		t.Errorf("the file has %d bytes", len(files[0]))
	}
}

// TestReadingLeavesNothingBehind matters because the file lies among the blobs,
// which are named by their hash.
func TestReadingLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef")
	if err := atlas.Build(context.Background(), path, alderBend()); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	a, err := atlas.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := a.Search(context.Background(), "market", 5); err != nil || len(found) < 2 {
		t.Errorf("%v %v", found, err)
	}
	if names, _ := os.ReadDir(folder); len(names) != 1 {
		t.Errorf("while it is open: %v", names)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("reading has changed the file")
	}
}

func TestRefusals(t *testing.T) {
	ctx, folder := context.Background(), t.TempDir()
	line := []atlas.Point{{1, 1}, {2, 2}}
	for name, g := range map[string]atlas.Geography{
		"no name":       {Streets: []atlas.Street{{Line: line}}},
		"no line":       {Streets: []atlas.Street{{Name: "A", Line: line[:1]}}},
		"falling":       {Streets: []atlas.Street{{Name: "A", Line: line, First: 9, Last: 1}}},
		"lost landmark": {Landmarks: []atlas.Landmark{{Name: "A"}}},
		"thin district": {Districts: []atlas.District{{ID: "a", Area: line}}},
		"district's id": {Districts: []atlas.District{{ID: "A B", Area: append(line, atlas.Point{1, 2})}}},
	} {
		if err := atlas.Build(ctx, filepath.Join(folder, "x.db"), g); !errors.Is(err, atlas.ErrGeography) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := atlas.Build(ctx, filepath.Join(folder, "missing", "x.db"), atlas.Geography{}); err == nil {
		t.Error("built in a folder that is not there")
	}
	if _, err := atlas.Open(ctx, filepath.Join(folder, "none.db")); err == nil {
		t.Error("opened what is not there")
	}
	text := filepath.Join(folder, "text.db")
	if err := os.WriteFile(text, bytes.Repeat([]byte("not a database\n"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := atlas.Open(ctx, text); err == nil {
		t.Error("opened a text file")
	}
	empty := filepath.Join(folder, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := atlas.Open(ctx, empty); !errors.Is(err, atlas.ErrFormat) {
		t.Errorf("an empty database: %v", err)
	}
	if a := open(t, atlas.Geography{}); a != nil {
		if found, err := a.Search(ctx, "main", 3); err != nil || len(found) != 0 {
			t.Errorf("a city without streets: %v %v", found, err)
		}
	}
}

// large is a city of 5,000 streets.
func large() atlas.Geography {
	var g atlas.Geography
	for i := range 5000 {
		x, y := int32(i%70)*20_000, int32(i/70)*20_000
		g.Streets = append(g.Streets, atlas.Street{Name: fmt.Sprintf("%s %s Street", syllables(i), syllables(i*31+7)), First: 1, Last: 999,
			Line: []atlas.Point{{463_000_000 + y, -693_000_000 + x}, {463_010_000 + y, -693_000_000 + x}}})
	}
	return g
}

func syllables(n int) string {
	parts := []string{"ba", "ke", "lo", "mi", "ru", "sta", "ven", "tor", "wil", "har"}
	return strings.ToUpper(parts[n%10][:1]) + parts[n%10][1:] + parts[n/10%10] + parts[n/100%10]
}

func BenchmarkSearch(b *testing.B) {
	a := open(b, large())
	for _, typed := range []string{"b", "ba", "120 bakelo st", "zzz"} {
		b.Run(typed, func(b *testing.B) {
			for b.Loop() {
				if _, err := a.Search(context.Background(), typed, 8); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
