package view

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// jobs is the list; beside it stands the job that is open where there is room.
func (p *page) jobs() fyne.CanvasObject {
	if p.wide() {
		return p.beside()
	}
	return p.top(p.listOrMap())
}

func (p *page) listOrMap() fyne.CanvasObject {
	if p.a.ShowsMap() {
		return p.jobsMap()
	}
	return p.list()
}

// beside is list and job at once, for a tablet held across.
func (p *page) beside() fyne.CanvasObject {
	t := p.t
	if p.a.ShowsMap() && p.a.Page() == nil {
		return p.top(p.jobsMap())
	}
	left := t.Frame(nil, p.listOrMap(), p.nav())
	var right fyne.CanvasObject
	if p.a.Page() == nil {
		right = t.Empty(look.IconList, t.T("field.jobs.choose"), t.T("field.jobs.choose_text"), nil)
		if said := p.said(); len(said) > 0 {
			right = t.Frame(t.V(look.S, said...), right, nil)
		}
	} else {
		right = p.jobBody()
	}
	side := min(p.size.Width*0.40, t.Size(look.Body)*27)
	if p.a.ShowsMap() {
		side = p.size.Width * 0.52
	}
	return t.Frame(p.crewBar(), t.Side(side, left, right), nil)
}

func (p *page) list() fyne.CanvasObject {
	t, jobs := p.t, p.a.Jobs()
	empty := t.Empty(look.IconCheckCircle, t.T("field.jobs.none"), t.T("field.jobs.none_text"), nil)
	if p.a.ShowsDone() {
		empty = t.Empty(look.IconList, t.T("field.jobs.none_done"), t.T("field.jobs.none_done_text"), nil)
	}
	list := t.List(touch.ListSpec{Name: t.T("field.nav.jobs"), Count: func() int { return len(jobs) },
		Row: func(i int) touch.RowSpec { return p.jobRow(jobs[i]) }, Empty: empty})
	side := p.gap()
	if p.wide() {
		side = look.M
	}
	head := []fyne.CanvasObject{p.filters()}
	if !p.wide() {
		head = append(p.said(), head...)
	}
	return t.Frame(t.Inset(look.M, side, look.S, side, t.V(look.S, head...)), t.Inset(look.None, side, look.None, side, list), nil)
}

// filters are open or finished, the figures, and the order.
func (p *page) filters() fyne.CanvasObject {
	t, c := p.t, p.a.Counts()
	todo := p.toggle(t.T("field.jobs.todo")+"  "+strconv.Itoa(c.Todo), !p.a.ShowsDone(), func() { p.a.ShowDone(false) })
	done := p.toggle(t.T("field.jobs.done")+"  "+strconv.Itoa(c.Done), p.a.ShowsDone(), func() { p.a.ShowDone(true) })
	var title fyne.CanvasObject = t.Head(t.T("field.jobs.title"), touch.Title)
	if p.a.HasMap() {
		onMap := t.Button(touch.Secondary, look.IconMap, t.T("field.jobs.map"), func() { p.a.ShowMap(true) })
		onMap.SetLabel(t.T("field.jobs.map_spoken"))
		title = t.H(look.M, touch.Grow(title), onMap)
	}
	parts := []fyne.CanvasObject{title, t.Grid(2, look.S, todo, done)}
	if p.a.ShowsDone() {
		return t.V(look.S, parts...)
	}
	var figures []string
	if c.Overdue > 0 {
		figures = append(figures, t.T("field.jobs.overdue", "count", c.Overdue))
	}
	if c.New > 0 {
		figures = append(figures, t.T("field.jobs.new", "count", c.New))
	}
	if len(figures) > 0 {
		parts[0] = t.V(look.None, parts[0], t.Para(strings.Join(figures, " · "), touch.Body.Muted()))
	}
	var orders []fyne.CanvasObject
	for _, o := range fieldapp.Orders {
		orders = append(orders, p.toggle(t.T("field.order."+string(o)), p.a.Order() == o, func() { p.a.SetOrder(o) }))
	}
	parts = append(parts, t.Grid(3, look.S, orders...))
	if p.a.Order() == fieldapp.ByDistance {
		parts = append(parts, t.Para(p.a.Measured(), touch.Caption.Muted()))
	}
	return t.V(look.S, parts...)
}

