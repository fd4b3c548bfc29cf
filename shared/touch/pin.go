package touch

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"cityhall/shared/look"
)

// PINSpec asks for a short secret number.
type PINSpec struct {
	Label  string
	Digits int
	Error  string
	Done   func(pin string) // as soon as the last digit is typed
}

// PINPad is dots above twelve large keys; digits of a real keyboard work too.
type PINPad struct {
	widget.BaseWidget
	k       *Kit
	spec    PINSpec
	typed   string
	dots    []*canvas.Circle
	problem *Para
	body    *fyne.Container
}

// PINPad makes a pad.
func (k *Kit) PINPad(spec PINSpec) *PINPad {
	p := &PINPad{k: k, spec: spec}
	dots := make([]fyne.CanvasObject, spec.Digits)
	for range spec.Digits {
		p.dots = append(p.dots, canvas.NewCircle(k.Pal.Surface))
	}
	for i, d := range p.dots {
		dots[i] = box(square{k.Size(look.Body) * 1.1}, d)
	}
	p.problem = k.Para(spec.Error, Body.Bold().In(k.Pal.Bad).Center())
	var keys []fyne.CanvasObject
	for _, c := range "123456789" {
		keys = append(keys, p.key(string(c)))
	}
	keys = append(keys, p.erase(), p.key("0"), k.Over())
	grid := k.Middle(k.Target()*6.2+2*k.Px(look.S), k.Grid(3, look.S, keys...))
	p.body = k.V(look.M, k.Head(spec.Label, Title.Center()), k.Center(k.H(look.M, dots...)), p.problem, grid)
	p.ExtendBaseWidget(p)
	p.paint()
	return p
}

// pinKey is a digit that also takes the digits of a real keyboard.
type pinKey struct {
	Press
	pad *PINPad
}

func (p *PINPad) key(digit string) fyne.CanvasObject {
	return p.pinKey(digit, p.k.Text(digit, Title.Center()), func() { p.add(digit) })
}

func (p *PINPad) erase() fyne.CanvasObject {
	return p.pinKey(p.k.T("common.keyboard.backspace"), p.k.Icon(look.IconBackspace, look.Lead, p.k.Pal.Ink), func() { p.set(p.typed[:max(0, len(p.typed)-1)]) })
}

func (p *PINPad) pinKey(label string, face fyne.CanvasObject, act func()) fyne.CanvasObject {
	k := p.k
	y := &pinKey{pad: p}
	y.k, y.act, y.label, y.role = k, act, label, RoleButton
	y.body, y.Fill, y.Stroke = k.Center(face), k.Pal.Surface, k.Pal.Line
	if k.Pal.Edged {
		y.Stroke = k.Pal.Edge
	}
	y.Radius = k.radius(look.RadiusMedium)
	y.least = fyne.NewSize(k.Target(), k.Target()*1.45)
	y.ExtendBaseWidget(y)
	return y
}

// TypedRune takes a digit of a real keyboard.
func (y *pinKey) TypedRune(r rune) {
	y.k.activity()
	if r >= '0' && r <= '9' {
		y.pad.add(string(r))
	}
}

// TypedKey erases on Backspace and else does what every button does.
func (y *pinKey) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyBackspace {
		y.pad.set(y.pad.typed[:max(0, len(y.pad.typed)-1)])
		return
	}
	y.Press.TypedKey(e)
}

func (p *PINPad) add(digit string) {
	if len(p.typed) >= p.spec.Digits {
		return
	}
	p.set(p.typed + digit)
	if len(p.typed) == p.spec.Digits && p.spec.Done != nil {
		p.spec.Done(p.typed)
	}
}

func (p *PINPad) set(typed string) {
	p.typed = typed
	if typed != "" {
		p.problem.SetText("")
	}
	p.paint()
}

// Clear forgets what was typed.
func (p *PINPad) Clear() { p.set("") }

// SetError clears the digits and says what was wrong, in words and by voice.
func (p *PINPad) SetError(words string) {
	p.set("")
	p.problem.SetText(words)
	p.k.say(words)
	p.k.relayout()
}

func (p *PINPad) paint() {
	for i, d := range p.dots {
		d.StrokeColor, d.StrokeWidth, d.FillColor = p.k.Pal.Edge, p.k.line()*1.5, p.k.Pal.Surface
		if i < len(p.typed) {
			d.StrokeColor, d.FillColor = p.k.Pal.Primary, p.k.Pal.Primary
		}
		d.Refresh()
	}
}

// CreateRenderer is part of fyne.Widget.
func (p *PINPad) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(p.body) }

// HeightFor is the height of the whole pad at a width.
func (p *PINPad) HeightFor(width float32) float32 { return heightFor(p.body, width) }

func (p *PINPad) parts() []fyne.CanvasObject { return []fyne.CanvasObject{p.body} }

// AccessibilityLabel tells how many digits there are, never which.
func (p *PINPad) AccessibilityLabel() string {
	return p.spec.Label + " " + strings.Repeat("•", len(p.typed))
}

// AccessibilityRole is part of fyne.Accessible.
func (p *PINPad) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }
