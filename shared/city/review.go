package city

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// Cause says why a person has to look.
type Cause string

// The causes.
const (
	CauseConflict Cause = "conflict" // two people wrote one field without seeing each other
	CauseStale    Cause = "stale"    // applied, but its author had not seen a change that matters
	CauseRefused  Cause = "refused"  // could not be applied at all
)

// Review is a decision that only a person can take. It keeps every side whole,
// and is closed only by a DecideReview that names them all.
type Review struct {
	About     Ref             `json:"about"`
	Cause     Cause           `json:"cause"`
	State     string          `json:"state"`     // open or closed
	Mutations []MutationID    `json:"mutations"` // the acts that wait for it
	Contests  []Contest       `json:"contests"`
	Refusal   *Error          `json:"refusal"`
	Type      Type            `json:"type"` // of a refused act
	Payload   json.RawMessage `json:"payload"`
	Device    DeviceID        `json:"device"` // that carried the first act
	Actor     Actor           `json:"actor"`
	OpenedAt  time.Time       `json:"opened_at"`
	ClosedAt  time.Time       `json:"closed_at"`
	DecidedBy string          `json:"decided_by"`
	Decision  string          `json:"decision"` // in words
}

// Contest is a field with two sides. Ours is what stands, Theirs what the act
// wanted. In a stale review both are about a field the act had only read, and
// Theirs is absent.
type Contest struct {
	Field  FieldRef `json:"field"`
	Lead   FieldRef `json:"lead,omitempty"`
	Ours   Side     `json:"ours"`
	Theirs Side     `json:"theirs"`
}

