package touch

import (
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// MapSpec is what a map shows. Zooms are those of web mercator: 12 shows a
// city, 15 a quarter, 18 a street.
type MapSpec struct {
	Name             string // spoken, such as "Reports near you"
	Tiles            Tiles  // nil is plain ground
	View             *MapView
	Bounds           Bounds // the middle of the map stays inside; zero is the world
	MinZoom, MaxZoom int    // zero is 10 and 18
	Marks            []Mark // the first stay on top, and are first for the Tab key
	Open             func(id string)
	List             func() // the way to the page's own list of all of it; nil is the map's
	Here             *Here
	// Pick, if not nil, puts a pin over the middle of the map and hears where it
	// points whenever the map has come to rest. A mark then moves the map to it.
	Pick        func(at Point)
	Attribution string // who made the map; small, at its foot
	// Bare leaves the head out, on a page that says what the map is for and lists
	// its marks itself.
	Bare bool
}

// MapView is where a person is looking. The page keeps it, so that a map that is
// built again shows the same; [Page.Leave] closes it.
type MapView struct {
	at   world
	zoom int // zero until there is a size to choose it for
	list bool
	only []int // marks that the list is about; nil is all
	told Point // what Pick heard last
	live *Map
	stop func() // no longer watches the tiles
}

// NewMapView looks at everything there is, once a map is shown.
func NewMapView() *MapView { return &MapView{} }

// Centre is the place in the middle of the map.
func (v *MapView) Centre() Point { return v.at.point() }

// Zoom is the level, or zero before the first map was shown.
func (v *MapView) Zoom() int { return v.zoom }

// Look moves the map to a place; a zoom of zero stays as it is.
func (v *MapView) Look(at Point, zoom int) {
	if zoom == 0 {
		zoom = max(v.zoom, closeZoom)
	}
	if v.live != nil && !v.live.Size().IsZero() {
		v.live.look(project(at), zoom)
		return
	}
	v.at, v.zoom = project(at), zoom
}

// closeZoom shows single houses; a place that is looked for is shown so.
const closeZoom = 16

// Listed says whether the list stands in place of the map.
func (v *MapView) Listed() bool { return v.list }

// SetList shows the list, or the map again.
func (v *MapView) SetList(on bool) {
	if v.live != nil {
		v.live.setList(on, nil)
		return
	}
	v.list, v.only = on, nil
}

// Close ends all motion and hears no more of tiles.
func (v *MapView) Close() {
	if v.live != nil {
		v.live.rest()
		v.live = nil
	}
	if v.stop != nil {
		v.stop()
		v.stop = nil
	}
}

// show makes a map the one that the view is seen in; there is one at a time.
func (v *MapView) show(m *Map) {
	v.watch(m.spec.Tiles, func() {
		if v.live == m {
			m.arrange()
		}
	})
	v.live = m
}

// watch calls again when tiles have come, until the view is closed or watches for
// something else.
func (v *MapView) watch(tiles Tiles, again func()) {
	v.Close()
	if tiles == nil {
		return
	}
	var waiting, over atomic.Bool
	stop := tiles.Watch(func() {
		if waiting.Swap(true) {
			return
		}
		fyne.Do(func() {
			if waiting.Store(false); !over.Load() {
				again()
			}
		})
	})
	v.stop = func() { over.Store(true); stop() }
}

// Map shows places, or the list of them for those who cannot use a map. It
// fills its place. Fingers drag it, the wheel, two taps, buttons and keys zoom.
type Map struct {
	widget.BaseWidget
	k    *Kit
	spec MapSpec
	view *MapView

	root   *fyne.Container // the map or the list
	plane  *plane
	sheet  *canvas.Rectangle
	ground *mapGround
	tiles  *tileLayer
	pins   *fyne.Container
	haze   *canvas.Circle
	dot    *notice
	tools  *mapTools
	drag   panning
	wheel  float32 // turned since the last step

	places  []world
	groups  []cluster
	grouped int             // one more than the zoom that groups are for
	made    map[int]*marker // by first mark
}

// Map makes a map.
func (k *Kit) Map(spec MapSpec) *Map {
	if spec.View == nil {
		spec.View = NewMapView()
	}
	if spec.MinZoom == 0 {
		spec.MinZoom = 10
	}
	if spec.MaxZoom == 0 {
		spec.MaxZoom = 18
	}
	m := &Map{k: k, spec: spec, view: spec.View, root: k.Over(), pins: &fyne.Container{}, tiles: k.newTileLayer(spec.Tiles)}
	m.drag = panning{m: m}
	m.sheet = canvas.NewRectangle(k.Pal.Sunken)
	m.ground = newMapGround(m)
	m.newHere()
	m.plane = newPlane(m, m.sheet, m.tiles.box, m.ground, m.haze, m.dot, m.pins)
	m.tools = newMapTools(m)
	m.locate()
	m.fill()
	m.ExtendBaseWidget(m)
	m.view.show(m)
	return m
}

// SetMarks shows other marks.
func (m *Map) SetMarks(marks []Mark) {
	m.spec.Marks, m.view.only = marks, nil
	m.locate()
	if m.view.list {
		m.fill()
		return
	}
	m.arrange()
}

// SetHere moves one's own place; nil is unknown.
func (m *Map) SetHere(h *Here) {
	m.spec.Here = h
	m.dot.label = m.hereWords()
	m.tools.name()
	m.tools.dress()
	m.arrange()
}

func (m *Map) locate() {
	m.places = make([]world, len(m.spec.Marks))
	for i, mark := range m.spec.Marks {
		m.places[i] = project(mark.At)
	}
	m.grouped = 0
}

// fill puts the map or the list into the widget, below the same head.
func (m *Map) fill() {
	switch {
	case m.view.list:
		m.root.Objects = []fyne.CanvasObject{m.k.Frame(m.newHead(), m.newList(), nil)}
	case m.spec.Bare:
		m.root.Objects = []fyne.CanvasObject{m.k.Frame(nil, m.tools.root, m.tools.strip)}
	default:
		m.root.Objects = []fyne.CanvasObject{box(&mapFrame{m}, m.newHead(), m.tools.root, m.tools.strip)}
	}
	m.root.Refresh()
}

// setList changes between map and list; the focus stays on the way back.
func (m *Map) setList(on bool, only []int) {
	m.rest()
	m.view.list, m.view.only = on, only
	m.fill()
	m.arrange()
	if m.k.shell == nil || m.k.shell.canvas == nil || m.k.shell.canvas.Focused() == nil {
		return
	}
	m.k.shell.FocusLabel(m.toggleLabel())
}

// open is a mark that was pressed, on the map or in the list.
func (m *Map) open(i int) {
	if m.spec.Pick == nil {
		if m.spec.Open != nil {
			m.spec.Open(m.spec.Marks[i].ID)
		}
		return
	}
	if m.view.list {
		m.setList(false, nil)
	}
	m.look(m.places[i], max(m.view.zoom, min(closeZoom, m.spec.MaxZoom)))
}

// spread zooms in until a cluster falls apart, or lists what never does.
func (m *Map) spread(marks []int) {
	places := make([]world, len(marks))
	far := 0.0
	for i, n := range marks {
		places[i] = m.places[n]
		far = max(far, places[i].apart(places[0]))
	}
	gap := float64(m.discSide(len(m.places))) * 1.12
	for zoom := m.view.zoom + 1; zoom <= m.spec.MaxZoom; zoom++ {
		if far*m.tiles.worldSide(zoom) >= gap {
			middle, _ := extent(places)
			m.look(middle, zoom)
			return
		}
	}
	m.setList(true, marks)
}

// CreateRenderer is part of fyne.Widget.
func (m *Map) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(m.root) }

// MinSize is small: a map takes the room that it gets.
func (m *Map) MinSize() fyne.Size { return fyne.NewSquareSize(m.k.Target()) }

// HeightFor is the least height; a map is meant for a Grow place or a body.
func (m *Map) HeightFor(float32) float32 { return m.k.Target() }

func (m *Map) parts() []fyne.CanvasObject { return []fyne.CanvasObject{m.root} }
