package touch

import (
	"image/color"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"golang.org/x/text/unicode/bidi"

	"cityhall/shared/look"
)

// Style is how words look. Styles are values: Body.Muted().Center().
type Style struct {
	size  look.TextSize
	bold  bool
	muted bool
	ink   color.NRGBA
	align fyne.TextAlign
	lead  float32 // line height in text sizes
}

// The type scale of the kit.
var (
	Caption = Style{size: look.Caption, lead: look.LineHeight}
	Body    = Style{size: look.Body, lead: look.LineHeight}
	Lead    = Style{size: look.Lead, lead: look.LineHeight}
	Title   = Style{size: look.Title, bold: true, lead: 1.28}
	Heading = Style{size: look.Heading, bold: true, lead: look.TightLineHeight}
	Display = Style{size: look.Display, bold: true, lead: look.TightLineHeight}
)

// Bold makes the words semi-bold.
func (s Style) Bold() Style { s.bold = true; return s }

// Muted makes the words secondary.
func (s Style) Muted() Style { s.muted = true; return s }

// In gives the words a colour of the palette.
func (s Style) In(c color.NRGBA) Style { s.ink = c; return s }

// Center puts the words in the middle of their place.
func (s Style) Center() Style { s.align = fyne.TextAlignCenter; return s }

// Trailing puts the words at the end of the line.
func (s Style) Trailing() Style { s.align = fyne.TextAlignTrailing; return s }

type fit int

const (
	fitWrap fit = iota // as many lines as it takes
	fitOne             // one line, whatever its width
	fitCut             // one line that ends in an ellipsis
)

// Para is words on the screen: a paragraph, or one line.
type Para struct {
	widget.BaseWidget
	k    *Kit
	text string
	st   Style
	fit  fit
	role string

	lines   []*canvas.Text
	wrapped []string
	width   float32 // that wrapped is for; -1 when stale
}

func (k *Kit) para(s string, st Style, f fit, role string) *Para {
	if st.ink.A == 0 {
		st.ink = k.Pal.Ink
		if st.muted {
			st.ink = k.Pal.Muted
		}
	}
	p := &Para{k: k, text: s, st: st, fit: f, role: role, width: -1}
	p.ExtendBaseWidget(p)
	return p
}

// Text is one line at its natural width.
func (k *Kit) Text(s string, st Style) *Para { return k.para(s, st, fitOne, RoleText) }

// Line is one line that ends in an ellipsis where it does not fit. Whole words
// are spoken and found by [Walk].
func (k *Kit) Line(s string, st Style) *Para { return k.para(s, st, fitCut, RoleText) }

// Para wraps words into as many lines as they take.
func (k *Kit) Para(s string, st Style) *Para { return k.para(s, st, fitWrap, RoleText) }

// Head is a heading that wraps; a page has one, and the voice begins with it.
func (k *Kit) Head(s string, st Style) *Para { return k.para(s, st, fitWrap, RoleHeading) }

// SetText changes the words.
func (p *Para) SetText(s string) {
	if p.text == s {
		return
	}
	p.text, p.width = s, -1
	p.Refresh()
}

// SetInk changes the colour.
func (p *Para) SetInk(c color.NRGBA) {
	p.st.ink = c
	p.Refresh()
}

func (p *Para) px() float32      { return p.k.Size(p.st.size) }
func (p *Para) leading() float32 { return p.px() * p.st.lead }

// MinSize is the natural size: unwrapped for a paragraph, small for a line that may be cut.
func (p *Para) MinSize() fyne.Size {
	widest, n := float32(0), 0
	for l := range strings.SplitSeq(p.text, "\n") {
		widest = max(widest, p.k.measure(l, p.px(), p.st.bold).Width)
		n++
	}
	return fyne.NewSize(widest+1, p.leading()*float32(n))
}

// HeightFor is the height of the words at a width, in pixels.
func (p *Para) HeightFor(width float32) float32 {
	if p.fit != fitWrap {
		return p.leading()
	}
	return p.leading() * float32(len(p.wrap(width)))
}

func (p *Para) wrap(width float32) []string {
	if p.width == width {
		return p.wrapped
	}
	measure := func(s string) float32 { return p.k.measure(s, p.px(), p.st.bold).Width }
	switch p.fit {
	case fitOne:
		p.wrapped = []string{p.text}
	case fitCut:
		p.wrapped = []string{cutLine(p.text, width, measure)}
	default:
		p.wrapped = wrapText(p.text, width, measure)
	}
	p.width = width
	return p.wrapped
}

