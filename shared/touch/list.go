package touch

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"cityhall/shared/look"
)

// ListSpec is a list of any length. Row is asked only for rows in sight.
type ListSpec struct {
	Name  string // spoken
	Count func() int
	Row   func(i int) RowSpec
	Empty fyne.CanvasObject // shown while Count is 0
}

// List shows rows of equal height and reuses them, so that ten thousand open
// as fast as ten. It fills its place and scrolls by finger, wheel and focus.
type List struct {
	widget.BaseWidget
	k     *Kit
	spec  ListSpec
	inner *container.Scroll
	drag  dragging
	rows  []*Row // in sight, by index
	spare []*Row
	tall  float32 // of a row with its gap, in pixels
	wide  float32 // that tall is for
}

// List makes a list.
func (k *Kit) List(spec ListSpec) *List {
	if spec.Empty != nil {
		spec.Empty = k.Scroll(spec.Empty) // large text on a small screen
	}
	l := &List{k: k, spec: spec}
	l.inner = container.NewVScroll(&fyne.Container{Layout: listLayout{l}})
	l.inner.OnScrolled = func(fyne.Position) { l.update() }
	l.drag = dragging{k: k, get: l.Offset, set: l.SetOffset}
	l.ExtendBaseWidget(l)
	return l
}

type listLayout struct{ l *List }

func (d listLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, d.l.tall*float32(d.l.spec.Count()))
}

func (d listLayout) Layout([]fyne.CanvasObject, fyne.Size) { d.l.arrange() }

// CreateRenderer is part of fyne.Widget.
func (l *List) CreateRenderer() fyne.WidgetRenderer { return &listRenderer{l} }

type listRenderer struct{ l *List }

func (r *listRenderer) Layout(size fyne.Size) {
	l := r.l
	l.inner.Resize(size)
	if l.spec.Empty != nil {
		l.spec.Empty.Resize(size)
	}
	l.update()
}

func (r *listRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(r.l.k.Target()) }

func (r *listRenderer) Refresh() { r.l.inner.Refresh() }

func (r *listRenderer) Objects() []fyne.CanvasObject { return r.l.parts() }

func (r *listRenderer) Destroy() {}

func (l *List) parts() []fyne.CanvasObject {
	if l.spec.Count() == 0 && l.spec.Empty != nil {
		return []fyne.CanvasObject{l.spec.Empty}
	}
	return []fyne.CanvasObject{l.inner}
}

// HeightFor is the least height; a list is meant for a Grow place or a body.
func (l *List) HeightFor(float32) float32 { return l.k.Target() }

// Offset is how far the list is scrolled, in pixels.
func (l *List) Offset() float32 { return l.inner.Offset.Y }

// SetOffset scrolls, as far as there are rows.
func (l *List) SetOffset(y float32) {
	l.measure()
	most := max(0, l.tall*float32(l.spec.Count())-l.inner.Size().Height)
	l.inner.ScrollToOffset(fyne.NewPos(0, max(0, min(y, most))))
	l.update()
}

// Refresh asks for all rows in sight again.
func (l *List) Refresh() {
	l.wide = 0
	for _, r := range l.rows {
		r.index = -1
	}
	l.inner.Refresh()
	l.update()
	l.BaseWidget.Refresh()
}

// measure finds the height of the tallest of the first rows; all others get it.
func (l *List) measure() {
	w := l.inner.Size().Width
	if w <= 0 || w == l.wide {
		return
	}
	l.wide, l.tall = w, 0
	for i := range min(12, l.spec.Count()) {
		r := l.k.ListRow(l.spec.Row(i))
		l.tall = max(l.tall, r.HeightFor(l.rowWidth()))
	}
	l.tall += l.k.Px(look.S)
	l.inner.Refresh()
}

// rowWidth leaves room for the focus ring and the scroll bar.
func (l *List) rowWidth() float32 { return max(0, l.inner.Size().Width-l.k.Px(look.XS)*2) }

// update gives every index in sight a row, and one beyond on either side, so
// that the focus always finds the next.
func (l *List) update() {
	l.measure()
	n := l.spec.Count()
	if l.tall <= 0 || l.inner.Size().Height <= 0 {
		return
	}
	first := max(0, int(l.Offset()/l.tall)-1)
	last := min(n-1, int((l.Offset()+l.inner.Size().Height)/l.tall)+1)
	kept := map[int]*Row{}
	for _, r := range l.rows {
		if r.index >= first && r.index <= last {
			kept[r.index] = r
		} else {
			l.spare = append(l.spare, r)
		}
	}
	rows := make([]*Row, 0, last-first+1)
	for i := first; i <= last; i++ {
		r := kept[i]
		if r == nil {
			r = l.takeRow()
			r.index = i
			r.fill(l.spec.Row(i))
		}
		rows = append(rows, r)
	}
	if slices.Equal(rows, l.rows) {
		l.arrange()
		return
	}
	l.rows = rows
	content := l.inner.Content.(*fyne.Container)
	content.Objects = make([]fyne.CanvasObject, len(rows))
	for i, r := range rows {
		content.Objects[i] = r
	}
	content.Refresh()
	l.arrange()
}

func (l *List) takeRow() *Row {
	if n := len(l.spare); n > 0 {
		r := l.spare[n-1]
		l.spare = l.spare[:n-1]
		return r
	}
	r := l.k.newRow()
	r.list = l
	return r
}

func (l *List) arrange() {
	x := l.k.Px(look.XS)
	for _, r := range l.rows {
		place(r, x, float32(r.index)*l.tall, l.rowWidth(), l.tall-l.k.Px(look.S))
	}
}

// show scrolls just so far that a row is whole in sight.
func (l *List) show(i int) {
	top, bottom := float32(i)*l.tall, float32(i+1)*l.tall
	switch h := l.inner.Size().Height; {
	case top < l.Offset():
		l.SetOffset(top)
	case bottom > l.Offset()+h:
		l.SetOffset(bottom - h)
	}
}

// Dragged scrolls with the finger.
func (l *List) Dragged(e *fyne.DragEvent) { l.drag.dragged(e.Dragged.DY) }

// DragEnd lets the rows run on for a moment.
func (l *List) DragEnd() { l.drag.end() }

func (l *List) element() Node { return Node{Role: RoleList, Label: l.spec.Name} }

// AccessibilityLabel is the name of the list.
func (l *List) AccessibilityLabel() string { return l.spec.Name }

// AccessibilityRole is part of fyne.Accessible.
func (l *List) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }
