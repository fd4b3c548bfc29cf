package syncserver

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"cityhall/shared/protocol"
)

// How much is done at once. More would finish nothing sooner: there is one writer,
// and readers share two or four processors. What waits costs a goroutine and its
// body; what is turned away is told when to come back.
const (
	maxWrites = 64 // as many share a transaction
	maxReads  = 6  // two fewer than SQLite's connections: the writer's, and one for staff
	// longestWait is what a call may expect to stand in line. It is far below a
	// device's patience, so that nobody gives up on a call that is then made in vain.
	longestWait = 10 * time.Second
	longestLine = 8192
	// latestReturn bounds how far ahead an appointment may be.
	latestReturn = 5 * time.Minute
	// mostConnections bounds the connections where the system does not, fewConnections
	// where it does not say; reservedFiles are no connections.
	mostConnections, fewConnections, reservedFiles = 200_000, 10_000, 512
	// maxRoom bounds the bytes of bodies and answers that are held in memory.
	maxRoom = 64 << 20
)

const (
	// readPatience is how long a whole request may take to come in, writePatience an
	// answer to leave. Downloads that are cut go on by Range; live connections have
	// rules of their own.
	readPatience  = 5 * time.Minute
	writePatience = 10 * time.Minute
)

// errBusy means a call that was not let in; nothing of it was looked at.
var errBusy = errors.New("the server is busy")

// gate lets so many calls in at a time. Others stand in line while the wait is
// short; who would wait too long gets an appointment instead, and those come one
// after the other, no faster than calls are served.
type gate struct {
	now     func() time.Time
	places  chan struct{}
	waiting atomic.Int64

	mu   sync.Mutex
	each time.Duration // between two calls that leave, in the long run
	next time.Time     // the first appointment that is not given away
}

func newGate(places int, now func() time.Time) *gate {
	return &gate{now: now, places: make(chan struct{}, places), each: time.Millisecond}
}

// enter waits for a place, and gives what to call when leaving; that may be called
// more than once. Otherwise it gives errBusy and after how long to come back.
func (g *gate) enter(ctx context.Context) (leave func(), after time.Duration, err error) {
	select {
	case g.places <- struct{}{}:
		return g.inside(), 0, nil
	default:
	}
	line := g.waiting.Add(1)
	defer g.waiting.Add(-1)
	if after := g.turnAway(line); after > 0 {
		return nil, after, errBusy
	}
	// The guess may have been wrong. Twice of it is still within a device's patience.
	over := time.NewTimer(2 * longestWait)
	defer over.Stop()
	select {
	case g.places <- struct{}{}:
		return g.inside(), 0, nil
	case <-over.C:
		return nil, g.appointment(), errBusy
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

// inside notes that a call is in, and gives its leave.
func (g *gate) inside() func() {
	since := g.now()
	return sync.OnceFunc(func() {
		took := max(0, g.now().Sub(since)) / time.Duration(cap(g.places))
		g.mu.Lock()
		g.each += (took - g.each) / 64
		g.mu.Unlock()
		<-g.places
	})
}

// turnAway gives an appointment when the line is too long, else 0.
func (g *gate) turnAway(line int64) time.Duration {
	g.mu.Lock()
	wait := time.Duration(line) * g.each
	g.mu.Unlock()
	if line <= longestLine && wait <= longestWait {
		return 0
	}
	return g.appointment()
}

// appointment gives the next free one, at least a second ahead.
func (g *gate) appointment() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	first := now.Add(min(longestWait, time.Duration(g.waiting.Load())*g.each))
	if g.next.Before(first) || g.next.Sub(now) > latestReturn { // none is open, or the clock was set
		g.next = first
	}
	g.next = g.next.Add(g.each)
	after := g.next.Sub(now)
	return time.Second + after + rand.N(after/4+time.Second)
}

// room counts the bytes that are held. It is safe for concurrent use.
type room struct{ used atomic.Int64 }

// take counts bytes that are there already; false when they are too many.
func (r *room) take(n int64) bool { return r.used.Add(n) <= maxRoom }

func (r *room) give(n int64) { r.used.Add(-n) }

// share is what one call holds of the room.
type share struct {
	of   *room
	held int64
}

// reader counts what is read through it, and fails with errBusy when the room is
// full: a sender holds no more of it than it has sent.
func (s *share) reader(from io.Reader) io.Reader { return &counted{from: from, s: s} }

type counted struct {
	from io.Reader
	s    *share
}

// Read implements io.Reader.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	c.s.held += int64(n)
	if !c.s.of.take(int64(n)) {
		return n, errBusy
	}
	return n, err
}

// hold counts bytes of an answer. They are there already and on their way out, so
// that a full room turns others away.
func (s *share) hold(n int64) {
	s.held += n
	s.of.take(n)
}

// give returns all of it.
func (s *share) give() {
	s.of.give(s.held)
	s.held = 0
}

// busy asks to come back later. Nothing was done, and nothing is lost.
func busy(c *gin.Context, after time.Duration) {
	c.Header("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
	problem(c, http.StatusServiceUnavailable, protocol.CodeBusy, "too many at once; come back later")
}

// long is a handler that takes its time, or its device's: it leaves the gate first.
func long(handle func(*call)) func(*call) {
	return func(c *call) {
		c.leave()
		handle(c)
	}
}
