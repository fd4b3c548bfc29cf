package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cityhall/shared/city"
)

// entry is what the archive keeps of a mutation besides its outcome.
type entry struct {
	m        city.Mutation
	stream   string
	n        uint64
	envelope []byte
	args     []byte // opened, of a sealed one
	content  []byte
	wait     *waiting // for other acts; nil: it is decided at once
}

// outcome is what became of a mutation.
type outcome struct {
	Verdict city.Verdict
	Seq     int64
	Review  city.ID
	Refusal *city.Error
}

// append decides on a mutation, writes what follows and archives it.
func (w *writeTx) append(ctx context.Context, e entry, refuse *city.Error) (outcome, error) {
	if e.wait != nil {
		return w.hold(ctx, e)
	}
	res, out, subject, err := w.decide(ctx, e.m, refuse)
	if err != nil {
		return outcome{}, err
	}
	if err := w.archive(ctx, e, out, subject); err != nil {
		return outcome{}, err
	}
	if err := w.settle(ctx, e.m.ID, res.Changed); err != nil {
		return outcome{}, err
	}
	if err := w.noteShares(ctx, e.m.ID, res.Changed); err != nil {
		return outcome{}, err
	}
	return out, w.release(ctx)
}

// decide judges a mutation and writes what follows.
func (w *writeTx) decide(ctx context.Context, m city.Mutation, refuse *city.Error) (city.Result, outcome, city.ID, error) {
	var res city.Result
	var err error
	if refuse != nil {
		res, err = city.Refuse(w, m, refuse)
	} else {
		res, err = city.Apply(w, m)
	}
	if err != nil {
		return res, outcome{}, "", err
	}
	subject, err := w.writeChanges(ctx, m, res.Changed)
	out := outcome{Verdict: res.Verdict, Seq: w.head.Seq, Refusal: res.Refusal}
	if len(res.Reviews) > 0 {
		out.Review = res.Reviews[0].ID
	}
	return res, out, subject, err
}

func (w *writeTx) archive(ctx context.Context, e entry, out outcome, subject city.ID) error {
	actor, err := city.Canonical(e.m.Actor)
	if err != nil {
		return err
	}
	var code, field string
	if out.Refusal != nil {
		code, field = string(out.Refusal.Code), out.Refusal.Field
	}
	// Hashed here and not by seal, which would read it once more: this is the row
	// that is written most.
	at, received := stamp(e.m.At), stamp(e.m.Received)
	hash := rowHash([]column{{"actor", string(actor)}, {"args", string(e.args)}, {"at", at}, {"code", code}, {"content", string(e.content)},
		{"device", string(e.m.Device)}, {"envelope", string(e.envelope)}, {"field", field}, {"id", string(e.m.ID)}, {"n", columnText(int64(e.n))},
		{"received", received}, {"review", string(out.Review)}, {"seq", columnText(out.Seq)}, {"stream", e.stream}, {"subject", string(subject)},
		{"type", string(e.m.Type)}, {"verdict", string(out.Verdict)}})
	err = w.tx.add(ctx, toArchive, e.m.ID, out.Seq, e.m.Device, e.stream, int64(e.n), e.m.Type, string(actor), subject, at, received,
		e.envelope, e.args, e.content, out.Verdict, out.Review, code, field, hash)
	if err != nil {
		return fmt.Errorf("archive %s: %w", e.m.ID, err)
	}
	return nil
}

// changing is a record on its way into the log, with who could and who can see it.
type changing struct {
	city.Changed
	was, is []city.Scope
}

// gained tells whether somebody may see the record who could not before.
func (c changing) gained() bool {
	return slices.ContainsFunc(c.is, func(s city.Scope) bool { return !slices.Contains(c.was, s) })
}

// lost gives the audiences that have to forget the record.
func (c changing) lost() []city.Scope {
	return slices.DeleteFunc(slices.Clone(c.was), func(s city.Scope) bool { return slices.Contains(c.is, s) })
}

// writeChanges writes the records, their log rows and their audiences, and names
// the request that they belong to.
func (w *writeTx) writeChanges(ctx context.Context, m city.Mutation, changed []city.Changed) (city.ID, error) {
	all, err := w.audiences(changed)
	if err != nil {
		return "", err
	}
	if len(all) == 0 { // an act without effect still has a place in the order
		return "", w.log(ctx, change{Seq: w.head.Seq + 1, Tx: w.head.Seq + 1, Kind: kindNone, ID: city.ID(m.ID), Writer: m.ID,
			Fields: city.Fields{}, WS: map[string]city.MutationID{}, audience: audienceHash(nil, nil)})
	}
	tx := w.head.Seq + int64(len(all))
	var subject city.ID
	for _, c := range all {
		if subject == "" {
			if subject = c.Record.Parent; c.Record.Kind == city.KindRequest {
				subject = c.Record.ID
			}
		}
		if err := w.writeChange(ctx, m.ID, tx, c); err != nil {
			return "", err
		}
	}
	return subject, nil
}

