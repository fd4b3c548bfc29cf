package touch_test

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// TestPieceOfMap shows the place in its middle, leads on when it is pressed, and
// hears of tiles until its page is left.
func TestPieceOfMap(t *testing.T) {
	tiles, view, opened := &sampleTiles{plain: true, missing: func(look.MapTile) bool { return true }}, touch.NewMapView(), 0
	s := one(t, touch.Tablet(), fyne.NewSize(800, 900), func(k *touch.Kit) fyne.CanvasObject {
		return k.V(look.None, k.MapPiece(touch.PieceSpec{Label: "12 Elm Street. Show on the map", Tiles: tiles, View: view, High: 200,
			Mark: touch.Mark{At: middle, Icon: look.IconTree}, Open: func() { opened++ }}))
	})
	if n := node(t, s, "12 Elm Street. Show on the map").Rect; n.H != 200 || n.W < 700 {
		t.Errorf("it is %v", n)
	}
	at := mercatorOf(middle)
	if want := (look.MapTile{Z: 16, X: int(at[0] * 65536), Y: int(at[1] * 65536), Scale: 1}); !slices.Contains(tiles.asked, want) {
		t.Errorf("asked for %v, not for %v", tiles.asked, want)
	}
	tiles.asked, tiles.missing = nil, nil
	tiles.changed()
	if len(tiles.asked) == 0 {
		t.Error("tiles that have come are not shown")
	}
	test.Drag(s.canvas(), fyne.NewPos(400, 100), 60, 0)
	if opened > 0 {
		t.Error("a drag opened it")
	}
	tap(t, s, "12 Elm Street. Show on the map")
	if opened != 1 {
		t.Errorf("opened %d times", opened)
	}
	view.Close()
	if tiles.changed != nil {
		t.Error("a page that was left still hears of tiles")
	}
}

// TestPagesOwnList is where the map's button for the list leads, if there is one.
func TestPagesOwnList(t *testing.T) {
	asked := 0
	m := openMap(t, func(s *touch.MapSpec) { s.List = func() { asked++ } })
	tap(t, m.stage, "Show as a list")
	m.widget.SetMarks(nil)
	tap(t, m.stage, "Show as a list")
	if asked != 2 || m.view.Listed() {
		t.Errorf("asked %d times, the map's own list %t", asked, m.view.Listed())
	}
}
