package touch

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// PieceSpec is a small map of one place. It does not move: it is a picture that
// leads to the whole map.
type PieceSpec struct {
	Label string // spoken, such as "12 Elm Street. Show on the map"
	Tiles Tiles
	View  *MapView // kept by the page, which closes it; see [MapView]
	Mark  Mark     // in the middle
	Zoom  int      // zero is 16
	High  float32  // in pixels
	Open  func()
}

// MapPiece makes one, as wide as its place.
func (k *Kit) MapPiece(spec PieceSpec) *Press {
	if spec.Zoom == 0 {
		spec.Zoom = closeZoom
	}
	p := &mapPiece{spec: spec, tiles: k.newTileLayer(spec.Tiles)}
	p.sheet = canvas.NewRectangle(k.Pal.Sunken)
	tint := k.Pal.Tints[((spec.Mark.Tint%6)+6)%6]
	disc := canvas.NewRectangle(tint.Ink)
	side := k.Target()
	disc.CornerRadius, disc.StrokeColor, disc.StrokeWidth, disc.Shadow = side/2, k.Pal.Surface, k.Px(2.5), k.shadow()
	disc.SetMinSize(fyne.NewSquareSize(side))
	icon := k.icon(spec.Mark.Icon, side*0.52, k.Pal.Surface)
	p.mark = k.Over(disc, k.Center(icon))
	p.clip = container.NewClip(&fyne.Container{Objects: []fyne.CanvasObject{p.sheet, p.tiles.box, p.mark}})
	p.clip.ExtendBaseWidget(p.clip) // else a size that is set before the first MinSize is lost
	p.ExtendBaseWidget(p)
	spec.View.watch(spec.Tiles, p.arrange)
	press := k.Press(spec.Label, p, spec.Open)
	press.Stroke, press.Radius = k.Pal.Edge, 0
	return press
}

// mapPiece is the picture. It has no parts: there is nothing in it to press.
type mapPiece struct {
	widget.BaseWidget
	spec  PieceSpec
	tiles *tileLayer
	sheet *canvas.Rectangle
	mark  fyne.CanvasObject
	clip  *container.Clip
}

func (p *mapPiece) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(p.clip) }

func (p *mapPiece) MinSize() fyne.Size { return fyne.NewSize(1, p.spec.High) }

func (p *mapPiece) HeightFor(float32) float32 { return p.spec.High }

func (p *mapPiece) Resize(size fyne.Size) {
	p.BaseWidget.Resize(size)
	p.arrange()
}

func (p *mapPiece) arrange() {
	size := p.Size()
	if size.IsZero() {
		return
	}
	p.sheet.Resize(size)
	at, side := project(p.spec.Mark.At), p.tiles.worldSide(p.spec.Zoom)
	left := math.Round(at.x*side - float64(size.Width)/2)
	top := math.Round(at.y*side - float64(size.Height)/2)
	p.tiles.arrange(p.spec.Zoom, left, top, size)
	s := p.mark.MinSize()
	place(p.mark, (size.Width-s.Width)/2, (size.Height-s.Height)/2, s.Width, s.Height)
	p.sheet.Refresh()
}
