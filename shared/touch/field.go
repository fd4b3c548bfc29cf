package touch

import (
	"fmt"
	"image/color"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"cityhall/shared/look"
)

// FieldSpec says what a text field asks and how.
type FieldSpec struct {
	Label, Hint string
	Value       string
	Placeholder string
	Lines       int  // more than one makes a multi-line field
	Max         int  // most characters; zero for no limit, else a counter is shown
	Password    bool // dots instead of letters
	Numeric     bool // number pad instead of letters on the on-screen keyboard
	Error       string
	Changed     func(string)
	Done        func(string) // Enter in a single line
}

// Field is a labelled text field with its hint, its error in place and its counter.
type Field struct {
	widget.BaseWidget
	k       *Kit
	spec    FieldSpec
	in      *input
	frame   *canvas.Rectangle
	ring    *canvas.Rectangle
	problem *Para
	mark    *fyne.Container
	count   *Para
	body    *fyne.Container

	frameBox *fyne.Container // frame, entry and ring
}

// Field makes a text field.
func (k *Kit) Field(spec FieldSpec) *Field {
	f := &Field{k: k, spec: spec}
	f.in = newInput(f)
	f.frame, f.ring = canvas.NewRectangle(k.Pal.Surface), canvas.NewRectangle(color.Transparent)
	f.problem = k.Para("", Body.Bold().In(k.Pal.Bad))
	f.mark = k.H(look.S, k.Icon(look.IconWarning, look.Body, k.Pal.Bad), Grow(f.problem))
	parts := []fyne.CanvasObject{k.Para(spec.Label, Body.Bold())}
	if spec.Hint != "" {
		parts = append(parts, k.Para(spec.Hint, Body.Muted()))
	}
	f.frameBox = box(&fieldBox{f}, f.frame, f.in, f.ring)
	parts = append(parts, f.mark, f.frameBox)
	if spec.Max > 0 {
		f.count = k.Para("", Caption.Muted().Trailing())
		parts = append(parts, f.count)
	}
	f.body = k.V(look.XS, parts...)
	f.ExtendBaseWidget(f)
	f.show(spec.Error)
	f.counted()
	return f
}

// fieldBox lays the drawn frame, the entry and the focus ring together.
type fieldBox struct{ f *Field }

func (l *fieldBox) MinSize([]fyne.CanvasObject) fyne.Size {
	m := l.f.in.MinSize()
	return fyne.NewSize(l.f.k.Target()*3, max(m.Height+l.slack(), l.f.k.buttonHeight()))
}

// slack keeps the entry from showing a scroll bar for one line.
func (l *fieldBox) slack() float32 { return 3*l.f.k.theme.Size(theme.SizeNameInputBorder) + 2 }

func (l *fieldBox) heightFor(os []fyne.CanvasObject, _ float32) float32 { return l.MinSize(os).Height }

func (l *fieldBox) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	f := l.f
	h := min(size.Height, f.in.MinSize().Height+l.slack())
	f.frame.Resize(size)
	place(f.in, 0, (size.Height-h)/2, size.Width, h)
	if f.spec.Lines > 1 {
		place(f.in, 0, 0, size.Width, size.Height)
	}
	d := f.k.ring()
	place(f.ring, -d, -d, size.Width+2*d, size.Height+2*d)
	f.paint()
}

func (f *Field) paint() {
	k := f.k
	f.frame.CornerRadius = k.radius(look.RadiusSmall)
	f.frame.StrokeColor, f.frame.StrokeWidth = k.Pal.Edge, k.line()*1.3
	if f.spec.Error != "" {
		f.frame.StrokeColor, f.frame.StrokeWidth = k.Pal.Bad, k.line()*2
	}
	f.ring.CornerRadius = k.radius(look.RadiusSmall) + k.ring()
	f.ring.StrokeColor, f.ring.StrokeWidth = color.Transparent, 0
	if f.in.focused {
		f.ring.StrokeColor, f.ring.StrokeWidth = k.Pal.Focus, k.ring()
	}
	f.frame.Refresh()
	f.ring.Refresh()
}

// CreateRenderer is part of fyne.Widget.
func (f *Field) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(f.body) }

// HeightFor is the height with wrapped label, hint and error at a width.
func (f *Field) HeightFor(width float32) float32 { return heightFor(f.body, width) }

func (f *Field) parts() []fyne.CanvasObject { return []fyne.CanvasObject{f.body} }

// Value is what has been typed.
func (f *Field) Value() string { return f.in.Text }

// SetValue replaces what has been typed.
func (f *Field) SetValue(s string) { f.in.SetText(s) }

// SetError shows words above the entry and speaks them; "" takes them away.
func (f *Field) SetError(words string) {
	f.show(words)
	f.k.say(words)
	f.k.relayout()
}

func (f *Field) show(words string) {
	f.spec.Error = words
	f.problem.SetText(words)
	if words == "" {
		f.mark.Hide()
	} else {
		f.mark.Show()
	}
	f.paint()
}

// Focus puts the caret into the field.
func (f *Field) Focus() {
	if s := f.k.shell; s != nil && s.canvas != nil {
		s.canvas.Focus(f.in)
	}
}

func (f *Field) changed(s string) {
	if m := f.spec.Max; m > 0 && utf8.RuneCountInString(s) > m {
		f.in.SetText(string([]rune(s)[:m]))
		return
	}
	f.k.activity()
	f.counted()
	if f.spec.Changed != nil {
		f.spec.Changed(s)
	}
}

func (f *Field) counted() {
	if f.count == nil {
		return
	}
	n := utf8.RuneCountInString(f.in.Text)
	f.count.SetText(f.k.T("common.field.counter", "n", n, "max", f.spec.Max))
	if n >= f.spec.Max && f.in.focused {
		f.k.say(f.k.T("common.field.full", "max", f.spec.Max))
	}
}

// spoken is label, hint and error: all that a sighted person reads first.
func (f *Field) spoken() string {
	s := f.spec.Label
	for _, more := range []string{f.spec.Hint, f.spec.Error} {
		if more != "" {
			s += fmt.Sprintf(". %s", more)
		}
	}
	return s
}

// capitals says whether a sentence begins with the first letter typed.
func (s FieldSpec) capitals() bool { return !s.Password && !s.Numeric }
