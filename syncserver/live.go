package syncserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"cityhall/shared/protocol"
)

// pokeEvery is how often at most a live connection tells of news.
const pokeEvery = time.Second

// readsWithin is how long a write to a device that does not read may take. What is
// not read yet lies in the system's buffers, which are small.
const readsWithin = 20 * time.Second

// live tells a device that there is something to pull: as server-sent events, or
// with wait as one answer. A poke carries no content: it says only that it is
// worth asking.
func (s *Server) live(c *call) {
	wait, since, ok := waiting(c)
	if !ok {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, "wait is a number of seconds, head a place in the log")
		return
	}
	// The server's patience with one request is not meant for these.
	patience := http.NewResponseController(c.Writer)
	_ = patience.SetReadDeadline(time.Time{}) // where none can be set, there is none
	_ = patience.SetWriteDeadline(time.Time{})
	ctx, end := context.WithCancel(c.Request.Context())
	defer end()
	line, err := s.lives.add(ctx, c.device, end)
	if errors.Is(err, errBusy) {
		busy(c.Context, time.Minute) // it asks by its rounds meanwhile
		return
	}
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	defer s.lives.remove(line)
	if c.Query("wait") != "" {
		s.liveOnce(ctx, c, line, since, wait)
		return
	}
	s.liveEvents(ctx, c, line)
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
func (s *Server) liveOnce(ctx context.Context, c *call, line *connection, since int64, wait time.Duration) {
	over := time.NewTimer(wait)
	defer over.Stop()
	c.Header("Cache-Control", "no-store")
	head, err := s.store.Head(ctx)
	var already bool
	if err == nil {
		already, err = s.store.Concerns(ctx, c.device, since)
	}
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	if !already {
		told, ok := s.nextNews(ctx, line, over.C)
		if !ok {
			c.Status(http.StatusNoContent)
			return
		}
		head.Seq = max(head.Seq, told.head)
	}
	raw, err := json.Marshal(protocol.Poke{Head: head.Seq})
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	c.Data(http.StatusOK, "application/json", raw)
}

// nextNews waits for news and until it is to be told; false when the line or the
// time ends before.
func (s *Server) nextNews(ctx context.Context, line *connection, over <-chan time.Time) (news, bool) {
	var n news
	for later := (<-chan time.Time)(nil); ; {
		fresh := line.news
		if later != nil {
			fresh = nil // what comes now is told with the next
		}
		select {
		case n = <-fresh:
			pause := n.pause()
			if pause == 0 {
				return n, true
			}
			later = time.After(pause)
		case <-later:
			return n, true
		case <-ctx.Done():
			return n, false
		case <-s.ending:
			return n, false
		case <-over:
			return n, later != nil // news is there: it is not told later than promised
		}
	}
}

// liveEvents pokes at once, then at most once a second, and only for what the
// device may see.
func (s *Server) liveEvents(ctx context.Context, c *call, line *connection) {
	head, err := s.store.Head(ctx)
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	c.Header("Content-Type", "text/event-stream")
	c.Header("Cache-Control", "no-store")
	c.Header("X-Accel-Buffering", "no") // nginx would hold the events back
	c.Status(http.StatusOK)
	if !tell(c, poke(head.Seq)) {
		return
	}
	beat := time.NewTicker(protocol.LiveHeartbeat)
	defer beat.Stop()
	for {
		n, ok := s.nextNews(ctx, line, beat.C)
		switch {
		case ok:
			if head.Seq = max(head.Seq, n.head); !tell(c, poke(head.Seq)) || n.last {
				return
			}
			select {
			case <-time.After(pokeEvery):
			case <-ctx.Done():
				return
			case <-s.ending:
				return
			}
		case ctx.Err() != nil || s.isEnding() || !tell(c, ": still here\n\n"):
			return
		}
	}
}

// isEnding tells whether live connections are to end.
func (s *Server) isEnding() bool {
	select {
	case <-s.ending:
		return true
	default:
		return false
	}
}
func poke(head int64) string { return fmt.Sprintf("event: poke\ndata: {\"head\":%d}\n\n", head) }

// tell writes to the device, and gives up on one that does not read.
func tell(c *call, text string) bool {
	stuck := time.AfterFunc(readsWithin, func() {
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
