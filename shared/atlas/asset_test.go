package atlas_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"cityhall/shared/atlas"
)

// furnished is a street with hydrants, lights and trees.
func furnished() atlas.Geography {
	line := []atlas.Point{{Lat: 463_000_000, Lon: -693_100_000}, {Lat: 463_000_000, Lon: -693_000_000}}
	g := atlas.Geography{Streets: []atlas.Street{
		{Name: "Hydrant Lane", Left: atlas.Range{From: 1, To: 2001}, Right: atlas.Range{From: 2, To: 2000}, Line: line},
		{Name: "44th Street", Left: atlas.Range{From: 1, To: 99}, Line: []atlas.Point{{463_010_000, -693_100_000}, {463_010_000, -693_000_000}}},
	}, AsOf: map[string]string{"hydrant": "2026-05-01"}}
	put := func(kind, key, name string, east int32) {
		g.Spots = append(g.Spots, atlas.Spot{Sort: atlas.SortAsset, Kind: kind, Key: key, Name: name, At: atlas.Point{Lat: 463_000_300, Lon: -693_100_000 + east}})
	}
	put("hydrant", "H-1123", "", 10_000)
	put("hydrant", "H-0044", "", 20_000)
	put("street light", "44", "", 30_000)
	put("tree", "44", "The Washington Elm", 40_000)
	put("tree", "A-17/9", "", 50_000)
	put("bench", "no number", "", 60_000)
	return g
}

// TestAssetsByNumber gives what is typed, the assets found, and what comes first.
func TestAssetsByNumber(t *testing.T) {
	a := open(t, furnished())
	for _, c := range []struct {
		typed, first string
		assets       []string
	}{
		{"hydrant 1123", "asset", []string{"Hydrant H-1123"}},
		{"Hydrant H-1123", "asset", []string{"Hydrant H-1123"}},
		{"fire hydrant #1123", "asset", []string{"Hydrant H-1123"}},
		{"1123 hydrant", "asset", []string{"Hydrant H-1123"}},
		{"hidrante no. 1123", "asset", []string{"Hydrant H-1123"}},
		{"hydrants 44", "asset", []string{"Hydrant H-0044"}},
		{"hydr 44", "asset", []string{"Hydrant H-0044"}},
		{"h1123", "asset", []string{"Hydrant H-1123"}},
		{"H 1123", "asset", []string{"Hydrant H-1123"}},
		{"x1123", "", nil},
		{"street light 44", "asset", []string{"Street light 44"}},
		{"farola 44", "asset", []string{"Street light 44"}},
		{"tree 44", "asset", []string{"The Washington Elm 44"}},
		{"arboles 44", "asset", []string{"The Washington Elm 44"}},
		{"tree a-17/9", "asset", []string{"Tree A-17/9"}},
		{"44", "street", []string{"Hydrant H-0044", "Street light 44", "The Washington Elm 44"}},
		{"hydrant", "street", nil},
		{"44 hydrant lane", "address", nil},
		{"hydrant 99999999999999999999", "", nil},
		{"hydrant 7", "address", nil},
		{"street 1123", "street", nil},
	} {
		found, err := a.Search(t.Context(), c.typed, 5)
		if err != nil {
			t.Errorf("%q: %v", c.typed, err)
		}
		first := ""
		var assets []string
		for i, m := range found {
			if i == 0 {
				first = m.Kind
			}
			if m.Kind == atlas.KindAsset {
				assets = append(assets, m.Label)
			}
		}
		if first != c.first || !slices.Equal(assets, c.assets) {
			t.Errorf("%q: first %q, assets %q; want %q, %q", c.typed, first, assets, c.first, c.assets)
		}
	}
	found, err := a.Search(t.Context(), "hydrant 1123", 5)
	if err != nil || found[0].Place.Landmark != "Hydrant H-1123" || found[0].Place.Address == "" || found[0].Place.Lat != 463_000_300 {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err := a.Search(t.Context(), "44", 2); err != nil || len(found) != 2 {
		t.Errorf("%d of at most 2, %v", len(found), err)
	}
}

func TestAssetsNear(t *testing.T) {
	a := open(t, furnished())
	near := func(within, limit int) []string {
		t.Helper()
		found, err := a.AssetsNear(t.Context(), 463_000_300, -693_100_000+11_000, within, limit)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, l := range found {
			out = append(out, fmt.Sprint(l.Title(), " ", l.Metres, " m ", l.AsOf))
		}
		return out
	}
	if got, want := near(100, 9), []string{"Hydrant H-1123 8 m 2026-05-01", "Hydrant H-0044 69 m 2026-05-01"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := near(100, 1); len(got) != 1 {
		t.Errorf("%q, want the nearest", got)
	}
	if got := near(5, 9); len(got) != 0 {
		t.Errorf("%q within 5 m", got)
	}
}

func BenchmarkAssets(b *testing.B) {
	g := large()
	for i := range 50_000 { // lights and trees, a thousand of each number
		g.Spots = append(g.Spots, atlas.Spot{Sort: atlas.SortAsset, Kind: []string{"light", "tree"}[i%2], Key: fmt.Sprint("T", i/100),
			At: atlas.Point{Lat: 423_000_000 + int32(i*20), Lon: -711_000_000 + int32(i*7%1_000_000)}})
	}
	a := open(b, g)
	b.Run("search", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := a.Search(context.Background(), fmt.Sprint("hydrant ", i%2500), 6); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("near", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := a.AssetsNear(context.Background(), 423_000_000+int32(i%1000*1000), -711_000_000+int32(i%1000*300), 150, 50); err != nil {
				b.Fatal(err)
			}
		}
	})
}
