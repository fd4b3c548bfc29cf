package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/sqlite"
)

// ledgerErasure is what a ledger keeps of an erasure: enough to do it again in an
// older database, and to refuse what devices still hold.
type ledgerErasure struct {
	Request city.ID         `json:"request"`
	Act     city.MutationID `json:"act"`
	IDs     []string        `json:"ids,omitempty"` // acts, and names of blobs
}

// Erase takes out of a request what its resident gave, for good: of the records,
// the log, the archive and the photos, and again after a restore. The log's chain
// stands. A device that still holds such an act is told "erased".
func (s *Store) Erase(ctx context.Context, actor city.Actor, id city.MutationID, request city.ID, reason string) (Verdict, error) {
	var v Verdict
	var line ledgerLine
	err := s.do(ctx, func(ctx context.Context, w *writeTx) error {
		now := s.now().UTC().Truncate(time.Millisecond)
		if known, ok, err := w.known(ctx, id); err != nil || ok {
			v = Verdict{Verdict: city.VerdictDuplicate, Seq: known.Seq}
			return err
		}
		m, err := city.Prepare(w, id, actor, city.OfficeDevice, now, &city.ErasePerson{Request: request, Reason: reason})
		if err != nil {
			return err
		}
		e := &ledgerErasure{Request: request, Act: id}
		if e.IDs, err = w.given(ctx, request); err != nil {
			return err
		}
		// The ledger first: what is lost in between the next start does.
		line = ledgerLine{At: now, Kind: lineErase, Erased: e}
		if err := s.ledger.append(line); err != nil {
			return err
		}
		out, err := w.erase(ctx, m, e)
		v = Verdict{Verdict: out.Verdict, Seq: out.Seq, Review: out.Review}
		return err
	})
	if err != nil || line.Erased == nil {
		return v, err
	}
	return v, errors.Join(s.dropErased(ctx, line.Erased), s.scour(ctx), s.dropSnapshots(ctx))
}

