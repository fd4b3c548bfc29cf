package city

import "time"

// PublicFor is how long a closed request stays where the public sees it.
const PublicFor = 90 * 24 * time.Hour

// ArchiveRequest takes a request that was closed long ago away from where the
// public sees it. The city's own programs do it; nothing else of it changes.
type ArchiveRequest struct {
	Request ID `json:"request"`
}

// Type implements Act.
func (a *ArchiveRequest) Type() Type { return "request.archive@1" }

// Check implements Act.
func (a *ArchiveRequest) Check() error {
	if !a.Request.Valid() {
		return fail(CodeInvalid, "request", "not an id")
	}
	return nil
}

func (a *ArchiveRequest) plan(p *plan) error {
	_, req, err := p.office(a.Request)
	if err != nil {
		return err
	}
	if req.Status != StatusClosed || req.Archived {
		return fail(CodeNotNow, "request", "it is not closed, or archived already")
	}
	r := Ref{KindRequest, a.Request}
	p.read(r, "status")
	p.set(r, "", "archived", true)
	return nil
}

// ReopenRequest takes a closed request up again.
type ReopenRequest struct {
	Request ID     `json:"request"`
	Reason  string `json:"reason"`
}

// Type implements Act.
func (a *ReopenRequest) Type() Type { return "request.reopen@1" }

// Check implements Act.
func (a *ReopenRequest) Check() error {
	a.Reason = tidy(a.Reason)
	if !a.Request.Valid() {
		return fail(CodeInvalid, "request", "not an id")
	}
	return needReason(a.Reason)
}

func (a *ReopenRequest) plan(p *plan) error {
	_, req, err := p.office(a.Request, RoleReviewer, RoleDispatcher)
	if err != nil {
		return err
	}
	if req.Status != StatusClosed {
		return fail(CodeNotNow, "request", "it is not closed")
	}
	r, w := Ref{KindRequest, a.Request}, Ref{KindWork, a.Request}
	lead := r.Field("status")
	p.set(r, "", "status", StatusReceived)
	for _, f := range endings {
		p.follow(lead, r, "", f, nil)
	}
	if req.Archived {
		p.mark(lead, r, "", "archived", nil)
	}
	p.mark(lead, r, "", "team", nil)
	p.mark(lead, r, "", "assigned_at", nil)
	p.follow(lead, w, a.Request, "reason", a.Reason)
	p.follow(lead, w, a.Request, "workorder", nil)
	p.follow(lead, w, a.Request, "crew", nil)
	return nil
}
