package touch_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"fyne.io/fyne/v2"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

var (
	middle     = touch.Point{Lat: 476_000_000, Lon: -1_223_300_000}
	cityBounds = touch.Bounds{South: 475_600_000, West: -1_224_000_000, North: 476_400_000, East: -1_222_600_000}
)

// off is a place some metres east and north of the city's middle.
func off(east, north float64) touch.Point {
	return touch.Point{Lat: middle.Lat + int32(north/0.0111320), Lon: middle.Lon + int32(east/0.0075065)}
}

// sampleMarks are reports as a kiosk shows them: some alone, some close together.
func sampleMarks(k *touch.Kit) []touch.Mark {
	kinds := []struct {
		icon   look.Icon
		tint   int
		en, es string
	}{
		{look.IconTree, 1, "Fallen tree", "Árbol caído"}, {look.IconPothole, 0, "Pothole", "Bache"},
		{look.IconLight, 3, "Street light is out", "Farola apagada"}, {look.IconTrash, 2, "Missed collection", "Recolección no realizada"},
		{look.IconWater, 2, "Water leak", "Fuga de agua"}, {look.IconGraffiti, 5, "Graffiti", "Grafiti"},
	}
	where := [][2]float64{{-420, 310}, {260, 480}, {610, -220}, {-150, -560}, {80, 90}, {95, 70}, {120, 105}, {760, 640}, {-640, -180}, {340, -690},
		{900, 120}, {-880, 620}, {20, 900}, {500, 505}, {-300, 720}, {-310, 735}, {640, -860}, {-560, -900}, {1020, -540}}
	marks := make([]touch.Mark, len(where))
	for i, w := range where {
		kind := kinds[i%len(kinds)]
		marks[i] = touch.Mark{ID: fmt.Sprint("r", i), At: off(w[0], w[1]), Label: in(k, kind.en, kind.es), Icon: kind.icon, Tint: kind.tint,
			Sub: fmt.Sprintf("%d Alder Street", 100+12*i)}
	}
	return marks
}

// manyMarks fill the city as a bad winter does.
func manyMarks(n int) []touch.Mark {
	r := rand.New(rand.NewPCG(1, 2))
	marks := make([]touch.Mark, n)
	for i := range marks {
		marks[i] = touch.Mark{ID: fmt.Sprint(i), At: off(r.NormFloat64()*1500, r.NormFloat64()*1500), Label: fmt.Sprint("Report ", i), Icon: look.IconPothole, Tint: i}
	}
	return marks
}

// Only pictures that someone looks at are drawn.
var tilesOfStories = &sampleTiles{plain: true}

// mapSpec is a map of the sample city.
func mapSpec(k *touch.Kit, v *touch.MapView) touch.MapSpec {
	return touch.MapSpec{Name: in(k, "Reports near you", "Informes cerca de usted"), Tiles: tilesOfStories, View: v, Bounds: cityBounds, MinZoom: 11, MaxZoom: 19,
		Marks: sampleMarks(k), Open: func(string) {}, Here: &touch.Here{At: middle, Within: 120}, Attribution: "© OpenStreetMap"}
}

// mapStory is the page "reports near you" of a kiosk.
func mapStory(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
	top := k.TopBar(k.Button(touch.OnDeep, look.IconBack, k.T("common.back"), func() {}), in(k, "Reports near you", "Informes cerca de usted"))
	return k.Frame(top, k.Map(mapSpec(k, touch.NewMapView())), nil)
}

// pickStory is the page on which a place is picked.
func pickStory(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
	v := touch.NewMapView()
	v.Look(off(-200, 150), 16)
	spec := mapSpec(k, v)
	spec.Marks, spec.Pick = nil, func(touch.Point) {}
	top := k.TopBar(k.Button(touch.OnDeep, look.IconBack, k.T("common.back"), func() {}), in(k, "Where is it?", "¿Dónde está?"))
	foot := k.BottomBar(k.H(look.M, touch.Grow(k.Para("412 Alder Street", touch.Body.Bold())), k.Button(touch.Primary, look.IconForward, k.T("common.continue"), func() {})))
	return k.Frame(top, k.Map(spec), foot)
}

// mapListStory is the same content for those who cannot use a map.
func mapListStory(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
	v := touch.NewMapView()
	v.SetList(true)
	top := k.TopBar(k.Button(touch.OnDeep, look.IconBack, k.T("common.back"), func() {}), in(k, "Reports near you", "Informes cerca de usted"))
	return k.Frame(top, k.Map(mapSpec(k, v)), nil)
}

// bareMapStory has no tiles, no marks and no position.
func bareMapStory(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
	return k.Frame(k.TopBar(nil, "Alder Bay"), k.Map(touch.MapSpec{Name: "Alder Bay", Bounds: cityBounds}), nil)
}

// story is the page of that name.
func story(name string) touch.Page {
	return stories[slices.IndexFunc(stories, func(p touch.Page) bool { return p.Name == name })]
}

func init() {
	stories = append(stories, touch.Page{Name: "map", Build: mapStory}, touch.Page{Name: "map-pick", Build: pickStory},
		touch.Page{Name: "map-list", Build: mapListStory}, touch.Page{Name: "map-bare", Build: bareMapStory})
}
