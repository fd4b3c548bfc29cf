package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// timeEvery is how often the server looks for what time has brought about. No
// request waits for it.
const timeEvery = 5 * time.Minute

// sweepPause lets others write between two batches of a long sweep. scourPause is how
// soon SQLite's log is emptied again of what was erased, when a reader was in the way.
const (
	sweepPause = 20 * time.Millisecond
	scourPause = 10 * time.Second
)

// Sweep does one batch of what time has brought about, at most maxSweep of each
// kind in one transaction, and tells whether there is more. Whatever a crash
// interrupts is found again by the next.
func (s *Store) Sweep(ctx context.Context) (more bool, err error) {
	err = s.do(ctx, func(ctx context.Context, w *writeTx) error {
		more = false
		for _, sweep := range []func(context.Context) (bool, error){w.sweepHeld, w.sweepClosed, w.sweepShares} {
			again, err := sweep(ctx)
			if err != nil {
				return err
			}
			more = more || again
		}
		return nil
	})
	if err == nil && s.unscoured.Load() {
		err = s.scour(ctx)
	}
	return more, err
}

// anythingDue tells whether time has brought about what a sweep would do. It only
// reads: mostly nothing is due, and an idle city need not write every minute.
func (s *Store) anythingDue(ctx context.Context) (due bool, err error) {
	if s.unscoured.Load() {
		return true, nil
	}
	now := s.now()
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM held WHERE due = 1)
		OR EXISTS (SELECT 1 FROM held WHERE seq = 0 AND missing = 1 AND since < $1)
		OR EXISTS (SELECT 1 FROM reshare)
		OR EXISTS (SELECT 1 FROM record WHERE kind = 'request' AND (fields->>'status') = 'closed' AND (fields->>'archived') IS NULL AND (fields->>'closed_at') < $2)`,
		stamp(now.Add(-maxRelied)), publicSince(now)).Scan(&due)
	if err != nil {
		return false, fmt.Errorf("see what is due: %w", err)
	}
	return due, nil
}

// wakeSweep asks for a sweep soon.
func (s *Store) wakeSweep() {
	select {
	case s.sweepNow <- struct{}{}:
	default:
	}
}

// keepTime sweeps by timer and when asked, until the store closes.
func (s *Store) keepTime() {
	pause := time.NewTimer(timeEvery)
	defer pause.Stop()
	for {
		ctx, more, due := context.Background(), false, true
		var err error
		select {
		case <-s.stop:
			return
		case <-s.sweepNow: // what is due may not be committed yet: a sweep waits for its turn
		case <-pause.C:
			due, err = s.anythingDue(ctx)
			err = errors.Join(err, s.sweepNonces(ctx))
		}
		if due && err == nil {
			more, err = s.Sweep(ctx)
		}
		if err != nil && !errors.Is(err, ErrClosed) {
			s.log.Error("sweep", "err", err)
		}
		switch {
		case more:
			pause.Reset(sweepPause)
		case s.unscoured.Load():
			pause.Reset(scourPause)
		default:
			pause.Reset(timeEvery)
		}
	}
}
