package touch

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"cityhall/shared/look"
)

// Flow puts objects beside each other and goes on below when a row is full.
func (k *Kit) Flow(gap look.Space, os ...fyne.CanvasObject) *fyne.Container {
	return box(wrapped{k.Px(gap), k.RTL()}, os...)
}

type wrapped struct {
	gap float32
	rtl bool
}

// run calls f with the place of each object and returns the whole height.
func (l wrapped) run(os []fyne.CanvasObject, w float32, f func(o fyne.CanvasObject, x, y, w, h float32)) float32 {
	x, y, tall := float32(0), float32(0), float32(0)
	for _, o := range shown(os) {
		ow := min(o.MinSize().Width, w)
		oh := heightFor(o, ow)
		if x > 0 && x+ow > w+0.5 {
			x, y, tall = 0, y+tall+l.gap, 0
		}
		if f != nil {
			f(o, x, y, ow, oh)
		}
		x += ow + l.gap
		tall = max(tall, oh)
	}
	return y + tall
}

func (l wrapped) MinSize(os []fyne.CanvasObject) fyne.Size { return row{gap: l.gap}.MinSize(os) }

func (l wrapped) heightFor(os []fyne.CanvasObject, w float32) float32 { return l.run(os, w, nil) }

func (l wrapped) Layout(os []fyne.CanvasObject, sz fyne.Size) {
	l.run(os, sz.Width, func(o fyne.CanvasObject, x, y, w, h float32) {
		if l.rtl {
			x = sz.Width - x - w
		}
		place(o, x, y, w, h)
	})
}

// Pad keeps the same distance on all four sides.
func (k *Kit) Pad(all look.Space, o fyne.CanvasObject) *fyne.Container {
	return k.Inset(all, all, all, all, o)
}

// Inset keeps a distance on each side.
func (k *Kit) Inset(top, right, bottom, left look.Space, o fyne.CanvasObject) *fyne.Container {
	return box(inset{k.Px(top), k.Px(right), k.Px(bottom), k.Px(left)}, o)
}

type inset struct{ t, r, b, l float32 }

func (l inset) MinSize(os []fyne.CanvasObject) fyne.Size {
	return overLayout{}.MinSize(os).AddWidthHeight(l.l+l.r, l.t+l.b)
}

func (l inset) heightFor(os []fyne.CanvasObject, w float32) float32 {
	return overLayout{}.heightFor(os, w-l.l-l.r) + l.t + l.b
}

func (l inset) Layout(os []fyne.CanvasObject, sz fyne.Size) {
	for _, o := range os {
		place(o, l.l, l.t, max(0, sz.Width-l.l-l.r), max(0, sz.Height-l.t-l.b))
	}
}

// Over lays objects on top of each other, each as large as the place.
func (k *Kit) Over(os ...fyne.CanvasObject) *fyne.Container { return box(overLayout{}, os...) }

type overLayout struct{}

func (overLayout) MinSize(os []fyne.CanvasObject) (s fyne.Size) {
	for _, o := range shown(os) {
		s = s.Max(o.MinSize())
	}
	return s
}

func (overLayout) heightFor(os []fyne.CanvasObject, w float32) (h float32) {
	for _, o := range shown(os) {
		h = max(h, heightFor(o, w))
	}
	return h
}

func (overLayout) Layout(os []fyne.CanvasObject, sz fyne.Size) {
	for _, o := range os {
		place(o, 0, 0, sz.Width, sz.Height)
	}
}

// Frame is a page: header on top, footer at the bottom, the body in between.
// The order of focus is header, body, footer. Any may be nil.
func (k *Kit) Frame(header, body, footer fyne.CanvasObject) *fyne.Container {
	l := &frame{k: k, header: header, body: body, footer: footer}
	return box(l, header, body, footer)
}

type frame struct {
	k                    *Kit
	header, body, footer fyne.CanvasObject
	dropped              [2]bool // header, footer
}

// giveWay hides foot and then head while the on-screen keyboard leaves too
// little room to see the field that one types into.
func (l *frame) giveWay(sz fyne.Size) {
	typing := l.k.shell != nil && l.k.shell.keys.Visible()
	room := sz.Height
	for _, o := range []fyne.CanvasObject{l.header, l.footer} {
		if o != nil {
			room -= heightFor(o, sz.Width)
		}
	}
	for i, o := range []fyne.CanvasObject{l.header, l.footer} {
		if l.dropped[i] {
			o.Show()
			l.dropped[i] = false
		}
	}
	for _, i := range []int{1, 0} {
		o := [2]fyne.CanvasObject{l.header, l.footer}[i]
		if typing && o != nil && o.Visible() && room < 6*l.k.Size(look.Body) {
			o.Hide()
			l.dropped[i] = true
			room += heightFor(o, sz.Width)
		}
	}
}

