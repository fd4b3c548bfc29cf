package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"

	"github.com/google/uuid"
)

// Incoming is one line of a push: the envelope and the bytes that it came in,
// which the hashes are over.
type Incoming struct {
	Line     []byte
	Envelope protocol.Envelope
}

// Fork says that a device's stream is not where the device thinks: it was
// restored from an image, or cloned. Nothing of the push was taken.
type Fork struct {
	LastN uint64
	Link  protocol.Hash
}

func (f *Fork) Error() string { return fmt.Sprintf("the stream ends at %d", f.LastN) }

// Push takes a device's acts, in the order of its stream. A *Fork comes back
// when the stream does not continue.
func (s *Store) Push(ctx context.Context, d Device, h protocol.PushHeader, lines []Incoming) ([]protocol.PushVerdict, protocol.PushEnd, error) {
	opened := make([]opening, len(lines))
	for i, l := range lines { // outside the transaction: opening and hashing cost
		var err error
		if opened[i], err = s.open(l); err != nil {
			return nil, protocol.PushEnd{}, city.Fail(city.CodeInvalid, "envelope", err.Error())
		}
	}
	var verdicts []protocol.PushVerdict
	var end protocol.PushEnd
	err := s.do(ctx, func(ctx context.Context, w *writeTx) error {
		p := &push{w: w, device: d, stream: h.Stream, link: h.Prev}
		if err := p.begin(ctx, h); err != nil {
			return err
		}
		if err := p.foresee(ctx, lines); err != nil {
			return err
		}
		if err := w.foresee(named(opened)); err != nil {
			return err
		}
		verdicts = verdicts[:0]
		for i, l := range lines {
			v, err := p.take(ctx, h.From+uint64(i), l, opened[i])
			if err != nil {
				return err
			}
			verdicts = append(verdicts, v)
		}
		if err := p.end(ctx); err != nil {
			return err
		}
		end = protocol.PushEnd{End: true, LastN: p.last.n, Link: p.last.link, Head: w.head.Seq}
		return nil
	})
	if err == nil {
		s.arrivedBefore(ctx, lines, opened)
	}
	return verdicts, end, err
}

// opening is what an envelope's args are, and why they could not be had.
type opening struct {
	content protocol.Hash
	args    json.RawMessage
	sealed  bool
	refusal *city.Error
}

func (s *Store) open(l Incoming) (opening, error) {
	content, err := protocol.ContentOf(l.Line)
	e := l.Envelope
	if err != nil || e.Sealed == nil {
		return opening{content: content, args: e.Args}, err
	}
	args, err := s.keys.Sealing.Open(e.Sealed.Key, keys.SealInfo(e.Sealed.Key, string(e.ID), string(e.Type)), e.Sealed.Body)
	if err != nil || !json.Valid(args) {
		kept, _ := json.Marshal(e.Sealed) // strings and bytes always encode
		return opening{content: content, args: kept, refusal: &city.Error{Code: city.CodeDamaged, Field: "sealed", Message: "cannot be opened"}}, nil
	}
	return opening{content: content, args: args, sealed: true}, nil
}

// place is where a stream is.
type place struct {
	n    uint64
	link protocol.Hash
}

type push struct {
	w      *writeTx
	device Device
	stream string
	last   place         // of the server's copy
	link   protocol.Hash // before the next line
	unseen map[city.MutationID]bool
}

// foreseen is how many acts one statement looks for.
const foreseen = 50

const selectSeen = `SELECT id FROM mutation WHERE id IN (` + fifty + `) UNION ALL SELECT id FROM erasure WHERE id IN (` + fifty + `)`

const fifty = `$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
	$26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50`

// foresee finds the acts that the archive has never seen, many at once: nearly all
// that come are. An act is looked up by itself where one came before.
func (p *push) foresee(ctx context.Context, lines []Incoming) error {
	p.unseen = make(map[city.MutationID]bool, len(lines))
	for some := range slices.Chunk(lines, foreseen) {
		if len(some) < 3 { // nothing is saved
			return nil
		}
		ids := make([]any, foreseen)
		for i := range ids {
			ids[i] = some[min(i, len(some)-1)].Envelope.ID
		}
		rows, err := p.w.tx.QueryContext(ctx, selectSeen, ids...)
		if err != nil {
			return fmt.Errorf("look up %d acts: %w", len(some), err)
		}
		seen, err := words(rows)
		if err != nil {
			return fmt.Errorf("look up %d acts: %w", len(some), err)
		}
		for _, l := range some {
			p.unseen[l.Envelope.ID] = !slices.Contains(seen, string(l.Envelope.ID))
		}
	}
	return nil
}

// named are the records that acts name.
func named(opened []opening) []city.Ref {
	var out []city.Ref
	seen := map[city.Ref]bool{}
	for _, o := range opened {
		if o.refusal != nil {
			continue
		}
		for _, ref := range city.Named(o.args) {
			if !seen[ref] {
				seen[ref] = true
				out = append(out, ref)
			}
		}
	}
	return out
}

// known looks an act up that is about to be taken.
func (p *push) known(ctx context.Context, id city.MutationID) (archived, bool, error) {
	if p.unseen[id] {
		delete(p.unseen, id) // it may come twice in one push
		return archived{}, false, nil
	}
	return p.w.known(ctx, id)
}

