package city

import (
	"bytes"
	"maps"
	"slices"
)

// Verdict is what became of a mutation.
type Verdict string

// The verdicts. Each archived mutation has exactly one.
const (
	VerdictApplied   Verdict = "applied"   // all of it stands
	VerdictReview    Verdict = "review"    // a person decides on part of it; the rest stands
	VerdictRefused   Verdict = "refused"   // none of it stands; a review holds all of it
	VerdictHeld      Verdict = "held"      // waits for what it depends on
	VerdictDuplicate Verdict = "duplicate" // known already
	VerdictErased    Verdict = "erased"    // what it said was erased by law since
)

// Result is what follows from a mutation.
type Result struct {
	Verdict Verdict
	// Changed holds the records after the act, with the names of the fields that
	// it wrote, in the order in which they were first written.
	Changed []Changed
	// Reviews names the reviews among Changed that this act opened or added to.
	Reviews []Ref
	// Refusal says why nothing was applied.
	Refusal *Error
}

// Changed is a record after an act.
type Changed struct {
	Record Record
	Fields []string
	New    bool
}

// Apply decides on a mutation. It never fails for what is wrong with the
// mutation: that is a refusal, with a review that holds all of it. An error is
// the view's.
func Apply(view View, m Mutation) (Result, error) {
	a := &applied{view: view, m: m, at: map[Ref]int{}}
	p, err := makePlan(view, m)
	if refusal, ok := AsError(err); ok {
		return a.refuse(refusal)
	}
	if err != nil {
		return Result{}, err
	}
	if refusal, err := a.judge(p); err != nil {
		return Result{}, err
	} else if refusal != nil {
		return a.refuse(refusal)
	}
	verdict := VerdictApplied
	if len(a.contests) > 0 {
		verdict = VerdictReview
		if err := a.openConflicts(); err != nil {
			return Result{}, err
		}
	}
	if err := a.openStale(p); err != nil {
		return Result{}, err
	}
	return Result{Verdict: verdict, Changed: a.changed, Reviews: a.reviews}, nil
}

// Refuse is Apply for a mutation that the caller cannot let through: one that its
// device may not carry, or that cannot be opened. Nothing of it is lost.
func Refuse(view View, m Mutation, why *Error) (Result, error) {
	return (&applied{view: view, m: m}).refuse(why)
}

// applied is a mutation's work in progress.
type applied struct {
	view     View
	m        Mutation
	changed  []Changed
	at       map[Ref]int // index into changed
	contests []Contest
	reviews  []Ref
}

// judge applies the groups of writes that stand and notes the others as contests.
// A refusal means that nothing of the act can stand.
func (a *applied) judge(p *plan) (*Error, error) {
	withheld, moves := map[FieldRef]bool{}, map[FieldRef]bool{}
	for _, w := range p.writes {
		rec, _, err := a.view.Record(w.ref)
		if err != nil {
			return nil, err
		}
		same := bytes.Equal(rec.Fields[w.field], w.value)
		moves[w.group()] = moves[w.group()] || !same && !w.mark
		contested, refusal := a.contested(w, rec, same)
		if refusal != nil {
			return refusal, nil
		}
		if contested {
			withheld[w.group()] = true
		}
	}
	for _, w := range p.writes {
		rec, err := a.load(w.ref, w.parent)
		if err != nil {
			return nil, err
		}
		switch {
		case withheld[w.group()]:
			if w.lead == "" || !bytes.Equal(rec.Fields[w.field], w.value) {
				a.contest(w, rec.Fields[w.field], rec.Writers[w.field])
			}
		case moves[w.group()] || !w.mark: // the date of what was so already stays
			a.write(w)
		}
	}
	return nil, nil
}

// contested tells whether a write would overwrite what its author had not seen.
func (a *applied) contested(w write, rec Record, same bool) (bool, *Error) {
	field := w.ref.Field(w.field)
	seen := rec.Writers[w.field] == a.m.Base[field]
	switch {
	case w.mark:
		return false, nil
	case w.decided && !seen && !same:
		return false, fail(CodeStale, string(field), "it has changed since; look again")
	case w.decided:
		return false, nil
	case isMachine(w.ref, w.field):
		bad := illegal(w, rec.Text(w.field))
		if bad && seen {
			return false, fail(CodeNotNow, string(field), "not possible in the present state")
		}
		return bad && !same, nil
	}
	return !seen && !same, nil
}

// load gives the record as this act has left it so far.
func (a *applied) load(ref Ref, parent ID) (Record, error) {
	if i, ok := a.at[ref]; ok {
		return a.changed[i].Record, nil
	}
	rec, ok, err := a.view.Record(ref)
	if err != nil {
		return Record{}, err
	}
	if !ok {
		rec = Record{Ref: ref, Parent: parent}
	}
	return rec, nil
}

func (a *applied) write(w write) {
	i, ok := a.at[w.ref]
	if !ok {
		rec, exists, _ := a.view.Record(w.ref) // load has already read it without an error
		if exists {
			rec = rec.Clone()
		} else {
			rec = Record{Ref: w.ref, Parent: w.parent, Fields: Fields{}, Writers: map[string]MutationID{}}
		}
		i = len(a.changed)
		a.at[w.ref] = i
		a.changed = append(a.changed, Changed{Record: rec, New: !exists})
	}
	c := &a.changed[i]
	if w.value == nil {
		delete(c.Record.Fields, w.field)
	} else {
		c.Record.Fields[w.field] = w.value
	}
	c.Record.Writers[w.field] = a.m.ID
	if !slices.Contains(c.Fields, w.field) {
		c.Fields = append(c.Fields, w.field)
	}
}

// Overlay shows a view with later acts on top, without changing it.
type Overlay struct {
	Under View
	over  Memory
}

// Record implements View.
func (o *Overlay) Record(ref Ref) (Record, bool, error) {
	if r, ok := o.over[ref]; ok {
		return r, true, nil
	}
	return o.Under.Record(ref)
}

// Children implements View.
func (o *Overlay) Children(parent ID, kind Kind) ([]Record, error) {
	under, err := o.Under.Children(parent, kind)
	if err != nil {
		return nil, err
	}
	merged := Memory{}
	for _, r := range under {
		merged[r.Ref] = r
	}
	for ref, r := range o.over {
		if ref.Kind == kind && r.Parent == parent {
			merged[ref] = r
		}
	}
	return merged.Children(parent, kind)
}

// Put lays records on top.
func (o *Overlay) Put(recs ...Record) {
	if o.over == nil {
		o.over = Memory{}
	}
	for _, r := range recs {
		o.over[r.Ref] = r
	}
}

// Over lists the records that lie on top, in no order.
func (o *Overlay) Over() Memory { return maps.Clone(o.over) }
