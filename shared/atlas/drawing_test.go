package atlas_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"cityhall/shared/atlas"
)

// square is a ring around a point, so far to each side.
func square(lat, lon, reach int32) [][]atlas.Point {
	return [][]atlas.Point{{{Lat: lat - reach, Lon: lon - reach}, {Lat: lat - reach, Lon: lon + reach}, {Lat: lat + reach, Lon: lon + reach}, {Lat: lat + reach, Lon: lon - reach}}}
}

// TestWhatAMapDraws asks a file for all that there is, and for a part of it.
func TestWhatAMapDraws(t *testing.T) {
	g := atlas.Geography{
		Streets: []atlas.Street{
			{Name: "Elm Street", Class: 1, Left: atlas.Range{From: 1, To: 9}, Line: []atlas.Point{{Lat: 100, Lon: 100}, {Lat: 100, Lon: 900}}},
			{Name: "Oak Street", Line: []atlas.Point{{Lat: 5000, Lon: 5000}, {Lat: 5000, Lon: 5900}}},
		},
		Houses: []atlas.House{{Street: "Elm Street", Number: 3, Suffix: "B", At: atlas.Point{Lat: 120, Lon: 300}}, {Street: "Elm Street", Number: 5, At: atlas.Point{Lat: 120, Lon: 500}},
			{Street: "Oak Street", Number: 7, At: atlas.Point{Lat: 5020, Lon: 5100}}},
		Areas: []atlas.Area{
			{Kind: atlas.AreaBuilding, Rings: square(200, 200, 50)}, {Kind: atlas.AreaWater, Name: "Mill Pond", Rings: square(300, 300, 100)},
			{Kind: atlas.AreaPark, Name: "Green", Rings: square(5000, 5000, 300)}, {Kind: atlas.AreaCity, Name: "Town", Rings: square(3000, 3000, 3000)},
			{Kind: atlas.AreaDistrict, Key: "north", Name: "North", Rings: square(400, 400, 400)}, {Kind: atlas.AreaPrecinct, Key: "1", Rings: square(400, 400, 400)},
		},
		Spots: []atlas.Spot{{Sort: atlas.SortLandmark, Kind: "library", Name: "Library", At: atlas.Point{Lat: 150, Lon: 150}},
			{Sort: atlas.SortLandmark, Kind: "school", Name: "School", At: atlas.Point{Lat: 5100, Lon: 5100}}, {Sort: atlas.SortAsset, Kind: "hydrant", Key: "H1", At: atlas.Point{Lat: 160, Lon: 160}}},
	}
	open := func(g atlas.Geography) *atlas.Atlas {
		path := filepath.Join(t.TempDir(), "places.db")
		if err := atlas.Build(t.Context(), path, g); err != nil {
			t.Fatal(err)
		}
		a, err := atlas.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.Close() })
		return a
	}
	a := open(g)
	south := atlas.Bounds{South: 0, West: 0, North: 1000, East: 1000}
	same := func(what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	var streets []string
	if err := a.Stretches(t.Context(), func(s atlas.Stretch) {
		streets = append(streets, fmt.Sprint(s.Name, " ", s.Class, " ", s.Left.To, " ", len(s.Line)))
	}); err != nil {
		t.Fatal(err)
	}
	same("streets", streets, []string{"Elm Street 1 9 2", "Oak Street 0 0 2"})
	grounds := func(in atlas.Bounds, lowest, highest int) (out []string) {
		t.Helper()
		all, err := a.Grounds(t.Context(), in, lowest, highest)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range all {
			out = append(out, fmt.Sprint(g.Level, " ", g.Kind, " ", g.Name, " ", len(g.Rings)))
		}
		return out
	}
	same("all grounds in the south", grounds(south, atlas.LevelDistrict, atlas.LevelBuilding), []string{"-1 district North 1", "0 city Town 1", "2 water Mill Pond 1", "3 building  1"})
	same("parks in the north", grounds(atlas.Bounds{South: 4900, West: 4900, North: 5000, East: 5000}, atlas.LevelPark, atlas.LevelWater), []string{"1 park Green 1"})
	var landmarks, numbers []string
	for _, l := range a.Landmarks(south) {
		landmarks = append(landmarks, l.Name)
	}
	same("landmarks", landmarks, []string{"Library"})
	houses, err := a.Numbers(t.Context(), south)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range houses {
		numbers = append(numbers, fmt.Sprint(n.Text, " ", n.At.Lon))
	}
	same("numbers", numbers, []string{"3B 300", "5 500"})

	if b, known, err := a.Outline(t.Context()); err != nil || !known || b != (atlas.Bounds{South: 0, West: 0, North: 6000, East: 6000}) {
		t.Errorf("outline %v %v %v", b, known, err)
	}
	g.Areas = g.Areas[:2]
	a = open(g)
	if b, known, err := a.Extent(t.Context()); err != nil || !known || b != (atlas.Bounds{South: 100, West: 100, North: 5000, East: 5900}) {
		t.Errorf("without an outline: %v %v %v", b, known, err)
	}
	if _, known, err := open(atlas.Geography{}).Extent(t.Context()); err != nil || known {
		t.Errorf("of nothing: %v %v", known, err)
	}
}
