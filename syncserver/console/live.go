package console

import (
	"fmt"
	"net/http"
	"time"
)

// livePatience is how long a live stream may be silent.
const livePatience = 20 * time.Second

// liveGap is the least time between two pokes: a page needs no more.
const liveGap = 500 * time.Millisecond

// live streams the head of the log whenever it moves. It tells nothing else; the
// page then asks for itself again, with its own permissions.
func (v *call) live() {
	// The server's patience with one request is not meant for a stream.
	patience := http.NewResponseController(v.g.Writer)
	_ = patience.SetReadDeadline(time.Time{}) // where none can be set, there is none
	_ = patience.SetWriteDeadline(time.Time{})
	h := v.g.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	heads, stop := v.Store.Watch()
	defer stop()
	head, err := v.Store.Head(v.ctx) // read after the watch began, so that nothing falls between
	if err != nil || !v.poke(head.Seq) {
		return
	}
	tick := time.NewTicker(livePatience)
	defer tick.Stop()
	for {
		select {
		case <-v.ctx.Done():
			return
		case <-v.closing:
			return
		case head, open := <-heads:
			if !open || !v.poke(head) {
				return
			}
			select { // what comes meanwhile is one poke
			case <-time.After(liveGap):
			case <-v.ctx.Done():
				return
			}
		case <-tick.C:
			if _, ok, err := v.session(v.ctx, v.token); err != nil || !ok {
				return
			}
			if !v.send(": still here\n\n") {
				return
			}
		}
	}
}

func (v *call) poke(head int64) bool { return v.send(fmt.Sprintf("event: head\ndata: %d\n\n", head)) }

func (v *call) send(text string) bool {
	if _, err := v.g.Writer.WriteString(text); err != nil {
		return false // the browser has gone
	}
	v.g.Writer.Flush()
	return true
}
