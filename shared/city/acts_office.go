package city

import (
	"slices"
	"time"
)

// AssignRequest gives a request to a crew. The first time it makes the work
// order; later it moves it.
type AssignRequest struct {
	Request     ID        `json:"request"`
	WorkOrder   ID        `json:"workorder"`
	Crew        ID        `json:"crew"`
	Priority    Priority  `json:"priority"`
	DueAt       time.Time `json:"due_at,omitzero"`
	Instruction string    `json:"instruction,omitempty"`
}

// Type implements Act.
func (a *AssignRequest) Type() Type { return "request.assign@1" }

// Check implements Act.
func (a *AssignRequest) Check() error {
	a.Instruction = tidy(a.Instruction)
	if !a.Request.Valid() || !a.WorkOrder.Valid() {
		return fail(CodeInvalid, "request", "not an id")
	}
	if !a.Crew.Valid() {
		return fail(CodeRequired, "crew", "choose a crew")
	}
	if err := checkPriority(a.Priority); err != nil {
		return err
	}
	return checkWords("instruction", a.Instruction, MaxWords)
}

func checkPriority(p Priority) error {
	if !slices.Contains([]Priority{PriorityUrgent, PriorityHigh, PriorityNormal, PriorityLow}, p) {
		return fail(CodeNotOffered, "priority", "urgent, high, normal or low")
	}
	return nil
}

func (a *AssignRequest) plan(p *plan) error {
	work, req, err := p.office(a.Request, RoleDispatcher, RoleReviewer)
	if err != nil {
		return err
	}
	var crew Crew
	if ok, err := load(p.view, Ref{KindCrew, a.Crew}, &crew); err != nil {
		return err
	} else if !ok {
		return fail(CodeUnknown, "crew", "no such crew")
	}
	if work.WorkOrder != "" && work.WorkOrder != a.WorkOrder {
		return fail(CodeStale, "workorder", "somebody has assigned it already")
	}
	r, w, o := Ref{KindRequest, a.Request}, Ref{KindWork, a.Request}, Ref{KindWorkOrder, a.WorkOrder}
	order, exists, err := p.view.Record(o)
	if err != nil {
		return err
	}
	if exists && order.Parent != a.Request {
		return fail(CodeInvalid, "workorder", "the job of another request")
	}
	lead := r.Field("status")
	p.read(r, "status")
	p.set(r, "", "status", StatusAssigned)
	due, err := p.unpause(lead, a.Request, work, req)
	if err != nil {
		return err
	}
	if !a.DueAt.IsZero() {
		due = a.DueAt.UTC()
	}
	p.mark(lead, r, "", "assigned_at", p.now().UTC())
	p.mark(lead, r, "", "team", crew.Name)
	p.follow(lead, w, a.Request, "crew", a.Crew)
	p.follow(lead, w, a.Request, "workorder", a.WorkOrder)
	p.mark(lead, o, a.Request, "request", a.Request)
	p.follow(lead, o, a.Request, "crew", a.Crew)
	p.follow(lead, o, a.Request, "state", JobAssigned)
	p.mark(lead, o, a.Request, "assigned_at", p.now().UTC())
	if exists { // a job that is moved keeps what somebody else has said about it
		lead = ""
	}
	p.follow(lead, o, a.Request, "priority", a.Priority)
	p.follow(lead, o, a.Request, "due_at", due)
	p.follow(lead, o, a.Request, "instruction", a.Instruction)
	return nil
}

// office loads a request for an act of staff of its department.
func (p *plan) office(id ID, roles ...Role) (Work, Request, error) {
	work, ok, err := LoadWork(p.view, id)
	if err != nil {
		return work, Request{}, err
	}
	if !ok {
		return work, Request{}, fail(CodeUnknown, "request", "no such request")
	}
	if err := p.needStaff(work.Department, roles...); err != nil {
		return work, Request{}, err
	}
	req, _, err := LoadRequest(p.view, id)
	return work, req, err
}

// SetPriority changes how pressing a job is.
type SetPriority struct {
	Request   ID       `json:"request"`
	WorkOrder ID       `json:"workorder"`
	Priority  Priority `json:"priority"`
}

// Type implements Act.
func (a *SetPriority) Type() Type { return "workorder.prioritise@1" }

