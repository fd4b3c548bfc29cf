package view

import (
	"image/color"
	"strconv"

	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// tones of the app in those of the kit; both name the same five.
func tone(t fieldapp.Tone) touch.Tone {
	return [...]touch.Tone{touch.Neutral, touch.Good, touch.Warn, touch.Bad, touch.Info}[t]
}

// narrow tells that a line holds few words: a phone, or large letters.
func (p *page) narrow() bool {
	return p.t.Phone(p.size) || p.size.Width < p.t.Size(look.Caption)*36
}

// wide tells that there is room for two panes.
func (p *page) wide() bool { return p.t.Wide(p.size) }

// column is how wide a form runs at most.
func (p *page) column() float32 { return p.t.Size(look.Body) * 46 }

// gap is the distance to the edge of the screen.
func (p *page) gap() look.Space {
	if p.narrow() {
		return look.M
	}
	return look.L
}

// frame is a screen with a way back, a scrolling column, and the next action.
func (p *page) frame(title string, action fyne.CanvasObject, body ...fyne.CanvasObject) fyne.CanvasObject {
	t, g := p.t, p.gap()
	column := t.Middle(p.column(), t.Inset(g, g, look.XL, g, t.V(look.M, append(p.said(), body...)...)))
	var foot fyne.CanvasObject
	if action != nil {
		foot = t.BottomBar(t.Middle(p.column(), action))
	}
	return t.Frame(p.head(title), t.Scroll(column), foot)
}

// head is the title with the way back and the connection.
func (p *page) head(title string) fyne.CanvasObject {
	t := p.t
	back := t.IconButton(touch.OnDeep, look.IconBack, t.T("common.back"), p.a.Back)
	return t.V(look.None, t.TopBar(back, title, p.badge()), p.line())
}

// badge is the connection, and how much waits, as a way to the list of it.
func (p *page) badge() fyne.CanvasObject {
	t, link := p.t, p.a.Link()
	icon := look.IconCloudOff
	if link.Online {
		icon = look.IconCloudCheck
	}
	words := link.Short
	if p.t.Phone(p.size) {
		words = ""
	}
	if n := p.a.WaitingCount(); n > 0 {
		icon = look.IconCloudUp
		if !link.Online {
			icon = look.IconCloudOff
		}
		if words != "" {
			words += " · "
		}
		words += strconv.Itoa(n)
	}
	spoken := link.Short + ". " + link.Words + ". " + t.T("field.waiting.count", "count", p.a.WaitingCount())
	if words == "" {
		return t.IconButton(touch.OnDeep, icon, spoken, p.a.OpenWaiting)
	}
	b := t.Button(touch.OnDeep, icon, words, p.a.OpenWaiting)
	b.SetLabel(spoken)
	return b
}

// line says how the connection is and when it was last there, and when there is
// no room left.
func (p *page) line() fyne.CanvasObject {
	if p.a.Waiting().Full {
		return p.t.V(look.None, p.link(), p.t.Banner(touch.Bad, look.IconWarning, p.T("field.full")))
	}
	return p.link()
}

func (p *page) link() fyne.CanvasObject {
	link := p.a.Link()
	icon := look.IconCloudOff
	if link.Online {
		icon = look.IconCloudCheck
	}
	return p.t.Banner(tone(link.Tone), icon, link.Words)
}

// said is what went wrong or well last, on top of a screen.
func (p *page) said() []fyne.CanvasObject {
	var out []fyne.CanvasObject
	if s := p.a.Problem(); s != "" {
		out = append(out, p.t.Banner(touch.Bad, look.IconWarning, s))
	}
	if s := p.a.Notice(); s != "" {
		out = append(out, p.t.Banner(touch.Good, look.IconCheckCircle, s))
	}
	return out
}

// section is a titled card.
func (p *page) section(title string, body ...fyne.CanvasObject) fyne.CanvasObject {
	t := p.t
	parts := body
	if title != "" {
		parts = append([]fyne.CanvasObject{t.Para(title, touch.Lead.Bold())}, body...)
	}
	return t.Card(t.V(look.M, parts...))
}

// facts turns the app's facts into the kit's.
func (p *page) facts(fs []fieldapp.Fact) fyne.CanvasObject {
	var out []touch.Fact
	for _, f := range fs {
		out = append(out, touch.Fact{Label: f.Label, Value: f.Value})
	}
	return p.t.Facts(out)
}

// nav is the way between the main screens, at the bottom.
func (p *page) nav() fyne.CanvasObject {
	t := p.t
	waiting := t.T("field.nav.waiting")
	if n := p.a.WaitingCount(); n > 0 {
		waiting += " (" + strconv.Itoa(n) + ")"
	}
	at := p.a.Screen()
	return t.Ground(t.Pal.Surface, t.Inset(look.S, look.S, look.S, look.S, t.Grid(4, look.XS,
		p.tab(look.IconList, t.T("field.nav.jobs"), at == fieldapp.ScreenJobs || at == fieldapp.ScreenJob, p.a.Home),
		p.tab(look.IconPlus, t.T("field.nav.find"), false, p.a.OpenFind),
		p.tab(look.IconCloudUp, waiting, at == fieldapp.ScreenWaiting, p.a.OpenWaiting),
		p.tab(look.IconUser, t.T("field.nav.more"), at == fieldapp.ScreenMore, p.a.OpenMore))))
}

func (p *page) tab(icon look.Icon, label string, on bool, tap func()) fyne.CanvasObject {
	t := p.t
	ink, style := t.Pal.Muted, touch.Caption
	if on {
		ink, style = t.Pal.Primary, style.Bold()
	}
	body := t.V(look.XS, t.Center(t.Icon(icon, look.Title, ink)), t.Para(label, style.In(ink).Center()))
	b := t.Press(label, t.Inset(look.S, look.XS, look.S, look.XS, body), tap)
	b.Selected, b.Radius = on, t.Px(look.M)
	if on {
		b.Fill = t.Pal.PrimarySoft
	}
	return b
}

// main is the next action of a screen: as wide as the thumb wants it.
func (p *page) main(icon look.Icon, label string, tap func()) fyne.CanvasObject {
	return touch.Grow(p.t.Button(touch.Primary, icon, label, tap))
}

// top is a main screen: crew and connection on top, the ways at the bottom.
func (p *page) top(body fyne.CanvasObject) fyne.CanvasObject {
	return p.t.Frame(p.crewBar(), body, p.nav())
}

// crewBar says whose list this is, with the connection and the lock.
func (p *page) crewBar() fyne.CanvasObject {
	t, who := p.t, p.a.Person()
	name := who.Actor.Name
	if who.Actor.ID == who.Actor.Crew {
		name = p.a.CityName()
	}
	words := t.V(look.None, t.Line(who.Crew, t.OnDeep(touch.Lead.Bold())), t.Line(name, t.OnDeep(touch.Caption.Muted())))
	person := t.Press(t.T("field.who.switch", "name", name), t.Inset(look.XS, look.S, look.XS, look.S, words), p.a.AskWho)
	lock := t.IconButton(touch.OnDeep, look.IconLock, t.T("field.lock.now"), p.a.Lock)
	body := t.H(look.S, touch.Grow(person), p.badge(), lock)
	return t.V(look.None, t.Hero(t.Inset(look.S, p.gap(), look.S, look.S, body)), p.line())
}

// deepInk is the colour of icons on the civic gradient.
func (p *page) deepInk() color.NRGBA {
	if p.t.Pal.Edged {
		return p.t.Pal.Ink
	}
	return p.t.Pal.OnPrimary
}
