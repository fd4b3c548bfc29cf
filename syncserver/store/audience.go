package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"cityhall/shared/city"
)

const selectToArchive = `SELECT id FROM record WHERE kind = 'request' AND (fields->>'status') = 'closed' AND (fields->>'archived') IS NULL
	AND (fields->>'closed_at') < $1 ORDER BY (fields->>'closed_at'), id LIMIT $2`

// sweepClosed takes requests that were closed long ago out of the public's sight,
// each by an act of the city's own, the longest closed first.
func (w *writeTx) sweepClosed(ctx context.Context) (bool, error) {
	found, err := w.names(ctx, selectToArchive, publicSince(w.s.now()), maxSweep)
	if err != nil {
		return false, err
	}
	done := 0
	for _, id := range found {
		now := w.s.now().UTC().Truncate(time.Millisecond)
		m, err := city.Prepare(w, city.NewMutationID(), sweeper, city.OfficeDevice, now, &city.ArchiveRequest{Request: city.ID(id)})
		if err == nil {
			_, err = w.office(ctx, m, now)
		}
		if bad, ok := city.AsError(err); ok { // the others are not kept for its sake
			w.s.log.Error("archive a request", "request", id, "err", bad)
			continue
		}
		if err != nil {
			return false, fmt.Errorf("archive request %s: %w", id, err)
		}
		done++
	}
	return done == maxSweep, nil
}

// publicSince is when a request was closed that leaves the public's sight now.
func publicSince(now time.Time) string {
	return now.Add(-city.PublicFor).UTC().Format(time.RFC3339)
}

// sweeper is who does what time brings about.
var sweeper = city.Actor{Kind: city.ActorSystem, Name: "sweep"}

// noteShares remembers services whose contact data has another audience now.
// There may be thousands of requests, so that a sweep tells who may see them.
func (w *writeTx) noteShares(ctx context.Context, by city.MutationID, changed []city.Changed) error {
	for _, c := range changed {
		if !city.ShareChanged(c) {
			continue
		}
		_, err := w.tx.ExecContext(ctx, `INSERT INTO reshare (service, writer, after) VALUES ($1, $2, '')
			ON CONFLICT (service) DO UPDATE SET writer = excluded.writer, after = ''`, c.Record.ID, by)
		if err != nil {
			return fmt.Errorf("note the audience of %s: %w", c.Record.ID, err)
		}
		if err := seal(ctx, w.tx, "reshare", c.Record.ID); err != nil {
			return err
		}
		w.s.wakeSweep()
	}
	return nil
}

// sweepShares brings the audience of one service's contact data up to date, at
// most maxSweep requests at a time. The log names the act that is the reason.
func (w *writeTx) sweepShares(ctx context.Context) (bool, error) {
	var service city.ID
	var by city.MutationID
	var after string
	err := w.tx.QueryRowContext(ctx, `SELECT service, writer, after FROM reshare ORDER BY service LIMIT 1`).Scan(&service, &by, &after)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read whose audience is to change: %w", err)
	}
	requests, err := w.names(ctx, `SELECT id FROM record WHERE kind = 'request' AND (fields->>'service') = $1 AND id > $2 ORDER BY id LIMIT $3`, service, after, maxSweep)
	if err != nil {
		return false, err
	}
	for _, id := range requests {
		person, err := w.load(city.Ref{Kind: city.KindPerson, ID: city.ID(id)})
		if err != nil {
			return false, err
		}
		if !person.there {
			continue
		}
		moved, err := w.audiences([]city.Changed{{Record: person.Record}})
		if err != nil {
			return false, err
		}
		for _, c := range moved {
			if err := w.writeChange(ctx, by, w.head.Seq+1, c); err != nil {
				return false, err
			}
		}
	}
	if len(requests) < maxSweep {
		_, err = w.tx.ExecContext(ctx, `DELETE FROM reshare WHERE service = $1`, service)
	} else {
		_, err = w.tx.ExecContext(ctx, `UPDATE reshare SET after = $1 WHERE service = $2`, requests[len(requests)-1], service)
	}
	if err != nil {
		return false, fmt.Errorf("note the audience of %s: %w", service, err)
	}
	return true, seal(ctx, w.tx, "reshare", service) // perhaps there is more, of another service
}
