package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// Page is a stretch of the log as one device may see it.
type Page struct {
	Frames []protocol.Frame
	Head   Head
	Seq    int64  // read up to here, a whole transaction
	Hash   []byte // chain hash at Seq
	More   bool
	due    *protocol.Due // what a snapshot left to deliver after this page
}

// Next is the cursor behind the page, for a device with these grants.
func (p Page) Next(d Device) protocol.Cursor {
	return protocol.Cursor{Epoch: p.Head.Epoch, Seq: p.Seq, Chain: p.Hash[:8], GrantRev: d.GrantRev, Walk: p.More, Due: p.due}
}

// ErrLineage means that a cursor is not of this log: the server has been
// restored since.
var ErrLineage = fmt.Errorf("the cursor is of another history")

// ErrHorizon means a cursor so far back that a snapshot costs less than the log
// in between.
var ErrHorizon = errors.New("the cursor is too far back: begin with a snapshot")

// Pull reads what a device with these scopes may see after the cursor's place,
// in order and by whole transactions, about limit frames of it. What the device
// may see comes from its grants, never from the cursor. The cursor must be one
// whose MAC is ours: if it does not fit, that is proof that the server was
// restored, and a new epoch begins.
func (s *Store) Pull(ctx context.Context, d Device, from protocol.Cursor, limit int) (Page, error) {
	var p Page
	var seal envelopes
	err := s.inLineage(ctx, from, func(tx *sql.Tx, head Head) error {
		p.Head = head
		if s.beyond(p.Head, from) {
			return ErrHorizon
		}
		if err := p.load(ctx, tx, d, from, limit); err != nil {
			return err
		}
		var err error
		if seal, err = envelopesFor(ctx, tx, d); err != nil {
			return err
		}
		p.Frames, err = seal.fill(ctx, tx, p.Frames)
		return err
	})
	if errors.Is(err, errDamagedLog) {
		s.log.Error("pull", "device", d.ID, "err", err)
		return p, ErrHorizon
	}
	if err != nil {
		return p, err
	}
	return p, seal.frames(p.Frames)
}

// errDamagedLog means a change that is not what was logged. The records still
// stand, so the way around it is a snapshot.
var errDamagedLog = errors.New("the log is damaged")

// load fills the page with what the snapshot at the cursor left out, and then from
// the log.
func (p *Page) load(ctx context.Context, q querier, d Device, from protocol.Cursor, limit int) error {
	if from.Due != nil {
		if err := p.readDue(ctx, q, d, from, limit); err != nil || p.due != nil {
			return err
		}
	}
	for want := max(1, limit-len(p.Frames)); ; want *= 4 { // one transaction may be larger than a page
		if done, err := p.read(ctx, q, d, from.Seq, want); err != nil || done {
			return err
		}
	}
}

// inLineage reads in one transaction what is asked for from a cursor's place. A
// cursor of another history is ErrLineage; one that proves a restore begins a new
// epoch.
func (s *Store) inLineage(ctx context.Context, from protocol.Cursor, read func(*sql.Tx, Head) error) error {
	err := sqlite.InReadTx(ctx, s.db, func(tx *sql.Tx) error {
		head, err := readHead(ctx, tx)
		if err != nil {
			return err
		}
		if err := checkLineage(ctx, tx, head, from); err != nil {
			return err
		}
		return read(tx, head)
	})
	if errors.Is(err, errProof) {
		if failed := s.learn(ctx, from); failed != nil {
			return failed
		}
	}
	return err
}

// checkLineage compares the cursor with the log: the same name, a place that
// exists, and the same history up to it.
func checkLineage(ctx context.Context, q querier, head Head, c protocol.Cursor) error {
	if c.Seq == 0 && c.Epoch == "" {
		return nil // from the beginning
	}
	if c.Epoch != head.Epoch {
		return ErrLineage // old news: an epoch that has ended proves nothing
	}
	if c.Seq > head.Seq {
		return errProof
	}
	h, err := hashAt(ctx, q, head, c.Seq)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrLineage // damage proves no restore, but the way on from here is lost
	}
	if err != nil {
		return err
	}
	if len(h) < 8 || !slices.Equal(h[:8], c.Chain) {
		return errProof
	}
	return nil
}

func hashAt(ctx context.Context, q querier, head Head, seq int64) ([]byte, error) {
	if seq == head.Seq {
		return head.Hash, nil
	}
	if seq == 0 {
		return make([]byte, 32), nil
	}
	var h []byte
	if err := q.QueryRowContext(ctx, `SELECT h FROM change WHERE seq = $1`, seq).Scan(&h); err != nil {
		return nil, fmt.Errorf("read the chain at %d: %w", seq, err)
	}
	return h, nil
}

// read fills the page with up to want changes; false when they end within the
// first transaction.
func (p *Page) read(ctx context.Context, q querier, d Device, from int64, want int) (bool, error) {
	seen, upto, err := visible(ctx, q, d.scopes(), from, want, p.Head.Seq)
	if err != nil {
		return false, err
	}
	frames, err := framesOf(seen, upto)
	if err != nil {
		return false, err
	}
	if upto < p.Head.Seq { // cut back to the end of a transaction
		for len(frames) > 0 && frames[len(frames)-1].tx > upto {
			frames = frames[:len(frames)-1]
		}
		if len(frames) == 0 {
			return false, nil
		}
		upto = frames[len(frames)-1].tx
	}
	acks, err := readAcks(ctx, q, d.ID, from, upto)
	if err != nil {
		return false, err
	}
	p.Frames = append(p.Frames, merge(frames, acks)...)
	p.Seq, p.More = upto, upto < p.Head.Seq
	p.Hash, err = hashAt(ctx, q, p.Head, upto)
	return true, err
}

