package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// The reasons for which a salvage is refused.
var (
	ErrNoSalvage   = errors.New("the cursor is of no history that has ended")
	ErrSalvageFull = errors.New("the city keeps no more evidence of this device")
	ErrSalvageSeq  = errors.New("a record of a time that the cursor has not seen")
)

// Salvage keeps what a device holds of a history that has ended, where it rests
// on acts that the city does not have. The cursor, whose MAC must be ours, proves
// that the device was in that history, and up to where. Repeating it changes
// nothing. Records of residents are never kept.
func (s *Store) Salvage(ctx context.Context, d Device, old protocol.Cursor, held []protocol.Held) (protocol.SalvageReply, error) {
	var reply protocol.SalvageReply
	head, err := s.Head(ctx)
	if err != nil {
		return reply, err
	}
	if old.Epoch == "" || old.Epoch == head.Epoch {
		return reply, ErrNoSalvage
	}
	var found []relic // looked up before the writer's turn, which it would only lengthen
	err = sqlite.InReadTx(ctx, s.db, func(tx *sql.Tx) error {
		for _, h := range held {
			if h.Seq > old.Seq {
				return ErrSalvageSeq
			}
			r, err := examineHeld(ctx, tx, h)
			if err != nil {
				return err
			}
			if len(r.missing) > 0 && h.Kind != city.KindPerson {
				found = append(found, r)
			}
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		reply.Known = len(held)
		return reply, err
	}
	err = s.do(ctx, func(ctx context.Context, w *writeTx) error {
		reply.Kept, err = w.keepRelics(ctx, d.ID, found)
		return err
	})
	reply.Known = len(held) - reply.Kept
	return reply, err
}

// relic is a record of an ended history with the acts that it alone rests on.
type relic struct {
	protocol.Held
	id              protocol.Hash
	fields, writers []byte
	missing         []city.MutationID
}

func examineHeld(ctx context.Context, q querier, h protocol.Held) (relic, error) {
	r := relic{Held: h}
	var err error
	if r.fields, err = city.Canonical(h.Fields); err != nil {
		return r, city.Fail(city.CodeInvalid, "fields", err.Error())
	}
	if r.writers, err = city.Canonical(h.Writers); err != nil {
		return r, city.Fail(city.CodeInvalid, "writers", err.Error())
	}
	r.id = protocol.RecordDigest(h.Ref, h.Parent, h.Seq, r.fields, r.writers)
	for _, by := range h.Writers {
		if slices.Contains(r.missing, by) {
			continue
		}
		var n int
		if err := q.QueryRowContext(ctx, `SELECT count(*) FROM mutation WHERE id = $1`, by).Scan(&n); err != nil {
			return r, fmt.Errorf("look up %s: %w", by, err)
		}
		if n == 0 {
			r.missing = append(r.missing, by)
		}
	}
	return r, nil
}

func (w *writeTx) keepRelics(ctx context.Context, device city.DeviceID, found []relic) (kept int, err error) {
	var n int
	if err := w.tx.QueryRowContext(ctx, `SELECT count(*) FROM salvage WHERE device = $1`, device).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the evidence: %w", err)
	}
	for _, r := range found {
		res, err := w.tx.ExecContext(ctx, `INSERT INTO salvage (id, device, kind, record, parent, seq, fields, writers, received, settled, settled_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '') ON CONFLICT DO NOTHING`,
			r.id.String(), device, r.Kind, r.ID, r.Parent, r.Seq, string(r.fields), string(r.writers), stamp(w.s.now()))
		if err != nil {
			return kept, fmt.Errorf("keep the evidence: %w", err)
		}
		if fresh, err := res.RowsAffected(); err != nil || fresh == 0 {
			continue
		}
		if kept++; n+kept > protocol.MaxSalvaged {
			return kept, ErrSalvageFull
		}
		for _, by := range r.missing {
			_, err := w.tx.ExecContext(ctx, `INSERT INTO salvage_missing (salvage, mutation) VALUES ($1, $2) ON CONFLICT DO NOTHING`, r.id.String(), by)
			if err != nil {
				return kept, fmt.Errorf("keep the evidence: %w", err)
			}
			if err := seal(ctx, w.tx, "salvage_missing", r.id.String(), by); err != nil {
				return kept, err
			}
		}
		if err := seal(ctx, w.tx, "salvage", r.id.String()); err != nil {
			return kept, err
		}
	}
	return kept, nil
}

// SettleSalvage notes that a member of staff has dealt with a piece of evidence.
// Whoever comes second changes nothing.
func (s *Store) SettleSalvage(ctx context.Context, id string, by city.ID) error {
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		_, err := w.tx.ExecContext(ctx, `UPDATE salvage SET settled = $1, settled_by = $2 WHERE id = $3 AND settled = ''`, stamp(w.s.now()), by, id)
		if err != nil {
			return fmt.Errorf("settle the evidence: %w", err)
		}
		return seal(ctx, w.tx, "salvage", id)
	})
}
