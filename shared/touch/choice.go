package touch

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"cityhall/shared/look"
)

// Option is one answer of a choice.
type Option struct {
	Value, Label, Hint string
	Icon               look.Icon
}

// ChoiceSpec is a question with answers to choose from, one or several.
type ChoiceSpec struct {
	Label, Hint string
	Options     []Option
	Multi       bool
	Value       []string
	Columns     int // 1 if zero
	Error       string
	Changed     func([]string)
}

// Choice is large rows with a drawn radio button or checkbox.
type Choice struct {
	widget.BaseWidget
	k       *Kit
	spec    ChoiceSpec
	rows    []*Press
	dots    []*mark
	problem *Para
	mark    *fyne.Container
	body    *fyne.Container
}

// Choice makes a choice.
func (k *Kit) Choice(spec ChoiceSpec) *Choice {
	c := &Choice{k: k, spec: spec}
	c.spec.Value = slices.Clone(spec.Value)
	var parts []fyne.CanvasObject
	if spec.Label != "" {
		parts = append(parts, k.Para(spec.Label, Body.Bold()))
	}
	if spec.Hint != "" {
		parts = append(parts, k.Para(spec.Hint, Body.Muted()))
	}
	c.problem = k.Para("", Body.Bold().In(k.Pal.Bad))
	c.mark = k.H(look.S, k.Icon(look.IconWarning, look.Body, k.Pal.Bad), Grow(c.problem))
	parts = append(parts, c.mark)
	rows := make([]fyne.CanvasObject, len(spec.Options))
	for i, o := range spec.Options {
		rows[i] = c.row(o)
	}
	if spec.Columns > 1 {
		parts = append(parts, k.Grid(spec.Columns, look.S, rows...))
	} else {
		parts = append(parts, k.V(look.S, rows...))
	}
	c.body = k.V(look.S, parts...)
	c.ExtendBaseWidget(c)
	c.show(spec.Error)
	c.paint()
	return c
}

func (c *Choice) row(o Option) *Press {
	k := c.k
	m := newMark(k, c.spec.Multi)
	words := []fyne.CanvasObject{k.Para(o.Label, Body.Bold())}
	label := o.Label
	if o.Hint != "" {
		words = append(words, k.Para(o.Hint, Caption.Muted()))
		label += ". " + o.Hint
	}
	parts := []fyne.CanvasObject{m.object()}
	if o.Icon != "" {
		parts = append(parts, k.Icon(o.Icon, look.Lead, k.Pal.Primary))
	}
	parts = append(parts, Grow(k.V(look.None, words...)))
	p := k.Press(label, k.Inset(look.S+2, look.M, look.S+2, look.M, k.H(look.M, parts...)), nil)
	p.act = func() { c.toggle(o.Value) }
	p.role = RoleRadio
	if c.spec.Multi {
		p.role = RoleCheckbox
	}
	p.least = fyne.NewSize(k.Target(), k.buttonHeight())
	c.rows, c.dots = append(c.rows, p), append(c.dots, m)
	return p
}

func (c *Choice) toggle(value string) {
	at := slices.Index(c.spec.Value, value)
	switch {
	case !c.spec.Multi:
		c.spec.Value = []string{value}
	case at >= 0:
		c.spec.Value = slices.Delete(c.spec.Value, at, at+1)
	default:
		c.spec.Value = append(c.spec.Value, value)
	}
	c.show("")
	c.paint()
	c.k.relayout()
	if c.spec.Changed != nil {
		c.spec.Changed(c.Value())
	}
}

func (c *Choice) paint() {
	k := c.k
	for i, o := range c.spec.Options {
		on := slices.Contains(c.spec.Value, o.Value)
		p := c.rows[i]
		p.Selected = on
		p.Fill, p.Stroke, p.Width = k.Pal.Surface, k.Pal.Edge, k.line()
		if on {
			p.Fill, p.Stroke, p.Width = k.Pal.PrimarySoft, k.Pal.Primary, k.line()*2
		}
		c.dots[i].set(on)
		p.Refresh()
	}
}

// Value is the chosen values, in the order of choosing.
func (c *Choice) Value() []string { return slices.Clone(c.spec.Value) }

// SetError shows words above the answers and speaks them; "" takes them away.
func (c *Choice) SetError(words string) {
	c.show(words)
	c.k.say(words)
	c.k.relayout()
}

func (c *Choice) show(words string) {
	c.problem.SetText(words)
	if words == "" {
		c.mark.Hide()
	} else {
		c.mark.Show()
	}
}

// CreateRenderer is part of fyne.Widget.
func (c *Choice) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.body) }

// HeightFor is the height with all answers at a width.
func (c *Choice) HeightFor(width float32) float32 { return heightFor(c.body, width) }

func (c *Choice) parts() []fyne.CanvasObject { return []fyne.CanvasObject{c.body} }
