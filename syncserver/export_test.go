package syncserver

import (
	"context"
	"time"

	"cityhall/syncserver/store"
)

// Gate is a gate, for its test.
type Gate struct{ *gate }

// NewGate makes one.
func NewGate(places int, now func() time.Time) Gate { return Gate{newGate(places, now)} }

// Enter stands in line.
func (g Gate) Enter(ctx context.Context) (leave func(), after time.Duration, err error) {
	return g.enter(ctx)
}

// Served teaches the gate how long a call takes.
func (g Gate) Served(each time.Duration) { g.each = each }

// ErrBusy is errBusy.
var ErrBusy = errBusy

// Listen takes a live connection of a device in, and gives what it is told.
func (s *Server) Listen(ctx context.Context, d store.Device) (next func() (head int64, within time.Duration, ok bool), end func(), err error) {
	c, err := s.lives.add(ctx, d, func() {})
	if err != nil {
		return nil, nil, err
	}
	next = func() (int64, time.Duration, bool) {
		select {
		case n := <-c.news:
			return n.head, n.within, true
		default:
			return 0, 0, false
		}
	}
	return next, func() { s.lives.remove(c) }, nil
}

// Fill counts bytes as if they were held.
func (s *Server) Fill(n int64) { s.room.take(n) }

// Held are the bytes that are counted.
func (s *Server) Held() int64 { return s.room.used.Load() }
