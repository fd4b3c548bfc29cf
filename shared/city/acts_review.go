package city

import (
	"encoding/json"
	"slices"
)

// DecideReview closes a review. It names every side, so that nobody decides on
// what they have not seen, and says for each contested field whose value stands.
type DecideReview struct {
	Review ID           `json:"review"`
	Sides  []MutationID `json:"sides"`
	// Theirs lists the contested fields whose later value is to stand; the others
	// stay as they are.
	Theirs []FieldRef `json:"theirs,omitempty"`
	Words  string     `json:"words,omitempty"`
}

// Type implements Act.
func (a *DecideReview) Type() Type { return "review.decide@1" }

// Check implements Act.
func (a *DecideReview) Check() error {
	a.Words = tidy(a.Words)
	if !a.Review.Valid() {
		return fail(CodeInvalid, "review", "not an id")
	}
	if len(a.Sides) == 0 {
		return fail(CodeRequired, "sides", "name every side")
	}
	return checkWords("words", a.Words, 1000)
}

func (a *DecideReview) plan(p *plan) error {
	r, ok, err := LoadReview(p.view, a.Review)
	if err != nil {
		return err
	}
	if !ok {
		return fail(CodeUnknown, "review", "no such review")
	}
	ref := Ref{KindReview, a.Review}
	rec, _, err := p.view.Record(ref)
	if err != nil {
		return err
	}
	whose := Ref{KindWork, rec.Parent}
	if r.About.Kind == KindNotice {
		whose = r.About
	}
	about, _, err := p.view.Record(whose) // what has no department is every reviewer's
	if err != nil {
		return err
	}
	if err := p.needStaff(Department(about.Text("department")), RoleReviewer); err != nil {
		return err
	}
	if r.State != "open" {
		return fail(CodeNotNow, "review", "it has been decided already")
	}
	if sides := slices.Sorted(slices.Values(a.Sides)); !slices.Equal(sides, r.Sides()) {
		return fail(CodeStale, "sides", "a side has been added since; look again")
	}
	if err := a.settle(p, r, rec.Parent); err != nil {
		return err
	}
	p.set(ref, rec.Parent, "state", "closed")
	p.set(ref, rec.Parent, "closed_at", p.stamp().UTC())
	p.set(ref, rec.Parent, "decided_by", p.m.Actor.Name)
	p.set(ref, rec.Parent, "decision", a.Words)
	return nil
}

// settle writes the values that are to stand after all.
func (a *DecideReview) settle(p *plan, r Review, request ID) error {
	for _, want := range a.Theirs {
		if !slices.ContainsFunc(r.Contests, func(c Contest) bool { return c.Field == want || c.Lead == want }) || r.Cause != CauseConflict {
			return fail(CodeUnknown, "theirs", "not a contested field of this review")
		}
	}
	for _, c := range r.Contests {
		lead := c.Lead
		if lead == "" {
			lead = c.Field
		}
		if r.Cause != CauseConflict || !slices.Contains(a.Theirs, lead) && !slices.Contains(a.Theirs, c.Field) {
			continue
		}
		ref, field, _ := c.Field.Split()
		rec, ok, err := p.view.Record(ref)
		if err != nil {
			return err
		}
		parent := rec.Parent
		if !ok && ref.Kind != KindRequest { // it was withheld before it was made
			parent = request
		}
		value := c.Theirs.Value
		if string(value) == "null" {
			value = json.RawMessage(nil)
		}
		p.decide(ref, parent, field, value)
		if ref.Kind == KindRequest && field == "status" && string(value) != `"closed"` {
			p.unclose(ref, rec)
		}
	}
	return nil
}

func (p *plan) decide(ref Ref, parent ID, field string, value json.RawMessage) {
	p.writes = append(p.writes, write{ref: ref, parent: parent, field: field, value: value, decided: true})
}

// unclose takes away how a request ended, when it is to go on after all.
func (p *plan) unclose(ref Ref, rec Record) {
	for _, field := range append(slices.Clone(endings), "archived") {
		if _, ok := rec.Fields[field]; ok {
			p.decide(ref, "", field, nil)
		}
	}
}
