package store

import (
	"context"
	"errors"
	"time"
)

// timeEvery is how often the server looks for what time has brought about. No
// request waits for it.
const timeEvery = time.Minute

// sweepPause lets others write between two batches of a long sweep.
const sweepPause = 20 * time.Millisecond

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
		select {
		case <-s.stop:
			return
		case <-s.sweepNow:
		case <-pause.C:
		}
		more, err := s.Sweep(context.Background())
		if err != nil && !errors.Is(err, ErrClosed) {
			s.log.Error("sweep", "err", err)
		}
		if more {
			pause.Reset(sweepPause)
		} else {
			pause.Reset(timeEvery)
		}
	}
}
