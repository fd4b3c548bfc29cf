package view

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"

	"cityhall/kiosk"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
	"cityhall/shared/words"
)

// page is what a screen is drawn from, for one drawing.
type page struct {
	v    *View
	k    *kiosk.Kiosk
	t    *touch.Kit
	w    *words.Words
	size fyne.Size
}

// main is the page's main action.
type main struct {
	icon  look.Icon
	label string
	tap   func()
	busy  bool
}

// tight tells that a line holds few words: a narrow screen or large text.
func (p *page) tight() bool { return p.t.Phone(p.size) }

// wide tells that there is room for two panes.
func (p *page) wide() bool { return p.t.Wide(p.size) }

// column is how wide the words of a page run at most.
func (p *page) column() float32 { return min(p.size.Width, p.t.Size(look.Body)*40) }

// frame puts a page together: head, state of the line, body, and the foot with
// Back, Help and the main action. The body scrolls.
func (p *page) frame(m *main, body ...fyne.CanvasObject) fyne.CanvasObject {
	t := p.t
	column := t.Middle(p.column(), t.Inset(look.L, look.L, look.XL, look.L, t.V(look.L, body...)))
	return t.Frame(p.head(), t.Scroll(column), p.foot(m))
}

func (p *page) head() fyne.CanvasObject {
	return p.t.V(look.None, p.t.Hero(p.cityBar()), p.line())
}

// cityBar is the city's name with language, text size and contrast.
func (p *page) cityBar() fyne.CanvasObject {
	t := p.t
	if p.tight() {
		return t.Inset(look.M, look.L, look.M, look.L, t.V(look.S, p.named(), t.Flow(look.S, p.controls()...)))
	}
	return t.Inset(look.M, look.L, look.M, look.L, t.H(look.S, append([]fyne.CanvasObject{touch.Grow(p.named())}, p.controls()...)...))
}

// named is the city's drawing and name.
func (p *page) named() fyne.CanvasObject {
	t := p.t
	return t.H(look.S, t.Icon(look.IconBuilding, look.Lead, p.deepInk()), touch.Grow(t.Para(p.cityName(), t.OnDeep(touch.Body.Bold()))))
}

func (p *page) cityName() string {
	if name := p.k.Settings().Name; name != "" {
		return name
	}
	return p.t.T("kiosk.city.unnamed")
}

// controls are the languages, text size and contrast, for every screen.
func (p *page) controls() []fyne.CanvasObject {
	t := p.t
	size := t.IconButton(touch.OnDeep, look.IconTextSize, t.T("common.text_size"), p.k.NextTextSize)
	contrast := t.IconButton(touch.OnDeep, look.IconContrast, t.T("common.contrast"), p.k.ToggleContrast)
	contrast.Selected = p.k.HighContrast()
	return append(p.languages(), size, contrast)
}

// languages are those that the city speaks and that there are words for.
func (p *page) languages() []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for _, l := range words.Languages() {
		if slices.Contains(p.k.Languages(), l.Code) {
			out = append(out, p.language(l))
		}
	}
	return out
}

// language is a chip with a language's own name; the one spoken now stands out.
func (p *page) language(l words.Language) fyne.CanvasObject {
	t := p.t
	chosen := l.Code == p.k.Language()
	like := t.IconButton(touch.OnDeep, look.IconLanguage, l.Name, nil)
	fill, ink, stroke := like.Fill, p.deepInk(), like.Stroke
	switch {
	case chosen && t.Pal.Edged:
		fill, ink, stroke = t.Pal.Primary, t.Pal.OnPrimary, color.NRGBA{}
	case chosen:
		fill, ink = t.Pal.OnPrimary, t.Pal.PrimaryDeep
	}
	words := t.Center(t.Text(l.Name, touch.Caption.Bold().In(ink)))
	b := t.Press(l.Name, t.Inset(look.S, look.M, look.S, look.M, words), func() { p.k.SetLanguage(l.Code) })
	b.Fill, b.Stroke, b.Selected = fill, stroke, chosen
	return b
}

// line says how the line to the city is.
func (p *page) line() fyne.CanvasObject {
	t, c := p.t, p.k.Connection()
	switch {
	case c.Reachable:
		return t.Banner(touch.Good, look.IconCloudCheck, t.T("kiosk.line.online"))
	case p.k.Screen() == kiosk.ScreenEnrol:
		return t.Banner(touch.Neutral, look.IconCloud, t.T("kiosk.line.none"))
	case c.Unknown:
		return t.Banner(touch.Neutral, look.IconCloud, t.T("kiosk.line.unknown"))
	case c.Old:
		return t.Banner(touch.Warn, look.IconCloud, t.T("kiosk.line.upgrade"))
	case c.Wrong:
		return t.Banner(touch.Warn, look.IconCloudOff, t.T("kiosk.line.wrong"))
	}
	return t.Banner(touch.Warn, look.IconCloudOff, t.T("kiosk.line.offline"))
}

// asOf tells how old what is shown may be.
func (p *page) asOf() string {
	at := p.k.AsOf()
	if at.IsZero() {
		return p.t.T("kiosk.asof.never")
	}
	return p.t.T("kiosk.asof", "when", p.w.DayTime(at, p.k.Now()))
}

