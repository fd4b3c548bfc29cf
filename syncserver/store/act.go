package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// Verdict is what became of an act of staff.
type Verdict struct {
	Verdict city.Verdict
	Seq     int64
	Review  city.ID
}

// unseen stands for a writer that came after what the author saw. It is the
// writer of no field, so whatever it is compared with counts as changed.
const unseen city.MutationID = "unseen"

// Act does what a member of staff asks, through the same write path as a
// device's acts. The id is made with the form, so sending it twice does it once.
// seen is Head.Seq when the page was made: what changed since then the author
// has not seen, and it is judged as that. What cannot be done comes back as an
// *city.Error and leaves no trace.
func (s *Store) Act(ctx context.Context, actor city.Actor, id city.MutationID, seen int64, act city.Act) (Verdict, error) {
	if e, ok := act.(*city.ErasePerson); ok { // which takes more than an act's writes
		return s.Erase(ctx, actor, id, e.Request, e.Reason)
	}
	var v Verdict
	err := s.do(ctx, func(ctx context.Context, w *writeTx) error {
		now := s.now().UTC().Truncate(time.Millisecond)
		known, ok, err := w.known(ctx, id)
		if err != nil {
			return err
		}
		if ok {
			v = Verdict{Verdict: city.VerdictDuplicate, Seq: known.Seq, Review: known.Review}
			return nil
		}
		m, err := city.Prepare(w, id, actor, city.OfficeDevice, now, act)
		if err != nil {
			return err
		}
		if err := w.blindTo(ctx, seen, m.Base); err != nil {
			return err
		}
		if err := w.blindTo(ctx, seen, m.Reads); err != nil {
			return err
		}
		out, err := w.office(ctx, m, now)
		v = Verdict{Verdict: out.Verdict, Seq: out.Seq, Review: out.Review}
		return err
	})
	return v, err
}

// blindTo replaces the writers that came after seen.
func (w *writeTx) blindTo(ctx context.Context, seen int64, fields map[city.FieldRef]city.MutationID) error {
	if seen >= w.head.Seq {
		return nil
	}
	for f, by := range fields {
		seq, err := w.wroteAt(ctx, by)
		if err != nil {
			return err
		}
		if seq > seen {
			fields[f] = unseen
		}
	}
	return nil
}

// office appends an act that has no stream.
func (w *writeTx) office(ctx context.Context, m city.Mutation, received time.Time) (outcome, error) {
	m.Received = received
	env := protocol.Wrap(m)
	raw, err := json.Marshal(env)
	if err != nil {
		return outcome{}, err
	}
	content, err := protocol.ContentOf(raw)
	if err != nil {
		return outcome{}, err
	}
	out, err := w.append(ctx, entry{m: m, envelope: raw, content: content[:]}, nil)
	if err != nil {
		return out, err
	}
	if out.Refusal != nil { // undone with the savepoint; the person is told at once
		return out, out.Refusal
	}
	return out, nil
}

// Dated is an act with its id and its time, for set-up and import.
type Dated struct {
	ID  city.MutationID
	At  time.Time
	Act city.Act
}

// importBatch is how many imported acts share a transaction: enough to be quick,
// few enough that nobody else waits long.
const importBatch = 200

// Import does the city's own acts, in order. Those already known are passed
// over, so an interrupted import can simply be repeated. It stops at the first
// that cannot be done, naming it.
func (s *Store) Import(ctx context.Context, acts []Dated) error {
	for len(acts) > 0 {
		batch := acts[:min(importBatch, len(acts))]
		acts = acts[len(batch):]
		err := s.do(ctx, func(ctx context.Context, w *writeTx) error {
			for _, a := range batch {
				if err := w.imported(ctx, a); err != nil {
					return fmt.Errorf("import %s %s: %w", a.Act.Type(), a.ID, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writeTx) imported(ctx context.Context, a Dated) error {
	if _, known, err := w.known(ctx, a.ID); err != nil || known {
		return err
	}
	m, err := city.Prepare(w, a.ID, city.Actor{Kind: city.ActorSystem, Name: "import"}, city.OfficeDevice, a.At.UTC(), a.Act)
	if err != nil {
		return err
	}
	_, err = w.office(ctx, m, w.s.now().UTC().Truncate(time.Millisecond))
	return err
}

// SetPlaces makes a file of places, which is here as a blob, the city's own. What
// somebody else sets meanwhile stays.
func (s *Store) SetPlaces(ctx context.Context, sha string, at time.Time) error {
	return s.setFile(ctx, sha, at, func(c *city.Settings) *string { return &c.Places })
}

// SetMap does that with a map of the city's own; empty goes back to the drawn one.
func (s *Store) SetMap(ctx context.Context, sha string, at time.Time) error {
	return s.setFile(ctx, sha, at, func(c *city.Settings) *string { return &c.Map })
}

func (s *Store) setFile(ctx context.Context, sha string, at time.Time, named func(*city.Settings) *string) error {
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		settings, err := city.LoadSettings(w)
		if err != nil || *named(&settings) == sha {
			return err
		}
		*named(&settings) = sha
		return w.imported(ctx, Dated{city.NewMutationID(), at, &city.SetCity{Settings: settings}})
	})
}

// archived is what a later arrival of a mutation has to know of the first.
type archived struct {
	outcome
	id      city.MutationID // in the archive
	content protocol.Hash
}

// same tells whether a later arrival is the act that is known. Of an erased one
// nothing else is ever kept.
func (a archived) same(content protocol.Hash) bool {
	return a.content == content || a.Verdict == city.VerdictErased
}

func (w *writeTx) known(ctx context.Context, id city.MutationID) (archived, bool, error) {
	return known(ctx, w.tx, id)
}

// known looks a mutation up by its id.
func known(ctx context.Context, q querier, id city.MutationID) (archived, bool, error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, verdict, review, code, field, content FROM mutation WHERE id = $1`, id)
	if err != nil {
		return archived{}, false, fmt.Errorf("look up %s: %w", id, err)
	}
	defer rows.Close()
	a := archived{id: id}
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return a, false, err
		}
		rows.Close()
		a.Verdict = city.VerdictErased
		erased, err := erasedBefore(ctx, q, string(id))
		return a, erased, err
	}
	var code, field string
	var content []byte
	if err := rows.Scan(&a.Seq, &a.Verdict, &a.Review, &code, &field, &content); err != nil {
		return a, false, err
	}
	if len(content) != sha256.Size {
		return a, false, city.Fail(city.CodeDamaged, "content", "the archive's row of "+string(id)+" is damaged")
	}
	copy(a.content[:], content)
	if code != "" {
		a.Refusal = &city.Error{Code: city.Code(code), Field: field}
	}
	return a, true, rows.Err()
}
