package touch

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// memory is what a person would miss if a page that is built again lost it.
type memory struct {
	key         string // of what had the focus
	nth         int    // its number, for when a new language changed the key
	row, column int    // of the caret
	offsets     []float32
	valid       bool
}

func (s *Shell) remember() (m memory) {
	if s.root == nil {
		return m
	}
	m.valid, m.nth = true, -1
	walk(s.root, func(at spot) bool {
		if sc, ok := at.o.(scroller); ok {
			m.offsets = append(m.offsets, sc.Offset())
		}
		return true
	})
	if s.canvas == nil {
		return m
	}
	focused := s.canvas.Focused()
	if focused == nil && s.keys.target != nil {
		focused = s.keys.target
	}
	if focused == nil {
		return m
	}
	keys, objects := focusables(s.root)
	for i, o := range objects {
		if o == focused {
			m.key, m.nth = keys[i], i
		}
	}
	if in, ok := focused.(*input); ok {
		m.row, m.column = in.CursorRow, in.CursorColumn
	}
	return m
}

// scroller is what keeps an offset: Scroll and List.
type scroller interface {
	Offset() float32
	SetOffset(float32)
}

func (s *Shell) restore(m memory) {
	if !m.valid || s.root == nil {
		return
	}
	i := 0
	walk(s.root, func(at spot) bool {
		if sc, ok := at.o.(scroller); ok && i < len(m.offsets) {
			sc.SetOffset(m.offsets[i])
			i++
		}
		return true
	})
	if m.nth < 0 || s.canvas == nil {
		return
	}
	target := s.sameFocus(m)
	if target == nil {
		s.keys.hide()
		return
	}
	if in, ok := target.(*input); ok {
		s.keys.adopt(in)
		s.canvas.Focus(target)
		in.CursorRow, in.CursorColumn = m.row, m.column
		in.Refresh()
		return
	}
	s.canvas.Focus(target)
}

func (s *Shell) sameFocus(m memory) fyne.Focusable {
	keys, objects := focusables(s.root)
	for i, key := range keys {
		if key == m.key {
			return objects[i]
		}
	}
	if m.nth < len(objects) {
		return objects[m.nth]
	}
	return nil
}

// reveal scrolls whatever holds the object until it is in sight.
func (k *Kit) reveal(o fyne.CanvasObject) {
	if k.shell == nil || k.shell.root == nil {
		return
	}
	at, ok := find(k.shell.root, o)
	if !ok {
		return
	}
	for _, sc := range at.scrolls {
		sc.Reveal(o)
	}
}

// relayout arranges the page again after a part changed its height.
func (k *Kit) relayout() {
	if k.shell == nil || k.shell.root == nil {
		return
	}
	relay(k.shell.root)
	canvas.Refresh(k.shell.root)
}

// relay lays containers out again from the top, keeping the size of the root.
func relay(root fyne.CanvasObject) {
	walk(root, func(at spot) bool {
		switch v := at.o.(type) {
		case *fyne.Container:
			if v.Layout != nil {
				v.Layout.Layout(v.Objects, v.Size())
			}
		case *Scroll:
			v.inner.Refresh()
			v.SetOffset(v.Offset())
		case *Press:
			if v.bg != nil {
				(&surfaceRenderer{&v.surface}).Layout(v.Size())
			}
		}
		return true
	})
}
