package city

import "time"

// FileRequest reports something: by a resident at a kiosk, by a crew on its way,
// or by staff for somebody at the desk.
type FileRequest struct {
	Request     ID      `json:"request"`
	Service     ID      `json:"service"`
	Version     int     `json:"version,omitempty"` // of the service that was asked for
	Language    string  `json:"language,omitempty"`
	Answers     Answers `json:"answers,omitempty"`
	Place       Place   `json:"place"`
	Description string  `json:"description,omitempty"`
	Person      Person  `json:"person,omitzero"`
	Lookup      string  `json:"lookup,omitempty"`
}

// Type implements Act.
func (a *FileRequest) Type() Type { return "request.file@1" }

// Check implements Act.
func (a *FileRequest) Check() error {
	a.Description, a.Person, a.Place = tidy(a.Description), a.Person.tidied(), a.Place.tidied()
	a.Answers = a.Answers.tidied()
	if !a.Request.Valid() {
		return fail(CodeInvalid, "request", "not an id")
	}
	if !a.Service.Valid() {
		return fail(CodeRequired, "service", "choose a service")
	}
	if err := checkWords("description", a.Description, MaxWords); err != nil {
		return err
	}
	if err := checkWords("lookup", a.Lookup, 100); err != nil {
		return err
	}
	if err := checkWords("language", a.Language, 20); err != nil {
		return err
	}
	if err := a.Answers.check(); err != nil {
		return err
	}
	if err := a.Place.check(); err != nil {
		return err
	}
	return a.Person.check()
}

func (a *FileRequest) plan(p *plan) error {
	if err := p.mayFile(); err != nil {
		return err
	}
	svc, ok, err := LoadService(p.view, a.Service)
	if err != nil {
		return err
	}
	if !ok {
		return fail(CodeUnknown, "service", "no such service")
	}
	// A form is judged by the version that was asked; an old kiosk's answers to a
	// newer form are kept as they are.
	answers := a.Answers
	if a.Version == svc.Version {
		if err := CheckAnswers(svc.Questions, a.Answers); err != nil {
			return err
		}
		answers = Relevant(svc.Questions, a.Answers)
	}
	if err := p.fresh(Ref{KindRequest, a.Request}, "request"); err != nil {
		return err
	}
	settings, err := LoadSettings(p.view)
	if err != nil {
		return err
	}
	req := Request{Number: a.Request.Number(), Service: a.Service, Place: a.Place.public(), Status: StatusReceived, Lookup: a.Lookup, ReceivedAt: p.now().UTC()}
	if !p.now().IsZero() {
		req.DueAt = settings.Calendar.Due(p.now(), svc.Promise, settings.Zone()).UTC()
	}
	if err := p.create(Ref{KindRequest, a.Request}, "", req); err != nil {
		return err
	}
	work := Work{Description: a.Description, Answers: answers, Place: a.Place, Language: a.Language,
		Department: svc.Department, Source: p.source(), FiledAt: p.m.At.UTC()}
	if err := p.create(Ref{KindWork, a.Request}, a.Request, work); err != nil {
		return err
	}
	if a.Person.Empty() {
		return nil
	}
	return p.create(Ref{KindPerson, a.Request}, a.Request, a.Person)
}

// mayFile tells who may report: residents, crews, and staff of any department.
func (p *plan) mayFile() error {
	switch p.m.Actor.Kind {
	case ActorResident, ActorCrew:
		return nil
	}
	return p.needStaff("", RoleReviewer, RoleDispatcher)
}

// Stub is what a kiosk may keep of a report in clear: nothing that was typed, and
// the place to about 100 m.
func (a *FileRequest) Stub() Request {
	return Request{Number: a.Request.Number(), Service: a.Service, Place: a.Place.Rounded(), Lookup: a.Lookup}
}

// public is the place as everybody may see it: what was typed beside the address
// may name somebody, so it stays inside. So does an address without coordinates: it
// is not of the city's list, but what somebody typed instead.
func (p Place) public() Place {
	p.Detail = ""
	if p.Lat == 0 && p.Lon == 0 {
		p.Address, p.Landmark = "", ""
	}
	return p
}

