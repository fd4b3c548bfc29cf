package position

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"time"
)

// Fix is a place that the receiver has worked out.
type Fix struct {
	Lat, Lon int32     // WGS 84 in units of 1e-7 degrees
	Within   float64   // metres that it may be off, as the receiver guesses; 0: it does not say
	At       time.Time // when it was heard, by this device's clock
}

// Receiver is what is known of the receiver. It is safe for concurrent use.
type Receiver struct{ last atomic.Pointer[Fix] }

// Last is the newest fix, however old; false when there was none yet.
func (r *Receiver) Last() (Fix, bool) {
	if f := r.last.Load(); f != nil {
		return *f, true
	}
	return Fix{}, false
}

// How long is waited before gpsd is asked again: at first, and at most.
const (
	firstWait = 250 * time.Millisecond
	mostWait  = 30 * time.Second
	patience  = 5 * time.Second // for the connection itself
)

// Watch listens to gpsd at an address of host and port until ctx ends. An empty
// address listens to nothing.
func Watch(ctx context.Context, address string, now func() time.Time, log *slog.Logger) *Receiver {
	r := &Receiver{}
	if address != "" {
		go r.watch(ctx, address, now, log)
	}
	return r
}

func (r *Receiver) watch(ctx context.Context, address string, now func() time.Time, log *slog.Logger) {
	said, wait := "", firstWait
	for ctx.Err() == nil {
		heard, err := r.listen(ctx, address, now)
		if heard {
			said, wait = "", firstWait
		}
		if err != nil && ctx.Err() == nil && err.Error() != said {
			said = err.Error()
			log.Info("no word of a position", "err", err) // once: many machines have no receiver
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, mostWait)
	}
}

// listen follows one connection to its end; heard tells whether gpsd spoke. It
// may be silent for hours. Keep-alives, which Go sends, notice one that is gone.
func (r *Receiver) listen(ctx context.Context, address string, now func() time.Time) (heard bool, err error) {
	dialer := net.Dialer{Timeout: patience}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return false, err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	if _, err := io.WriteString(conn, `?WATCH={"enable":true,"json":true};`+"\n"); err != nil {
		return false, err
	}
	lines := bufio.NewScanner(conn)
	lines.Buffer(make([]byte, 0, 4<<10), 64<<10)
	for lines.Scan() {
		heard = true
		if f, ok := read(lines.Bytes()); ok {
			f.At = now().Round(0) // of the clock on the wall: the other one stops while a tablet sleeps
			r.last.Store(&f)
		}
	}
	if err := lines.Err(); err != nil {
		return heard, err
	}
	return heard, io.EOF
}