// begin reads where the stream stands and refuses a gap.
func (p *push) begin(ctx context.Context, h protocol.PushHeader) error {
	last, err := readStream(ctx, p.w.tx, p.device.ID, p.stream)
	if err != nil {
		return err
	}
	p.last = last
	if h.From > p.last.n+1 || h.From == p.last.n+1 && h.Prev != p.last.link {
		return &Fork{LastN: p.last.n, Link: p.last.link}
	}
	return nil
}

func readStream(ctx context.Context, q querier, device city.DeviceID, stream string) (place, error) {
	var n int64
	var link []byte
	err := q.QueryRowContext(ctx, `SELECT last_n, link FROM stream WHERE device = $1 AND stream = $2`, device, stream).Scan(&n, &link)
	if errors.Is(err, sql.ErrNoRows) {
		return place{}, nil
	}
	if err != nil {
		return place{}, fmt.Errorf("read the stream: %w", err)
	}
	p := place{n: uint64(n)}
	copy(p.link[:], link)
	return p, nil
}

// Stream tells where the server's copy of a stream ends.
func (s *Store) Stream(ctx context.Context, device city.DeviceID, stream string) (uint64, protocol.Hash, error) {
	p, err := readStream(ctx, s.db, device, stream)
	return p.n, p.link, err
}

// take judges one line and moves the stream.
func (p *push) take(ctx context.Context, n uint64, l Incoming, o opening) (protocol.PushVerdict, error) {
	p.link = protocol.Link(p.link, o.content)
	e := l.Envelope
	v := protocol.PushVerdict{N: n, ID: e.ID}
	old, ok, err := p.known(ctx, e.ID)
	if err != nil {
		return v, err
	}
	if n <= p.last.n { // a push whose answer was lost, sent again
		if !ok || !old.same(o.content) || n == p.last.n && p.link != p.last.link {
			return v, &Fork{LastN: p.last.n, Link: p.last.link}
		}
		return duplicate(v, old), nil
	}
	p.last = place{n: n, link: p.link}
	if ok && old.same(o.content) {
		return duplicate(v, old), nil
	}
	if ok {
		return p.clash(ctx, v, l, o)
	}
	return p.append(ctx, v, e.ID, l, o)
}

func (p *push) append(ctx context.Context, v protocol.PushVerdict, id city.MutationID, l Incoming, o opening) (protocol.PushVerdict, error) {
	m := l.Envelope.Mutation(p.device.ID, o.args, p.w.s.now().UTC().Truncate(time.Millisecond))
	m.ID = id
	e := entry{m: m, stream: p.stream, n: v.N, envelope: l.Line, content: o.content[:]}
	if o.sealed {
		e.args = o.args
	}
	refusal := o.refusal
	if bad, ok := city.AsError(l.Envelope.Check()); ok && refusal == nil {
		refusal = bad
	}
	if refusal == nil && !m.Actor.MayActOn(p.device.Kind, p.device.Grants) {
		refusal = &city.Error{Code: city.CodeForbidden, Field: "actor", Message: "not an actor of this device"}
	}
	if refusal == nil {
		var err error
		if e.wait, refusal, err = p.w.waits(ctx, m, l.Envelope.Deps); err != nil {
			return v, err
		}
	}
	out, err := p.w.append(ctx, e, refusal)
	if err != nil {
		return v, err
	}
	v.Verdict, v.Seq, v.Review = out.Verdict, out.Seq, out.Review
	if out.Refusal != nil {
		v.Code, v.Field = out.Refusal.Code, out.Refusal.Field
	}
	return v, nil
}

// clashID is the name under which the second act of an id is kept.
func clashID(id city.MutationID, content protocol.Hash) city.MutationID {
	return city.MutationID(uuid.NewSHA1(uuid.NameSpaceOID, append([]byte(id), content[:]...)).String())
}

// clash keeps an act that came under another act's id: both stand in the
// archive, and a person looks.
func (p *push) clash(ctx context.Context, v protocol.PushVerdict, l Incoming, o opening) (protocol.PushVerdict, error) {
	id := clashID(v.ID, o.content)
	old, ok, err := p.w.known(ctx, id)
	if err != nil {
		return v, err
	}
	if ok {
		return duplicate(v, old), nil
	}
	o.refusal = &city.Error{Code: city.CodeInvalid, Field: "id", Message: "another act has this id"}
	return p.append(ctx, v, id, l, o)
}

func duplicate(v protocol.PushVerdict, old archived) protocol.PushVerdict {
	v.Verdict, v.Stored, v.Seq, v.Review = city.VerdictDuplicate, old.Verdict, old.Seq, old.Review
	if old.Refusal != nil {
		v.Code, v.Field = old.Refusal.Code, old.Refusal.Field
	}
	return v
}

func (p *push) end(ctx context.Context) error {
	_, err := p.w.tx.ExecContext(ctx, `INSERT INTO stream (device, stream, last_n, link) VALUES ($1, $2, $3, $4)
		ON CONFLICT (device, stream) DO UPDATE SET last_n = excluded.last_n, link = excluded.link`,
		p.device.ID, p.stream, int64(p.last.n), p.last.link[:])
	if err != nil {
		return fmt.Errorf("move the stream: %w", err)
	}
	return seal(ctx, p.w.tx, "stream", p.device.ID, p.stream)
}
