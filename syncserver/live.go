package syncserver

import (
	"fmt"
	"net/http"
	"time"

	"cityhall/shared/protocol"
)

// live tells a device, as server-sent events, that there is something to pull.
// A poke carries no content: it says only that it is worth asking. It comes at
// once, then at most once a second, and only for what the device may see.
func (s *Server) live(c *call) {
	ctx := c.Request.Context()
	heads, stop := s.store.Watch()
	defer stop()
	head, err := s.store.Head(ctx)
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	c.Header("Content-Type", "text/event-stream")
	c.Header("Cache-Control", "no-store")
	c.Status(http.StatusOK)
	beat := time.NewTicker(protocol.LiveHeartbeat)
	defer beat.Stop()
	told := head.Seq
	if !s.poke(c, told) {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.ending:
			return
		case <-beat.C:
			if _, err := fmt.Fprint(c.Writer, ": still here\n\n"); err != nil {
				return
			}
			c.Writer.Flush()
		case seq := <-heads:
			concerns, err := s.store.Concerns(ctx, c.device, told)
			if err != nil {
				s.log.Error("live", "device", c.device.ID, "err", err)
				return
			}
			if !concerns {
				continue
			}
			if told = seq; !s.poke(c, told) {
				return
			}
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return
			case <-s.ending:
				return
			}
		}
	}
}

func (s *Server) poke(c *call, head int64) bool {
	_, err := fmt.Fprintf(c.Writer, "event: poke\ndata: {\"head\":%d}\n\n", head)
	c.Writer.Flush()
	return err == nil
}
