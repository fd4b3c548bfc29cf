package touch

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"cityhall/shared/look"
)

// Page is one screen. Build is a pure function of the presenter's state, the
// kit and the size; Leave stops what the page started and runs once, when
// another page comes.
type Page struct {
	Name  string
	Build func(k *Kit, size fyne.Size) fyne.CanvasObject
	Leave func()
}

// Shell is the content of the window: the page, the on-screen keyboard below
// it, and a dialog above both.
type Shell struct {
	widget.BaseWidget
	// OnEscape is called on Escape where no dialog is open.
	OnEscape func()

	k       *Kit
	canvas  fyne.Canvas
	page    Page
	root    fyne.CanvasObject // what Build made
	old     fyne.CanvasObject // the page that slides out
	builtAt fyne.Size
	ground  *canvas.Rectangle
	keys    *keyboard
	dialog  *Dialog
	anim    *fyne.Animation
	slid    float32 // 0 at the start of a slide, 1 when it is over
	dir     float32 // 1 forward, -1 back
	pressed bool    // a finger is down on a part of the page
	stale   bool    // the page is to be rebuilt when the finger lifts
}

// NewShell makes an empty shell. The theme comes first: Fyne keeps the font of
// each style that is measured, also beyond a change of theme.
func NewShell(k *Kit) *Shell {
	fyne.CurrentApp().Settings().SetTheme(k.Theme())
	s := &Shell{k: k, slid: 1, ground: canvas.NewRectangle(k.Pal.Ground)}
	k.shell = s
	s.keys = newKeyboard(k)
	s.ExtendBaseWidget(s)
	return s
}

// Mount makes the shell the content of a window and applies the theme. Escape
// and stray keys reach the shell when nothing has the focus.
func (s *Shell) Mount(w fyne.Window) {
	s.canvas = w.Canvas()
	fyne.CurrentApp().Settings().SetTheme(s.k.Theme())
	w.SetPadded(false)
	w.SetContent(s)
	s.canvas.SetOnTypedKey(func(e *fyne.KeyEvent) {
		s.k.activity()
		s.k.moveKey(e.Name)
	})
}

// Kit is the kit of the present preferences.
func (s *Shell) Kit() *Kit { return s.k }

// PageName is the name of the page on show.
func (s *Shell) PageName() string { return s.page.Name }

// Go shows a page that comes next.
func (s *Shell) Go(p Page) { s.change(p, 1) }

// Back shows a page that came before.
func (s *Shell) Back(p Page) { s.change(p, -1) }

// Set shows a page at once.
func (s *Shell) Set(p Page) { s.change(p, 0) }

func (s *Shell) change(p Page, dir float32) {
	s.endSlide()
	if s.page.Leave != nil {
		s.page.Leave()
	}
	s.keys.hide()
	if s.canvas != nil {
		s.canvas.Unfocus()
	}
	s.old = s.root
	s.page, s.root = p, nil
	s.build()
	if dir == 0 || s.k.Prefs.ReduceMotion || s.old == nil || s.canvas == nil {
		s.old = nil
		s.Refresh()
	} else {
		s.slide(dir)
	}
	s.sayHeading()
}

// sayHeading lets the voice tell where one is.
func (s *Shell) sayHeading() {
	if s.root == nil || s.k.hooks.Say == nil {
		return
	}
	for _, n := range Walk(s.root) {
		if n.Role == RoleHeading {
			s.k.say(n.Label)
			return
		}
	}
}

func (s *Shell) slide(dir float32) {
	s.dir, s.slid = dir, 0
	s.Refresh()
	s.anim = fyne.NewAnimation(look.PageSlide, func(p float32) {
		s.slid = p
		s.arrange(s.Size())
		if p >= 1 {
			s.endSlide()
			s.Refresh()
			return
		}
		canvas.Refresh(s)
	})
	s.anim.Curve = fyne.AnimationEaseOut
	s.anim.Start()
}

func (s *Shell) endSlide() {
	if s.anim != nil {
		s.anim.Stop()
		s.anim = nil
	}
	s.old, s.slid = nil, 1
}

// build makes the page for the present size, once there is one.
func (s *Shell) build() {
	if s.page.Build == nil || s.Size().IsZero() {
		return
	}
	s.builtAt = s.Size()
	s.root = s.page.Build(s.k, s.builtAt)
	s.arrange(s.builtAt)
}

