package fieldapp

import (
	"maps"
	"slices"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// Fact is a label and what there is to say.
type Fact struct{ Label, Value string }

// Event is something that has happened to the request.
type Event struct {
	At    time.Time
	When  string
	Title string
	Text  string
	Tone  Tone
}

// Shot is a photo of the request.
type Shot struct {
	Blob  string
	Stage string // report, before, after
	Words string // stage, who and when
	Note  string // that it is on its way, or will not come
}

// JobPage is all about one job.
type JobPage struct {
	Job
	Detail      string // beside the address
	Landmark    string
	Instruction string
	Words       string // the resident's
	Answers     []Fact
	Contact     []Fact
	ContactShut bool    // the resident left a contact, and a PIN shows it
	ContactOver bool    // no contact is shown: the city has not been heard for too long
	Events      []Event // latest first
	Shots       []Shot
	Started     time.Time // of the visit in hand
	StartedBy   string
	Gone        bool // it is another crew's by now
	Unsent      []Line
	HasDraft    bool

	startAct city.MutationID // that began the visit in hand
}

// Page is the job that is open, or nil.
func (a *App) Page() *JobPage { return a.page }

// OpenJob shows a job.
func (a *App) OpenJob(id city.ID) {
	j, ok := a.job(id)
	if !ok || !a.unlocked() {
		return
	}
	behind := a.Screen() != ScreenJob && a.On(ScreenJob)
	if behind { // a job that is on the way is left, with its forms kept: one is open at a time
		a.leave()
		a.form, a.picking, a.note = nil, nil, noteForm{}
	}
	other := a.page == nil || a.page.ID != id
	a.page = &JobPage{Job: j}
	a.markSeen(id)
	view, err := a.r.View(a.ctx)
	if err == nil {
		err = a.loadPage(view)
	}
	switch {
	case behind:
		a.backTo(ScreenJob)
	case a.Screen() != ScreenJob:
		a.push(ScreenJob)
	case other:
		a.leave()
		a.Changed(Same)
	}
	if err != nil {
		a.fail(err)
	}
}

// loadPage reads the open job again. When it is gone, what was known stays.
func (a *App) loadPage(view city.View) error {
	if a.page == nil {
		return nil
	}
	unsent, err := a.unsentAbout(a.page.Request)
	if err != nil {
		return err
	}
	j, ok := a.job(a.page.ID)
	if !ok {
		gone := *a.page
		gone.Gone, gone.Unsent = true, unsent
		if gone.ContactOver = a.r.LeaseOver(); gone.ContactOver || !a.r.Unlocked() {
			gone.Contact = nil
		}
		a.page = &gone
		return nil
	}
	if a.Screen() == ScreenJob && j.Fresh != Seen {
		a.markSeen(j.ID)
		j.Fresh = Seen
	}
	p := &JobPage{Job: j, Unsent: unsent}
	order, _, err := city.LoadWorkOrder(view, j.ID)
	if err != nil {
		return err
	}
	p.Instruction = order.Instruction
	if p.HasDraft, err = a.hasDraft(draftKey(j.ID)); err != nil {
		return err
	}
	for _, read := range []func(city.View, *JobPage) error{a.readWork, a.readPerson, a.readVisits, a.readNotes, a.readShots} {
		if err := read(view, p); err != nil {
			return err
		}
	}
	slices.SortStableFunc(p.Events, func(x, y Event) int { return y.At.Compare(x.At) })
	a.page = p
	return nil
}

func (a *App) readWork(view city.View, p *JobPage) error {
	req, _, err := city.LoadRequest(view, p.Request)
	if err != nil {
		return err
	}
	work, _, err := city.LoadWork(view, p.Request)
	if err != nil {
		return err
	}
	p.Words, p.Detail, p.Landmark = work.Description, work.Place.Detail, work.Place.Landmark
	if p.Detail == p.Where {
		p.Detail = ""
	}
	if p.Landmark == p.Where {
		p.Landmark = ""
	}
	p.Answers = a.answers(a.services[req.Service], work.Answers)
	if at := req.ReceivedAt; !at.IsZero() {
		p.Events = append(p.Events, a.event(at, a.T("field.event.received"), a.T("field.source."+source(work.Source)), Neutral))
	}
	order, _, err := city.LoadWorkOrder(view, p.ID)
	if err != nil {
		return err
	}
	if !order.AssignedAt.IsZero() {
		p.Events = append(p.Events, a.event(order.AssignedAt, a.T("field.event.assigned"), a.person.Crew, Info))
	}
	if !req.ClosedAt.IsZero() {
		p.Events = append(p.Events, a.event(req.ClosedAt, a.T("field.event.closed"), req.Words, Good))
	}
	return nil
}

func source(s string) string {
	if slices.Contains([]string{"kiosk", "crew", "office", "import"}, s) {
		return s
	}
	return "resident"
}

// answers puts what was answered in the words of the questions. An answer to a
// question that the service no longer has is shown as it came.
func (a *App) answers(svc city.Service, given city.Answers) []Fact {
	var out []Fact
	left := maps.Clone(given)
	for _, q := range svc.Questions {
		if said := given[q.ID]; len(said) > 0 {
			out = append(out, Fact{q.Label.In(a.prefs.Language), a.answer(q, said)})
			delete(left, q.ID)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(left)) {
		out = append(out, Fact{id, strings.Join(left[id], ", ")})
	}
	return out
}

func (a *App) answer(q city.Question, said []string) string {
	var parts []string
	for _, v := range said {
		switch {
		case q.Kind == city.AskYesNo && (v == "yes" || v == "no"):
			v = a.T("common." + v)
		default:
			if i := slices.IndexFunc(q.Options, func(o city.Option) bool { return o.ID == v }); i >= 0 {
				v = q.Options[i].Label.In(a.prefs.Language)
			}
		}
		parts = append(parts, v)
	}
	return strings.Join(parts, ", ")
}

func (a *App) readPerson(view city.View, p *JobPage) error {
	if p.ContactOver = a.r.LeaseOver(); p.ContactOver {
		return nil
	}
	rec, ok, err := view.Record(city.Ref{Kind: city.KindPerson, ID: p.Request})
	if err != nil || !ok {
		return err
	}
	if p.ContactShut = !a.r.Unlocked(); p.ContactShut {
		return nil
	}
	var who city.Person
	if err := rec.Into(&who); err != nil {
		return err
	}
	for _, f := range []Fact{{a.T("field.contact.name"), who.Name}, {a.T("field.contact.phone"), who.Phone}, {a.T("field.contact.email"), who.Email}} {
		if f.Value != "" {
			p.Contact = append(p.Contact, f)
		}
	}
	return nil
}

func (a *App) readVisits(view city.View, p *JobPage) error {
	recs, err := view.Children(p.Request, city.KindVisit)
	if err != nil {
		return err
	}
	for _, rec := range recs {
		var v city.Visit
		if err := rec.Into(&v); err != nil {
			return err
		}
		p.Events = append(p.Events, a.event(v.StartedAt, a.T("field.event.started"), v.By, Info))
		if rec.ID == p.visit && v.Outcome == "" && p.State == city.JobStarted {
			p.Started, p.StartedBy, p.startAct = v.StartedAt, v.By, rec.Writers["started_at"]
		}
		if v.Outcome != "" {
			tone := Good
			if v.Outcome != city.OutcomeFixed {
				tone = Warn
			}
			p.Events = append(p.Events, a.event(v.FinishedAt, a.T("field.outcome."+string(v.Outcome)), a.visitWords(v), tone))
		}
	}
	if p.Returned != "" {
		p.Events = append(p.Events, Event{At: a.cfg.Now(), Title: a.T("field.event.returned"), Text: p.Returned, Tone: Warn})
	}
	return nil
}

// visitWords is a finished visit in a few lines.
func (a *App) visitWords(v city.Visit) string {
	var lines []string
	for _, s := range []string{v.Reason, v.Notes} {
		if s != "" {
			lines = append(lines, s)
		}
	}
	if v.Minutes > 0 {
		lines = append(lines, a.minutes(v.Minutes))
	}
	if len(v.Materials) > 0 {
		lines = append(lines, materialWords(v.Materials))
	}
	return strings.Join(lines, "\n")
}

func (a *App) minutes(n int) string { return a.w.Duration(time.Duration(n) * time.Minute) }

func materialWords(ms []city.Material) string {
	var parts []string
	for _, m := range ms {
		parts = append(parts, strings.TrimSpace(m.Quantity+" "+m.Name))
	}
	return strings.Join(parts, ", ")
}

func (a *App) readNotes(view city.View, p *JobPage) error {
	recs, err := view.Children(p.Request, city.KindNote)
	if err != nil {
		return err
	}
	for _, rec := range recs {
		var n city.Note
		if err := rec.Into(&n); err != nil {
			return err
		}
		p.Events = append(p.Events, a.event(n.At, a.T("field.event.note", "name", n.By), n.Text, Neutral))
	}
	return nil
}

func (a *App) readShots(view city.View, p *JobPage) error {
	recs, err := view.Children(p.Request, city.KindPhoto)
	if err != nil {
		return err
	}
	for _, rec := range recs {
		var s city.Photo
		if err := rec.Into(&s); err != nil {
			return err
		}
		a.images.know(s.Blob, s.Thumb)
		p.Shots = append(p.Shots, Shot{Blob: s.Blob, Stage: s.Stage, Words: a.T("field.stage."+stage(s.Stage)) + " · " + a.when(s.At), Note: a.photoNote(s)})
	}
	return nil
}

func stage(s string) string {
	if s == "before" || s == "after" {
		return s
	}
	return "report"
}

func (a *App) event(at time.Time, title, text string, tone Tone) Event {
	return Event{At: at, When: a.when(at), Title: title, Text: text, Tone: tone}
}

// StartVisit says that the crew is at the job.
func (a *App) StartVisit() {
	p := a.page
	if p == nil || p.Gone || p.State != city.JobAssigned {
		return
	}
	_, err := a.r.Record(a.ctx, replica.Entry{Actor: a.person.Actor, Title: p.Line(),
		Act: &city.StartVisit{Visit: city.NewID(), WorkOrder: p.ID}})
	if err != nil {
		a.fail(err)
		return
	}
	a.problem = nil
	if err := a.load(); err != nil {
		a.fail(err)
		return
	}
	a.notice = a.tell("field.job.started_notice")
	a.Changed(Same)
}
