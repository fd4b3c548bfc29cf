package touch

import (
	"strings"

	"fyne.io/fyne/v2"

	"cityhall/shared/look"
)

// RowSpec is a row of a list. Title and Sub are cut where they do not fit.
type RowSpec struct {
	Icon       look.Icon
	Tint       int
	Title, Sub string
	Side       string // short and trailing, such as a date
	Chip       *ChipSpec
	Sync       *SyncSpec
	Tap        func()
}

// Row is a row that can be pressed.
type Row struct {
	Press
	index int
	list  *List
}

// ListRow makes a row that stands by itself, on a card of its own.
func (k *Kit) ListRow(spec RowSpec) *Row {
	r := k.newRow()
	r.fill(spec)
	return r
}

func (k *Kit) newRow() *Row {
	r := &Row{index: -1}
	r.k, r.role = k, RoleButton
	r.Radius, r.Fill = k.radius(look.RadiusMedium), k.Pal.Surface
	r.Stroke = k.Pal.Line
	if k.Pal.Edged {
		r.Stroke = k.Pal.Edge
	}
	r.inner = true
	r.least = fyne.NewSize(k.Target(), k.buttonHeight())
	r.ExtendBaseWidget(r)
	return r
}

// fill shows other content in the same row.
func (r *Row) fill(s RowSpec) {
	k := r.k
	words := []fyne.CanvasObject{k.Line(s.Title, Body.Bold())}
	if s.Sub != "" {
		words = append(words, k.Line(s.Sub, Caption.Muted()))
	}
	var chips []fyne.CanvasObject
	said := []string{s.Title, s.Sub, s.Side}
	if s.Chip != nil {
		chips = append(chips, k.Chip(s.Chip.Tone, s.Chip.Words))
		said = append(said, s.Chip.Words)
	}
	if s.Sync != nil {
		chips = append(chips, k.SyncBadge(*s.Sync))
		_, _, key := k.sync(s.Sync.State)
		said = append(said, k.T(key), s.Sync.Detail)
	}
	var parts []fyne.CanvasObject
	if s.Icon != "" {
		parts = append(parts, k.IconChip(s.Icon, s.Tint, look.Body))
	}
	l := &rowLayout{k: k, words: k.V(look.None, words...)}
	if len(chips) > 0 {
		l.chips = k.Flow(look.S, chips...)
	}
	parts = append(parts, Grow(box(l, l.words, l.chipsObject())))
	if s.Side != "" {
		parts = append(parts, k.Text(s.Side, Caption.Muted()))
	}
	if s.Tap != nil {
		parts = append(parts, k.Icon(look.IconChevronRight, look.Body, k.Pal.Muted))
	}
	r.body = k.Inset(look.S+2, look.M, look.S+2, look.M, k.H(look.M, parts...))
	r.act, r.label = s.Tap, sentence(said)
	if r.bg != nil {
		r.Refresh()
		(&surfaceRenderer{&r.surface}).Layout(r.Size())
	}
}

// sentence joins what is not empty into spoken words.
func sentence(words []string) string {
	kept := words[:0:0]
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, ". ")
}

// rowLayout puts chips at the right where there is room, else below the words.
type rowLayout struct {
	k     *Kit
	words fyne.CanvasObject
	chips *fyne.Container
}

func (l *rowLayout) chipsObject() fyne.CanvasObject {
	if l.chips == nil {
		return nil
	}
	return l.chips
}

// beside says whether words keep enough room with the chips at their side.
func (l *rowLayout) beside(w float32) bool {
	return l.chips != nil && w-l.chips.MinSize().Width > 15*l.k.Size(look.Body)
}

func (l *rowLayout) MinSize([]fyne.CanvasObject) fyne.Size { return l.words.MinSize() }

func (l *rowLayout) heightFor(_ []fyne.CanvasObject, w float32) float32 {
	h := heightFor(l.words, w)
	switch {
	case l.chips == nil:
		return h
	case l.beside(w):
		return max(h, l.chips.MinSize().Height)
	}
	return h + l.k.Px(look.XS) + heightFor(l.chips, w)
}

func (l *rowLayout) Layout(_ []fyne.CanvasObject, s fyne.Size) {
	if l.chips == nil {
		h := heightFor(l.words, s.Width)
		place(l.words, 0, (s.Height-h)/2, s.Width, h)
		return
	}
	if l.beside(s.Width) {
		m := l.chips.MinSize()
		h := heightFor(l.words, s.Width)
		gap := l.k.Px(look.M)
		x, cx := float32(0), s.Width-m.Width
		if l.k.RTL() {
			x, cx = m.Width+gap, 0
		}
		place(l.words, x, (s.Height-h)/2, s.Width-m.Width-gap, h)
		place(l.chips, cx, (s.Height-m.Height)/2, m.Width, m.Height)
		return
	}
	h := heightFor(l.words, s.Width)
	place(l.words, 0, 0, s.Width, h)
	place(l.chips, 0, h+l.k.Px(look.XS), s.Width, max(0, s.Height-h-l.k.Px(look.XS)))
}

// FocusGained scrolls the list so that the row is whole in sight.
func (r *Row) FocusGained() {
	if r.list != nil {
		r.list.show(r.index)
	}
	r.Press.FocusGained()
}
