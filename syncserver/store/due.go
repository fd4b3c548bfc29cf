package store

import (
	"context"
	"database/sql"
	"fmt"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// defaultHorizon is about what a snapshot of a middling city holds.
const defaultHorizon = 50_000

// beyond tells whether a device had better begin with a snapshot. Nobody is
// turned back within a walk, or a busy city could keep a slow device walking for
// ever.
func (s *Store) beyond(head Head, c protocol.Cursor) bool {
	return c.Epoch != "" && !c.Walk && c.Due == nil && head.Seq-c.Seq > s.horizon
}

// dueChunk is how many records are looked through at a time.
const dueChunk = 2000

// readDue fills the page with what the snapshot at the cursor left out: persons,
// records of the device's own scope, and the echoes of its acts up to there.
// Records come as they stand now, each whole: whatever the log says of them up to
// now is older and is passed over.
func (p *Page) readDue(ctx context.Context, q querier, d Device, from protocol.Cursor, limit int) error {
	p.Seq, p.More = from.Seq, true
	var err error
	if p.Hash, err = hashAt(ctx, q, p.Head, from.Seq); err != nil {
		return err
	}
	for due := *from.Due; due.Step <= protocol.DueEchoes; {
		left := limit - len(p.Frames)
		if left <= 0 {
			p.due = &due
			return nil
		}
		frames, err := dueFrames(ctx, q, d, &due, from.Seq, left)
		if err != nil {
			return err
		}
		p.Frames = append(p.Frames, frames...)
		if len(frames) < left {
			due = protocol.Due{Step: due.Step + 1}
		}
	}
	return nil
}

// dueFrames gives up to limit frames of a step and moves due behind them.
func dueFrames(ctx context.Context, q querier, d Device, due *protocol.Due, upto int64, limit int) ([]protocol.Frame, error) {
	var frames []protocol.Frame
	var err error
	switch due.Step {
	case protocol.DuePersons:
		frames, err = duePersons(ctx, q, d, due.After, limit)
	case protocol.DueOwn:
		frames, err = dueOwn(ctx, q, d, due.After, limit)
	case protocol.DueEchoes:
		if frames, err = dueEchoes(ctx, q, d.ID, due.Echo, upto, limit); len(frames) > 0 {
			due.Echo = frames[len(frames)-1].Ack.Seq
		}
		return frames, err
	}
	if len(frames) > 0 {
		due.After = frames[len(frames)-1].Put.Ref
	}
	return frames, err
}

// duePersons gives the persons that the device's grants show. No person is
// public, so that thousands of kiosks do not look through all of them.
func duePersons(ctx context.Context, q querier, d Device, after city.Ref, limit int) ([]protocol.Frame, error) {
	if !granted(joinScopes(d.Grants), func(s city.Scope) bool { return s != city.ScopePublic }) {
		return nil, nil
	}
	var frames []protocol.Frame
	for id := after.ID; ; {
		rows, err := q.QueryContext(ctx, `SELECT kind, id, parent, seq, fields, writers, scopes FROM record WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3`,
			city.KindPerson, id, dueChunk)
		if err != nil {
			return nil, fmt.Errorf("read the persons: %w", err)
		}
		n := 0
		err = eachRecord(rows, func(r stored) error {
			n++
			id = r.ID
			if len(frames) < limit && granted(r.scopes, d.granted) {
				frames = append(frames, protocol.Frame{Put: wholePut(r)})
			}
			return nil
		})
		if err != nil || n < dueChunk || len(frames) == limit {
			return frames, err
		}
	}
}

// dueOwn gives the records that the device's own scope shows.
func dueOwn(ctx context.Context, q querier, d Device, after city.Ref, limit int) ([]protocol.Frame, error) {
	rows, err := q.QueryContext(ctx, `SELECT r.kind, r.id, r.parent, r.seq, r.fields, r.writers, r.scopes FROM change_scope AS s
		JOIN change AS c ON c.seq = s.seq JOIN record AS r ON r.kind = c.kind AND r.id = c.id AND r.seq = s.seq
		WHERE s.scope = $1 AND s.evict = 0 AND (r.kind, r.id) > ($2, $3) ORDER BY r.kind, r.id LIMIT $4`,
		city.ScopeDevice(d.ID), after.Kind, after.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("read the device's own records: %w", err)
	}
	var frames []protocol.Frame
	return frames, eachRecord(rows, func(r stored) error {
		frames = append(frames, protocol.Frame{Put: wholePut(r)})
		return nil
	})
}

// dueEchoes gives the echoes that a snapshot left out. The log that would say what
// became of held acts is not sent, so their echoes say it.
func dueEchoes(ctx context.Context, q querier, device city.DeviceID, after, upto int64, limit int) ([]protocol.Frame, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, seq, verdict, review, code, field FROM mutation
		WHERE device = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4`, device, after, upto, limit)
	if err != nil {
		return nil, fmt.Errorf("read the echoes: %w", err)
	}
	acks, err := scanAcks(rows)
	frames := make([]protocol.Frame, len(acks))
	for i := range acks {
		if a := &acks[i]; err == nil && a.Verdict == city.VerdictHeld {
			err = decidedSince(ctx, q, a.Mutation, upto, a)
		}
		frames[i] = protocol.Frame{Ack: &acks[i]}
	}
	return frames, err
}

// eachRecord gives one record after the other and closes the rows.
func eachRecord(rows *sql.Rows, do func(stored) error) error {
	defer rows.Close()
	for rows.Next() {
		r := stored{there: true}
		var fields, writers []byte
		if err := rows.Scan(&r.Kind, &r.ID, &r.Parent, &r.seq, &fields, &writers, &r.scopes); err != nil {
			return fmt.Errorf("read the records: %w", err)
		}
		var err error
		if r.Record, err = DecodeRecord(r.Ref, r.Parent, fields, writers); err != nil {
			return err
		}
		if err := do(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// wholePut is a record in one frame. Its writer is the one of most of its fields,
// which makes the frame shortest.
func wholePut(r stored) *protocol.Put {
	count := map[city.MutationID]int{}
	var most city.MutationID
	for _, by := range r.Writers {
		count[by]++
		if n := count[by]; n > count[most] || n == count[most] && by < most {
			most = by
		}
	}
	row := logRow(r.seq, r.seq, most, city.Changed{Record: r.Record}, true)
	return &protocol.Put{Ref: r.Ref, Parent: r.Parent, Seq: r.seq, Full: true, Fields: row.Fields, W: most, WS: row.WS}
}

// granted tells whether one of the scopes, as a record's column has them, fits.
func granted(scopes string, fits func(city.Scope) bool) bool {
	for _, s := range splitScopes(scopes) {
		if fits(s) {
			return true
		}
	}
	return false
}