// audiences adds the records that nobody wrote but whose audience has changed.
func (w *writeTx) audiences(changed []city.Changed) ([]changing, error) {
	after := &city.Overlay{Under: w}
	for _, c := range changed {
		after.Put(c.Record)
	}
	all := slices.Clone(changed)
	for _, c := range changed {
		deps, err := city.Dependents(after, c)
		if err != nil {
			return nil, err
		}
		for _, d := range deps {
			if !slices.ContainsFunc(all, func(c city.Changed) bool { return c.Record.Ref == d.Ref }) {
				all = append(all, city.Changed{Record: d})
			}
		}
	}
	var out []changing
	for _, c := range all {
		before, err := w.load(c.Record.Ref)
		if err != nil {
			return nil, err
		}
		is, err := city.Scopes(after, c.Record)
		if err != nil {
			return nil, err
		}
		n := changing{Changed: c, was: splitScopes(before.scopes), is: is}
		if len(c.Fields) > 0 || n.gained() || len(n.lost()) > 0 {
			out = append(out, n)
		}
	}
	return out, nil
}

// kindNone is the kind of rows of the log that are no record's.
const kindNone city.Kind = "none"

// change is a row of the log.
type change struct {
	Seq    int64                      `json:"seq"`
	Tx     int64                      `json:"tx"`
	Kind   city.Kind                  `json:"kind"`
	ID     city.ID                    `json:"id"`
	Parent city.ID                    `json:"parent"`
	Whole  bool                       `json:"whole"`
	Fields city.Fields                `json:"fields,omitempty"`
	Writer city.MutationID            `json:"writer"`
	WS     map[string]city.MutationID `json:"ws,omitempty"`

	audience []byte // hash over its rows of change_scope
}

func (w *writeTx) writeChange(ctx context.Context, by city.MutationID, tx int64, c changing) error {
	row := logRow(w.head.Seq+1, tx, by, c.Changed, w.whole || c.gained())
	row.audience = audienceHash(c.is, c.lost())
	if err := w.log(ctx, row); err != nil {
		return err
	}
	for _, s := range c.is {
		if err := w.logScope(ctx, s, row.Seq, 0); err != nil {
			return err
		}
	}
	for _, s := range c.lost() {
		if err := w.logScope(ctx, s, row.Seq, 1); err != nil {
			return err
		}
	}
	return w.keep(ctx, c.Record, row.Seq, joinScopes(c.is))
}

// logRow holds the fields that changed, or all of them when somebody is to see
// the record who has not seen it before.
func logRow(seq, tx int64, by city.MutationID, c city.Changed, whole bool) change {
	row := change{Seq: seq, Tx: tx, Kind: c.Record.Kind, ID: c.Record.ID, Parent: c.Record.Parent, Whole: whole, Writer: by,
		Fields: city.Fields{}, WS: map[string]city.MutationID{}}
	if whole {
		for f, v := range c.Record.Fields {
			row.Fields[f] = v
		}
		for f, by := range c.Record.Writers { // also of fields that were cleared: a base may name them
			if by != row.Writer {
				row.WS[f] = by
			} else if _, ok := row.Fields[f]; !ok {
				row.Fields[f] = json.RawMessage("null")
			}
		}
		return row
	}
	for _, f := range c.Fields {
		if row.Fields[f] = c.Record.Fields[f]; row.Fields[f] == nil {
			row.Fields[f] = json.RawMessage("null")
		}
	}
	return row
}

// log writes one row and moves the chain.
func (w *writeTx) log(ctx context.Context, row change) error {
	written := changeRow{change: row, whole: int64(flag(row.Whole)), salt: make([]byte, 16)}
	var err error
	if written.fields, err = city.ObjectText(row.Fields); err != nil {
		return err
	}
	if written.ws, err = city.ObjectText(row.WS); err != nil {
		return err
	}
	rand.Read(written.salt)
	digest := written.sum()
	h := chain(w.head.Hash, digest)
	err = w.tx.add(ctx, toLog, row.Seq, row.Tx, row.Kind, row.ID, row.Parent, written.whole, string(written.fields), row.Writer, string(written.ws), written.salt, digest, h, row.audience)
	if err != nil {
		return fmt.Errorf("log %s/%s: %w", row.Kind, row.ID, err)
	}
	w.head.Seq, w.head.Hash = row.Seq, h
	return nil
}

func chain(before, digest []byte) []byte {
	sum := sha256.Sum256(append(slices.Clone(before), digest...))
	return sum[:]
}

func (w *writeTx) logScope(ctx context.Context, s city.Scope, seq int64, evict int) error {
	err := w.tx.add(ctx, toScopes, s, seq, evict)
	if err != nil {
		return fmt.Errorf("log the audience: %w", err)
	}
	return nil
}

func (w *writeTx) keep(ctx context.Context, r city.Record, seq int64, scopes string) error {
	fields, err := city.ObjectText(r.Fields)
	if err != nil {
		return err
	}
	writers, err := city.ObjectText(r.Writers)
	if err != nil {
		return err
	}
	if err := w.tx.add(ctx, toRecords, r.Kind, r.ID, r.Parent, seq, string(fields), string(writers), scopes); err != nil {
		return fmt.Errorf("write %s: %w", r.Ref, err)
	}
	w.seen[r.Ref] = stored{Record: r, seq: seq, scopes: scopes, there: true}
	return nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func joinScopes(scopes []city.Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

func splitScopes(s string) []city.Scope {
	var out []city.Scope
	for _, w := range strings.Fields(s) {
		out = append(out, city.Scope(w))
	}
	return out
}
