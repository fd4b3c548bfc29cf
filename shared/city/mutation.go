package city

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Type is the name and version of a mutation, such as "visit.finish@1". Its
// meaning never changes; a new meaning is a new version.
type Type string

// Mutation is one act of a person.
type Mutation struct {
	ID       MutationID
	Type     Type
	Actor    Actor
	Device   DeviceID
	At       time.Time // by the author's clock: shown and kept, never decides
	Received time.Time // by the server's clock; zero until it has arrived
	// Base holds the writers of the fields it writes, Reads those of the fields
	// that its author's decision rests on, as the author saw them.
	Base  map[FieldRef]MutationID
	Reads map[FieldRef]MutationID
	Args  json.RawMessage
}

// Act is the argument of a mutation: one of the types in acts*.go.
type Act interface {
	// Type is the mutation's type.
	Type() Type
	// Check reports what is wrong with the act itself, whatever the records say.
	Check() error
	// plan says which fields change, given the records.
	plan(*plan) error
}

// acts is the closed set. Old versions stay for ever.
var acts = map[Type]func() Act{}

func register(make func() Act) { acts[make().Type()] = make }

func init() {
	register(func() Act { return &FileRequest{} })
	register(func() Act { return &ImportRequest{} })
	register(func() Act { return &AssignRequest{} })
	register(func() Act { return &SetPriority{} })
	register(func() Act { return &ApproveWork{} })
	register(func() Act { return &ReturnWork{} })
	register(func() Act { return &CloseRequest{} })
	register(func() Act { return &ReopenRequest{} })
	register(func() Act { return &ArchiveRequest{} })
	register(func() Act { return &PauseRequest{} })
	register(func() Act { return &ResumeRequest{} })
	register(func() Act { return &StartVisit{} })
	register(func() Act { return &FinishVisit{} })
	register(func() Act { return &AddPhoto{} })
	register(func() Act { return &ArrivePhoto{} })
	register(func() Act { return &LosePhoto{} })
	register(func() Act { return &MissPhoto{} })
	register(func() Act { return &AddNote{} })
	register(func() Act { return &DecideReview{} })
	register(func() Act { return &SetCity{} })
	register(func() Act { return &PublishService{} })
	register(func() Act { return &SetNotice{} })
	register(func() Act { return &SetCrew{} })
	register(func() Act { return &SetStaff{} })
	register(func() Act { return &ErasePerson{} })
}

// Types lists every mutation type that this version knows.
func Types() []Type { return slices.Sorted(maps.Keys(acts)) }

// Decode reads the act of a mutation. An unknown type or malformed arguments are
// an *Error.
func Decode(t Type, args json.RawMessage) (Act, error) {
	make, ok := acts[t]
	if !ok {
		return nil, fail(CodeUnknownType, "type", "no such mutation: "+string(t))
	}
	a := make()
	if err := json.Unmarshal(args, a); err != nil {
		return nil, fail(CodeInvalid, "args", "not the arguments of "+string(t)+": "+err.Error())
	}
	if err := a.Check(); err != nil {
		return a, err
	}
	if old, ok := a.(older); ok {
		return old.upcast()
	}
	return a, nil
}

// older is an act of a version that is no longer written. It keeps its own form
// for ever, is checked as it always was, and then becomes the newest form, which
// alone knows how to change records. That one may be older in its turn.
type older interface {
	Act
	upcast() (Act, error)
}

// Prepare makes a mutation of an act, resting on what the author sees. It fails
// with an *Error when the act could not be applied to that.
func Prepare(view View, id MutationID, actor Actor, device DeviceID, at time.Time, act Act) (Mutation, error) {
	args, err := Canonical(act)
	if err != nil {
		return Mutation{}, err
	}
	m := Mutation{ID: id, Type: act.Type(), Actor: actor, Device: device, At: at, Args: args}
	p, err := makePlan(view, m)
	if err != nil {
		return Mutation{}, err
	}
	m.Base, m.Reads = map[FieldRef]MutationID{}, map[FieldRef]MutationID{}
	for _, w := range p.writes {
		rec, _, err := view.Record(w.ref)
		if err != nil {
			return Mutation{}, err
		}
		if illegal(w, rec.Text(w.field)) {
			return Mutation{}, fail(CodeNotNow, string(w.ref.Field(w.field)), "not possible in the present state")
		}
		if by, ok := rec.Writers[w.field]; ok {
			m.Base[w.ref.Field(w.field)] = by
		}
	}
	for _, f := range p.reads {
		ref, name, _ := f.Split()
		rec, _, err := view.Record(ref)
		if err != nil {
			return Mutation{}, err
		}
		if by, ok := rec.Writers[name]; ok {
			m.Reads[f] = by
		}
	}
	return m, nil
}
