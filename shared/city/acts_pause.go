package city

import "time"

// PauseRequest stops the promise's clock while the request waits for somebody
// outside the city: the resident, a utility, a court.
type PauseRequest struct {
	Request ID     `json:"request"`
	Reason  string `json:"reason"`
}

// Type implements Act.
func (a *PauseRequest) Type() Type { return "request.pause@1" }

// Check implements Act.
func (a *PauseRequest) Check() error {
	a.Reason = tidy(a.Reason)
	if !a.Request.Valid() {
		return fail(CodeInvalid, "request", "not an id")
	}
	return needReason(a.Reason)
}

func (a *PauseRequest) plan(p *plan) error {
	if _, _, err := p.office(a.Request, RoleReviewer, RoleDispatcher); err != nil {
		return err
	}
	r, w := Ref{KindRequest, a.Request}, Ref{KindWork, a.Request}
	lead := r.Field("status")
	p.set(r, "", "status", StatusWaiting)
	p.mark(lead, r, "", "due_at", nil)
	p.mark(lead, w, a.Request, "paused_at", p.stamp().UTC())
	p.follow(lead, w, a.Request, "reason", a.Reason)
	return nil
}

// ResumeRequest starts the promise's clock again, with the days of waiting not
// counted.
type ResumeRequest struct {
	Request ID `json:"request"`
}

// Type implements Act.
func (a *ResumeRequest) Type() Type { return "request.resume@1" }

// Check implements Act.
func (a *ResumeRequest) Check() error {
	if !a.Request.Valid() {
		return fail(CodeInvalid, "request", "not an id")
	}
	return nil
}

func (a *ResumeRequest) plan(p *plan) error {
	work, req, err := p.office(a.Request, RoleReviewer, RoleDispatcher)
	if err != nil {
		return err
	}
	if work.PausedAt.IsZero() {
		return fail(CodeNotNow, "request", "it does not wait")
	}
	r := Ref{KindRequest, a.Request}
	back := StatusReceived
	if work.WorkOrder != "" {
		back = StatusAssigned
	}
	p.set(r, "", "status", back)
	_, err = p.unpause(r.Field("status"), a.Request, work, req)
	return err
}

// unpause ends a wait, if there is one, along with lead: the promise's clock goes
// on. It gives the promised day as it is then.
func (p *plan) unpause(lead FieldRef, id ID, work Work, req Request) (time.Time, error) {
	if work.PausedAt.IsZero() {
		return req.DueAt, nil
	}
	svc, _, err := LoadService(p.view, req.Service)
	if err != nil {
		return time.Time{}, err
	}
	settings, err := LoadSettings(p.view)
	if err != nil {
		return time.Time{}, err
	}
	pauses := append(work.Pauses, Pause{From: work.PausedAt, To: p.stamp().UTC()})
	due := settings.Calendar.Due(req.ReceivedAt, svc.Promise, settings.Zone(), pauses...).UTC()
	w := Ref{KindWork, id}
	p.mark(lead, Ref{KindRequest, id}, "", "due_at", due)
	p.mark(lead, w, id, "pauses", pauses)
	p.mark(lead, w, id, "paused_at", nil)
	p.follow(lead, w, id, "reason", nil)
	return due, nil
}
