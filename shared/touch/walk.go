package touch

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// The roles of elements.
const (
	RolePage     = "page"
	RoleHeading  = "heading"
	RoleText     = "text"
	RoleButton   = "button"
	RoleField    = "field"
	RoleCheckbox = "checkbox"
	RoleRadio    = "radio"
	RoleStatus   = "status"
	RoleImage    = "image"
	RoleList     = "list"
	RoleDialog   = "dialog"
	RoleKey      = "key"
	RoleProgress = "progress"
	RoleMap      = "map"
)

// Rect is a place in the window, in Fyne's pixels from its top left corner.
type Rect struct {
	X float32 `json:"x"`
	Y float32 `json:"y"`
	W float32 `json:"w"`
	H float32 `json:"h"`
}

// Node is one element of the screen as a person who cannot see it would be
// told about it. Label is what is spoken, Text what is written on it, Value
// what a field holds ("" for a password).
type Node struct {
	Role      string `json:"role"`
	Label     string `json:"label"`
	Text      string `json:"text,omitempty"`
	Value     string `json:"value,omitempty"`
	Rect      Rect   `json:"rect"`
	Focused   bool   `json:"focused,omitempty"`
	Disabled  bool   `json:"disabled,omitempty"`
	Selected  bool   `json:"selected,omitempty"`
	Offscreen bool   `json:"offscreen,omitempty"` // scrolled out of sight
}

// elementer is a part that people notice as one thing.
type elementer interface{ element() Node }

// parted is a widget of the kit with parts to look into. Positions of parts
// are relative to the widget.
type parted interface{ parts() []fyne.CanvasObject }

// grounded is a part that lays a colour under its parts.
type grounded interface{ ground() color.NRGBA }

// holds says whether elements inside an element are told one by one.
func holds(role string) bool {
	return role == RolePage || role == RoleList || role == RoleDialog
}

// Walk lists the visible elements below root in the order of focus.
func Walk(root fyne.CanvasObject) []Node {
	var nodes []Node
	walk(root, func(s spot) bool {
		e, ok := s.o.(elementer)
		if !ok {
			return true
		}
		n := e.element()
		n.Rect = Rect{s.at.X, s.at.Y, s.o.Size().Width, s.o.Size().Height}
		n.Offscreen = s.hidden()
		if n.Text == "" && !holds(n.Role) {
			n.Text = innerText(s.o)
		}
		nodes = append(nodes, n)
		return holds(n.Role)
	})
	return nodes
}

// innerText joins the words below an object.
func innerText(o fyne.CanvasObject) string {
	var words []string
	walk(o, func(s spot) bool {
		if p, ok := s.o.(*Para); ok && p.text != "" {
			words = append(words, p.text)
			return false
		}
		return true
	})
	return strings.Join(words, " ")
}

// spot is an object where the walk found it.
type spot struct {
	o       fyne.CanvasObject
	at      fyne.Position // absolute
	clip    Rect          // the part of the window that it may be seen in
	scrolls []*Scroll     // that it lies in, outermost first
	rolls   bool          // it lies in something that scrolls
	pans    bool          // it lies on a map, which moves both ways
	layers  []layer       // drawn before it, lowest first
}

// layer is an area that was painted; two colours for a gradient.
type layer struct {
	at      Rect
	colours []color.NRGBA
}

// paint adds an area to what lies below the objects that come after it.
func (s *spot) paint(at fyne.Position, size fyne.Size, colours ...color.NRGBA) {
	l := layer{Rect{at.X, at.Y, size.Width, size.Height}, colours}
	s.layers = append(s.layers[:len(s.layers):len(s.layers)], l)
}

// grounds is the colours that the part of an object in sight is seen on.
func (s spot) grounds() []color.NRGBA {
	if s.hidden() {
		return nil
	}
	var seen []color.NRGBA
	here := cut(Rect{s.at.X, s.at.Y, s.o.Size().Width, s.o.Size().Height}, s.clip)
	for _, l := range s.layers {
		switch {
		case !within(here, l.at):
		case len(l.colours) > 1:
			seen = l.colours
		default:
			seen = laid(seen, l.colours[0])
		}
	}
	return seen
}

func (s spot) hidden() bool {
	z := s.o.Size()
	return s.at.X+z.Width <= s.clip.X || s.at.Y+z.Height <= s.clip.Y ||
		s.at.X >= s.clip.X+s.clip.W || s.at.Y >= s.clip.Y+s.clip.H
}

// walk visits visible objects, parents first, and goes below those for which f
// returns true.
func walk(root fyne.CanvasObject, f func(spot) bool) {
	walkFrom(spot{o: root, at: fyne.NewPos(0, 0), clip: Rect{0, 0, 1e9, 1e9}}, f)
}

func walkFrom(s spot, f func(spot) bool) {
	if s.o == nil || !s.o.Visible() || !f(s) {
		return
	}
	if g, ok := s.o.(grounded); ok {
		s.paint(s.at, s.o.Size(), g.ground())
	}
	if sc, ok := s.o.(*Scroll); ok {
		s.scrolls = append(s.scrolls[:len(s.scrolls):len(s.scrolls)], sc)
	}
	for _, o := range childrenOf(s.o) {
		child := s
		child.o, child.at = o, s.at.Add(o.Position())
		_, rolls := s.o.(*container.Scroll)
		_, pans := s.o.(*plane)
		if rolls || pans {
			child.rolls, child.pans = true, pans || s.pans
			child.clip = cut(s.clip, Rect{s.at.X, s.at.Y, s.o.Size().Width, s.o.Size().Height})
		}
		walkFrom(child, f)
		// What lies under its later brothers colours their ground.
		switch v := o.(type) {
		case *canvas.Rectangle:
			s.paint(child.at, v.Size(), rgba(v.FillColor))
		case *canvas.LinearGradient:
			s.paint(child.at, v.Size(), rgba(v.StartColor), rgba(v.EndColor))
		}
	}
}

func childrenOf(o fyne.CanvasObject) []fyne.CanvasObject {
	switch v := o.(type) {
	case *fyne.Container:
		return v.Objects
	case *container.Scroll:
		return []fyne.CanvasObject{v.Content}
	case parted:
		return v.parts()
	}
	return nil
}

func cut(a, b Rect) Rect {
	x, y := max(a.X, b.X), max(a.Y, b.Y)
	return Rect{x, y, max(0, min(a.X+a.W, b.X+b.W)-x), max(0, min(a.Y+a.H, b.Y+b.H)-y)}
}

// find looks an object up below root.
func find(root, target fyne.CanvasObject) (found spot, ok bool) {
	walk(root, func(s spot) bool {
		if s.o == target {
			found, ok = s, true
		}
		return !ok
	})
	return found, ok
}

// focusables lists what the focus visits below root, each with a key that
// stays the same when the page is built again.
func focusables(root fyne.CanvasObject) (keys []string, objects []fyne.Focusable) {
	seen := map[string]int{}
	walk(root, func(s spot) bool {
		f, ok := s.o.(fyne.Focusable)
		if !ok {
			return true
		}
		key := ""
		if e, ok := s.o.(elementer); ok {
			n := e.element()
			key = n.Role + "\x00" + n.Label
		}
		seen[key]++
		keys = append(keys, key+strings.Repeat("\x00", seen[key]))
		objects = append(objects, f)
		return true
	})
	return keys, objects
}
