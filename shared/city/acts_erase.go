package city

import (
	"bytes"
	"encoding/json"
	"slices"
)

// ErasePerson takes out of a request what the resident gave: who they are, their
// words, answers and photos. What, where and when stays, and so does what the
// city did.
type ErasePerson struct {
	Request ID     `json:"request"`
	Reason  string `json:"reason"`
}

// Type implements Act.
func (a *ErasePerson) Type() Type { return "person.erase@1" }

// Check implements Act.
func (a *ErasePerson) Check() error {
	a.Reason = tidy(a.Reason)
	if !a.Request.Valid() {
		return fail(CodeInvalid, "request", "not an id")
	}
	return needReason(a.Reason)
}

func (a *ErasePerson) plan(p *plan) error {
	work, _, err := p.office(a.Request, RoleAdmin)
	if err != nil {
		return err
	}
	if err := p.blank(Ref{KindPerson, a.Request}, a.Request); err != nil {
		return err
	}
	w := Ref{KindWork, a.Request}
	place, err := Canonical(work.Place.public())
	if err != nil {
		return err
	}
	p.decide(w, a.Request, "place", place)
	p.decide(w, a.Request, "description", nil)
	p.decide(w, a.Request, "answers", nil)
	photos, err := p.view.Children(a.Request, KindPhoto)
	if err != nil {
		return err
	}
	for _, photo := range photos {
		if photo.Text("stage") == "report" {
			if err := p.blank(photo.Ref, a.Request, "stage", "at"); err != nil {
				return err
			}
		}
	}
	return a.forgetSides(p)
}

// blank clears all fields of a record but some.
func (p *plan) blank(ref Ref, parent ID, but ...string) error {
	rec, _, err := p.view.Record(ref)
	for name := range rec.Fields {
		if !slices.Contains(but, name) {
			p.decide(ref, parent, name, nil)
		}
	}
	slices.SortFunc(p.writes, func(a, b write) int { return bytes.Compare([]byte(a.ref.Field(a.field)), []byte(b.ref.Field(b.field))) })
	return err
}

// forgetSides takes the same out of the reviews of the request: payloads of the
// resident's own acts, and sides that held their words.
func (a *ErasePerson) forgetSides(p *plan) error {
	reviews, err := p.view.Children(a.Request, KindReview)
	if err != nil {
		return err
	}
	for _, rec := range reviews {
		var r Review
		if err := rec.Into(&r); err != nil {
			return err
		}
		if len(r.Payload) > 0 && string(r.Payload) != "null" && (r.Actor.Kind == ActorResident || r.Type.files()) {
			p.decide(rec.Ref, a.Request, "payload", nil)
		}
		changed := false
		for i, c := range r.Contests {
			ref, name, _ := c.Field.Split()
			if ref.Kind == KindPerson || ref.Kind == KindWork && slices.Contains([]string{"description", "answers", "place"}, name) {
				r.Contests[i].Ours.Value, r.Contests[i].Theirs.Value, changed = nil, nil, true
			}
		}
		if !changed {
			continue
		}
		raw, err := Canonical(r.Contests)
		if err != nil {
			return err
		}
		p.decide(rec.Ref, a.Request, "contests", json.RawMessage(raw))
	}
	return nil
}

// files tells whether acts of this type carry what a resident said.
func (t Type) files() bool {
	return t == (&FileRequest{}).Type() || t == (&ImportRequest{}).Type()
}
