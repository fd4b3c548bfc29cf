package view

import (
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"cityhall/kiosk"
	"cityhall/shared/atlas"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// here shows what concerns an address, each part with the day that it is known of.
func (p *page) here() fyne.CanvasObject {
	c := p.k.Concerns()
	if c == nil {
		return p.address()
	}
	t := p.t
	sub := ""
	if d := p.k.Settings().District(c.Here.Place.District); d != "" {
		sub = t.T("kiosk.here.sub", "district", d)
	}
	before := append([]fyne.CanvasObject{p.heading(p.hitName(c.Hit), sub)}, p.reserve(c)...)
	cards := p.hereCards(c)
	switch {
	case len(cards) > 0:
		before = append(before, cards...)
	case !c.Here.Outside:
		before = append(before, t.Panel(touch.Neutral, t.Para(t.T("kiosk.here.nothing"), touch.Body)))
	}
	before = append(before, t.Head(t.T("kiosk.here.near", "meters", p.k.Around()), touch.Title))
	done := &main{icon: look.IconHome, label: t.T("common.done"), tap: p.k.Next}
	return p.withMap(done, p.nearMap(t.T("kiosk.here.map"), c.Here.Place, p.hitName(c.Hit)), before, p.around(c))
}

// reserve says from what day the dates count, and what is not certain.
func (p *page) reserve(c *kiosk.Concerns) (parts []fyne.CanvasObject) {
	t, hit := p.t, c.Hit
	warn := func(words string) {
		parts = append(parts, t.Panel(touch.Warn, t.Para(words, touch.Body)))
	}
	if c.Here.Outside {
		warn(t.T("kiosk.here.outside", "city", p.cityName()))
		return parts
	}
	if !c.Sure {
		warn(t.T("kiosk.here.today.unsure", "date", p.w.FullDate(c.Today)))
	}
	switch {
	case hit.NoNumber:
		warn(t.T("kiosk.here.nonumber", "street", hit.Place.Address, "from", hit.From, "to", hit.To))
	case hit.Street:
		warn(t.T("kiosk.here.street"))
	}
	if hit.Street {
		parts = append(parts, t.H(look.None, t.Button(touch.Secondary, look.IconPen, t.T("kiosk.here.number"), p.k.Back)))
	}
	var quiet []string
	if c.Sure {
		quiet = append(quiet, t.T("kiosk.here.today", "date", p.w.FullDate(c.Today)))
	}
	if hit.Estimated && !hit.Street {
		quiet = append(quiet, t.T("kiosk.here.estimated"))
	}
	if len(quiet) > 0 {
		parts = append(parts, t.Para(strings.Join(quiet, " "), touch.Body.Muted()))
	}
	return parts
}

// notices are what the city tells this part of it, each with its days.
func (p *page) notices(c *kiosk.Concerns) (cards []fyne.CanvasObject) {
	t := p.t
	for _, n := range c.Notices {
		days := p.t.T("kiosk.here.notice.days", "from", p.day(n.From, c.Today), "until", p.day(n.Until, c.Today))
		if n.From == n.Until {
			days = p.date(n.From, c.Today)
		}
		head := t.V(look.None, t.Para(n.Title.In(p.k.Language()), touch.Title), t.Para(days, touch.Body.Muted()))
		cards = append(cards, t.Card(t.V(look.M, t.H(look.M, t.IconChip(look.IconInfo, 1, look.Lead), touch.Grow(head)),
			t.Para(n.Words.In(p.k.Language()), touch.Body), t.Para(p.asOf(), touch.Caption.Muted()))))
	}
	return cards
}

// day says a day within a sentence, or as it is written.
func (p *page) day(day string, today time.Time) string {
	at, err := time.ParseInLocation(time.DateOnly, day, today.Location())
	if err != nil {
		return day
	}
	return p.w.LongDay(at, today)
}

// told is a fact about the address and the day (2006-01-02) that it is known of.
type told struct{ label, value, asOf string }

// hereCards are collection, notices, sweeping, district and the places to know, as far
// as the city has told of them.
func (p *page) hereCards(c *kiosk.Concerns) (cards []fyne.CanvasObject) {
	t := p.t
	var collect, sweep, civic, places []told
	for _, a := range c.Here.Areas {
		switch {
		case a.Kind == "sweeping":
			sweep = append(sweep, p.dates(a, c)...)
		case len(a.Dates) > 0:
			collect = append(collect, p.dates(a, c)...)
		default:
			civic = append(civic, told{p.inWords("kind", a.Kind), area(a), a.AsOf})
		}
		for _, f := range a.Facts {
			civic = append(civic, told{p.inWords("fact", f.Name), f.Value, f.AsOf})
		}
	}
	for _, l := range c.Here.Polling {
		places = append(places, told{t.T("kiosk.here.polling"), p.landmark(l), l.AsOf})
	}
	for _, l := range c.Here.Nearest {
		if l.Kind == "library" {
			places = append(places, told{t.T("kiosk.here.library"), p.landmark(l), l.AsOf})
		}
	}
	sweeping := ""
	if number := c.Here.Number; number > 0 && len(sweep) > 0 {
		sweeping = t.T([]string{"kiosk.here.sweeping.even", "kiosk.here.sweeping.odd"}[number%2])
	}
	cards = append([]fyne.CanvasObject{p.toldCard(look.IconTrash, 3, t.T("kiosk.here.collection"), "", collect)}, p.notices(c)...)
	return slices.DeleteFunc(append(cards,
		p.toldCard(look.IconRoad, 0, t.T("kiosk.here.sweeping"), sweeping, sweep),
		p.toldCard(look.IconUsers, 4, t.T("kiosk.here.civic"), "", civic),
		p.toldCard(look.IconBuilding, 2, t.T("kiosk.here.places"), "", places),
	), func(o fyne.CanvasObject) bool { return o == nil })
}

// toldCard is a card of facts, nil when there are none. One day for all of them
// stands below, else each has its own.
func (p *page) toldCard(icon look.Icon, tint int, title, sub string, all []told) fyne.CanvasObject {
	if len(all) == 0 {
		return nil
	}
	t := p.t
	same := !slices.ContainsFunc(all, func(f told) bool { return f.asOf != all[0].asOf })
	var facts []touch.Fact
	for _, f := range all {
		if !same && f.asOf != "" {
			f.value += "\n" + p.asOfDay(f.asOf)
		}
		facts = append(facts, touch.Fact{Label: f.label, Value: f.value})
	}
	words := []fyne.CanvasObject{t.Para(title, touch.Title)}
	if sub != "" {
		words = append(words, t.Para(sub, touch.Body.Muted()))
	}
	parts := []fyne.CanvasObject{t.H(look.M, t.IconChip(icon, tint, look.Lead), touch.Grow(t.V(look.None, words...))), t.Facts(facts)}
	if same && all[0].asOf != "" {
		parts = append(parts, t.Para(p.asOfDay(all[0].asOf), touch.Caption.Muted()))
	}
	return t.Card(t.V(look.M, parts...))
}

func (p *page) asOfDay(day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return p.t.T("kiosk.here.asof", "date", day)
	}
	return p.t.T("kiosk.here.asof", "date", p.w.PlainDate(at))
}

