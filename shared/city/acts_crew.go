package city

import (
	"regexp"
	"slices"
)

// StartVisit says that a crew is at the job.
type StartVisit struct {
	Visit     ID `json:"visit"`
	WorkOrder ID `json:"workorder"`
}

// Type implements Act.
func (a *StartVisit) Type() Type { return "visit.start@1" }

// Check implements Act.
func (a *StartVisit) Check() error {
	if !a.Visit.Valid() || !a.WorkOrder.Valid() {
		return fail(CodeInvalid, "visit", "not an id")
	}
	return nil
}

func (a *StartVisit) plan(p *plan) error {
	job, err := p.job(a.WorkOrder)
	if err != nil {
		return err
	}
	order := Ref{KindWorkOrder, a.WorkOrder}
	visit := Visit{WorkOrder: a.WorkOrder, Crew: job.Crew, By: p.m.Actor.Name, StartedAt: p.m.At.UTC()}
	if err := p.fresh(Ref{KindVisit, a.Visit}, "visit"); err != nil {
		return err
	}
	if err := p.create(Ref{KindVisit, a.Visit}, job.Request, visit); err != nil {
		return err
	}
	lead := order.Field("state")
	p.set(order, job.Request, "state", JobStarted)
	p.mark(lead, order, job.Request, "visit", a.Visit)
	p.follow(lead, Ref{KindRequest, job.Request}, "", "status", StatusWorking)
	p.read(Ref{KindWork, job.Request}, "place")
	return nil
}

// job loads a work order that the acting crew has.
func (p *plan) job(id ID) (WorkOrder, error) {
	job, ok, err := LoadWorkOrder(p.view, id)
	if err != nil {
		return job, err
	}
	if !ok {
		return job, fail(CodeUnknown, "workorder", "no such job")
	}
	return job, p.needCrew(job.Crew)
}

// FinishVisit logs what came of a visit. The office has the last word on whether
// the request is closed.
type FinishVisit struct {
	Visit     ID         `json:"visit"`
	WorkOrder ID         `json:"workorder"`
	Outcome   Outcome    `json:"outcome"`
	Reason    string     `json:"reason,omitempty"`
	Notes     string     `json:"notes,omitempty"`
	Minutes   int        `json:"minutes,omitempty"`
	Materials []Material `json:"materials,omitempty"`
}

// Type implements Act.
func (a *FinishVisit) Type() Type { return "visit.finish@1" }

var quantity = regexp.MustCompile(`^[0-9]{1,6}([.,][0-9]{1,3})?( .{1,12})?$`)

// Check implements Act.
func (a *FinishVisit) Check() error {
	a.Reason, a.Notes = tidy(a.Reason), tidy(a.Notes)
	if !a.Visit.Valid() || !a.WorkOrder.Valid() {
		return fail(CodeInvalid, "visit", "not an id")
	}
	if a.Outcome != OutcomeFixed && a.Outcome != OutcomeNotFixed {
		return fail(CodeRequired, "outcome", "say whether it is fixed")
	}
	if a.Outcome == OutcomeNotFixed && a.Reason == "" {
		return fail(CodeRequired, "reason", "say why it is not fixed")
	}
	if a.Minutes < 0 || a.Minutes > 60*24*7 {
		return fail(CodeInvalid, "minutes", "0 minutes to 7 days")
	}
	if err := checkWords("reason", a.Reason, 500); err != nil {
		return err
	}
	if err := checkWords("notes", a.Notes, MaxWords); err != nil {
		return err
	}
	if len(a.Materials) > 50 {
		return fail(CodeTooLong, "materials", "at most 50 materials")
	}
	for i := range a.Materials {
		m := &a.Materials[i]
		m.Name, m.Quantity = tidy(m.Name), tidy(m.Quantity)
		if m.Name == "" {
			return fail(CodeRequired, "materials", "a material has a name")
		}
		if err := checkWords("materials", m.Name, 120); err != nil {
			return err
		}
		if m.Quantity != "" && !quantity.MatchString(m.Quantity) {
			return fail(CodeInvalid, "materials", "a quantity is a number and a unit, such as 2.5 m3")
		}
	}
	return nil
}

