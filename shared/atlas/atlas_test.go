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
		{"Calle Maple 120", "address", "120 Maple Avenue, The Meadows"},
		{"120 de la calle Maple", "address", "120 Maple Avenue, The Meadows"},
		{"Avenida Maple, 120", "address", "120 Maple Avenue, The Meadows"},
		{"120 Maple Ave, Alder Bend ME 04401", "address", "120 Maple Avenue, The Meadows"},
		{"mapel avenue", "street", "Maple Avenue"},
		{"120 mapel", "address", "120 Maple Avenue, The Meadows"},
		{"120 maaple ave", "address", "120 Maple Avenue, The Meadows"},
		{"chesnut", "street", "Chestnut Avenue"},
		{"doctor amelia okafor", "street", "Doctor Amelia Okafor Boulevard"},
		{"riverside", "landmark", "Riverside Park, Old Town"},
		{"biblioteca", "landmark", "Alder Bend Public Library, Old Town"},
		{"0 maple", "street", "Maple Avenue"},
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
	line := []atlas.Point{{Lat: 463_000_000, Lon: -693_100_000}, {Lat: 463_000_000, Lon: -693_000_000}}
	level := atlas.Street{Name: "Level Street", Left: atlas.Range{From: 101, To: 199}, Right: atlas.Range{From: 100, To: 198}, Line: line}
	falling := atlas.Street{Name: "Falling Street", Left: atlas.Range{From: 98, To: 2}, Line: line}
	mixed := atlas.Street{Name: "Mixed Street", Right: atlas.Range{From: 1, To: 50}, Line: line}
	bare := atlas.Street{Name: "Numberless Walk", Line: line}
	house := atlas.House{Street: "Level Street", Number: 150, At: atlas.Point{Lat: 462_999_000, Lon: -693_090_000}}
	district := atlas.Area{Kind: atlas.AreaDistrict, Key: "all", Name: "All", Rings: [][]atlas.Point{{{462_000_000, -694_000_000}, {464_000_000, -694_000_000}, {464_000_000, -692_000_000}, {462_000_000, -692_000_000}}}}
	a := open(t, atlas.Geography{Streets: []atlas.Street{level, falling, mixed, bare}, Houses: []atlas.House{house, {Street: "Surveyed Row", Number: 3, At: house.At}}, Areas: []atlas.Area{district}})
	at := func(typed string) atlas.Match {
		t.Helper()
		found, err := a.Search(context.Background(), typed, 3)
		if err != nil || len(found) == 0 {
			t.Fatalf("%q: %v %v", typed, found, err)
		}
		return found[0]
	}
	first, middle, last := at("101 level"), at("148 level"), at("199 level")
	if first.Place.Lat <= 463_000_000 || last.Place.Lat <= 463_000_000 || middle.Place.Lat >= 463_000_000 {
		t.Error("numbers are not on the side that has them")
	}
	if first.Place.Lon != -693_100_000 || last.Place.Lon != -693_000_000 || middle.Place.Lon < -693_060_000 || middle.Place.Lon > -693_040_000 {
		t.Errorf("numbers do not run from end to end: %d %d %d", first.Place.Lon, middle.Place.Lon, last.Place.Lon)
	}
	if d, ok := atlas.Metres(middle.Place, city.Place{Lat: 463_000_000, Lon: middle.Place.Lon}); !ok || d < 5 || d > 15 {
		t.Errorf("the house stands %d m from the street", d)
	}
	if !middle.Estimated || middle.Kind != atlas.KindAddress || middle.Place.Address != "148 Level Street" || middle.Place.District != "all" {
		t.Errorf("%+v", middle)
	}
	if m := at("150 level"); m.Estimated || m.Place.Lat != house.At.Lat || m.Place.Lon != house.At.Lon {
		t.Errorf("a surveyed house is not where it was surveyed: %+v", m)
	}
	if m := at("90 falling"); m.Kind != atlas.KindAddress || m.Place.Lon > -693_080_000 {
		t.Errorf("numbers that fall along the line: %+v", m)
	}
	if m := at("7 mixed"); m.Kind != atlas.KindAddress || m.Place.Lat >= 463_000_000 {
		t.Errorf("odd and even numbers on one side: %+v", m)
	}
	for _, typed := range []string{"200 level", "97 falling", "51 mixed"} {
		if m := at(typed); m.Kind != atlas.KindStreet || !m.NoNumber || m.First == 0 || m.Last == 0 || !m.Place.OnMap() {
			t.Errorf("%s, a number that the street has not: %+v", typed, m)
		}
	}
	if m := at("surveyed row"); m.Kind != atlas.KindStreet || m.Place.Lat != house.At.Lat {
		t.Errorf("a street of which only houses are known: %+v", m)
	}
	if m := at("12 numberless"); m.Kind != atlas.KindStreet || m.Last != 0 || m.NoNumber {
		t.Errorf("a street without numbers: %+v", m)
	}
}

