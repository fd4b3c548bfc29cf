package touch

import (
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"cityhall/shared/look"
)

// Press is anything that can be pressed: by finger, pointer, Enter or Space.
type Press struct {
	surface
	label    string
	role     string
	Selected bool // spoken, and told by Walk; the caller draws it
}

// Press makes a bare pressable area around a body; label is what is spoken.
func (k *Kit) Press(label string, body fyne.CanvasObject, tap func()) *Press {
	p := &Press{label: label, role: RoleButton}
	p.k, p.body, p.act = k, body, tap
	p.Radius = k.radius(look.RadiusMedium)
	p.least = fyne.NewSquareSize(k.Target())
	p.ExtendBaseWidget(p)
	return p
}

// SetLabel changes the spoken words.
func (p *Press) SetLabel(s string) { p.label = s }

// Disable greys it out; it cannot be pressed or focused.
func (p *Press) Disable() { p.off = true; p.Refresh() }

// Enable undoes Disable.
func (p *Press) Enable() {
	p.off = false
	if p.over != nil {
		p.over.FillColor = color.Transparent
	}
	p.Refresh()
}

// Disabled is part of fyne.Disableable.
func (p *Press) Disabled() bool { return p.off }

// spoken is the label with the state that sighted people see.
func (p *Press) spoken() string {
	if p.Selected {
		return p.label + ", " + p.k.T("common.state.selected")
	}
	return p.label
}

// FocusGained draws the ring and speaks.
func (p *Press) FocusGained() {
	p.focused = true
	p.k.activity()
	p.k.say(p.spoken())
	p.k.reveal(p)
	p.Refresh()
}

// FocusLost takes the ring away.
func (p *Press) FocusLost() { p.focused = false; p.Refresh() }

// TypedRune is part of fyne.Focusable; letters mean nothing here.
func (p *Press) TypedRune(rune) { p.k.activity() }

// TypedKey presses on Enter and Space, moves on the arrows of a keypad, and
// leaves on Escape.
func (p *Press) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		p.activate()
	default:
		p.k.moveKey(e.Name)
	}
}

// AccessibilityLabel is the spoken label.
func (p *Press) AccessibilityLabel() string { return p.spoken() }

// AccessibilityRole is always button, the nearest that Fyne has.
func (p *Press) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

func (p *Press) element() Node {
	return Node{Role: p.role, Label: p.label, Disabled: p.off, Focused: p.focused, Selected: p.Selected}
}

func (p *Press) parts() []fyne.CanvasObject {
	if p.body == nil {
		return nil
	}
	return []fyne.CanvasObject{p.body}
}

// ground is the colour that words on the surface are read on.
func (p *Press) ground() color.NRGBA { return p.Fill }

// moveKey moves the focus for the arrow keys of a five-key pad.
func (k *Kit) moveKey(n fyne.KeyName) {
	if k.shell == nil || k.shell.canvas == nil {
		return
	}
	switch n {
	case fyne.KeyDown, fyne.KeyRight:
		k.shell.canvas.FocusNext()
	case fyne.KeyUp, fyne.KeyLeft:
		k.shell.canvas.FocusPrevious()
	case fyne.KeyEscape:
		k.shell.escape()
	}
}

// ButtonKind says how much a button asks to be pressed.
type ButtonKind int

// The kinds of button. A page has at most one Primary.
const (
	Secondary ButtonKind = iota
	Primary
	Quiet
	Danger
	OnDeep       // on the civic gradient of a header
	OnDeepChosen // the same, for what is chosen there, such as the language
)

func (k *Kit) buttonColours(kind ButtonKind) (fill, ink, stroke color.NRGBA) {
	p := k.Pal
	none := color.NRGBA{}
	switch kind {
	case Primary:
		return p.Primary, p.OnPrimary, none
	case Quiet:
		return none, p.Primary, none
	case Danger:
		return p.Bad, p.OnBad, none
	case OnDeep:
		if p.Edged {
			return p.Surface, p.Ink, p.Edge
		}
		// A dark tint, because a light one would take contrast from the words.
		return k.deepTint(), k.OnDeep(Body).ink, none
	case OnDeepChosen:
		if p.Edged {
			return p.Primary, p.OnPrimary, none
		}
		return k.OnDeep(Body).ink, p.PrimaryDeep, none
	}
	if p.Edged {
		return p.Surface, p.Ink, p.Edge
	}
	return p.Sunken, p.Ink, none
}