func (p *plan) source() string {
	switch p.m.Actor.Kind {
	case ActorResident:
		return "kiosk"
	case ActorCrew:
		return "crew"
	}
	return "office"
}

// ImportRequest brings in a request that an earlier system has already handled,
// or is handling, with its own dates.
type ImportRequest struct {
	Request     ID        `json:"request"`
	Service     ID        `json:"service"`
	Place       Place     `json:"place"`
	Answers     Answers   `json:"answers,omitempty"`
	Description string    `json:"description,omitempty"`
	Person      Person    `json:"person,omitzero"`
	ReceivedAt  time.Time `json:"received_at"`
	ClosedAt    time.Time `json:"closed_at,omitzero"`
	Outcome     Outcome   `json:"outcome,omitempty"`
	DuplicateOf ID        `json:"duplicate_of,omitempty"`
	Owner       string    `json:"owner,omitempty"`
	Words       string    `json:"words,omitempty"`
	Team        string    `json:"team,omitempty"`
}

// Type implements Act.
func (a *ImportRequest) Type() Type { return "request.import@1" }

// Check implements Act.
func (a *ImportRequest) Check() error {
	a.Description, a.Words, a.Person, a.Place = tidy(a.Description), tidy(a.Words), a.Person.tidied(), a.Place.tidied()
	a.Answers, a.Owner, a.Team = a.Answers.tidied(), tidy(a.Owner), tidy(a.Team)
	if !a.Request.Valid() {
		return fail(CodeInvalid, "request", "not an id")
	}
	if a.ReceivedAt.IsZero() {
		return fail(CodeRequired, "received_at", "an imported request has its date")
	}
	if a.ClosedAt.IsZero() != (a.Outcome == "") {
		return fail(CodeInvalid, "outcome", "a closed request has an outcome, an open one none")
	}
	if a.Outcome != "" {
		if err := checkEnding(a.Request, ending{a.Outcome, a.Words, a.DuplicateOf, a.Owner}); err != nil {
			return err
		}
	}
	if !a.ClosedAt.IsZero() && a.ClosedAt.Before(a.ReceivedAt) {
		return fail(CodeInvalid, "closed_at", "closed before it was received")
	}
	if err := checkWords("description", a.Description, MaxWords); err != nil {
		return err
	}
	if err := checkWords("team", a.Team, 120); err != nil {
		return err
	}
	if err := a.Answers.check(); err != nil {
		return err
	}
	if err := a.Place.check(); err != nil {
		return err
	}
	return a.Person.check()
}

func (a *ImportRequest) plan(p *plan) error {
	if err := p.needStaff(wholeCity, RoleAdmin); err != nil {
		return err
	}
	if err := p.fresh(Ref{KindRequest, a.Request}, "request"); err != nil {
		return err
	}
	svc, ok, err := LoadService(p.view, a.Service)
	if err != nil {
		return err
	}
	if !ok {
		return fail(CodeUnknown, "service", "no such service")
	}
	settings, err := LoadSettings(p.view)
	if err != nil {
		return err
	}
	req := Request{Number: a.Request.Number(), Service: a.Service, Place: a.Place.public(), Status: StatusReceived,
		ReceivedAt: a.ReceivedAt.UTC(), DueAt: settings.Calendar.Due(a.ReceivedAt, svc.Promise, settings.Zone()).UTC(),
		Outcome: a.Outcome, DuplicateOf: a.DuplicateOf, Owner: a.Owner, Words: a.Words, Team: a.Team}
	if !a.ClosedAt.IsZero() {
		req.Status, req.ClosedAt = StatusClosed, a.ClosedAt.UTC()
		req.Archived = p.now().Sub(a.ClosedAt) >= PublicFor
	}
	if err := p.create(Ref{KindRequest, a.Request}, "", req); err != nil {
		return err
	}
	work := Work{Description: a.Description, Answers: a.Answers, Place: a.Place, Department: svc.Department, Source: "import", FiledAt: a.ReceivedAt.UTC()}
	if err := p.create(Ref{KindWork, a.Request}, a.Request, work); err != nil {
		return err
	}
	if a.Person.Empty() {
		return nil
	}
	return p.create(Ref{KindPerson, a.Request}, a.Request, a.Person)
}
