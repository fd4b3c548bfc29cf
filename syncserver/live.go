package syncserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// pokeEvery is how often at most a live connection tells of news.
const pokeEvery = time.Second

// writePatience is how long a write to a device that does not read may take. What
// is not read yet lies in the system's buffers, which are small.
const writePatience = 20 * time.Second

// connections are the live ones. Of one device the newest few stay: an older one
// is a line that died without saying so.
type connections struct {
	mu sync.Mutex
	of map[city.DeviceID][]*connection
}

type connection struct{ end context.CancelFunc }

// add takes a connection in, and ends the device's oldest one too many.
func (n *connections) add(d city.DeviceID, end context.CancelFunc) *connection {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of == nil {
		n.of = map[city.DeviceID][]*connection{}
	}
	c := &connection{end: end}
	all := append(n.of[d], c)
	for len(all) > protocol.MaxLive {
		all[0].end()
		all = all[1:]
	}
	n.of[d] = all
	return c
}

func (n *connections) remove(d city.DeviceID, c *connection) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var rest []*connection
	for _, o := range n.of[d] {
		if o != c {
			rest = append(rest, o)
		}
	}
	if n.of[d] = rest; len(rest) == 0 {
		delete(n.of, d)
	}
}

// live tells a device that there is something to pull: as server-sent events, or
// with wait as one answer. A poke carries no content: it says only that it is
// worth asking.
func (s *Server) live(c *call) {
	wait, since, ok := waiting(c)
	if !ok {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, "wait is a number of seconds, head a place in the log")
		return
	}
	ctx, end := context.WithCancel(c.Request.Context())
	defer end()
	defer s.lives.remove(c.device.ID, s.lives.add(c.device.ID, end))
	heads, stop := s.store.Watch()
	defer stop()
	if c.Query("wait") != "" {
		s.liveOnce(ctx, c, heads, since, wait)
		return
	}
	s.liveEvents(ctx, c, heads)
}

// waiting reads how long a device wants to wait for what comes after a head.
func waiting(c *call) (wait time.Duration, since int64, ok bool) {
	n, err := strconv.Atoi(c.DefaultQuery("wait", "0"))
	head, wrong := strconv.ParseInt(c.DefaultQuery("head", "0"), 10, 64)
	if errors.Join(err, wrong) != nil || n < 0 || head < 0 {
		return 0, 0, false
	}
	return min(time.Duration(n)*time.Second, protocol.MaxWait), head, true
}

// liveOnce answers as soon as there is news after since, or 204 after the wait.
func (s *Server) liveOnce(ctx context.Context, c *call, heads <-chan int64, since int64, wait time.Duration) {
	over := time.NewTimer(min(wait, protocol.MaxWait))
	defer over.Stop()
	c.Header("Cache-Control", "no-store")
	head, err := s.store.Head(ctx)
	for ; ; head.Seq, err = waitFor(ctx, s.ending, heads, over.C, head.Seq) {
		if errors.Is(err, errOver) {
			c.Status(http.StatusNoContent)
			return
		}
		var news bool
		if err == nil {
			news, err = s.news(ctx, c, since)
		}
		if err != nil {
			s.broken(c.Context, err)
			return
		}
		if news {
			raw, err := json.Marshal(protocol.Poke{Head: head.Seq})
			if err != nil {
				s.broken(c.Context, err)
				return
			}
			c.Data(http.StatusOK, "application/json", raw)
			return
		}
	}
}

// errOver says that a wait has ended without news.
var errOver = errors.New("nothing new")

func waitFor(ctx context.Context, ending <-chan struct{}, heads <-chan int64, over <-chan time.Time, head int64) (int64, error) {
	select {
	case head = <-heads:
		return head, nil
	case <-ctx.Done():
	case <-ending:
	case <-over:
	}
	return head, errOver
}

// news tells whether there is something for the device after a head. What it may
// see is read anew each time: other grants, or none any more, are news as well.
func (s *Server) news(ctx context.Context, c *call, since int64) (bool, error) {
	now, err := s.store.Device(ctx, c.device.ID)
	if err != nil {
		return false, err
	}
	was := c.device
	if c.device = now; now.State != was.State || now.GrantRev != was.GrantRev {
		return true, nil
	}
	return s.store.Concerns(ctx, now, since)
}

// liveEvents pokes at once, then at most once a second, and only for what the
// device may see.
func (s *Server) liveEvents(ctx context.Context, c *call, heads <-chan int64) {
	head, err := s.store.Head(ctx)
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	c.Header("Content-Type", "text/event-stream")
	c.Header("Cache-Control", "no-store")
	c.Header("X-Accel-Buffering", "no") // nginx would hold the events back
	c.Status(http.StatusOK)
	beat := time.NewTicker(protocol.LiveHeartbeat)
	defer beat.Stop()
	told := head.Seq
	if !tell(c, poke(told)) {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.ending:
			return
		case <-beat.C:
			if !tell(c, ": still here\n\n") {
				return
			}
		case seq := <-heads:
			news, err := s.news(ctx, c, told)
			if err != nil {
				s.log.Error("live", "device", c.device.ID, "err", err)
				return
			}
			if !news {
				continue
			}
			if told = seq; !tell(c, poke(told)) || c.device.State != store.DeviceActive {
				return
			}
			select {
			case <-time.After(pokeEvery):
			case <-ctx.Done():
				return
			case <-s.ending:
				return
			}
		}
	}
}

func poke(head int64) string { return fmt.Sprintf("event: poke\ndata: {\"head\":%d}\n\n", head) }

// tell writes to the device, and gives up on one that does not read.
func tell(c *call, text string) bool {
	stuck := time.AfterFunc(writePatience, func() {
		// A deadline in the past ends the write under way. Where none can be set,
		// writes do not block.
		_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Unix(1, 0))
	})
	defer stuck.Stop()
	_, err := c.Writer.WriteString(text)
	if err == nil {
		c.Writer.Flush()
	}
	return err == nil
}