// visible lists the changes after from that the scopes show, and up to where the
// list is complete. Only those are read: of a busy log a device sees little.
func visible(ctx context.Context, q querier, scopes []city.Scope, from int64, want int, head int64) (map[int64]*shown, int64, error) {
	seen, upto := map[int64]*shown{}, head
	for _, scope := range scopes {
		n, last, err := readScope(ctx, q, scope, from, want, seen)
		if err != nil {
			return nil, 0, fmt.Errorf("read the log of %s: %w", scope, err)
		}
		if n == want {
			upto = min(upto, last)
		}
	}
	return seen, upto, nil
}

// shown is a change as the device's scopes show it.
type shown struct {
	changeRow
	evict bool
}

// readScope adds the first so many changes that one scope shows, and gives how many
// there were and the last of them.
func readScope(ctx context.Context, q querier, scope city.Scope, from int64, want int, seen map[int64]*shown) (n int, last int64, err error) {
	rows, err := q.QueryContext(ctx, `SELECT c.seq, c.tx, c.kind, c.id, c.parent, c.whole, c.fields, c.writer, c.ws, c.salt, c.digest, c.h, s.evict
		FROM change_scope s JOIN change c ON c.seq = s.seq WHERE s.scope = $1 AND s.seq > $2 ORDER BY s.seq LIMIT $3`, scope, from, want)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		var r shown
		var evict int
		if err := r.scan(rows, &evict); err != nil {
			return 0, 0, err
		}
		last, r.evict = r.Seq, evict == 1
		// Seen through any scope, a record stays.
		if was, ok := seen[r.Seq]; !ok || was.evict {
			seen[r.Seq] = &r
		}
	}
	return n, last, rows.Err()
}

// logged is a frame with its place in the log.
type logged struct {
	seq, tx int64
	frame   protocol.Frame
}

// framesOf makes the frames of what was seen up to a place, in order.
func framesOf(seen map[int64]*shown, upto int64) ([]logged, error) {
	var out []logged
	for _, seq := range slices.Sorted(maps.Keys(seen)) {
		r := seen[seq]
		if seq > upto || len(r.fields) == 0 && !r.evict || r.Kind == kindNone { // not yet, erased by law, or no record's
			continue
		}
		if what := r.wrong(); what != "" { // nobody is told what the city never said
			return nil, fmt.Errorf(`%w: change %d: %s; "cityhall verify" looks at all of them`, errDamagedLog, seq, what)
		}
		l := logged{seq: seq, tx: r.Tx}
		if r.evict {
			l.frame.Evict = &protocol.Evict{Ref: city.Ref{Kind: r.Kind, ID: r.ID}, Seq: seq}
		} else {
			put := protocol.Put{Ref: city.Ref{Kind: r.Kind, ID: r.ID}, Parent: r.Parent, Seq: seq, Full: r.whole == 1, W: r.Writer}
			said, err := DecodeRecord(put.Ref, put.Parent, r.fields, r.ws)
			if err != nil {
				return nil, fmt.Errorf("change %d: %w", seq, err)
			}
			put.Fields, put.WS = said.Fields, said.Writers
			l.frame.Put = &put
		}
		out = append(out, l)
	}
	return out, nil
}

// readAcks gives the echoes of the device's own acts.
func readAcks(ctx context.Context, q querier, device city.DeviceID, from, upto int64) ([]logged, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, seq, verdict, review, code, field FROM mutation WHERE device = $1 AND seq > $2 AND seq <= $3 ORDER BY seq`, device, from, upto)
	if err != nil {
		return nil, fmt.Errorf("read the echoes: %w", err)
	}
	acks, err := scanAcks(rows)
	out := make([]logged, len(acks))
	for i, a := range acks {
		out[i] = logged{seq: a.Seq, tx: a.Seq, frame: protocol.Frame{Ack: &a}}
	}
	if err != nil || len(out) == 0 {
		return out, err
	}
	return out, soundRows(ctx, q, "mutation", `SELECT * FROM mutation WHERE device = $1 AND seq > $2 AND seq <= $3`, device, from, upto)
}

func scanAcks(rows *sql.Rows) ([]protocol.Ack, error) {
	defer rows.Close()
	var out []protocol.Ack
	for rows.Next() {
		var a protocol.Ack
		if err := rows.Scan(&a.Mutation, &a.Seq, &a.Verdict, &a.Review, &a.Code, &a.Field); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// merge puts an echo right behind the transaction that it belongs to.
func merge(changes, acks []logged) []protocol.Frame {
	all := slices.Concat(changes, acks)
	slices.SortStableFunc(all, func(a, b logged) int { return int(a.seq - b.seq) })
	frames := make([]protocol.Frame, len(all))
	for i, l := range all {
		frames[i] = l.frame
	}
	return frames
}

// Concerns tells whether the log holds anything after seq that the device may
// see or has caused.
func (s *Store) Concerns(ctx context.Context, d Device, seq int64) (bool, error) {
	if shown, err := shownSince(ctx, s.db, d, seq); err != nil || shown {
		return shown, err
	}
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 AS hit FROM mutation WHERE device = $1 AND seq > $2 LIMIT 1) AS hits`, d.ID, seq).Scan(&n)
	return n > 0, err
}

// shownSince tells whether the log holds anything after seq that the device may
// see.
func shownSince(ctx context.Context, q querier, d Device, seq int64) (bool, error) {
	for _, scope := range d.scopes() {
		var n int
		err := q.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 AS hit FROM change_scope WHERE scope = $1 AND seq > $2 LIMIT 1) AS hits`, scope, seq).Scan(&n)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}
