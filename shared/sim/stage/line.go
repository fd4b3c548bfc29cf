package stage

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Line is the network between a device and the server: a TCP relay on a port
// of its own that can really be cut. While it is cut nothing listens on the
// port and the connections that were open have been reset, as when a cable is
// pulled and the switch goes with it. Its methods may be called at any time.
type Line struct {
	t       testing.TB
	target  string
	addr    string
	latency atomic.Int64
	up      atomic.Int64
	down    atomic.Int64

	mu       sync.Mutex
	listener net.Listener
	conns    map[*net.TCPConn]bool
	work     sync.WaitGroup
}

// NewLine opens a line to target, a host:port that need not answer yet.
func NewLine(t testing.TB, target string) *Line {
	t.Helper()
	l := &Line{t: t, target: target, addr: "127.0.0.1:0", conns: map[*net.TCPConn]bool{}}
	l.Restore()
	t.Cleanup(func() {
		l.Cut()
		l.work.Wait()
	})
	return l
}

// Addr is the host:port that the device is told; it outlives a cut.
func (l *Line) Addr() string { return l.addr }

// URL is Addr as the base of HTTP addresses.
func (l *Line) URL() string { return "http://" + l.addr }

// SetLatency delays each piece that passes, in either direction, from now on.
func (l *Line) SetLatency(d time.Duration) { l.latency.Store(int64(d)) }

// Bytes counts what has passed, since the beginning, towards the server and
// back to the device.
func (l *Line) Bytes() (up, down int64) { return l.up.Load(), l.down.Load() }

// Live is the number of the device's connections that are open now.
func (l *Line) Live() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns) / 2
}

// Cut pulls the cable: it refuses new connections and resets the open ones.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener == nil {
		return
	}
	l.listener.Close()
	l.listener = nil
	for conn := range l.conns {
		reset(conn)
	}
	clear(l.conns)
}

// Restore puts the cable back into the same port.
func (l *Line) Restore() {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		return
	}
	var listener net.Listener
	var err error
	if !until(5*time.Second, func() bool {
		listener, err = net.Listen("tcp", l.addr)
		return err == nil
	}) {
		l.t.Fatalf("open the line on %s: %v", l.addr, err)
	}
	l.listener, l.addr = listener, listener.Addr().String()
	l.work.Go(func() { l.accept(listener) })
}

// accept joins each connection of the device to one of its own to the server.
func (l *Line) accept(listener net.Listener) {
	for {
		device, err := listener.Accept()
		if err != nil {
			return
		}
		l.work.Go(func() { l.join(listener, device.(*net.TCPConn)) })
	}
}

func (l *Line) join(listener net.Listener, device *net.TCPConn) {
	conn, err := net.DialTimeout("tcp", l.target, 5*time.Second)
	if err != nil {
		reset(device)
		return
	}
	server := conn.(*net.TCPConn)
	l.mu.Lock()
	cut := l.listener != listener
	if !cut {
		l.conns[device], l.conns[server] = true, true
	}
	l.mu.Unlock()
	if cut {
		reset(device)
		reset(server)
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.relay(server, device, &l.up) })
	both.Go(func() { l.relay(device, server, &l.down) })
	both.Wait()
	l.mu.Lock()
	delete(l.conns, device)
	delete(l.conns, server)
	l.mu.Unlock()
	device.Close()
	server.Close()
}

// relay carries bytes one way; a side that has finished is told to the other,
// one that broke breaks the other too.
func (l *Line) relay(to, from *net.TCPConn, count *atomic.Int64) {
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			time.Sleep(time.Duration(l.latency.Load()))
			// Counted before it is handed on: who has the answer finds its
			// question counted.
			count.Add(int64(n))
			if _, writeErr := to.Write(piece[:n]); writeErr != nil {
				reset(from)
				return
			}
		}
		switch {
		case err == io.EOF:
			to.CloseWrite()
			return
		case err != nil:
			reset(to)
			return
		}
	}
}

// reset closes a connection so that its other end gets an error, not an end.
func reset(conn *net.TCPConn) {
	conn.SetLinger(0)
	conn.Close()
}
