package replica

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"cityhall/shared/protocol"
)

const (
	// firstSign is how long a stream of events may be silent at its beginning. The
	// server speaks at once: silence means that something on the way collects what
	// it says.
	firstSign = protocol.LiveHeartbeat + 5*time.Second
	// laterSign is how long it may be silent once it has spoken.
	laterSign = 3 * protocol.LiveHeartbeat
	// askFor is how long one question for news waits, and askSlack what the line may
	// add to it.
	askFor, askSlack = protocol.LiveHeartbeat, 15 * time.Second
	// askingLasts is how long a device asks before it tries a stream again.
	askingLasts = time.Hour
)

// errSilent means a stream of events on which nothing came.
var errSilent = errors.New("the line is silent")

// listen keeps a live connection, over which the server says that there is
// something to pull: a stream of events, or questions that wait for an answer
// where something on the way lets no stream through. Without either the device
// finds out by its rounds. On a dead line it does not even try: there would be a
// signature and three connections in vain every half minute, for days.
func (r *Replica) listen(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; failures++ {
		if id := r.who(); id != nil && r.Link().State != LinkRevoked && !r.lineDead() {
			since := r.cfg.Now()
			heard, err := r.hearEvents(ctx, id)
			if !heard && (errors.Is(err, errSilent) || errors.Is(err, errNoEvents)) {
				err = errors.Join(err, r.askForNews(ctx, id))
			}
			var dead *offline
			if r.live.Swap(false) || errors.As(err, &dead) && r.Link().State == LinkOnline {
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
		case <-time.After(min(r.backoff(failures), pollPause)):
		}
	}
}

// errNoEvents means an answer that is no stream of events.
var errNoEvents = errors.New("no stream of events")

// hearEvents reads pokes until the connection ends, or has been silent for longer
// than a server that lives would be. It tells whether anything came.
func (r *Replica) hearEvents(ctx context.Context, id *identity) (heard bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(firstSign, func() { cancel(errSilent) })
	defer silence.Stop()
	resp, err := r.begin(ctx, id.server, string(id.device), id.key, request{method: http.MethodGet, path: "/live",
		header: map[string]string{"Accept": "text/event-stream"}})
	if err != nil {
		return false, errors.Join(err, context.Cause(ctx))
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError { // a server that stops or is full: it is no fault of the way
		return false, fmt.Errorf("hear events: status %d", resp.StatusCode)
	}
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return false, fmt.Errorf("%w: status %d", errNoEvents, resp.StatusCode)
	}
	events := bufio.NewScanner(resp.Body)
	for events.Scan() {
		heard = true
		r.live.Store(true)
		silence.Reset(laterSign)
		if strings.HasPrefix(events.Text(), "data:") {
			r.poked.Store(true)
			r.Wake()
		}
	}
	return heard, errors.Join(events.Err(), context.Cause(ctx))
}

// askForNews asks again and again, each time waiting for the answer, until an
// answer fails or it is time to try a stream again.
func (r *Replica) askForNews(ctx context.Context, id *identity) error {
	enough := time.After(askingLasts)
	for head := int64(0); ; {
		told, err := r.askOnce(ctx, id, head)
		if err != nil {
			return err
		}
		r.live.Store(true)
		if told > 0 {
			head = told
			r.poked.Store(true)
			r.Wake()
		}
		select { // as a stream does, it tells at most once a second
		case <-ctx.Done():
			return ctx.Err()
		case <-enough:
			return nil
		case <-time.After(shortestPause):
		}
	}
}

// askOnce waits for news after a head; 0 means that there was none.
func (r *Replica) askOnce(ctx context.Context, id *identity, head int64) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, askFor+askSlack)
	defer cancel()
	resp, err := r.begin(ctx, id.server, string(id.device), id.key, request{method: http.MethodGet, path: "/live",
		query: fmt.Sprintf("wait=%d&head=%d", int(askFor.Seconds()), head)})
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return 0, nil
	}
	var p protocol.Poke
	raw, err := io.ReadAll(io.LimitReader(resp.Body, protocol.MaxHello))
	if err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK || json.Unmarshal(raw, &p) != nil || p.Head < 1 {
		return 0, fmt.Errorf("ask for news: status %d", resp.StatusCode)
	}
	return p.Head, nil
}
