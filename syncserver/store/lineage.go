package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// markEvery is how often at most the ledger notes the head. A database that is
// put back by less than that is noticed by the first device's cursor instead.
const markEvery = time.Second

// markAfter is how long a mark waits, so that its way to the disk does not hold up
// the answers and pokes of the commit that it notes.
const markAfter = 100 * time.Millisecond

// replay brings the database in line with the ledger before anything is served:
// devices that were revoked stay revoked, and a database that is not the one
// that the ledger knows begins a new epoch.
func (s *Store) replay(ctx context.Context) error {
	if s.ledger == nil {
		return nil
	}
	var head Head
	err := sqlite.InTx(ctx, s.db, func(tx *sql.Tx) error {
		w, err := s.lock(ctx, tx)
		if err != nil {
			return err
		}
		at := w.head.Seq
		if err := w.inLine(ctx, ""); err != nil {
			return err
		}
		if head = w.head; head.Seq == at {
			return nil
		}
		return w.writeHead(ctx)
	})
	if err != nil {
		return fmt.Errorf("replay the ledger: %w", err)
	}
	if s.ledger.newest().Kind == "" && head.Seq > 0 {
		s.log.Warn("there is no ledger: whether this database was put back from a copy cannot be told", "path", s.ledger.path)
	}
	if err := s.finishErasures(ctx); err != nil {
		return err
	}
	return s.markHead(ctx)
}

// inLine brings the database in line with the ledger, and begins a new epoch when
// it was put back: by why, or else by what the ledger has seen. The head is locked,
// so that of several servers one does it and the next finds it done.
func (w *writeTx) inLine(ctx context.Context, why string) error {
	l := w.s.ledger
	if l != nil {
		if err := l.refresh(); err != nil {
			return err
		}
		missing, err := w.bringBack(ctx)
		if err != nil {
			return err
		}
		if err := l.append(missing...); err != nil {
			return err
		}
		if why == "" {
			if why, err = rewound(ctx, w.tx, w.head, l.newest()); err != nil {
				return err
			}
		}
	}
	if why != "" {
		if err := w.rotate(ctx, why); err != nil {
			return err
		}
	}
	return w.eraseAgain(ctx)
}

// bringBack puts the devices in line with the ledger, and gives the lines that
// the ledger does not have yet.
func (w *writeTx) bringBack(ctx context.Context) ([]ledgerLine, error) {
	welcome, err := w.welcomeAgain(ctx)
	if err != nil {
		return nil, err
	}
	revoked, err := w.revokeAgain(ctx)
	if err != nil {
		return nil, err
	}
	return append(welcome, revoked...), errors.Join(w.wipeAgain(ctx), w.sealAgain(ctx), w.loginAgain(ctx))
}

