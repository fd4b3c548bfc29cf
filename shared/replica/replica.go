package replica

import (
	"context"
	cryptorand "crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"cityhall/shared/city"
)

// Replica is the device's copy and its undelivered work. It is safe for
// concurrent use.
type Replica struct {
	cfg     Config
	out     *sql.DB
	cache   *cache
	http    *http.Client
	boot    string    // names this start
	started time.Time // by the device's clock

	stepping sync.Mutex // one exchange at a time
	verified time.Time  // under stepping: when every blob was last asked for
	checkup  checkup

	evidenceFails int // under stepping: rounds in which the server failed to take evidence

	syncKept time.Time // under stepping: the last contact that was written down
	pruned   time.Time // under stepping: when old acts were last forgotten

	writing sync.Mutex    // who changes what is shown
	shown   *picture      // under writing
	gen     atomic.Uint64 // counts changes of what is shown

	mu      sync.Mutex
	ident   *identity
	link    Link
	subs    map[chan struct{}]struct{}
	joined  joining
	leaving *identity // under mu: of a wiped device that has yet to say so

	answered stretch // under stepping: acts that the server has answered since the last settle

	stuck map[city.MutationID]city.Code // acts that the server cannot read; tried again after a start

	downloading sync.Mutex  // one at a time
	onMetered   atomic.Bool // photos go whatever the link costs
	photosNow   atomic.Bool // and until they are sent, because somebody asked

	lease     atomic.Pointer[lease]
	leaseKept time.Time   // under stepping: the lease's clock that was written down
	leaseWas  bool        // under stepping: whether it was over
	departed  atomic.Bool // revoked, and nothing is left to hand over
	wiping    atomic.Bool // an order to wipe is being carried out

	idle    idle        // under stepping
	greeted time.Time   // under stepping: the last hello that was answered
	poked   atomic.Bool // the server has told of something since the last round began

	wake   chan struct{}
	back   chan struct{} // the server is within reach again
	offset atomic.Int64  // nanoseconds by which the server's clock is ahead
	live   atomic.Bool   // the live connection stands
	dead   atomic.Bool   // there was no line at the last look
	blind  atomic.Bool   // a look says nothing here
	full   atomic.Bool   // the ballast was given up
	codec  *codec
	vault  vault
}

// Open opens the device's folder, making it when it is missing. A cache that
// cannot be read is thrown away; of an outbox that cannot be read, what can be
// read goes into a new one and the old file is kept beside it.
func Open(ctx context.Context, cfg Config) (*Replica, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Transport == nil {
		cfg.Transport = http.DefaultTransport
	}
	if cfg.KeepSafe == 0 {
		cfg.KeepSafe = keepSafeFor
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{}).DialContext
	}
	if cfg.Draw == nil {
		cfg.Draw = rand.N[time.Duration]
	}
	for _, dir := range []string{cfg.Dir, filepath.Join(cfg.Dir, ownBlobs), filepath.Join(cfg.Dir, fetchedBlobs)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the device's folder: %w", err)
		}
	}
	codec, err := newCodec()
	if err != nil {
		return nil, err
	}
	r := &Replica{cfg: cfg, http: &http.Client{Transport: cfg.Transport, CheckRedirect: noRedirects}, boot: cryptorand.Text(), started: cfg.Now(),
		subs: map[chan struct{}]struct{}{}, wake: make(chan struct{}, 1), back: make(chan struct{}, 1), stuck: map[city.MutationID]city.Code{},
		link: Link{State: LinkUnknown, Since: cfg.Now()}, codec: codec}
	if err := r.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the device's folder: %w", err), r.Close())
	}
	return r, nil
}

func (r *Replica) open(ctx context.Context) error {
	var err error
	if r.out, err = r.openOutbox(ctx); err != nil {
		return err
	}
	if r.cache, err = openCache(ctx, r.cfg); err != nil {
		return err
	}
	r.cache.dropped, r.cache.reveal, r.cache.hidden = r.changed, r.reveal, r.hidden
	if !r.cache.rebuilding() { // what a crash left of a snapshot that is in place already
		if err := r.forgetSnapshot(); err != nil {
			return err
		}
	}
	if r.ident, err = readIdentity(ctx, r.out); err != nil {
		return err
	}
	if err := r.resumeWipe(ctx); err != nil {
		return err
	}
	if err := r.readLease(ctx); err != nil {
		return err
	}
	r.link.LastSync = r.lastSync(ctx)
	r.openCheckup(ctx)
	r.readMetered(ctx)
	return r.settle(ctx)
}

// Close ends the replica. Run and Step must have returned.
func (r *Replica) Close() error {
	var errs []error
	r.closeCheckup()
	if r.cache != nil {
		errs = append(errs, r.cache.close())
	}
	if r.out != nil {
		errs = append(errs, r.out.Close())
	}
	r.codec.close()
	return errors.Join(errs...)
}

// Identity tells who the device is; false when it was never enrolled.
func (r *Replica) Identity() (Identity, bool) {
	id := r.who()
	if id == nil {
		return Identity{}, false
	}
	return id.public(), true
}

func (r *Replica) who() *identity {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ident
}

// Link tells how the device stands with the server.
func (r *Replica) Link() Link {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.link
}

func (r *Replica) setLink(state LinkState, problem string) {
	r.mu.Lock()
	same := r.link.State == state && r.link.Problem == problem
	if state == LinkOnline && r.link.State != LinkOnline {
		select { // the live connection need not wait for its turn
		case r.back <- struct{}{}:
		default:
		}
	}
	if r.link.State != state {
		r.link.State, r.link.Since = state, r.cfg.Now()
	}
	r.link.Problem = problem
	if state == LinkOnline {
		r.link.LastSync = r.cfg.Now()
	}
	r.mu.Unlock()
	if !same {
		r.tell()
	}
}

// Changes gives a signal after the records, the outbox or the link have changed.
// Signals that nobody has taken yet are one. Call the function when done.
func (r *Replica) Changes() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	r.mu.Lock()
	r.subs[c] = struct{}{}
	r.mu.Unlock()
	return c, func() {
		r.mu.Lock()
		delete(r.subs, c)
		r.mu.Unlock()
	}
}

// tell signals a change to everybody who listens.
func (r *Replica) tell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.subs {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// changed makes the picture be drawn anew and tells of it.
func (r *Replica) changed() {
	r.gen.Add(1)
	r.tell()
}

// Wake makes Run begin a round now.
func (r *Replica) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