// Check implements Act.
func (a *SetPriority) Check() error {
	if !a.Request.Valid() || !a.WorkOrder.Valid() {
		return fail(CodeInvalid, "workorder", "not an id")
	}
	return checkPriority(a.Priority)
}

func (a *SetPriority) plan(p *plan) error {
	work, _, err := p.office(a.Request, RoleDispatcher, RoleReviewer)
	if err != nil {
		return err
	}
	if work.WorkOrder != a.WorkOrder {
		return fail(CodeUnknown, "workorder", "no such job for this request")
	}
	p.set(Ref{KindWorkOrder, a.WorkOrder}, a.Request, "priority", a.Priority)
	return nil
}

// ApproveWork agrees with what the crew logged, closes the request with the
// visit's outcome and publishes the words and photos chosen.
type ApproveWork struct {
	Request   ID     `json:"request"`
	WorkOrder ID     `json:"workorder"`
	Words     string `json:"words,omitempty"`
	Photos    []ID   `json:"photos,omitempty"`
}

// Type implements Act.
func (a *ApproveWork) Type() Type { return "work.approve@1" }

// Check implements Act.
func (a *ApproveWork) Check() error {
	a.Words = tidy(a.Words)
	if !a.Request.Valid() || !a.WorkOrder.Valid() {
		return fail(CodeInvalid, "request", "not an id")
	}
	return checkWords("words", a.Words, 1000)
}

func (a *ApproveWork) plan(p *plan) error {
	work, req, err := p.office(a.Request, RoleReviewer)
	if err != nil {
		return err
	}
	job, ok, err := LoadWorkOrder(p.view, a.WorkOrder)
	if err != nil {
		return err
	}
	if !ok || work.WorkOrder != a.WorkOrder {
		return fail(CodeUnknown, "workorder", "no such job for this request")
	}
	var visit Visit
	if ok, err := load(p.view, Ref{KindVisit, job.Visit}, &visit); err != nil {
		return err
	} else if !ok || visit.Outcome == "" {
		return fail(CodeNotNow, "workorder", "the crew has not logged an outcome")
	}
	end := ending{outcome: visit.Outcome, words: a.Words}
	if err := p.close(a.Request, work, req, end); err != nil {
		return err
	}
	p.follow(Ref{KindRequest, a.Request}.Field("status"), Ref{KindWorkOrder, a.WorkOrder}, a.Request, "state", JobApproved)
	p.read(Ref{KindVisit, job.Visit}, "outcome", "notes")
	return p.publishPhotos(a.Request, req.Team, a.Photos)
}

// ending is how a request ends.
type ending struct {
	outcome     Outcome
	words       string
	duplicateOf ID
	owner       string
}

// close ends a request. Everything about the end stands or falls with the status.
func (p *plan) close(id ID, work Work, req Request, e ending) error {
	r := Ref{KindRequest, id}
	lead := r.Field("status")
	p.read(r, "status")
	p.set(r, "", "status", StatusClosed)
	p.follow(lead, r, "", "outcome", e.outcome)
	p.follow(lead, r, "", "words", e.words)
	p.follow(lead, r, "", "duplicate_of", e.duplicateOf)
	p.follow(lead, r, "", "owner", e.owner)
	p.mark(lead, r, "", "closed_at", p.now().UTC())
	_, err := p.unpause(lead, id, work, req)
	return err
}

func (p *plan) publishPhotos(request ID, team string, photos []ID) error {
	if len(photos) == 0 {
		return nil
	}
	for _, id := range photos {
		ref := Ref{KindPhoto, id}
		rec, ok, err := p.view.Record(ref)
		if err != nil {
			return err
		}
		if !ok || rec.Parent != request {
			return fail(CodeUnknown, "photos", "no such photo of this request")
		}
		p.set(ref, request, "public", true)
		// The public learns which crew it was, not who of it; the archive knows.
		p.mark(ref.Field("public"), ref, request, "by", team)
	}
	p.set(Ref{KindRequest, request}, "", "photos", photos)
	return nil
}

// ReturnWork sends a job back to its crew, with the reason.
type ReturnWork struct {
	Request   ID     `json:"request"`
	WorkOrder ID     `json:"workorder"`
	Reason    string `json:"reason"`
}

// Type implements Act.
func (a *ReturnWork) Type() Type { return "work.return@1" }

