package touch

import (
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"cityhall/shared/look"
)

// Problem is something on a screen that a person would stumble over.
type Problem struct {
	Kind   string `json:"kind"` // overflow, outside, overlap, target, label or contrast
	What   string `json:"what"` // the words of the element
	Detail string `json:"detail"`
}

func (p Problem) String() string { return fmt.Sprintf("%s: %q: %s", p.Kind, p.What, p.Detail) }

// Lint looks for text that does not fit, elements outside the window or on top
// of each other, targets that are too small, missing spoken words, and text
// whose contrast to a known ground is below 4.5 (7 in high contrast). The root
// must have been laid out at the size.
func Lint(k *Kit, root fyne.CanvasObject, size fyne.Size) []Problem {
	l := &linter{k: k, size: size, ratio: 4.5}
	if k.Prefs.HighContrast {
		l.ratio = 7
	}
	from := spot{o: root, clip: Rect{0, 0, size.Width, size.Height}}
	from.paint(fyne.NewPos(-1e6, -1e6), fyne.NewSize(2e6, 2e6), k.Pal.Ground)
	walkFrom(from, l.visit)
	l.overlaps()
	return l.found
}

type linter struct {
	k      *Kit
	size   fyne.Size
	ratio  float64
	found  []Problem
	leaves []leaf
}

// leaf is an element in the place where it is seen.
type leaf struct {
	n     Node
	seen  Rect
	index int
	pans  bool
}

func (l *linter) add(kind, what, format string, args ...any) {
	l.found = append(l.found, Problem{kind, what, fmt.Sprintf(format, args...)})
}

func (l *linter) visit(s spot) bool {
	switch v := s.o.(type) {
	case *Para:
		l.words(v, s)
	case *container.Scroll:
		if w := v.Content.Size().Width; w > v.Size().Width+1 {
			l.add("overflow", innerText(v), "content is %.0f wide in a place of %.0f", w, v.Size().Width)
		}
	case *fyne.Container:
		if need := heightFor(v, v.Size().Width); flows(v) && need > v.Size().Height+1.5 && v.Size().Height > 0 {
			if _, page := v.Layout.(*frame); !page {
				l.add("overflow", innerText(v), "needs a height of %.0f and has %.0f", need, v.Size().Height)
			}
		}
	}
	if e, ok := s.o.(elementer); ok {
		l.element(e.element(), s)
	}
	return true
}

func (l *linter) words(p *Para, s spot) {
	w, h := p.Size().Width, p.Size().Height
	for _, t := range p.lines {
		if t.MinSize().Width > w+1.5 {
			l.add("overflow", p.text, "%.0f wide in a place of %.0f", t.MinSize().Width, w)
		}
	}
	if need := p.HeightFor(w); need > h+1.5 {
		l.add("overflow", p.text, "needs a height of %.0f and has %.0f", need, h)
	}
	for _, g := range s.grounds() {
		if r := look.Contrast(look.Over(p.st.ink, g), g); r < l.ratio && p.text != "" {
			l.add("contrast", p.text, "%s on %s is %.2f, want %.1f", look.Hex(p.st.ink), look.Hex(g), r, l.ratio)
		}
	}
}

func (l *linter) element(n Node, s spot) {
	n.Rect = Rect{s.at.X, s.at.Y, s.o.Size().Width, s.o.Size().Height}
	what := n.Label
	if n.Label == "" && n.Role != RoleText && n.Role != RoleHeading {
		what = innerText(s.o)
		l.add("label", what, "a %s has no spoken words", n.Role)
	}
	switch n.Role {
	case RoleButton, RoleField, RoleCheckbox, RoleRadio, RoleKey:
		if t := l.k.Target(); n.Rect.W < t-0.5 || n.Rect.H < t-0.5 {
			l.add("target", what, "%.0f by %.0f, want %.0f", n.Rect.W, n.Rect.H, t)
		}
	}
	if holds(n.Role) || s.o.Size().IsZero() {
		return
	}
	r := n.Rect
	if !s.pans && (r.X < s.clip.X-1 || r.X+r.W > s.clip.X+s.clip.W+1) {
		l.add("outside", what, "from %.0f to %.0f across, may be seen from %.0f to %.0f", r.X, r.X+r.W, s.clip.X, s.clip.X+s.clip.W)
	}
	if !s.rolls && (r.Y < -1 || r.Y+r.H > l.size.Height+1) {
		l.add("outside", what, "from %.0f to %.0f down in a window of %.0f", r.Y, r.Y+r.H, l.size.Height)
	}
	if seen := cut(r, s.clip); seen.W > 0 && seen.H > 0 {
		l.leaves = append(l.leaves, leaf{n, seen, len(l.leaves), s.pans})
	}
}

// overlaps compares every two elements of which neither holds the other. What
// lies on a map can be dragged out from under its tools, and the dot of one's
// own place lies under the markers.
func (l *linter) overlaps() {
	const slack = 2.5 // pixels; lines of large type overlap by a hair
	for i, a := range l.leaves {
		for _, b := range l.leaves[i+1:] {
			c := cut(a.seen, b.seen)
			onMap := a.pans != b.pans || a.pans && (a.n.Role == RoleImage || b.n.Role == RoleImage)
			if onMap || c.W <= slack || c.H <= slack || within(a.seen, b.seen) || within(b.seen, a.seen) {
				continue
			}
			l.add("overlap", a.n.Label, "with %q by %.0f by %.0f", b.n.Label, c.W, c.H)
		}
	}
}

func within(a, b Rect) bool {
	return a.X >= b.X-1 && a.Y >= b.Y-1 && a.X+a.W <= b.X+b.W+1 && a.Y+a.H <= b.Y+b.H+1
}

// rgba reads any colour as one without premultiplied alpha.
func rgba(c color.Color) color.NRGBA {
	if c == nil {
		return color.NRGBA{}
	}
	return color.NRGBAModel.Convert(c).(color.NRGBA)
}

// laid is a colour over each of some grounds.
func laid(grounds []color.NRGBA, c color.NRGBA) []color.NRGBA {
	if c.A == 0 {
		return grounds
	}
	if c.A == 0xff || len(grounds) == 0 {
		return []color.NRGBA{look.Over(c, look.RGB(0))}
	}
	over := make([]color.NRGBA, len(grounds))
	for i, g := range grounds {
		over[i] = look.Over(c, g)
	}
	return over
}
