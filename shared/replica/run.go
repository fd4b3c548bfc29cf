package replica

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// Rounds follow each other by these times. They are drawn at random up to their
// bound, so that a thousand devices do not come back in the same second.
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
	for failures := 0; ctx.Err() == nil; {
		err := r.Step(ctx)
		var rest time.Duration
		switch {
		case err == nil:
			failures, rest = 0, r.idlePause()
		case city.CodeOf(err) == city.CodeNotNow:
			rest = longestPause
		default:
			r.cfg.Log.Info("round failed", "err", err)
			rest = max(backoff(failures), retryAfter(err))
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
	if r.live.Load() {
		return jitter(longestPause)
	}
	return jitter(pollPause)
}

// backoff doubles the bound with every failure, with full jitter below it.
func backoff(failures int) time.Duration {
	return jitter(min(longestPause, shortestPause<<min(failures+1, 20)))
}

func jitter(bound time.Duration) time.Duration {
	return shortestPause + rand.N(bound-shortestPause)
}

func retryAfter(err error) time.Duration {
	var f *refusal
	if errors.As(err, &f) {
		return min(f.After, longestPause)
	}
	return 0
}

// listen keeps a live connection, over which the server says that there is
// something to pull. Without one the device finds out by asking.
func (r *Replica) listen(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; failures++ {
		if id := r.who(); id != nil && r.Link().State != LinkRevoked {
			since := r.cfg.Now()
			err := r.listenOnce(ctx, id)
			if r.live.Swap(false) {
				r.Wake() // a round finds out, and tells the screen, whether the line is dead
			}
			if r.cfg.Now().Sub(since) > protocol.LiveHeartbeat {
				failures = 0
			}
			r.cfg.Log.Debug("live connection ended", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-r.back:
		case <-time.After(min(backoff(failures), pollPause)):
		}
	}
}

// listenOnce reads pokes until the connection ends, or has been silent for longer
// than a server that lives would be.
func (r *Replica) listenOnce(ctx context.Context, id *identity) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(3*protocol.LiveHeartbeat, cancel)
	defer silence.Stop()
	resp, err := r.begin(ctx, id.server, string(id.device), id.key, request{method: http.MethodGet, path: "/live",
		header: map[string]string{"Accept": "text/event-stream"}})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("live: status %d", resp.StatusCode)
	}
	r.live.Store(true)
	events := bufio.NewScanner(resp.Body)
	for events.Scan() {
		silence.Reset(3 * protocol.LiveHeartbeat)
		if strings.HasPrefix(events.Text(), "data:") {
			r.Wake()
		}
	}
	return events.Err()
}
