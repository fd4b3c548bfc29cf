package syncserver

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

const (
	// lookEvery is how often at most the log is asked whom its changes concern. An
	// answer that took long makes the next pause longer.
	lookEvery = 50 * time.Millisecond
	lookShare = 10 // pauses of so many times as long as the answer took
	// standEvery is how often the devices' grants are compared: a revoked device's
	// connection ends within it. What another program, such as an import, wrote into
	// the file beside this server is seen within it too.
	standEvery = protocol.LiveHeartbeat
	// pokeEach is the time that each of many devices is given when a change concerns
	// them all: ten thousand of them come within ten seconds, not in one moment.
	pokeEach = time.Millisecond
	// fewPokes are told at once.
	fewPokes = 100
)

// hub tells live connections that there is something to pull. One look at the log
// serves all of them: the cost of a change does not grow with who listens.
type hub struct {
	store *store.Store
	now   func() time.Time
	log   *slog.Logger
	most  int // connections

	mu     sync.Mutex
	count  int
	of     map[city.DeviceID][]*connection
	by     map[city.Scope]map[*connection]struct{}
	stop   context.CancelFunc // of the look-out, which there is while somebody listens
	closed bool
	ended  sync.WaitGroup
}

// connection is a live one. Of one device the newest few stay: an older one is a
// line that died without saying so.
type connection struct {
	device city.DeviceID
	rev    int64
	scopes []city.Scope
	end    context.CancelFunc
	news   chan news // the newest that is not told yet
}

func newHub(st *store.Store, now func() time.Time, log *slog.Logger) *hub {
	return &hub{store: st, now: now, log: log, most: maxConnections() / 4 * 3, of: map[city.DeviceID][]*connection{}, by: map[city.Scope]map[*connection]struct{}{}}
}

// add takes a connection in, and ends the device's oldest one too many. What is
// committed from now on is told; errBusy when there are too many connections.
func (h *hub) add(ctx context.Context, d store.Device, end context.CancelFunc) (*connection, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, store.ErrClosed
	}
	if h.count >= h.most {
		return nil, errBusy
	}
	if err := h.lookOut(ctx); err != nil {
		return nil, err
	}
	c := &connection{device: d.ID, rev: d.GrantRev, scopes: append([]city.Scope{city.ScopeDevice(d.ID)}, d.Grants...), end: end, news: make(chan news, 1)}
	for _, s := range c.scopes {
		if h.by[s] == nil {
			h.by[s] = map[*connection]struct{}{}
		}
		h.by[s][c] = struct{}{}
	}
	h.of[d.ID] = append(h.of[d.ID], c)
	h.count++
	if all := h.of[d.ID]; len(all) > protocol.MaxLive {
		h.drop(all[0])
	}
	return c, nil
}

// remove lets a connection go that has ended.
func (h *hub) remove(c *connection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
}

// drop ends a connection and forgets it; a second time it does nothing. The caller
// holds the lock.
func (h *hub) drop(c *connection) {
	all := h.of[c.device]
	for i, o := range all {
		if o != c {
			continue
		}
		if h.of[c.device] = append(all[:i:i], all[i+1:]...); len(all) == 1 {
			delete(h.of, c.device)
		}
		for _, s := range c.scopes {
			if delete(h.by[s], c); len(h.by[s]) == 0 {
				delete(h.by, s)
			}
		}
		if h.count--; h.count == 0 {
			h.stop()
		}
		break
	}
	c.end()
}

// close ends the look-out and every connection, for good.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	for _, of := range h.of {
		for _, c := range of {
			c.end()
		}
	}
	if h.stop != nil {
		h.stop()
	}
	h.mu.Unlock()
	h.ended.Wait()
}

// lookOut begins to watch the log when the first connection comes. It reads the
// head before that connection does, so that nothing falls between. The caller
// holds the lock.
func (h *hub) lookOut(ctx context.Context) error {
	if h.count > 0 {
		return nil
	}
	heads, unwatch := h.store.Watch()
	head, err := h.store.Head(ctx)
	if err != nil {
		unwatch()
		return err
	}
	ctx, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	h.ended.Go(func() {
		defer unwatch()
		h.run(ctx, heads, head.Seq)
	})
	return nil
}

// run looks at the log when it has moved, at once, and then rests: what is
// committed meanwhile is one look.
func (h *hub) run(ctx context.Context, heads <-chan int64, at int64) {
	stand := time.NewTicker(standEvery)
	defer stand.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-stand.C:
			h.compare(ctx)
			if head, err := h.store.Head(ctx); err == nil && head.Seq != at {
				h.look(ctx, at, head.Seq)
				at = head.Seq
			}
		case head := <-heads:
			began := h.now()
			h.look(ctx, at, head)
			at = head
			select {
			case <-ctx.Done():
				return
			case <-time.After(max(lookEvery, lookShare*h.now().Sub(began))):
			}
		}
	}
}

// look asks whom changes concern, and tells them. Without an answer everybody is
// told: a poke too many costs a question.
func (h *hub) look(ctx context.Context, from, to int64) {
	var scopes []city.Scope
	all := to <= from // the log has gone back: the server was restored
	if !all {
		var err error
		if scopes, err = h.store.Touched(ctx, from, to); err != nil {
			if ctx.Err() != nil {
				return
			}
			h.log.Error("live: whom changes concern", "err", err)
			all = true
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	whom := map[*connection]struct{}{}
	if all {
		for _, of := range h.of {
			for _, c := range of {
				whom[c] = struct{}{}
			}
		}
	}
	for _, s := range scopes {
		for c := range h.by[s] {
			whom[c] = struct{}{}
		}
	}
	var within time.Duration
	if len(whom) > fewPokes {
		within = time.Duration(len(whom)) * pokeEach
	}
	for c := range whom {
		c.tell(news{head: to, within: within})
	}
}

// compare tells the devices whose grants have changed, and those that are revoked.
func (h *hub) compare(ctx context.Context) {
	revs, err := h.store.GrantRevs(ctx)
	if err != nil {
		if ctx.Err() == nil {
			h.log.Error("live: the devices' grants", "err", err)
		}
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for d, of := range h.of {
		for _, c := range of {
			if c.rev != revs[d] {
				c.tell(news{last: true})
			}
		}
	}
}

// news is a head, and within what time to tell it: 0 is at once. After the last
// the line ends, since it is of a device with other grants; the next one is of the
// device as it is then.
type news struct {
	head   int64
	within time.Duration
	last   bool
}

// tell leaves news for the connection; it replaces what was not told yet. The
// caller holds the hub's lock, so that nobody else puts anything in between.
func (c *connection) tell(n news) {
	select {
	case old := <-c.news:
		n = news{head: max(n.head, old.head), within: min(n.within, old.within), last: n.last || old.last}
	default:
	}
	c.news <- n
}

// pause is how long to wait before the news is told: somewhere within its time.
func (n news) pause() time.Duration {
	if n.within <= 0 {
		return 0
	}
	return rand.N(n.within)
}
