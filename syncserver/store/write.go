package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// job is one caller's writes. It runs inside a transaction that it may share
// with others; its own failure takes back only its own writes.
type job struct {
	run  func(context.Context, *writeTx) error
	done chan error
}

// maxGroup bounds how many jobs share a transaction.
const maxGroup = 64

// do runs writes and returns once they are durable.
func (s *Store) do(ctx context.Context, run func(context.Context, *writeTx) error) error {
	j := &job{run: run, done: make(chan error, 1)}
	select {
	case s.jobs <- j:
	case <-s.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	// From here on the writes may happen whether the caller waits or not, so the
	// answer is waited for: a lost answer would be a lie either way.
	return <-j.done
}

// write is the one writer. While a transaction commits, the next callers queue
// up, and then share the next one: the cost of a durable commit is divided.
func (s *Store) write() {
	defer close(s.done)
	for {
		select {
		case <-s.stop:
			return
		case j := <-s.jobs:
			group := []*job{j}
		gather:
			for len(group) < maxGroup {
				select {
				case j := <-s.jobs:
					group = append(group, j)
				default:
					break gather
				}
			}
			s.writeGroup(group)
		}
	}
}

func (s *Store) writeGroup(group []*job) {
	errs := make([]error, len(group))
	head, err := s.commitGroup(group, errs)
	if err != nil { // before anybody is answered, who may ask what is wrong
		s.NoteTrouble(err)
	}
	for i, j := range group {
		if errs[i] == nil && err != nil {
			errs[i] = err
		} else if errs[i] != nil {
			s.NoteTrouble(errs[i])
		}
		j.done <- errs[i]
	}
	if err == nil && head > 0 {
		s.announce(head)
		s.tellOthers()
	}
}

// commitGroup runs the jobs in one transaction, each in a savepoint, and gives
// the new head, or 0 when nothing moved.
func (s *Store) commitGroup(group []*job, errs []error) (int64, error) {
	ctx := context.Background() // a caller's hanging up must not undo the others'
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	w, err := s.lock(ctx, tx)
	if err != nil {
		return 0, err
	}
	before := w.head.Seq
	for i, j := range group {
		if errs[i], err = w.attempt(ctx, j); err != nil {
			return 0, err
		}
	}
	if w.head.Seq != before {
		if err := w.writeHead(ctx); err != nil {
			return 0, err
		}
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("commit: %w", err)
	}
	if w.head.Seq == before {
		return 0, nil
	}
	return w.head.Seq, nil
}

// writeTx is the transaction that holds the head's lock.
type writeTx struct {
	*txView
	s    *Store
	tx   *batch
	head Head
	held bool // acts wait for others, as far as this transaction knows
	// whole makes every change carry all fields of its record: what the log says of
	// it before is about to be erased.
	whole bool
}

// lockHead takes the head row. PostgreSQL keeps the plan of a statement for as long as
// a session lives, also one to read all of a table that was small when it was first
// asked; what the writer asks first is planned to find rows by their keys.
const (
	lockHead         = `UPDATE sync_head SET turn = turn + 1 WHERE one = 1 RETURNING epoch, seq, hash, safe, needs`
	lockHeadPostgres = lockHead + `, set_config('enable_seqscan', 'off', true)`
)

// lock takes the head row first, on both engines.
func (s *Store) lock(ctx context.Context, tx *sql.Tx) (*writeTx, error) {
	w := &writeTx{txView: newView(ctx, tx), s: s, tx: &batch{tx: tx}}
	w.settled = w.tx.flushRecords
	var needs int
	query, into := lockHead, []any{&w.head.Epoch, &w.head.Seq, &w.head.Hash, &w.head.Safe, &needs}
	if s.postgres {
		query, into = lockHeadPostgres, append(into, new(string))
	}
	if err := tx.QueryRowContext(ctx, query).Scan(into...); err != nil {
		return nil, fmt.Errorf("lock the head: %w", err)
	}
	if needs > schemaKnown {
		return nil, outdated(needs)
	}
	return w, w.seeHeld(ctx)
}

func (w *writeTx) writeHead(ctx context.Context) error {
	_, err := w.tx.ExecContext(ctx, `UPDATE sync_head SET seq = $1, hash = $2 WHERE one = 1`, w.head.Seq, w.head.Hash)
	if err != nil {
		return fmt.Errorf("move the head: %w", err)
	}
	return nil
}

// attempt runs one job. The first error is the job's own; the second means that
// the whole transaction is lost.
func (w *writeTx) attempt(ctx context.Context, j *job) (own, lost error) {
	if _, err := w.tx.ExecContext(ctx, `SAVEPOINT job`); err != nil {
		return nil, fmt.Errorf("savepoint: %w", err)
	}
	head := w.head
	if own = j.run(ctx, w); own == nil {
		own = w.tx.flush(ctx)
	} else if w.tx.wrong != nil { // rows that could not be written come before what followed from it
		own = w.tx.wrong
	}
	if own == nil {
		if _, err := w.tx.ExecContext(ctx, `RELEASE SAVEPOINT job`); err != nil {
			return nil, fmt.Errorf("release: %w", err)
		}
		return nil, nil
	}
	w.head, w.whole = head, false
	w.forget()
	w.tx.forget()
	for _, undo := range []string{`ROLLBACK TO SAVEPOINT job`, `RELEASE SAVEPOINT job`} {
		if _, err := w.tx.ExecContext(ctx, undo); err != nil {
			return nil, errors.Join(own, fmt.Errorf("roll back: %w", err))
		}
	}
	return own, nil
}
