package touch

import (
	"fyne.io/fyne/v2"

	"cityhall/shared/look"
)

// flower is an object whose height depends on its width, as wrapped text's does.
// Its MinSize is its natural size: what it would take if nothing held it back.
type flower interface{ HeightFor(width float32) float32 }

// flowLayout is a layout that knows the height of its children at a width.
type flowLayout interface {
	fyne.Layout
	heightFor(os []fyne.CanvasObject, width float32) float32
}

// heightFor is the height that an object needs at a width.
func heightFor(o fyne.CanvasObject, width float32) float32 {
	if f, ok := o.(flower); ok {
		return f.HeightFor(width)
	}
	if c, ok := o.(*fyne.Container); ok {
		if l, ok := c.Layout.(flowLayout); ok {
			return l.heightFor(c.Objects, width)
		}
	}
	return o.MinSize().Height
}

// flows says whether an object can live in less than its natural width.
func flows(o fyne.CanvasObject) bool {
	if _, ok := o.(flower); ok {
		return true
	}
	c, ok := o.(*fyne.Container)
	if !ok {
		return false
	}
	_, ok = c.Layout.(flowLayout)
	return ok
}

func box(l fyne.Layout, os ...fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: l, Objects: visible(os)}
}

// visible drops nils, so that screens may leave a part out by passing none.
func visible(os []fyne.CanvasObject) []fyne.CanvasObject {
	kept := make([]fyne.CanvasObject, 0, len(os))
	for _, o := range os {
		if o != nil {
			kept = append(kept, o)
		}
	}
	return kept
}

func shown(os []fyne.CanvasObject) []fyne.CanvasObject {
	kept := make([]fyne.CanvasObject, 0, len(os))
	for _, o := range os {
		if o.Visible() {
			kept = append(kept, o)
		}
	}
	return kept
}

func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
}

type growLayout struct{ overLayout }

// Grow marks a child of V or H: it takes the room that the others leave.
func Grow(o fyne.CanvasObject) fyne.CanvasObject { return box(growLayout{}, o) }

func grows(o fyne.CanvasObject) bool {
	c, ok := o.(*fyne.Container)
	if !ok {
		return false
	}
	_, ok = c.Layout.(growLayout)
	return ok
}

// V puts objects below each other, each as wide as the column.
func (k *Kit) V(gap look.Space, os ...fyne.CanvasObject) *fyne.Container {
	return box(column{k.Px(gap)}, os...)
}

type column struct{ gap float32 }

func (l column) MinSize(os []fyne.CanvasObject) (s fyne.Size) {
	os = shown(os)
	for _, o := range os {
		m := o.MinSize()
		s.Width = max(s.Width, m.Width)
		s.Height += m.Height
	}
	s.Height += l.gap * float32(max(0, len(os)-1))
	return s
}

func (l column) heightFor(os []fyne.CanvasObject, w float32) (h float32) {
	os = shown(os)
	for _, o := range os {
		h += heightFor(o, w)
	}
	return h + l.gap*float32(max(0, len(os)-1))
}

func (l column) Layout(os []fyne.CanvasObject, sz fyne.Size) {
	os = shown(os)
	growing := 0
	for _, o := range os {
		if grows(o) {
			growing++
		}
	}
	spare := float32(0)
	if growing > 0 {
		spare = max(0, sz.Height-l.heightFor(os, sz.Width)) / float32(growing)
	}
	y := float32(0)
	for _, o := range os {
		h := heightFor(o, sz.Width)
		if grows(o) {
			h += spare
		}
		place(o, 0, y, sz.Width, h)
		y += h + l.gap
	}
}

// H puts objects beside each other, centred vertically. Without a Grow child
// each keeps its natural width; text gives way first when there is too little.
func (k *Kit) H(gap look.Space, os ...fyne.CanvasObject) *fyne.Container {
	return box(row{k.Px(gap), k.RTL()}, os...)
}

type row struct {
	gap float32
	rtl bool
}

func (l row) MinSize(os []fyne.CanvasObject) (s fyne.Size) {
	os = shown(os)
	for _, o := range os {
		m := o.MinSize()
		s.Height = max(s.Height, m.Height)
		s.Width += m.Width
	}
	s.Width += l.gap * float32(max(0, len(os)-1))
	return s
}

// widths shares out a width: natural widths first, then growing children take
// what is left, or wrapping children give up what is lacking.
func (l row) widths(os []fyne.CanvasObject, w float32) []float32 {
	ws := make([]float32, len(os))
	left, growing, flowing := w-l.gap*float32(max(0, len(os)-1)), 0, float32(0)
	for i, o := range os {
		if grows(o) {
			growing++
			continue
		}
		ws[i] = o.MinSize().Width
		left -= ws[i]
		if flows(o) {
			flowing += ws[i]
		}
	}
	for i, o := range os {
		switch {
		case grows(o):
			ws[i] = max(0, left/float32(growing))
		case left < 0 && growing == 0 && flows(o):
			ws[i] = max(0, ws[i]+left*ws[i]/flowing)
		}
	}
	return ws
}

func (l row) heightFor(os []fyne.CanvasObject, w float32) (h float32) {
	os = shown(os)
	for i, cw := range l.widths(os, w) {
		h = max(h, heightFor(os[i], cw))
	}
	return h
}

func (l row) Layout(os []fyne.CanvasObject, sz fyne.Size) {
	os = shown(os)
	x := float32(0)
	for i, w := range l.widths(os, sz.Width) {
		h := min(sz.Height, heightFor(os[i], w))
		if grows(os[i]) {
			h = max(h, min(sz.Height, heightFor(os[i], w)))
		}
		at := x
		if l.rtl {
			at = sz.Width - x - w
		}
		place(os[i], at, (sz.Height-h)/2, w, h)
		x += w + l.gap
	}
}

// Grid puts objects into equal cells, row by row.
func (k *Kit) Grid(cols int, gap look.Space, os ...fyne.CanvasObject) *fyne.Container {
	return box(grid{max(1, cols), k.Px(gap), k.RTL()}, os...)
}

type grid struct {
	cols int
	gap  float32
	rtl  bool
}

func (l grid) rows(n int) float32 { return float32((n + l.cols - 1) / l.cols) }

func (l grid) cell(w float32) float32 {
	return max(0, (w-l.gap*float32(l.cols-1))/float32(l.cols))
}

func (l grid) MinSize(os []fyne.CanvasObject) fyne.Size {
	os = shown(os)
	var m fyne.Size
	for _, o := range os {
		m = m.Max(o.MinSize())
	}
	rows := l.rows(len(os))
	return fyne.NewSize(m.Width*float32(l.cols)+l.gap*float32(l.cols-1), m.Height*rows+l.gap*max(0, rows-1))
}

func (l grid) heightFor(os []fyne.CanvasObject, w float32) float32 {
	os = shown(os)
	tallest := float32(0)
	for _, o := range os {
		tallest = max(tallest, heightFor(o, l.cell(w)))
	}
	rows := l.rows(len(os))
	return tallest*rows + l.gap*max(0, rows-1)
}

func (l grid) Layout(os []fyne.CanvasObject, sz fyne.Size) {
	os = shown(os)
	rows := l.rows(len(os))
	if rows == 0 {
		return
	}
	w, h := l.cell(sz.Width), (sz.Height-l.gap*(rows-1))/rows
	for i, o := range os {
		col := i % l.cols
		if l.rtl {
			col = l.cols - 1 - col
		}
		place(o, float32(col)*(w+l.gap), float32(i/l.cols)*(h+l.gap), w, h)
	}
}