func TestCorners(t *testing.T) {
	a := open(t, alderBend())
	for _, typed := range []string{"Maple & Cooper", "maple ave at cooper st", "Cooper Street and Maple Avenue", "cooper/maple", "calle Cooper con avenida Maple", "mapel & coper", "maple @ cooper"} {
		found, err := a.Search(context.Background(), typed, 3)
		if err != nil || len(found) != 1 || found[0].Kind != atlas.KindCorner || !strings.Contains(found[0].Label, "Maple Avenue") || !strings.Contains(found[0].Label, "Cooper Street") {
			t.Errorf("%q: %+v %v", typed, found, err)
			continue
		}
		for _, street := range []string{"Maple Avenue", "Cooper Street"} {
			on, err := a.Here(context.Background(), city.Place{Lat: found[0].Place.Lat, Lon: found[0].Place.Lon}, day, city.Calendar{})
			if err != nil || !strings.HasSuffix(on.Place.Address, "Maple Avenue") && !strings.HasSuffix(on.Place.Address, "Cooper Street") {
				t.Errorf("%s is not at %s: %s %v", street, typed, on.Place.Address, err)
			}
		}
	}
	if found, err := a.Search(context.Background(), "Maple & Quarry", 3); err != nil || slices.ContainsFunc(found, func(m atlas.Match) bool { return m.Kind == atlas.KindCorner }) {
		t.Errorf("streets that do not meet: %+v %v", found, err)
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
	for _, l := range g.Spots {
		want, _ := g.DistrictAt(l.At)
		if got, ok, err := a.District(context.Background(), l.At.Lat, l.At.Lon); err != nil || !ok || string(got) != want.Key {
			t.Errorf("%s: %s, want %s: %v", l.Name, got, want.Key, err)
		}
	}
	if id, ok, err := a.District(context.Background(), 0, 0); ok || err != nil {
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
		for _, d := range g.Areas {
			if _, ok := (atlas.Geography{Areas: []atlas.Area{d}}).DistrictAt(p); ok {
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
	other := atlas.Geography{Streets: slices.Clone(g.Streets), Spots: slices.Clone(g.Spots), Areas: g.Areas}
	slices.Reverse(other.Streets)
	slices.Reverse(other.Spots)
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
	if len(files[0]) > 256<<10 {
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
		"no name":         {Streets: []atlas.Street{{Line: line}}},
		"no line":         {Streets: []atlas.Street{{Name: "A", Line: line[:1]}}},
		"half a range":    {Streets: []atlas.Street{{Name: "A", Line: line, Left: atlas.Range{From: 9}}}},
		"lost landmark":   {Spots: []atlas.Spot{{Sort: atlas.SortLandmark, Name: "A"}}},
		"lost house":      {Houses: []atlas.House{{Street: "A", Number: 1}}},
		"thin district":   {Areas: []atlas.Area{{Kind: atlas.AreaDistrict, Key: "a", Rings: [][]atlas.Point{line}}}},
		"district's id":   {Areas: []atlas.Area{{Kind: atlas.AreaDistrict, Key: "A B", Rings: [][]atlas.Point{append(line, atlas.Point{1, 2})}}}},
		"unknown rule":    {Schedules: []atlas.Schedule{{Kind: "sweeping", Key: "A", Rule: "now and then"}}},
		"day of the past": {AsOf: map[string]string{"street": "yesterday"}},
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

// day is a Monday.
var day = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
