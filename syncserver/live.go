package syncserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	ctx, end := context.WithCancel(context.Background()) // it may outlive the request
	line, err := s.lives.add(ctx, c.device, end)
	if err != nil {
		end()
		s.unheard(c, err)
		return
	}
	if c.Query("wait") == "" && s.hearApart(ctx, c, line) {
		return
	}
	defer s.lives.remove(line)
	defer context.AfterFunc(c.Request.Context(), end)()
	if c.Query("wait") != "" {
		s.liveOnce(ctx, c, line, since, wait)
		return
	}
	head, err := s.store.Head(ctx)
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	c.Header("Content-Type", "text/event-stream")
	c.Header("Cache-Control", "no-store")
	c.Header("X-Accel-Buffering", "no") // nginx would hold the events back
	c.Status(http.StatusOK)
	s.liveEvents(ctx, line, head.Seq, func(text string) error {
		if _, err := c.Writer.WriteString(text); err != nil {
			return err
		}
		return patience.Flush()
	})
}

// unheard answers a device that cannot have a live connection.
func (s *Server) unheard(c *call, err error) {
	if errors.Is(err, errBusy) {
		busy(c.Context, time.Minute) // it asks by its rounds meanwhile
		return
	}
	s.broken(c.Context, err)
}

// streamHead begins an answer whose end is the connection's.
const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\n"

// hearApart takes the connection out of the HTTP server's hands, so that it costs
// some 5 kB and not 50: what has read and proved the request is let go. It tells
// whether it has; a line that is no connection of its own stays where it is.
func (s *Server) hearApart(ctx context.Context, c *call, line *connection) bool {
	// Gin's writer says that it can, whatever is below it.
	below, ok := c.Writer.(interface{ Unwrap() http.ResponseWriter })
	if !ok || c.Request.ProtoMajor != 1 {
		return false
	}
	if _, ok := below.Unwrap().(http.Hijacker); !ok {
		return false
	}
	head, err := s.store.Head(ctx)
	if err != nil {
		return false
	}
	conn, _, err := c.Writer.Hijack()
	if err != nil {
		return false
	}
	s.streams.Go(func() {
		defer conn.Close()
		defer s.lives.remove(line)
		say := func(text string) error {
			// A deadline in the past ends the write under way.
			defer time.AfterFunc(readsWithin, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) }).Stop()
			_, err := io.WriteString(conn, text)
			return err
		}
		if say(streamHead) == nil {
			s.liveEvents(ctx, line, head.Seq, say)
		}
	})
	return true
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
func (s *Server) liveEvents(ctx context.Context, line *connection, head int64, say func(string) error) {
	if say(poke(head)) != nil {
		return
	}
	beat := time.NewTicker(protocol.LiveHeartbeat)
	defer beat.Stop()
	for {
		n, ok := s.nextNews(ctx, line, beat.C)
		switch {
		case ok:
			if head = max(head, n.head); say(poke(head)) != nil || n.last {
				return
			}
			select {
			case <-time.After(pokeEvery):
			case <-ctx.Done():
				return
			case <-s.ending:
				return
			}
		case ctx.Err() != nil || s.isEnding() || say(": still here\n\n") != nil:
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
