package touch

import (
	"image/color"
	"unicode"

	"fyne.io/fyne/v2"

	"cityhall/shared/look"
)

// key is one key of the on-screen keyboard: it can be tapped but not focused,
// so Tab passes over the keyboard.
type key struct {
	surface
	label string
	share float32 // of the row's width; 1 for a letter
	face  fyne.CanvasObject
	icon  look.Icon
}

func (b *keyboard) newKey(face fyne.CanvasObject, label string, share float32, act func()) *key {
	k := b.k
	y := &key{label: label, share: share, face: face}
	y.k, y.act, y.body = k, act, k.Center(face)
	y.Fill, y.Radius = k.Pal.Surface, k.radius(look.RadiusSmall)
	if k.Pal.Edged {
		y.Stroke = k.Pal.Edge
	}
	y.least = fyne.NewSize(k.Target(), b.keyHeight())
	y.ExtendBaseWidget(y)
	return y
}

// keyHeight is generous where there is room, and the least target elsewhere.
func (b *keyboard) keyHeight() float32 {
	if b.roomy() {
		return max(b.k.Target(), b.k.Px(42))
	}
	return b.k.Target()
}

func (b *keyboard) char(r rune) *key {
	if b.shift {
		r = unicode.ToUpper(r)
	}
	s := string(r)
	return b.newKey(b.k.keyText(s), s, 1, func() { b.typed(r) })
}

func (b *keyboard) words(words, spoken string, share float32, act func()) *key {
	y := b.newKey(b.k.keyText(words), b.k.T(spoken), share, act)
	if share < 3 {
		y.Fill = b.k.Pal.Ground
	}
	return y
}

func (b *keyboard) icon(i look.Icon, spoken string, share float32, act func()) *key {
	y := b.newKey(b.k.keyIcon(i, b.k.Pal.Ink), b.k.T(spoken), share, act)
	y.icon, y.Fill = i, b.k.Pal.Ground
	return y
}

// main colours the key that goes on.
func (y *key) main() { y.primary() }

// lit colours a key that is switched on.
func (y *key) lit(on bool) {
	if on {
		y.primary()
	}
}

func (y *key) primary() {
	y.Fill = y.k.Pal.Primary
	y.body = y.k.Center(y.k.keyIcon(y.icon, y.k.Pal.OnPrimary))
	if p, ok := y.face.(*Para); ok {
		p.SetInk(y.k.Pal.OnPrimary)
		y.body = y.k.Center(p)
	}
}

// Key caps do not grow with the text scale: the row would not fit.
func (k *Kit) keyText(s string) *Para {
	st := Lead.Bold()
	st.lead = look.TightLineHeight
	return k.fixed(s, st)
}

func (k *Kit) keyIcon(i look.Icon, c color.NRGBA) fyne.CanvasObject {
	return k.atScale(1).Icon(i, look.Body, c)
}

func (k *Kit) fixed(s string, st Style) *Para { return k.atScale(1).Text(s, st) }

// atScale is the same kit at another text scale.
func (k *Kit) atScale(scale float32) *Kit {
	c := *k
	c.Prefs.TextScale = scale
	return &c
}

func (y *key) element() Node { return Node{Role: RoleKey, Label: y.label} }

func (y *key) parts() []fyne.CanvasObject { return []fyne.CanvasObject{y.body} }

func (y *key) ground() color.NRGBA { return y.Fill }

// AccessibilityLabel is the letter, or the name of the key.
func (y *key) AccessibilityLabel() string { return y.label }

// AccessibilityRole is part of fyne.Accessible.
func (y *key) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// keyRow shares a width among keys; rows of fewer letters are as wide as ten.
type keyRow struct {
	gap  float32
	keys []*key
}

func (l keyRow) MinSize([]fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, y := range l.keys {
		m := y.MinSize()
		s = fyne.NewSize(s.Width+m.Width+l.gap, max(s.Height, m.Height))
	}
	return s
}

func (l keyRow) heightFor([]fyne.CanvasObject, float32) (h float32) {
	for _, y := range l.keys {
		h = max(h, y.least.Height)
	}
	return h
}

func (l keyRow) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	shares := float32(0)
	for _, y := range l.keys {
		shares += y.share
	}
	unit := (size.Width - l.gap*float32(len(l.keys)-1)) / shares
	x := float32(0)
	for _, y := range l.keys {
		place(y, x, 0, unit*y.share, size.Height)
		x += unit*y.share + l.gap
	}
}

func (b *keyboard) row(chars string, before, after *key) fyne.CanvasObject {
	var keys []*key
	if before != nil {
		keys = append(keys, before)
	}
	for _, r := range chars {
		keys = append(keys, b.char(r))
	}
	if after != nil {
		keys = append(keys, after)
	}
	return box(keyRow{b.k.Px(look.XS + 2), keys}, asObjects(keys)...)
}

func asObjects(keys []*key) []fyne.CanvasObject {
	os := make([]fyne.CanvasObject, len(keys))
	for i, y := range keys {
		os[i] = y
	}
	return os
}

// typed sends a letter and gives the focus back to the entry.
func (b *keyboard) typed(r rune) {
	if b.target == nil {
		return
	}
	b.target.TypedRune(r)
	if b.shift {
		b.shift = false
		b.build()
	}
	b.giveBack()
}

func (b *keyboard) send(name fyne.KeyName) {
	if b.target == nil {
		return
	}
	b.target.TypedKey(&fyne.KeyEvent{Name: name})
	b.giveBack()
}

// enter ends a single line: it calls Done, or goes to the next field, or puts
// the keyboard away after the last.
func (b *keyboard) enter() {
	in := b.target
	if in == nil {
		return
	}
	if in.MultiLine || in.f.spec.Done != nil {
		in.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		if b.target == in {
			b.giveBack()
		}
		return
	}
	_, objects := focusables(b.k.shell.root)
	for i, o := range objects {
		if o == fyne.Focusable(in) {
			for _, next := range objects[i+1:] {
				if f, ok := next.(*input); ok && !f.Disabled() {
					b.k.shell.canvas.Focus(f)
					return
				}
			}
		}
	}
	b.leave()
}

func (b *keyboard) toggleShift() {
	b.shift = !b.shift
	b.build()
	b.giveBack()
}

func (b *keyboard) leave() {
	b.hide()
	if s := b.k.shell; s != nil && s.canvas != nil {
		s.canvas.Unfocus()
	}
}

func (b *keyboard) giveBack() {
	if s := b.k.shell; s != nil && s.canvas != nil && b.target != nil {
		s.canvas.Focus(b.target)
	}
}