// Check implements Act.
func (a *ReturnWork) Check() error {
	a.Reason = tidy(a.Reason)
	if !a.Request.Valid() || !a.WorkOrder.Valid() {
		return fail(CodeInvalid, "request", "not an id")
	}
	return needReason(a.Reason)
}

func needReason(reason string) error {
	if reason == "" {
		return fail(CodeRequired, "reason", "say why")
	}
	return checkWords("reason", reason, 1000)
}

func (a *ReturnWork) plan(p *plan) error {
	work, _, err := p.office(a.Request, RoleReviewer)
	if err != nil {
		return err
	}
	if work.WorkOrder != a.WorkOrder {
		return fail(CodeUnknown, "workorder", "no such job for this request")
	}
	order := Ref{KindWorkOrder, a.WorkOrder}
	lead := order.Field("state")
	p.set(order, a.Request, "state", JobAssigned)
	p.follow(lead, order, a.Request, "returned", a.Reason)
	p.follow(lead, Ref{KindRequest, a.Request}, "", "status", StatusAssigned)
	return nil
}

// CloseRequest ends a request at the desk.
type CloseRequest struct {
	Request     ID      `json:"request"`
	Outcome     Outcome `json:"outcome"`
	Words       string  `json:"words,omitempty"`
	DuplicateOf ID      `json:"duplicate_of,omitempty"`
	Owner       string  `json:"owner,omitempty"`
}

// Type implements Act.
func (a *CloseRequest) Type() Type { return "request.close@1" }

// Check implements Act.
func (a *CloseRequest) Check() error {
	a.Words, a.Owner = tidy(a.Words), tidy(a.Owner)
	if !a.Request.Valid() {
		return fail(CodeInvalid, "request", "not an id")
	}
	if a.Outcome == "" {
		return fail(CodeRequired, "outcome", "say how it ended")
	}
	return checkEnding(a.Request, ending{a.Outcome, a.Words, a.DuplicateOf, a.Owner})
}

// checkEnding reports an outcome without what belongs to it.
func checkEnding(request ID, e ending) error {
	switch {
	case !e.outcome.Valid():
		return fail(CodeNotOffered, "outcome", "fixed, not_fixed, duplicate or not_ours")
	case e.outcome == OutcomeNotFixed && e.words == "":
		return fail(CodeRequired, "words", "say why it is not fixed")
	case e.outcome == OutcomeDuplicate && (!e.duplicateOf.Valid() || e.duplicateOf == request):
		return fail(CodeRequired, "duplicate_of", "name the request that goes on")
	case e.outcome != OutcomeDuplicate && e.duplicateOf != "":
		return fail(CodeInvalid, "duplicate_of", "only a duplicate names another request")
	case e.outcome == OutcomeNotOurs && e.owner == "":
		return fail(CodeRequired, "owner", "say whose it is")
	}
	if err := checkWords("owner", e.owner, 200); err != nil {
		return err
	}
	return checkWords("words", e.words, 1000)
}

func (a *CloseRequest) plan(p *plan) error {
	work, req, err := p.office(a.Request, RoleReviewer, RoleDispatcher)
	if err != nil {
		return err
	}
	end := ending{outcome: a.Outcome, words: a.Words, duplicateOf: a.DuplicateOf}
	if a.Outcome == OutcomeNotOurs {
		end.owner = a.Owner
	}
	if err := p.notInCircle(a.Request, a.DuplicateOf); err != nil {
		return err
	}
	if err := p.close(a.Request, work, req, end); err != nil {
		return err
	}
	order := Ref{KindWorkOrder, work.WorkOrder}
	rec, ok, err := p.view.Record(order)
	if err != nil || !ok {
		return err
	}
	if s := JobState(rec.Text("state")); s != JobApproved && s != JobCancelled {
		p.follow(Ref{KindRequest, a.Request}.Field("status"), order, a.Request, "state", JobCancelled)
	}
	return nil
}

// notInCircle follows duplicates to the request that goes on, which must be there
// and must not be the one that is closed.
func (p *plan) notInCircle(request, of ID) error {
	for n := 0; of != "" && n < 100; n++ {
		next, ok, err := LoadRequest(p.view, of)
		if err != nil {
			return err
		}
		if !ok {
			return fail(CodeUnknown, "duplicate_of", "no such request")
		}
		if next.DuplicateOf == request {
			return fail(CodeInvalid, "duplicate_of", "that one is a duplicate of this")
		}
		of = next.DuplicateOf
	}
	return nil
}