// AccessibilityLabel is the words themselves.
func (p *Para) AccessibilityLabel() string { return p.text }

// AccessibilityRole is always text; Fyne has no headings.
func (p *Para) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

func (p *Para) element() Node {
	return Node{Role: p.role, Label: p.text, Text: p.text}
}

// CreateRenderer is part of fyne.Widget.
func (p *Para) CreateRenderer() fyne.WidgetRenderer { return &paraRenderer{p} }

type paraRenderer struct{ p *Para }

func (r *paraRenderer) Layout(size fyne.Size) {
	p := r.p
	lines := p.wrap(size.Width)
	rtl := p.k.RTL()
	align := p.st.align
	if rtl && align != fyne.TextAlignCenter {
		align = fyne.TextAlignTrailing - align
	}
	for len(p.lines) < len(lines) {
		p.lines = append(p.lines, canvas.NewText("", p.st.ink))
	}
	p.lines = p.lines[:len(lines)]
	for i, t := range p.lines {
		t.Text = visualLine(lines[i], rtl)
		t.TextSize, t.TextStyle.Bold, t.Color, t.Alignment = p.px(), p.st.bold, p.st.ink, align
		h := t.MinSize().Height
		place(t, 0, float32(i)*p.leading()+(p.leading()-h)/2, size.Width, h)
		t.Refresh()
	}
}

func (r *paraRenderer) MinSize() fyne.Size { return r.p.MinSize() }

func (r *paraRenderer) Refresh() {
	r.p.width = -1
	r.Layout(r.p.Size())
	canvas.Refresh(r.p)
}

func (r *paraRenderer) Objects() []fyne.CanvasObject {
	os := make([]fyne.CanvasObject, len(r.p.lines))
	for i, t := range r.p.lines {
		os[i] = t
	}
	return os
}

func (r *paraRenderer) Destroy() {}

// wrapText breaks words into lines no wider than width. A word that is wider
// by itself is broken where it must be.
func wrapText(s string, width float32, measure func(string) float32) []string {
	var lines []string
	for block := range strings.SplitSeq(s, "\n") {
		line := ""
		for _, word := range strings.Fields(block) {
			try := word
			if line != "" {
				try = line + " " + word
			}
			if measure(try) <= width {
				line = try
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			for measure(word) > width && utf8.RuneCountInString(word) > 1 {
				head := fitting(word, width, measure)
				lines = append(lines, head)
				word = word[len(head):]
			}
			line = word
		}
		lines = append(lines, line)
	}
	return lines
}

// fitting is the longest beginning of a word that fits, one letter at least.
func fitting(word string, width float32, measure func(string) float32) string {
	_, first := utf8.DecodeRuneInString(word)
	end := first
	for i := range word {
		if i > first && measure(word[:i]) > width {
			break
		}
		end = max(end, i)
	}
	return word[:end]
}

// cutLine ends a line that is too long in an ellipsis, by bisection.
func cutLine(s string, width float32, measure func(string) float32) string {
	s = strings.Join(strings.Fields(s), " ")
	if width <= 0 || measure(s) <= width {
		return s
	}
	runes := []rune(s)
	low, high := 0, len(runes)
	for low < high {
		mid := (low + high + 1) / 2
		if measure(string(runes[:mid])+"…") <= width {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return strings.TrimRight(string(runes[:low]), " ,.;:") + "…"
}

// visualLine reorders one wrapped line for Fyne, which lays runs out from left
// to right in logical order. Letters inside a run keep their order, for the
// shaper turns them; marks at both ends keep neutral signs inside their run.
func visualLine(line string, rtl bool) string {
	base := bidi.LeftToRight
	if rtl {
		base = bidi.RightToLeft
	}
	if !rtl && !strings.ContainsFunc(line, isRTL) {
		return line
	}
	var p bidi.Paragraph
	if _, err := p.SetString(line, bidi.DefaultDirection(base)); err != nil {
		return line
	}
	order, err := p.Order()
	if err != nil {
		return line
	}
	var b strings.Builder
	n := order.NumRuns()
	for i := range n {
		run := order.Run(i)
		if rtl || !p.IsLeftToRight() {
			run = order.Run(n - 1 - i)
		}
		mark := "\u200e"
		if run.Direction() == bidi.RightToLeft {
			mark = "\u200f"
		}
		b.WriteString(mark + run.String() + mark)
	}
	return b.String()
}

func isRTL(r rune) bool {
	p, _ := bidi.LookupRune(r)
	c := p.Class()
	return c == bidi.R || c == bidi.AL
}
