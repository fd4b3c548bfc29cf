package city

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// plan collects what an act wants to change.
type plan struct {
	view   View
	m      Mutation
	writes []write
	reads  []FieldRef
}

// write is one field's new value. Writes with the same lead stand or fall
// together: an outcome never stands without the closure.
type write struct {
	ref    Ref
	parent ID
	field  string
	value  json.RawMessage // nil clears the field
	lead   FieldRef
	// mark is set of what nobody chose, such as the date of a closure. It goes
	// with its group and is never a reason to withhold it.
	mark bool
	// decided is set of what a person chose with every side in view. Then a state
	// may move as no table has it.
	decided bool
}

// group names the writes that stand or fall together.
func (w write) group() FieldRef {
	if w.lead != "" {
		return w.lead
	}
	return w.ref.Field(w.field)
}

func makePlan(view View, m Mutation) (*plan, error) {
	act, err := Decode(m.Type, m.Args)
	if err != nil {
		return nil, err
	}
	p := &plan{view: view, m: m}
	return p, act.plan(p)
}

// now is the server's time of receipt; zero while the act is on a device.
func (p *plan) now() time.Time { return p.m.Received }

// stamp is the time that is written into records: the server's, or on a device,
// until the server has spoken, the device's own.
func (p *plan) stamp() time.Time {
	if p.m.Received.IsZero() {
		return p.m.At
	}
	return p.m.Received
}

var empties = [][]byte{[]byte(`""`), []byte(`null`), []byte(`0`), []byte(`false`), []byte(`[]`), []byte(`{}`), []byte(`"0001-01-01T00:00:00Z"`)}

func isEmpty(raw json.RawMessage) bool {
	return slices.ContainsFunc(empties, func(e []byte) bool { return bytes.Equal(raw, e) })
}

// create writes every field of v that is not empty.
func (p *plan) create(ref Ref, parent ID, v any) error {
	raw, err := Canonical(v)
	if err != nil {
		return err
	}
	for name, value := range Members(raw) {
		if !isEmpty(value) {
			p.writes = append(p.writes, write{ref: ref, parent: parent, field: name, value: value})
		}
	}
	return nil
}

// fresh refuses to make a record that is there already: its writers would let
// the act pass for a change of it.
func (p *plan) fresh(ref Ref, field string) error {
	_, exists, err := p.view.Record(ref)
	if err == nil && exists {
		return fail(CodeInvalid, field, "a record with this id is there already")
	}
	return err
}

// replace writes v whole: what v leaves empty and the record has is cleared.
func (p *plan) replace(ref Ref, v any) error {
	if err := p.create(ref, "", v); err != nil {
		return err
	}
	old, _, err := p.view.Record(ref)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(old.Fields)) {
		if !slices.ContainsFunc(p.writes, func(w write) bool { return w.ref == ref && w.field == name }) {
			p.writes = append(p.writes, write{ref: ref, field: name})
		}
	}
	return nil
}

// set writes one field. Values are the domain's own types, which always encode.
func (p *plan) set(ref Ref, parent ID, field string, v any) { p.follow("", ref, parent, field, v) }

// mark writes one field that nobody chose, along with lead.
func (p *plan) mark(lead FieldRef, ref Ref, parent ID, field string, v any) {
	p.follow(lead, ref, parent, field, v)
	p.writes[len(p.writes)-1].mark = true
}

// follow writes one field that stands or falls with lead.
func (p *plan) follow(lead FieldRef, ref Ref, parent ID, field string, v any) {
	raw, err := Canonical(v)
	if err != nil {
		panic("city: a field that does not encode: " + field) // a programming error
	}
	if isEmpty(raw) {
		raw = nil
	}
	p.writes = append(p.writes, write{ref: ref, parent: parent, field: field, value: raw, lead: lead})
}

// read notes fields that the author's decision rests on.
func (p *plan) read(ref Ref, fields ...string) {
	for _, f := range fields {
		p.reads = append(p.reads, ref.Field(f))
	}
}

// illegal tells whether a write moves a state in a way that no state machine has.
func illegal(w write, from string) bool {
	if w.decided || !isMachine(w.ref, w.field) {
		return false
	}
	var to string
	if w.value != nil && json.Unmarshal(w.value, &to) != nil {
		return true
	}
	if w.ref.Kind == KindRequest {
		return !slices.Contains(statusMoves[Status(from)], Status(to))
	}
	return !slices.Contains(jobMoves[JobState(from)], JobState(to))
}

// isMachine tells whether a field is a state that moves by a table.
func isMachine(ref Ref, field string) bool {
	return ref.Kind == KindRequest && field == "status" || ref.Kind == KindWorkOrder && field == "state"
}