// Rebuild makes the page again from its state. The focus, the caret and what
// was scrolled stay where they were. While a finger is down it waits: a button
// that is replaced under the finger would never learn that it was let go.
func (s *Shell) Rebuild() {
	if s.pressed {
		if !s.stale {
			s.stale = true
			time.AfterFunc(longestPress, func() { fyne.Do(s.lift) }) // a finger may also slide off the glass
		}
		return
	}
	s.endSlide()
	was := s.remember()
	s.build()
	s.Refresh()
	s.restore(was)
}

// longestPress is how long a finger may hold up what the page has to show.
const longestPress = time.Second

// press notes that a finger is down.
func (s *Shell) press() {
	if s != nil {
		s.pressed = true
	}
}

// lift notes that it is no longer, and catches up.
func (s *Shell) lift() {
	if s == nil {
		return
	}
	s.pressed = false
	if s.stale {
		s.stale = false
		s.Rebuild()
	}
}

// SetPrefs is the one path by which language, text size and contrast change. The
// page that goes is let go first: with it, Fyne would lay out every part of it in
// the new theme. Another language is no other theme.
func (s *Shell) SetPrefs(p Prefs) {
	s.endSlide()
	was, dressed := s.remember(), s.k.Prefs
	dressed.Language = p.Language
	s.k = s.k.with(p)
	s.ground.FillColor = s.k.Pal.Ground
	s.keys.rebuild(s.k)
	s.root = nil
	if dressed != p {
		fyne.CurrentApp().Settings().SetTheme(s.k.Theme())
	}
	if s.root == nil { // a window lays the shell out for its theme, which builds the page
		s.build()
	}
	s.Refresh()
	s.restore(was)
	if s.dialog != nil {
		s.dialog.rebuild(s.k)
	}
}

// HideKeyboard puts the on-screen keyboard away.
func (s *Shell) HideKeyboard() { s.keys.hide() }

// FocusLabel gives the focus to the element with that spoken label.
func (s *Shell) FocusLabel(label string) bool {
	if s.canvas == nil || s.root == nil {
		return false
	}
	_, objects := focusables(s.root)
	for _, o := range objects {
		if e, ok := o.(elementer); ok && e.element().Label == label {
			s.canvas.Focus(o)
			return true
		}
	}
	return false
}

func (s *Shell) escape() {
	switch {
	case s.dialog != nil:
		if s.dialog.spec.OnEscape != nil {
			s.dialog.spec.OnEscape()
		}
	case s.keys.target != nil:
		s.keys.hide()
	case s.OnEscape != nil:
		s.OnEscape()
	}
}

// arrange places page and keyboard; the page gets what the keyboard leaves.
func (s *Shell) arrange(size fyne.Size) {
	s.ground.Resize(size)
	below := float32(0)
	if s.keys.Visible() {
		below = min(s.keys.HeightFor(size.Width), size.Height*0.62)
		place(s.keys, 0, size.Height-below, size.Width, below)
	}
	at := (1 - s.slid) * s.dir * size.Width
	if s.root != nil {
		place(s.root, at, 0, size.Width, size.Height-below)
	}
	if s.old != nil {
		s.old.Move(fyne.NewPos(-s.slid*s.dir*size.Width*0.3, 0))
	}
}

// CreateRenderer is part of fyne.Widget.
func (s *Shell) CreateRenderer() fyne.WidgetRenderer { return &shellRenderer{s} }

type shellRenderer struct{ s *Shell }

func (r *shellRenderer) Layout(size fyne.Size) {
	if s := r.s; s.root == nil || s.builtAt != size {
		was := s.remember()
		s.build()
		s.restore(was)
		canvas.Refresh(s)
	}
	r.s.arrange(size)
}

// MinSize is small, so that a desktop window may be made small.
func (r *shellRenderer) MinSize() fyne.Size { return fyne.NewSize(320, 320) }

func (r *shellRenderer) Refresh() {
	r.s.arrange(r.s.Size())
	r.s.ground.Refresh()
	canvas.Refresh(r.s)
}

func (r *shellRenderer) Objects() []fyne.CanvasObject {
	os := []fyne.CanvasObject{r.s.ground}
	if r.s.old != nil {
		os = append(os, r.s.old)
	}
	if r.s.root != nil {
		os = append(os, r.s.root)
	}
	return append(os, r.s.keys)
}

func (r *shellRenderer) Destroy() {}

func (s *Shell) element() Node { return Node{Role: RolePage, Label: s.page.Name} }

// parts is the dialog alone while there is one: the page behind it is out of reach.
func (s *Shell) parts() []fyne.CanvasObject {
	if s.dialog != nil {
		return []fyne.CanvasObject{s.dialog.root}
	}
	if s.root == nil {
		return nil
	}
	return []fyne.CanvasObject{s.root, s.keys}
}