func (a *FinishVisit) plan(p *plan) error {
	job, err := p.job(a.WorkOrder)
	if err != nil {
		return err
	}
	visit, order := Ref{KindVisit, a.Visit}, Ref{KindWorkOrder, a.WorkOrder}
	if rec, ok, err := p.view.Record(visit); err != nil {
		return err
	} else if !ok || rec.Text("workorder") != string(a.WorkOrder) {
		return fail(CodeUnknown, "visit", "no such visit was started at this job")
	}
	parent := job.Request
	p.set(visit, parent, "finished_at", p.m.At.UTC())
	p.set(visit, parent, "outcome", a.Outcome)
	p.set(visit, parent, "reason", a.Reason)
	p.set(visit, parent, "notes", a.Notes)
	p.set(visit, parent, "minutes", a.Minutes)
	p.set(visit, parent, "materials", a.Materials)
	lead := order.Field("state")
	p.set(order, parent, "state", JobDone)
	p.follow(lead, order, parent, "visit", a.Visit)
	p.follow(lead, order, parent, "returned", "")
	p.follow(lead, Ref{KindRequest, parent}, "", "status", StatusChecking)
	p.read(order, "instruction")
	return nil
}

// AddPhoto adds a picture. Its bytes travel as a blob, before or after.
type AddPhoto struct {
	Photo   ID     `json:"photo"`
	Request ID     `json:"request"`
	Visit   ID     `json:"visit,omitempty"`
	Blob    string `json:"blob"`
	Stage   string `json:"stage"`
	Caption string `json:"caption,omitempty"`
	Bytes   int    `json:"bytes"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	// Thumb is a small JPEG without metadata, of at most MaxThumb bytes, which is
	// shown while the photo is on its way. One that is not that is left out.
	Thumb []byte `json:"thumb,omitempty"`
}

// Type implements Act.
func (a *AddPhoto) Type() Type { return "photo.add@1" }

// BadThumb tells whether the photo came with a thumbnail that is left out.
func (a *AddPhoto) BadThumb() bool { return len(a.Thumb) > 0 && goodThumb(a.Thumb) == nil }

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Check implements Act.
func (a *AddPhoto) Check() error {
	a.Caption = tidy(a.Caption)
	if !a.Photo.Valid() || !a.Request.Valid() {
		return fail(CodeInvalid, "photo", "not an id")
	}
	if !sha256Hex.MatchString(a.Blob) {
		return fail(CodeInvalid, "blob", "not a SHA-256 in hex")
	}
	if !slices.Contains([]string{"report", "before", "after"}, a.Stage) {
		return fail(CodeNotOffered, "stage", "report, before or after")
	}
	return checkWords("caption", a.Caption, 300)
}

func (a *AddPhoto) plan(p *plan) error {
	if err := p.mayAdd(a.Request); err != nil {
		return err
	}
	if err := p.fresh(Ref{KindPhoto, a.Photo}, "photo"); err != nil {
		return err
	}
	return p.create(Ref{KindPhoto, a.Photo}, a.Request, Photo{Blob: a.Blob, Stage: a.Stage, Caption: a.Caption, Visit: a.Visit,
		By: p.m.Actor.Name, At: p.m.At.UTC(), Bytes: a.Bytes, Width: a.Width, Height: a.Height, Thumb: goodThumb(a.Thumb)})
}

// mayAdd tells who may add to a request: its crew, the crew that found it, staff.
func (p *plan) mayAdd(request ID) error {
	work, ok, err := p.view.Record(Ref{KindWork, request}) // not decoded whole: a day has many notes and photos
	if err != nil {
		return err
	}
	if !ok {
		return fail(CodeUnknown, "request", "no such request")
	}
	if p.m.Actor.Kind == ActorStaff || p.m.Actor.Kind == ActorSystem {
		return p.needStaff(Department(work.Text("department")), RoleReviewer, RoleDispatcher)
	}
	crew := ID(work.Text("crew"))
	if p.m.Actor.Kind == ActorCrew && crew == "" && work.Text("source") == "crew" {
		return nil
	}
	return p.needCrew(crew)
}

// AddNote writes something down about a request, for crew and office.
type AddNote struct {
	Note    ID     `json:"note"`
	Request ID     `json:"request"`
	Text    string `json:"text"`
}

// Type implements Act.
func (a *AddNote) Type() Type { return "note.add@1" }

// Check implements Act.
func (a *AddNote) Check() error {
	a.Text = tidy(a.Text)
	if !a.Note.Valid() || !a.Request.Valid() {
		return fail(CodeInvalid, "note", "not an id")
	}
	if a.Text == "" {
		return fail(CodeRequired, "text", "a note has words")
	}
	return checkWords("text", a.Text, MaxWords)
}

func (a *AddNote) plan(p *plan) error {
	if err := p.mayAdd(a.Request); err != nil {
		return err
	}
	if err := p.fresh(Ref{KindNote, a.Note}, "note"); err != nil {
		return err
	}
	return p.create(Ref{KindNote, a.Note}, a.Request, Note{Text: a.Text, By: p.m.Actor.Name, At: p.stamp().UTC()})
}