// toggle is one of a few that exclude each other.
func (p *page) toggle(label string, on bool, tap func()) fyne.CanvasObject {
	t := p.t
	style := touch.Caption.Bold()
	fill := t.Pal.Sunken
	if on {
		fill, style = t.Pal.PrimarySoft, style.In(t.Pal.Primary)
	}
	b := t.Press(label, t.Inset(look.S, look.XS, look.S, look.XS, t.H(look.None, touch.Grow(t.Para(label, style.Center())))), tap)
	b.Fill, b.Selected, b.Radius = fill, on, t.Px(look.M)
	if on || t.Pal.Edged {
		b.Stroke = t.Pal.Edge
	}
	if on {
		b.Stroke = t.Pal.Primary
	}
	return b
}

func (p *page) jobRow(j fieldapp.Job) touch.RowSpec {
	chip := p.jobChip(j)
	where := j.Where
	if j.District != "" {
		where += " · " + j.District
	}
	if j.Measured && p.a.Order() == fieldapp.ByDistance {
		where = p.t.Distance(float64(j.Metres)) + " · " + where
	}
	spec := touch.RowSpec{Icon: p.icon(j.Icon), Tint: tint(j.Icon), Title: j.Title, Sub: where, Chip: &chip, Tap: func() { p.a.OpenJob(j.ID) }}
	if open := p.a.Page(); open != nil && open.ID == j.ID && p.wide() {
		spec.Title = "› " + j.Title
	}
	return spec
}

// jobChip says in a few words what matters most about a job.
func (p *page) jobChip(j fieldapp.Job) touch.ChipSpec {
	t := p.t
	by := ""
	if !j.Due.IsZero() {
		by = p.a.Day(j.Due)
	}
	join := func(state, due string) string {
		if due == "" {
			return state
		}
		return state + " · " + due
	}
	switch {
	case j.State == city.JobDone && p.a.OnTheWay(j): // the office knows nothing of it yet
		return touch.ChipSpec{Tone: touch.Info, Words: t.T("field.state.unsent")}
	case j.State == city.JobDone:
		return touch.ChipSpec{Tone: touch.Info, Words: t.T("field.state.done")}
	case j.State == city.JobApproved && j.Outcome == city.OutcomeFixed:
		return touch.ChipSpec{Tone: touch.Good, Words: t.T("field.state.approved_fixed")}
	case j.State == city.JobApproved:
		return touch.ChipSpec{Tone: touch.Neutral, Words: t.T("field.state.approved")}
	case j.State == city.JobCancelled:
		return touch.ChipSpec{Tone: touch.Neutral, Words: t.T("field.state.cancelled")}
	case j.State == city.JobStarted:
		return touch.ChipSpec{Tone: touch.Info, Words: join(t.T("field.state.started"), by)}
	case j.Returned != "":
		return touch.ChipSpec{Tone: touch.Warn, Words: join(t.T("field.state.returned"), by)}
	case j.Overdue:
		return touch.ChipSpec{Tone: touch.Bad, Words: join(t.T("field.state.overdue"), by)}
	case j.Priority == city.PriorityUrgent:
		return touch.ChipSpec{Tone: touch.Bad, Words: join(t.T("field.priority.urgent"), by)}
	case j.Fresh == fieldapp.New:
		return touch.ChipSpec{Tone: touch.Good, Words: join(t.T("field.state.new"), by)}
	case j.Fresh == fieldapp.Altered:
		return touch.ChipSpec{Tone: touch.Good, Words: join(t.T("field.state.altered"), by)}
	case j.Priority == city.PriorityHigh:
		return touch.ChipSpec{Tone: touch.Warn, Words: join(t.T("field.priority.high"), by)}
	}
	return touch.ChipSpec{Tone: touch.Neutral, Words: join(t.T("field.state.assigned"), by)}
}

// icon is a service's icon, or a wrench for one that this version does not know.
func (p *page) icon(name string) look.Icon {
	if i := look.Icon(name); i.Known() {
		return i
	}
	return look.IconWrench
}

// tint gives the services of one icon one colour.
func tint(icon string) int {
	n := 0
	for _, r := range icon {
		n += int(r)
	}
	return n % 6
}
