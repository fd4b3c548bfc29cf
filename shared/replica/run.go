package replica

import (
	"context"
	"errors"
	"sync"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// Rounds follow each other by these times. They are drawn at random, so that a
// thousand devices do not come back in the same second: after a failure up to the
// bound, in peace between its half and itself.
const (
	shortestPause = time.Second
	longestPause  = 15 * time.Minute
	pollPause     = time.Minute // without a live connection
)

// Run exchanges with the server until ctx ends, and returns nil then. A round
// begins when the last one's pause is over, at an act, a poke of the server, the
// line's return, or Wake. On a device that was never enrolled it waits for Enrol.
func (r *Replica) Run(ctx context.Context) error {
	var beside sync.WaitGroup
	beside.Go(func() { r.listen(ctx) })
	beside.Go(func() { r.watchLine(ctx) })
	beside.Go(func() { r.keepBallast(ctx) })
	for failures := 0; ctx.Err() == nil; {
		err := r.Step(ctx)
		var rest time.Duration
		switch {
		case err == nil:
			failures, rest = 0, r.idlePause()
		case city.CodeOf(err) == city.CodeNotNow:
			rest = longestPause
		case isRefusal(err, protocol.CodeRevoked) && r.departed.Load():
			failures, rest = 0, r.jitter(departedPause)
		default:
			r.cfg.Log.Info("round failed", "err", err)
			rest = max(r.backoff(failures), retryAfter(err))
			failures++
		}
		r.pause(ctx, rest, failures > 0)
	}
	beside.Wait()
	return nil
}

// pause waits, or until Wake. After a failure Wake shortens it to no less than
// the shortest pause, so that hurried taps do not become hurried calls.
func (r *Replica) pause(ctx context.Context, rest time.Duration, failed bool) {
	if failed {
		select {
		case <-ctx.Done():
			return
		case <-time.After(shortestPause):
		}
		rest -= shortestPause
	}
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-time.After(rest):
	}
}

// idlePause is long while the server can poke, and short while it cannot.
func (r *Replica) idlePause() time.Duration {
	bound := pollPause
	if r.live.Load() {
		bound = longestPause
	}
	return bound/2 + r.cfg.Draw(bound/2)
}

// backoff doubles the bound with every failure, with full jitter below it.
func (r *Replica) backoff(failures int) time.Duration {
	return r.jitter(min(longestPause, shortestPause<<min(failures+1, 20)))
}

func (r *Replica) jitter(bound time.Duration) time.Duration {
	return shortestPause + r.cfg.Draw(bound-shortestPause)
}

func retryAfter(err error) time.Duration {
	var f *refusal
	if errors.As(err, &f) {
		return min(f.After, longestPause)
	}
	return 0
}