// revokeAgain revokes what the ledger says is revoked, and gives the lines of
// those revocations that the ledger does not know yet.
func (w *writeTx) revokeAgain(ctx context.Context) ([]ledgerLine, error) {
	rows, err := w.tx.QueryContext(ctx, `SELECT id, state FROM device ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read the devices: %w", err)
	}
	defer rows.Close()
	var again []city.DeviceID
	var missing []ledgerLine
	for rows.Next() {
		var id city.DeviceID
		var state string
		if err := rows.Scan(&id, &state); err != nil {
			return nil, err
		}
		known := w.s.ledger.isRevoked(id)
		if known && state != DeviceRevoked {
			again = append(again, id)
		}
		if !known && state == DeviceRevoked {
			missing = append(missing, ledgerLine{At: w.s.now().UTC(), Kind: lineRevoke, Device: id})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for _, id := range again {
		w.s.log.Warn("a revoked device had come back with an older database", "device", id)
		if err := w.revoke(ctx, id); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

// rewound tells why the log cannot be the one that the mark was made of; empty
// if it can.
func rewound(ctx context.Context, q querier, head Head, mark ledgerLine) (string, error) {
	switch {
	case mark.Kind == "":
		return "", nil
	case head.Epoch != mark.Epoch:
		return "the database is of another epoch than the ledger", nil
	case head.Seq < mark.Seq:
		return fmt.Sprintf("the database ends at %d, the ledger has seen %d", head.Seq, mark.Seq), nil
	}
	h, err := hashAt(ctx, q, head, mark.Seq)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !bytes.Equal(h, mark.Hash) {
		return fmt.Sprintf("the log at %d is not the one that the ledger has seen", mark.Seq), nil
	}
	return "", err
}

// rotate begins a new epoch: every cursor handed out so far is void. Codes and
// sessions of the older history must not come to life a second time.
func (w *writeTx) rotate(ctx context.Context, why string) error {
	line := ledgerLine{At: w.s.now().UTC(), Kind: lineRestore, Epoch: rand.Text(), Seq: w.head.Seq, Hash: w.head.Hash, Why: why}
	// The ledger first: after a crash in between, the epochs differ, and the next
	// start rotates once more. The other way round a rotation could be forgotten.
	if err := w.s.ledger.append(line); err != nil {
		return err
	}
	if err := newEpoch(ctx, w.tx, line.Epoch); err != nil {
		return err
	}
	w.head.Epoch = line.Epoch
	w.s.log.Warn("a new epoch begins: the database was put back", "why", why, "seq", w.head.Seq, "epoch", line.Epoch)
	return nil
}

func newEpoch(ctx context.Context, q querier, epoch string) error {
	if _, err := q.ExecContext(ctx, `UPDATE sync_head SET epoch = $1 WHERE one = 1`, epoch); err != nil {
		return fmt.Errorf("begin an epoch: %w", err)
	}
	if err := seal(ctx, q, "sync_head"); err != nil {
		return err
	}
	if _, err := q.ExecContext(ctx, `DELETE FROM session`); err != nil {
		return fmt.Errorf("end the sessions: %w", err)
	}
	if _, err := q.ExecContext(ctx, `DELETE FROM enrolment WHERE used = ''`); err != nil {
		return fmt.Errorf("void the enrolment codes: %w", err)
	}
	return nil
}

// errProof is the ErrLineage that proves a restore: a cursor that this server
// signed, of this epoch, for a history that it does not have.
var errProof = fmt.Errorf("%w, although of this epoch", ErrLineage)

// learn rotates the epoch on a cursor's proof. Whoever comes second with the
// same proof finds the epoch changed, and changes nothing.
func (s *Store) learn(ctx context.Context, c protocol.Cursor) error {
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		err := checkLineage(ctx, w.tx, w.head, c)
		if !errors.Is(err, errProof) {
			if errors.Is(err, ErrLineage) {
				return nil
			}
			return err
		}
		return w.inLine(ctx, fmt.Sprintf("a device has read up to %d, which is not in this log", c.Seq))
	})
}

// keepMarks notes the head whenever it has moved, until the store closes.
func (s *Store) keepMarks(heads <-chan int64, unwatch func()) {
	defer close(s.marked)
	defer unwatch()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for received(heads, s.stop) && received(pause.C, s.stop) && received(time.After(markAfter), s.stop) {
		if err := s.markHead(context.Background()); err != nil && !errors.Is(err, ErrClosed) {
			s.log.Error("ledger", "err", err)
		}
		pause.Reset(markEvery)
	}
}

func received[T any](c <-chan T, stop <-chan struct{}) bool {
	select {
	case <-c:
		return true
	case <-stop:
		return false
	}
}

// markHead notes the head. One that has gone back while the server ran means
// that the database was put back under it.
func (s *Store) markHead(ctx context.Context) error {
	if s.ledger == nil {
		return nil
	}
	mark := s.ledger.newest() // before the head: what is noted meanwhile is newer
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	if mark.Epoch == head.Epoch && head.Seq < mark.Seq {
		return s.do(ctx, func(ctx context.Context, w *writeTx) error {
			return w.inLine(ctx, "")
		})
	}
	if mark.Epoch == head.Epoch && mark.Seq == head.Seq {
		return nil
	}
	// Another epoch than ours is a rotation that has not been committed yet, or one
	// of another server on this database: then it is still there the next time.
	if mark.Kind != "" && mark.Epoch != head.Epoch && s.foreign != head.Epoch {
		s.foreign = head.Epoch
		return nil
	}
	return s.ledger.appendMark(ledgerLine{At: s.now().UTC(), Kind: lineMark, Epoch: head.Epoch, Seq: head.Seq, Hash: head.Hash}, mark)
}
