package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// Reconcile tells which of a device's acts the city has, as of the history that
// the cursor is of; ErrLineage when that is not this one. An act is known by id
// and content, whoever brought it: a device learns nothing about acts that it
// does not hold, and the same as it would by pushing those that it does.
func (s *Store) Reconcile(ctx context.Context, at protocol.Cursor, claims []protocol.Claim) ([]protocol.Ack, error) {
	acks := make([]protocol.Ack, 0, len(claims))
	err := s.inLineage(ctx, at, func(tx *sql.Tx, _ Head) error {
		for _, c := range claims {
			a, ok, err := recognise(ctx, tx, c, at.Seq)
			if err != nil {
				return err
			}
			if ok {
				acks = append(acks, a)
			}
		}
		return nil
	})
	return acks, err
}

// recognise finds an act under its own id, or under the name that it was given
// when another act had its id first. What became of a held one is told when the
// log said so up to upto: from there on the device reads it itself.
func recognise(ctx context.Context, q querier, c protocol.Claim, upto int64) (protocol.Ack, bool, error) {
	a := protocol.Ack{Mutation: c.Mutation}
	old, ok, err := known(ctx, q, c.Mutation)
	if err == nil && ok && !old.same(c.Content) {
		old, ok, err = known(ctx, q, clashID(c.Mutation, c.Content))
	}
	if city.CodeOf(err) == city.CodeDamaged { // pushed again, it is refused by name
		return a, false, nil
	}
	if err != nil || !ok {
		return a, false, err
	}
	a.Seq, a.Verdict, a.Review = old.Seq, old.Verdict, old.Review
	if old.Refusal != nil {
		a.Code, a.Field = old.Refusal.Code, old.Refusal.Field
	}
	if a.Verdict == city.VerdictHeld {
		err = decidedSince(ctx, q, old.id, upto, &a)
	}
	return a, err == nil, err
}

// decidedSince puts the decision on a held act into its echo, when it stands in
// the log up to upto. The echo's place stays where the act came in.
func decidedSince(ctx context.Context, q querier, id city.MutationID, upto int64, a *protocol.Ack) error {
	if err := soundRows(ctx, q, "held", `SELECT * FROM held WHERE id = $1`, id); errors.Is(err, errDamagedRow) {
		return nil // nobody is told what the city never said
	} else if err != nil {
		return err
	}
	err := q.QueryRowContext(ctx, `SELECT verdict, review, code, field FROM held WHERE id = $1 AND seq > 0 AND seq <= $2`, id, upto).
		Scan(&a.Verdict, &a.Review, &a.Code, &a.Field)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("what became of %s: %w", id, err)
	}
	return nil
}
