package city

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
	p.follow(lead, r, "", "due_at", nil)
	p.follow(lead, w, a.Request, "paused_at", p.stamp().UTC())
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
	svc, _, err := LoadService(p.view, req.Service)
	if err != nil {
		return err
	}
	settings, err := LoadSettings(p.view)
	if err != nil {
		return err
	}
	pauses := append(work.Pauses, Pause{From: work.PausedAt, To: p.stamp().UTC()})
	r, w := Ref{KindRequest, a.Request}, Ref{KindWork, a.Request}
	lead, back := r.Field("status"), StatusReceived
	if work.WorkOrder != "" {
		back = StatusAssigned
	}
	p.set(r, "", "status", back)
	p.follow(lead, r, "", "due_at", settings.Calendar.Due(req.ReceivedAt, svc.Promise, settings.Zone(), pauses...).UTC())
	p.follow(lead, w, a.Request, "pauses", pauses)
	p.follow(lead, w, a.Request, "paused_at", nil)
	p.follow(lead, w, a.Request, "reason", nil)
	return nil
}