// given lists the acts by which the resident's words came, and the names of
// their photos.
func (w *writeTx) given(ctx context.Context, request city.ID) ([]string, error) {
	rows, err := w.tx.QueryContext(ctx, `SELECT id FROM mutation WHERE subject = $1
		AND (type IN ('request.file@1', 'request.import@1') OR actor->>'kind' = 'resident') ORDER BY seq, id`, request)
	if err != nil {
		return nil, fmt.Errorf("look for what to erase: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("look for what to erase: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for what to erase: %w", err)
	}
	photos, err := w.Children(request, city.KindPhoto)
	if err != nil {
		return nil, err
	}
	for _, p := range photos {
		if p.Text("stage") != "report" || p.Text("blob") == "" {
			continue
		}
		if by := string(p.Writers["blob"]); !slices.Contains(ids, by) { // whoever brought it
			ids = append(ids, by)
		}
		for name := range p.Fields { // the photo, and smaller copies of it
			if sha := p.Text(name); BlobName(sha) && !slices.Contains(ids, sha) {
				ids = append(ids, sha)
			}
		}
	}
	return ids, nil
}

// erase does the act, with every record that it touches written whole, and then
// empties what the log and the archive said of them before.
func (w *writeTx) erase(ctx context.Context, m city.Mutation, e *ledgerErasure) (outcome, error) {
	before := w.head.Seq
	w.whole = true
	out, err := w.office(ctx, m, w.s.now().UTC().Truncate(time.Millisecond))
	w.whole = false
	if err != nil {
		return out, err
	}
	if err := w.emptyLog(ctx, before, m.ID); err != nil {
		return out, fmt.Errorf("erase the log: %w", err)
	}
	for _, statement := range []string{`DELETE FROM salvage_missing WHERE salvage IN (SELECT id FROM salvage WHERE record = $1 OR parent = $1)`,
		`DELETE FROM salvage WHERE record = $1 OR parent = $1`} {
		if _, err := w.tx.ExecContext(ctx, statement, e.Request); err != nil {
			return out, fmt.Errorf("erase what was salvaged: %w", err)
		}
	}
	return out, w.noteErased(ctx, e)
}

// emptyLog takes fields and salt out of every row up to before whose record the act
// has written since, and seals what is left.
func (w *writeTx) emptyLog(ctx context.Context, before int64, by city.MutationID) error {
	rows, err := w.tx.QueryContext(ctx, `UPDATE change SET fields = NULL, salt = NULL WHERE seq <= $1 AND kind <> 'none'
		AND EXISTS (SELECT 1 FROM change AS c WHERE c.kind = change.kind AND c.id = change.id AND c.seq > $1 AND c.writer = $2)
		RETURNING `+changeColumns, before, by)
	if err != nil {
		return err
	}
	defer rows.Close()
	var emptied []changeRow
	for rows.Next() {
		var r changeRow
		if err := r.scan(rows); err != nil {
			return err
		}
		emptied = append(emptied, r)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for i := range emptied {
		if _, err := w.tx.ExecContext(ctx, `UPDATE change SET emptied = $1 WHERE seq = $2`, emptied[i].left(), emptied[i].Seq); err != nil {
			return err
		}
	}
	return nil
}

// noteErased remembers what was erased, so that it does not come again, and
// empties the archive's rows of it.
func (w *writeTx) noteErased(ctx context.Context, e *ledgerErasure) error {
	for _, id := range e.IDs {
		if _, err := w.tx.ExecContext(ctx, `INSERT INTO erasure (id, request, seq) VALUES ($1, $2, $3)
			ON CONFLICT DO NOTHING`, id, e.Request, w.head.Seq); err != nil {
			return fmt.Errorf("note the erasure: %w", err)
		}
		if err := seal(ctx, w.tx, "erasure", id); err != nil {
			return err
		}
		_, err := w.tx.ExecContext(ctx, `UPDATE mutation SET envelope = $1, args = NULL, verdict = $2 WHERE id = $3`, []byte{}, city.VerdictErased, id)
		if err != nil {
			return fmt.Errorf("erase the archive: %w", err)
		}
		if err := seal(ctx, w.tx, "mutation", id); err != nil {
			return err
		}
		if !BlobName(id) {
			if err := w.stopHolding(ctx, city.MutationID(id)); err != nil {
				return err
			}
			continue
		}
		if shared, err := w.named(ctx, id); err != nil {
			return err
		} else if shared {
			continue
		}
		if _, err := w.tx.ExecContext(ctx, `DELETE FROM blob WHERE sha256 = $1`, id); err != nil {
			return fmt.Errorf("erase a photo: %w", err)
		}
	}
	return nil
}

// stopHolding ends the wait of an act whose words are gone; whoever waits for it
// in turn is looked at again.
func (w *writeTx) stopHolding(ctx context.Context, id city.MutationID) error {
	for _, statement := range []string{`DELETE FROM held_for WHERE held = $1 AND held IN (SELECT id FROM held WHERE seq = 0)`,
		`DELETE FROM held WHERE id = $1 AND seq = 0`} {
		if _, err := w.tx.ExecContext(ctx, statement, id); err != nil {
			return fmt.Errorf("stop holding %s: %w", id, err)
		}
	}
	w.s.wakeSweep()
	return w.settle(ctx, id, nil)
}

// named tells whether a record still shows a photo.
func (w *writeTx) named(ctx context.Context, sha string) (bool, error) {
	var n int
	err := w.tx.QueryRowContext(ctx, `SELECT count(*) FROM record WHERE kind = 'photo' AND fields->>'blob' = $1`, sha).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for a photo: %w", err)
	}
	return n > 0, nil
}

// erasedBefore tells whether an act, or a blob, is one that was erased.
func erasedBefore(ctx context.Context, q querier, id string) (bool, error) {
	var n int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM erasure WHERE id = $1`, id).Scan(&n); err != nil {
		return false, fmt.Errorf("look for an erasure: %w", err)
	}
	return n > 0, nil
}

// dropErased deletes the files of erased photos.
func (s *Store) dropErased(ctx context.Context, e *ledgerErasure) error {
	for _, sha := range e.IDs {
		if !BlobName(sha) {
			continue
		}
		if _, _, _, err := s.BlobOffset(ctx, sha); !errors.Is(err, ErrNoBlob) { // another record shows it
			continue
		}
		if err := errors.Join(s.blobs.drop(ctx, sha), s.blobs.dropPart(ctx, sha)); err != nil {
			s.undropped.Store(true)
			return fmt.Errorf("erase a photo: %w", err)
		}
	}
	return nil
}

// scour takes what was erased out of SQLite's log too. Pages that were freed are
// overwritten with zeros by secure_delete. PostgreSQL keeps dead rows until it
// vacuums, and its own log by the operator's rules. What a reader on an older
// snapshot keeps in the log, a sweep takes out once it has gone.
func (s *Store) scour(ctx context.Context) error {
	if s.postgres {
		for _, statement := range []string{`VACUUM change`, `VACUUM record`, `VACUUM mutation`} {
			if _, err := s.db.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("vacuum: %w", err)
			}
		}
		return nil
	}
	err := sqlite.Checkpoint(ctx, s.db)
	busy := sqlite.IsBusy(err)
	if before := s.unscoured.Swap(busy); busy && !before {
		s.wakeSweep()
	}
	if busy {
		s.log.Warn("what was erased is still in the database's log: somebody reads it")
		return nil
	}
	return err
}

// dropSnapshots removes every snapshot that was made before the newest erasure,
// one that is being made too.
func (s *Store) dropSnapshots(ctx context.Context) error {
	if s.snaps == nil || s.snaps.dir == "" {
		return nil
	}
	select {
	case s.snaps.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.snaps.turn }()
	return s.SweepSnapshots(ctx)
}

// dropAll deletes the files of all photos that were ever erased. A store that is away
// keeps no server from starting: they are deleted once it is back.
func (s *Store) dropAll(ctx context.Context, all []ledgerLine) error {
	s.undropped.Store(false)
	for _, line := range all {
		err := s.dropErased(ctx, line.Erased)
		if errors.Is(err, ErrBlobsAway) {
			s.log.Error("what was erased still lies in the store of photos", "err", err)
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropLeft deletes what an erasure has left in a store that was away.
func (s *Store) dropLeft(ctx context.Context) error {
	if !s.undropped.Load() {
		return nil
	}
	return s.dropAll(ctx, s.ledger.ofKind(lineErase))
}

// finishErasures does at a start what a crash may have left of them.
func (s *Store) finishErasures(ctx context.Context) error {
	all := s.ledger.ofKind(lineErase)
	if err := s.dropAll(ctx, all); err != nil {
		return err
	}
	if len(all) == 0 {
		return nil
	}
	return s.scour(ctx)
}

// eraseAgain does every erasure that an older database does not know.
func (w *writeTx) eraseAgain(ctx context.Context) error {
	for _, line := range w.s.ledger.ofKind(lineErase) {
		e := line.Erased
		if _, done, err := w.known(ctx, e.Act); err != nil || done {
			if err != nil {
				return err
			}
			continue
		}
		if _, there, err := w.Record(city.Ref{Kind: city.KindWork, ID: e.Request}); err != nil {
			return err
		} else if !there { // older than the request: what comes of it is refused
			if err := w.noteErased(ctx, e); err != nil {
				return err
			}
			continue
		}
		w.s.log.Warn("an erasure is done again, in an older database", "request", e.Request)
		if err := w.eraseOnceMore(ctx, line); err != nil {
			return err
		}
	}
	return nil
}

func (w *writeTx) eraseOnceMore(ctx context.Context, line ledgerLine) error {
	e := *line.Erased
	more, err := w.given(ctx, e.Request)
	if err != nil {
		return err
	}
	for _, id := range more {
		if !slices.Contains(e.IDs, id) {
			e.IDs = append(e.IDs, id)
		}
	}
	system := city.Actor{Kind: city.ActorSystem, Name: "restore"}
	m, err := city.Prepare(w, e.Act, system, city.OfficeDevice, line.At, &city.ErasePerson{Request: e.Request, Reason: "erased before the restore"})
	if err != nil {
		return err
	}
	_, err = w.erase(ctx, m, &e)
	return err
}