// foot holds Back and Help at the left and the main action at the right.
func (p *page) foot(m *main) fyne.CanvasObject {
	t := p.t
	var left []fyne.CanvasObject
	if p.k.CanGoBack() {
		left = append(left, t.Button(touch.Secondary, look.IconBack, t.T("common.back"), p.k.Back))
	}
	left = append(left, p.helpButton())
	if m == nil {
		return t.BottomBar(t.H(look.M, left...))
	}
	b := t.Button(touch.Primary, m.icon, m.label, m.tap)
	if m.busy {
		b.Disable()
	}
	if p.tight() {
		return t.BottomBar(t.V(look.S, b, t.Grid(len(left), look.S, left...)))
	}
	// The main action always begins at one place, whatever stands before it.
	both := t.H(look.M, t.Button(touch.Secondary, look.IconBack, t.T("common.back"), nil), p.helpButton())
	return t.BottomBar(t.Side(both.MinSize().Width+t.Px(look.L), t.H(look.M, left...), b))
}

func (p *page) helpButton() *touch.Press {
	return p.t.Button(touch.Secondary, look.IconHelp, p.t.T("common.help"), p.help)
}

// help is a calm card with the city's telephone; nothing is lost by it.
func (p *page) help() {
	t := p.t
	text := t.T("kiosk.help.text")
	if phone := p.k.Settings().Phone; phone != "" {
		text = t.T("kiosk.help.phone", "phone", phone) + "\n" + text
	}
	buttons := []touch.DialogButton{{Kind: touch.Primary, Label: t.T("common.close")}}
	if s := p.k.Screen(); s != kiosk.ScreenHome && s != kiosk.ScreenEnrol && s != kiosk.ScreenClosed {
		buttons = append(buttons, touch.DialogButton{Kind: touch.Secondary, Icon: look.IconHome, Label: t.T("common.start_over"), Tap: p.k.Reset})
	}
	p.v.help = p.v.shell.Ask(touch.DialogSpec{Icon: look.IconHelp, Title: t.T("kiosk.help.title"), Text: text, Buttons: buttons})
}

// deepInk is the colour of drawings on the civic gradient.
func (p *page) deepInk() color.NRGBA {
	if p.t.Pal.Edged {
		return p.t.Pal.Ink
	}
	return p.t.Pal.OnPrimary
}

// steps shows how far the report is, unless a page was opened to change it.
func (p *page) steps() fyne.CanvasObject {
	if p.k.Editing() {
		return p.t.Chip(touch.Info, p.t.T("kiosk.editing"))
	}
	return p.t.Steps(p.k.Steps())
}

// heading is the page's one question, with a line below it.
func (p *page) heading(title, sub string) fyne.CanvasObject {
	t := p.t
	if sub == "" {
		return t.Head(title, touch.Heading)
	}
	return t.V(look.S, t.Head(title, touch.Heading), t.Para(sub, touch.Body.Muted()))
}

// next is the main action that goes on.
func (p *page) next() *main {
	if p.k.Editing() {
		return &main{icon: look.IconCheck, label: p.t.T("kiosk.save_change"), tap: p.k.Next}
	}
	return &main{icon: look.IconForward, label: p.t.T("common.continue"), tap: p.k.Next}
}

// problem is what is wrong with a field, in words; "" when nothing is.
func (p *page) problem(field string) string {
	e := p.k.Problem(field)
	if e == nil {
		return ""
	}
	for _, key := range []string{"kiosk.error." + e.Field + "." + string(e.Code), "kiosk.error." + field + "." + string(e.Code)} {
		if p.w.Has(key) {
			return p.t.T(key, "max", e.Max)
		}
	}
	return p.w.Error(string(e.Code))
}

// icon is a service's drawing, or its group's when this version has none.
func icon(s kiosk.Service) look.Icon {
	if i := look.Icon(s.Icon); i.Known() {
		return i
	}
	return groupIcon(s.Group)
}

var groupIcons = map[string]look.Icon{
	"streets": look.IconRoad, "trees": look.IconTree, "waste": look.IconTrash, "water": look.IconWater, "animals": look.IconAnimal,
}

func groupIcon(group string) look.Icon {
	if i, ok := groupIcons[group]; ok {
		return i
	}
	return look.IconBuilding
}

var groupTints = map[string]int{"streets": 0, "trees": 1, "waste": 3, "water": 2, "animals": 5}

func groupTint(group string) int {
	if t, ok := groupTints[group]; ok {
		return t
	}
	return 4
}

func (p *page) group(g string) string {
	if key := "kiosk.group." + g; p.w.Has(key) {
		return p.t.T(key)
	}
	return g
}

// where is a place in words, with its district.
func (p *page) where(at city.Place) string {
	line, d := at.Line(), p.k.Settings().District(at.District)
	if line == "" && at.OnMap() {
		line = p.t.T("kiosk.place.onmap")
	}
	if line == "" {
		return d
	}
	if d != "" {
		line += " · " + d
	}
	return line
}