func (l *frame) MinSize(os []fyne.CanvasObject) fyne.Size { return column{}.MinSize(os) }

func (l *frame) heightFor(os []fyne.CanvasObject, w float32) float32 {
	return column{}.heightFor(os, w)
}

func (l *frame) Layout(_ []fyne.CanvasObject, sz fyne.Size) {
	l.giveWay(sz)
	top, bottom := float32(0), float32(0)
	if l.header != nil && l.header.Visible() {
		top = heightFor(l.header, sz.Width)
		place(l.header, 0, 0, sz.Width, top)
	}
	if l.footer != nil && l.footer.Visible() {
		bottom = heightFor(l.footer, sz.Width)
		place(l.footer, 0, sz.Height-bottom, sz.Width, bottom)
	}
	if l.body != nil {
		place(l.body, 0, top, sz.Width, max(0, sz.Height-top-bottom))
	}
}

// Side puts a pane of fixed width before another that takes the rest.
func (k *Kit) Side(leftWidth float32, left, right fyne.CanvasObject) *fyne.Container {
	return box(side{leftWidth, k.RTL()}, left, right)
}

type side struct {
	width float32
	rtl   bool
}

func (l side) MinSize(os []fyne.CanvasObject) fyne.Size { return row{}.MinSize(os) }

func (l side) heightFor(os []fyne.CanvasObject, w float32) float32 {
	return max(heightFor(os[0], l.width), heightFor(os[1], w-l.width))
}

func (l side) Layout(os []fyne.CanvasObject, sz fyne.Size) {
	rest := max(0, sz.Width-l.width)
	if l.rtl {
		place(os[0], rest, 0, l.width, sz.Height)
		place(os[1], 0, 0, rest, sz.Height)
		return
	}
	place(os[0], 0, 0, l.width, sz.Height)
	place(os[1], l.width, 0, rest, sz.Height)
}

// Middle keeps an object at most so wide, in the middle of the place.
func (k *Kit) Middle(maxWidth float32, o fyne.CanvasObject) *fyne.Container {
	return box(middle{maxWidth}, o)
}

type middle struct{ width float32 }

func (l middle) MinSize(os []fyne.CanvasObject) fyne.Size {
	m := overLayout{}.MinSize(os)
	return fyne.NewSize(min(m.Width, l.width), m.Height)
}

func (l middle) heightFor(os []fyne.CanvasObject, w float32) float32 {
	return overLayout{}.heightFor(os, min(w, l.width))
}

func (l middle) Layout(os []fyne.CanvasObject, sz fyne.Size) {
	w := min(sz.Width, l.width)
	for _, o := range os {
		place(o, (sz.Width-w)/2, 0, w, sz.Height)
	}
}

// Tall gives an object a height, in pixels: a map that lies on a page that scrolls.
func (k *Kit) Tall(height float32, o fyne.CanvasObject) *fyne.Container {
	return box(tall{height}, o)
}

type tall struct{ height float32 }

func (l tall) MinSize(os []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(overLayout{}.MinSize(os).Width, l.height)
}

func (l tall) heightFor([]fyne.CanvasObject, float32) float32 { return l.height }

func (l tall) Layout(os []fyne.CanvasObject, sz fyne.Size) { overLayout{}.Layout(os, sz) }

// Center keeps an object at its natural size in the middle, both ways.
func (k *Kit) Center(o fyne.CanvasObject) *fyne.Container { return box(centre{}, o) }

type centre struct{ overLayout }

func (centre) Layout(os []fyne.CanvasObject, sz fyne.Size) {
	for _, o := range os {
		w := min(sz.Width, o.MinSize().Width)
		h := min(sz.Height, heightFor(o, w))
		place(o, (sz.Width-w)/2, (sz.Height-h)/2, w, h)
	}
}

// Space is an empty distance.
func (k *Kit) Space(s look.Space) fyne.CanvasObject {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSquareSize(k.Px(s)))
	return r
}

// Ground lays a colour under an object.
func (k *Kit) Ground(c color.Color, o fyne.CanvasObject) *fyne.Container {
	return k.Over(canvas.NewRectangle(c), o)
}