// Button is a pill with words and perhaps an icon. Words wrap where the place
// is narrow, for Spanish is longer than English.
func (k *Kit) Button(kind ButtonKind, icon look.Icon, label string, tap func()) *Press {
	fill, ink, stroke := k.buttonColours(kind)
	words := k.Para(label, Body.Bold().In(ink).Center())
	var inner fyne.CanvasObject = words
	switch icon {
	case "":
	case look.IconForward, look.IconChevronRight:
		inner = k.H(look.S, words, k.Icon(icon, look.Body, ink))
	default:
		inner = k.H(look.S, k.Icon(icon, look.Body, ink), words)
	}
	side := look.L
	if kind == Quiet {
		side = look.M
	}
	p := k.Press(label, k.Inset(look.S, side, look.S, side, k.Center(inner)), tap)
	p.Fill, p.Stroke, p.Radius = fill, stroke, k.radius(look.RadiusMedium)
	if kind == Danger || kind == Primary {
		p.Elevated = k.Pal.Shadow.A > 0 && !k.Prefs.Dark
	}
	p.least = fyne.NewSize(k.Target(), k.buttonHeight())
	return p
}

// IconButton is a square button with an icon only; its label is spoken.
func (k *Kit) IconButton(kind ButtonKind, icon look.Icon, label string, tap func()) *Press {
	fill, ink, stroke := k.buttonColours(kind)
	p := k.Press(label, k.Center(k.Icon(icon, look.Lead, ink)), tap)
	p.Fill, p.Stroke = fill, stroke
	p.least = fyne.NewSquareSize(k.buttonHeight())
	return p
}

// buttonHeight is a comfortable target: the least one and a margin.
func (k *Kit) buttonHeight() float32 { return max(k.Target()*1.08, k.Px(46)) }

// Tool is a small button with its icon above the words, for a row of tools at
// the foot of a kiosk; on draws it as switched on.
func (k *Kit) Tool(icon look.Icon, label string, on bool, tap func()) *Press {
	kind := Secondary
	if on {
		kind = Primary
	}
	fill, ink, stroke := k.buttonColours(kind)
	face := k.V(look.XS, k.Center(k.Icon(icon, look.Lead, ink)), k.Para(label, Caption.Bold().In(ink).Center()))
	p := k.Press(label, k.Inset(look.S, look.XS, look.S, look.XS, face), tap)
	p.Fill, p.Stroke, p.Selected = fill, stroke, on
	return p
}

// Icon draws a line icon beside text of a size.
func (k *Kit) Icon(i look.Icon, size look.TextSize, c color.NRGBA) fyne.CanvasObject {
	return k.icon(i, k.Size(size)*1.28, c)
}

// icon draws one in a square.
func (k *Kit) icon(i look.Icon, side float32, c color.NRGBA) fyne.CanvasObject {
	stroke := max(1.5, look.IconStroke*side/24)
	res := fyne.NewStaticResource(fmt.Sprintf("%s-%s-%.2f.svg", i, look.Hex(c), stroke), []byte(i.Drawn(c, stroke)))
	img := canvas.NewImageFromResource(res)
	img.FillMode = canvas.ImageFillContain
	return &fyne.Container{Layout: drawing{side}, Objects: []fyne.CanvasObject{img}}
}

// drawing lays out an icon, which fits itself into what it is given. The picture is
// never asked for its size, since Fyne reads all of it anew to answer.
type drawing struct{ side float32 }

func (l drawing) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSquareSize(l.side) }

func (l drawing) Layout(os []fyne.CanvasObject, s fyne.Size) { place(os[0], 0, 0, s.Width, s.Height) }

// IconChip is an icon on a tinted, rounded square; tint counts from 0 to 5.
func (k *Kit) IconChip(i look.Icon, tint int, size look.TextSize) fyne.CanvasObject {
	t := k.Pal.Tints[((tint%6)+6)%6]
	bg := canvas.NewRectangle(t.Soft)
	side := k.Size(size) * 2.15
	bg.CornerRadius = side * 0.27
	bg.SetMinSize(fyne.NewSquareSize(side))
	return k.H(look.None, k.Over(bg, k.Center(k.Icon(i, size, t.Ink))))
}