// Side is a value and the act that wrote it; the archive knows who, when and on
// what device.
type Side struct {
	Mutation MutationID      `json:"mutation,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
}

// LoadReview reads a review.
func LoadReview(view View, id ID) (Review, bool, error) {
	var r Review
	ok, err := load(view, Ref{KindReview, id}, &r)
	return r, ok, err
}

// Sides lists every act that a decision has to name.
func (r Review) Sides() []MutationID {
	sides := slices.Clone(r.Mutations)
	for _, c := range r.Contests {
		for _, m := range []MutationID{c.Ours.Mutation, c.Theirs.Mutation} {
			if m != "" && !slices.Contains(sides, m) {
				sides = append(sides, m)
			}
		}
	}
	slices.Sort(sides)
	return sides
}

func (a *applied) contest(w write, ours json.RawMessage, by MutationID) {
	a.contests = append(a.contests, Contest{Field: w.ref.Field(w.field), Lead: w.lead,
		Ours: Side{Mutation: by, Value: ours}, Theirs: Side{Mutation: a.m.ID, Value: w.value}})
}

// openConflicts opens one review for the act, about the first contested record.
func (a *applied) openConflicts() error {
	about, _, _ := a.contests[0].Field.Split()
	return a.open(derivedID("conflict", string(a.m.ID)), about, Review{Cause: CauseConflict, Contests: a.contests})
}

// openStale opens, or adds to, a record's soft review when a field that the
// author relied on has another writer by now.
func (a *applied) openStale(p *plan) error {
	var order []Ref
	stale := map[Ref][]Contest{}
	for _, f := range p.reads {
		ref, name, _ := f.Split()
		rec, ok, err := a.view.Record(ref)
		if err != nil {
			return err
		}
		if by := rec.Writers[name]; ok && by != a.m.Reads[f] && !a.settled(p, f, rec.Fields[name]) {
			if stale[ref] == nil {
				order = append(order, ref)
			}
			stale[ref] = append(stale[ref], Contest{Field: f, Ours: Side{Mutation: by, Value: rec.Fields[name]}, Theirs: Side{Mutation: a.m.ID}})
		}
	}
	for _, ref := range order {
		if err := a.bundle(ref, stale[ref]); err != nil {
			return err
		}
	}
	return nil
}

// settled tells whether a stale field needs no review of its own: it is contested
// already, or the author came to the value that stands.
func (a *applied) settled(p *plan, f FieldRef, value json.RawMessage) bool {
	if slices.ContainsFunc(a.contests, func(c Contest) bool { return c.Field == f }) {
		return true
	}
	return slices.ContainsFunc(p.writes, func(w write) bool { return w.ref.Field(w.field) == f && bytes.Equal(w.value, value) })
}

// bundle opens the record's soft review or adds to the open one.
func (a *applied) bundle(about Ref, stale []Contest) error {
	id := derivedID("stale", about.String())
	for n := 0; ; n++ { // one open review a record; a closed one stays closed
		if n > 0 {
			id = derivedID("stale", about.String(), string(id))
		}
		old, ok, err := LoadReview(a.view, id)
		if err != nil {
			return err
		}
		if !ok {
			return a.open(id, about, Review{Cause: CauseStale, Contests: stale})
		}
		if old.State == "open" {
			return a.extend(id, old, stale)
		}
	}
}

// refuse turns the act into a review that holds all of it.
func (a *applied) refuse(e *Error) (Result, error) {
	a.changed, a.at, a.contests = nil, map[Ref]int{}, nil
	payload, err := Canonical(a.m.Args)
	if err != nil { // not even JSON that we may keep as such: keep the text
		if payload, err = Canonical(string(a.m.Args)); err != nil {
			return Result{}, err
		}
	}
	r := Review{Cause: CauseRefused, Refusal: e, Type: a.m.Type, Payload: payload}
	if err := a.open(derivedID("refused", string(a.m.ID)), a.subject(), r); err != nil {
		return Result{}, err
	}
	return Result{Verdict: VerdictRefused, Changed: a.changed, Reviews: a.reviews, Refusal: e}, nil
}

// ReviewsOf names the reviews that hold an act which was decided after it had
// been held, each with the verdict that it means.
func ReviewsOf(id MutationID) map[ID]Verdict {
	return map[ID]Verdict{derivedID("refused", string(id)): VerdictRefused, derivedID("conflict", string(id)): VerdictReview}
}

// Subject guesses the request that an act is about, without applying it.
func Subject(view View, m Mutation) (ID, error) {
	a := &applied{view: view, m: m}
	return a.parentOf(a.subject())
}

// subject guesses what a refused act was about, for the list of reviews.
func (a *applied) subject() Ref {
	var named struct {
		Request   ID `json:"request"`
		WorkOrder ID `json:"workorder"`
		Review    ID `json:"review"`
	}
	_ = json.Unmarshal(a.m.Args, &named) // whatever can be read of it helps
	switch {
	case named.Request.Valid():
		return Ref{KindRequest, named.Request}
	case named.WorkOrder.Valid():
		return Ref{KindWorkOrder, named.WorkOrder}
	case named.Review.Valid():
		return Ref{KindReview, named.Review}
	}
	return Ref{}
}

func (a *applied) open(id ID, about Ref, r Review) error {
	r.About, r.State = about, "open"
	r.Mutations, r.Device, r.Actor = []MutationID{a.m.ID}, a.m.Device, a.m.Actor
	r.OpenedAt = a.m.Received
	parent, err := a.parentOf(about)
	if err != nil {
		return err
	}
	ref := Ref{KindReview, id}
	p := &plan{view: a.view, m: a.m}
	if err := p.create(ref, parent, r); err != nil {
		return err
	}
	for _, w := range p.writes {
		a.write(w)
	}
	a.reviews = append(a.reviews, ref)
	return nil
}

func (a *applied) extend(id ID, r Review, more []Contest) error {
	ref := Ref{KindReview, id}
	p := &plan{view: a.view, m: a.m}
	p.set(ref, "", "contests", append(r.Contests, more...))
	p.set(ref, "", "mutations", append(r.Mutations, a.m.ID))
	for _, w := range p.writes {
		a.write(w)
	}
	a.reviews = append(a.reviews, ref)
	return nil
}

// parentOf gives the request that a record belongs to.
func (a *applied) parentOf(ref Ref) (ID, error) {
	switch ref.Kind {
	case KindRequest, KindWork, KindPerson:
		return ref.ID, nil
	}
	rec, err := a.load(ref, "")
	return rec.Parent, err
}
