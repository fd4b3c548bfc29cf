package replica

import (
	"context"
	"net"
	"net/url"
	"time"
)

// lookEvery is how often a device without a line tries whether it is back. A try
// is one TCP connection and not a word over it.
const lookEvery = 2 * time.Second

// watchLine notices when a dead line comes back, so that what waits goes out in
// a second or two and not at the end of a long pause. It wakes the rounds only
// after it has seen the line dead: a server that answers with errors is left to
// their back-off. While the line is good it sleeps.
func (r *Replica) watchLine(ctx context.Context) {
	changes, done := r.Changes()
	defer done()
	for ctx.Err() == nil {
		id := r.who()
		if id == nil || r.Link().State != LinkOffline {
			if r.dead.Swap(false) {
				r.blind.Store(true)
			}
			select {
			case <-ctx.Done():
			case <-changes:
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(r.jitter(lookEvery)):
		}
		if r.Link().State != LinkOffline {
			continue
		}
		if !r.reachable(ctx, id.server) {
			r.dead.Store(true)
		} else if r.dead.Swap(false) {
			r.Wake()
		}
	}
}

// lineDead tells that there is no line, and that its return will be noticed. Where
// it once came back without being noticed, behind a proxy that every call goes
// through, a look is not trusted again.
func (r *Replica) lineDead() bool {
	return r.dead.Load() && !r.blind.Load() && r.Link().State == LinkOffline
}

// reachable tells whether anything accepts connections at the server's address.
func (r *Replica) reachable(ctx context.Context, server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme // https and http are names of ports too
	}
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	conn, err := r.cfg.Dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