// dates are an area's next dates, the soonest first.
func (p *page) dates(a atlas.HereArea, c *kiosk.Concerns) (out []told) {
	t := p.t
	dates := slices.Clone(a.Dates)
	slices.SortStableFunc(dates, func(a, b atlas.HereDate) int {
		if (a.Next == "") != (b.Next == "") {
			return len(b.Next) - len(a.Next) // what has no date comes last
		}
		return strings.Compare(a.Next, b.Next)
	})
	for _, d := range dates {
		label := t.T("kiosk.here.next")
		switch {
		case d.What != "":
			label = p.inWords("what", d.What)
		case a.Kind != "sweeping":
			label = p.inWords("kind", a.Kind)
		}
		if d.Side != "" && c.Here.Number == 0 {
			label += ", " + t.T("kiosk.here.side."+d.Side)
		}
		out = append(out, told{label, p.date(d.Next, c.Today), d.AsOf})
	}
	return out
}

// date says a day as people do, with its weekday.
func (p *page) date(day string, today time.Time) string {
	at, err := time.ParseInLocation(time.DateOnly, day, today.Location())
	if err != nil {
		return p.t.T("kiosk.here.none")
	}
	words := p.w.LongDay(at, today)
	switch day {
	case today.Format(time.DateOnly):
		return p.t.T("kiosk.here.today_is", "date", words)
	case today.AddDate(0, 0, 1).Format(time.DateOnly):
		return p.t.T("kiosk.here.tomorrow_is", "date", words)
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// around lists the open requests near the address.
func (p *page) around(c *kiosk.Concerns) []fyne.CanvasObject {
	t := p.t
	var rows []fyne.CanvasObject
	for _, n := range c.Near {
		s, _ := p.k.Offered(n.Request.Service)
		st := p.status(n.Request, n.Pending)
		rows = append(rows, t.ListRow(touch.RowSpec{Icon: icon(s), Tint: groupTint(s.Group), Title: p.k.ServiceName(n.Request.Service), Sub: p.away(n.Meters) + " · " + p.where(n.Request.Place),
			Chip: &touch.ChipSpec{Tone: st.tone, Words: st.short}, Tap: func() { p.k.Follow(n.ID) }}))
	}
	if len(rows) == 0 {
		rows = append(rows, t.Para(t.T("kiosk.here.near.none"), touch.Body))
	}
	return []fyne.CanvasObject{t.V(look.S, rows...), t.Para(p.asOf(), touch.Caption.Muted())}
}

// inWords is a city's own word in the person's language, or as the city writes it.
func (p *page) inWords(what, word string) string {
	slug := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(word)), " ", "-")
	if key := "kiosk.here." + what + "." + slug; p.w.Has(key) {
		return p.t.T(key)
	}
	words := []rune(strings.NewReplacer("_", " ", "-", " ").Replace(word))
	if len(words) > 0 {
		return strings.ToUpper(string(words[:1])) + string(words[1:])
	}
	return word
}

func area(a atlas.HereArea) string {
	if a.Name != "" {
		return a.Name
	}
	return a.Key
}

// landmark is a place with all that helps to get there.
func (p *page) landmark(l atlas.Landmark) string {
	lines := []string{l.Name}
	for _, s := range []string{l.Address, l.Note, l.Phone} {
		if s != "" {
			lines = append(lines, s)
		}
	}
	return strings.Join(append(lines, p.away(l.Metres)), "\n")
}
