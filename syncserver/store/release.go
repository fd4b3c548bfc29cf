package store

import (
	"context"
	"errors"
	"fmt"

	"cityhall/shared/city"
)

// maxSweep bounds what one transaction does beside what its callers asked for.
const maxSweep = 200

// seeHeld looks once a transaction whether anything waits at all: mostly nothing
// does, and then no act costs more for it.
func (w *writeTx) seeHeld(ctx context.Context) error {
	var n int
	if err := w.tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 AS one FROM held WHERE seq = 0 LIMIT 1) AS found`).Scan(&n); err != nil {
		return fmt.Errorf("see what waits: %w", err)
	}
	w.held = n > 0
	return nil
}

// settle marks whoever waits for an act that has moved, or for one of those on
// which this one has decided.
func (w *writeTx) settle(ctx context.Context, id city.MutationID, changed []city.Changed) error {
	if !w.held {
		return nil
	}
	moved := []city.MutationID{id}
	for _, c := range changed {
		if c.Record.Kind != city.KindReview || c.Record.Text("state") != "closed" {
			continue
		}
		var r city.Review
		if err := c.Record.Into(&r); err != nil {
			return err
		}
		moved = append(moved, r.Mutations...)
	}
	for _, id := range moved {
		// due is a mark and no content: it is not under the seal, so that waking
		// ten thousand costs one statement.
		_, err := w.tx.ExecContext(ctx, `UPDATE held SET due = 1 WHERE seq = 0 AND id IN (SELECT held FROM held_for WHERE dep = $1)`, id)
		if err != nil {
			return fmt.Errorf("wake who waits for %s: %w", id, err)
		}
	}
	return nil
}

// release decides on the acts whose turn has come, in the order in which they
// arrived. Beyond maxSweep the rest is left to the sweep.
func (w *writeTx) release(ctx context.Context) error {
	if !w.held {
		return nil
	}
	for range maxSweep {
		due, err := w.names(ctx, `SELECT id FROM held WHERE due = 1 ORDER BY came, id LIMIT 1`)
		if err != nil || len(due) == 0 {
			return err
		}
		if err := w.reconsider(ctx, due[0]); err != nil {
			return err
		}
	}
	w.s.wakeSweep()
	return nil
}

// reconsider looks at a held act again.
func (w *writeTx) reconsider(ctx context.Context, id city.MutationID) error {
	rests, err := w.heldFor(ctx, id)
	if err != nil {
		return err
	}
	wait, refusal, err := w.weigh(ctx, rests)
	if err != nil {
		return err
	}
	if wait == nil {
		return w.letGo(ctx, id, refusal)
	}
	_, err = w.tx.ExecContext(ctx, `UPDATE held SET due = 0, missing = $1 WHERE id = $2`, flag(wait.missing), id)
	if err != nil {
		return fmt.Errorf("keep %s: %w", id, err)
	}
	return seal(ctx, w.tx, "held", id)
}

func (w *writeTx) heldFor(ctx context.Context, id city.MutationID) (map[city.MutationID]relying, error) {
	rows, err := w.tx.QueryContext(ctx, `SELECT dep, need FROM held_for WHERE held = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("read what %s waits for: %w", id, err)
	}
	defer rows.Close()
	rests := map[city.MutationID]relying{}
	for rows.Next() {
		var dep city.MutationID
		var need int
		if err := rows.Scan(&dep, &need); err != nil {
			return nil, err
		}
		rests[dep] = need == 1
	}
	return rests, rows.Err()
}

// letGo decides on a held act as things stand now, resting on what its author
// saw, through the same path as any other.
func (w *writeTx) letGo(ctx context.Context, id city.MutationID, refusal *city.Error) error {
	m, err := w.entryOf(ctx, id)
	if errors.Is(err, errUnreadable) { // verify names it; nobody else's act fails for it
		w.s.log.Error("a held act cannot be read", "mutation", id, "err", err)
		_, err = w.tx.ExecContext(ctx, `UPDATE held SET due = 0, missing = 0 WHERE id = $1`, id)
		return errors.Join(err, seal(ctx, w.tx, "held", id))
	}
	if err != nil {
		return err
	}
	res, out, subject, err := w.decide(ctx, m, refusal)
	if err != nil {
		return err
	}
	// What it is about may not have been known when it came.
	if _, err := w.tx.ExecContext(ctx, `UPDATE mutation SET subject = $1 WHERE id = $2 AND subject = ''`, subject, id); err != nil {
		return fmt.Errorf("archive %s: %w", id, err)
	}
	if err := seal(ctx, w.tx, "mutation", id); err != nil {
		return err
	}
	var code city.Code
	var field string
	if out.Refusal != nil {
		code, field = out.Refusal.Code, out.Refusal.Field
	}
	_, err = w.tx.ExecContext(ctx, `UPDATE held SET due = 0, missing = 0, seq = $1, verdict = $2, review = $3, code = $4, field = $5 WHERE id = $6`,
		out.Seq, out.Verdict, out.Review, code, field, id)
	if err != nil {
		return fmt.Errorf("let go %s: %w", id, err)
	}
	if err := seal(ctx, w.tx, "held", id); err != nil {
		return err
	}
	return w.settle(ctx, id, res.Changed)
}

// sweepHeld goes on with what release left, and gives up on what has been missing
// for too long: a person gets it whole. It tells whether there is more.
func (w *writeTx) sweepHeld(ctx context.Context) (bool, error) {
	if err := w.release(ctx); err != nil {
		return false, err
	}
	late, err := w.names(ctx, `SELECT id FROM held WHERE seq = 0 AND missing = 1 AND since < $1 ORDER BY since, id LIMIT $2`, stamp(w.s.now().Add(-maxRelied)), maxSweep)
	if err != nil {
		return false, err
	}
	for _, id := range late {
		if err := w.letGo(ctx, id, &city.Error{Code: city.CodeMissing, Field: "deps", Message: "what it rests on has not arrived for a day"}); err != nil {
			return false, err
		}
	}
	due, err := w.names(ctx, `SELECT id FROM held WHERE due = 1 LIMIT 1`)
	return len(late) == maxSweep || len(due) > 0, err
}
