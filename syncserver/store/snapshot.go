package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// ErrNoSnapshot means that no snapshots are made here, or a part that is not of
// a snapshot for the device's present grants.
var ErrNoSnapshot = errors.New("no such snapshot")

const (
	// snapshotYoung is how long a snapshot is given to further devices with the same
	// grants: what came since is a short pull.
	snapshotYoung = 10 * time.Minute
	// snapshotSweep is how often snapshots that have expired are looked for.
	snapshotSweep        = 10 * time.Minute
	defaultSnapshotBytes = 4 << 30
)

// Snapshot is the state at Seq of all records that the grants show, but for
// persons. Its parts are files that never change.
type Snapshot struct {
	Epoch   string          `json:"epoch"`
	Seq     int64           `json:"seq"`
	Chain   protocol.Hash   `json:"h"`
	Grants  string          `json:"grants"` // sorted, one space between
	Made    time.Time       `json:"made"`
	Expires time.Time       `json:"expires"`
	Parts   []protocol.Part `json:"parts"`

	dir string
}

func (m *Snapshot) bytes() int64 {
	var n int64
	for _, p := range m.Parts {
		n += p.Bytes
	}
	return n
}

// Cursor is where a device with these grants goes on.
func (m *Snapshot) Cursor(d Device) protocol.Cursor {
	return protocol.Cursor{Epoch: m.Epoch, Seq: m.Seq, Chain: m.Chain[:8], GrantRev: d.GrantRev, Due: &protocol.Due{Step: protocol.DuePersons}}
}

// snapshots are those that lie in the folder, and those being made.
type snapshots struct {
	dir   string // empty: none are made
	limit int64  // bytes of the folder

	mu       sync.Mutex
	closed   bool
	made     []*Snapshot // the oldest first
	building map[string]*snapshotBuild

	turn chan struct{} // one is built at a time
	ctx  context.Context
	stop context.CancelFunc
	busy sync.WaitGroup
}

// snapshotBuild is waited for by everybody who wants what it makes.
type snapshotBuild struct {
	done chan struct{}
	m    *Snapshot
	err  error
}

func newSnapshots(dir string, limit int64) *snapshots {
	n := &snapshots{dir: dir, limit: cmp.Or(limit, defaultSnapshotBytes), building: map[string]*snapshotBuild{}, turn: make(chan struct{}, 1)}
	n.ctx, n.stop = context.WithCancel(context.Background())
	return n
}

// close ends what is being built and waits for it.
func (n *snapshots) close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.stop()
	n.busy.Wait()
}

// openSnapshots takes over what still holds of an earlier start and removes the
// rest.
func (s *Store) openSnapshots(ctx context.Context, c Config) error {
	s.snaps = newSnapshots(c.Snapshots, c.SnapshotBytes)
	if c.Snapshots == "" {
		return nil
	}
	if err := os.MkdirAll(c.Snapshots, 0o700); err != nil {
		return fmt.Errorf("make the folder for snapshots: %w", err)
	}
	if err := s.removeUnfinished(); err != nil {
		return err
	}
	if err := s.findSnapshots(ctx); err != nil {
		return err
	}
	s.snaps.busy.Go(s.keepSnapshots)
	return nil
}

// stillTrue tells what is wrong with a snapshot of an earlier start: the database
// may have been put back meanwhile.
func (s *Store) stillTrue(ctx context.Context, m *Snapshot) error {
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	if err := checkLineage(ctx, s.db, head, m.Cursor(Device{})); err != nil {
		return err
	}
	if !m.lives(head, s.now()) {
		return errors.New("it has expired")
	}
	return nil
}

// lives tells whether the parts may be given out. A server's clock that went
// back makes nothing live longer.
func (m *Snapshot) lives(head Head, now time.Time) bool {
	return m.Epoch == head.Epoch && m.Seq >= head.Erased && now.Before(m.Expires) && !now.Add(2*clockTolerance).Before(m.Made)
}

func (s *Store) keepSnapshots() {
	beat := time.NewTicker(snapshotSweep)
	defer beat.Stop()
	for {
		select {
		case <-s.snaps.ctx.Done():
			return
		case <-beat.C:
		}
		if err := s.SweepSnapshots(s.snaps.ctx); err != nil && s.snaps.ctx.Err() == nil {
			s.log.Error("sweep of snapshots", "err", err)
		}
	}
}

// SweepSnapshots removes those that have expired, or are of another history, and
// the oldest while they take more room than they may. The newest stays.
func (s *Store) SweepSnapshots(ctx context.Context) error {
	if s.snaps.dir == "" {
		return nil
	}
	if err := errors.Join(s.removeUnfinished(), s.findSnapshots(ctx)); err != nil {
		return err
	}
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	n := s.snaps
	n.mu.Lock()
	defer n.mu.Unlock()
	var total int64
	for _, m := range n.made {
		total += m.bytes()
	}
	var errs []error
	last := len(n.made) - 1
	n.made = slices.DeleteFunc(slices.Clone(n.made), func(m *Snapshot) bool {
		if m.lives(head, s.now()) && (total <= n.limit || m == n.made[last]) {
			return false
		}
		total -= m.bytes()
		errs = append(errs, os.RemoveAll(m.dir))
		return true
	})
	return errors.Join(errs...)
}

// Snapshot gives a snapshot for the device's grants: a young one, or a new one.
// However many ask at once, it is made once. ErrNoSnapshot when none are made.
func (s *Store) Snapshot(ctx context.Context, d Device) (*Snapshot, error) {
	if s.snaps.dir == "" {
		return nil, ErrNoSnapshot
	}
	head, err := s.Head(ctx)
	if err != nil {
		return nil, err
	}
	grants := joinScopes(d.Grants)
	if m := s.young(head, grants); m != nil {
		return m, nil
	}
	if err := s.findSnapshots(ctx); err != nil {
		return nil, err
	}
	m, b, err := s.youngOrBuild(head, grants)
	if err != nil || m != nil {
		return m, err
	}
	select {
	case <-b.done:
		return b.m, b.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// young gives a snapshot that is there and young. One that another server has
// removed is forgotten.
func (s *Store) young(head Head, grants string) *Snapshot {
	n := s.snaps
	n.mu.Lock()
	defer n.mu.Unlock()
	return s.youngOf(head, grants)
}

func (s *Store) youngOf(head Head, grants string) *Snapshot {
	n := s.snaps
	for _, m := range slices.Backward(n.made) {
		if m.Grants != grants || !m.lives(head, s.now()) || s.now().Sub(m.Made) >= snapshotYoung || head.Seq-m.Seq > s.horizon {
			continue
		}
		if _, err := os.Stat(filepath.Join(m.dir, snapshotManifest)); err == nil {
			return m
		}
		n.made = slices.DeleteFunc(slices.Clone(n.made), func(o *Snapshot) bool { return o == m })
	}
	return nil
}

// youngOrBuild gives what is there, or what is being made.
func (s *Store) youngOrBuild(head Head, grants string) (*Snapshot, *snapshotBuild, error) {
	n := s.snaps
	n.mu.Lock()
	defer n.mu.Unlock()
	if m := s.youngOf(head, grants); m != nil {
		return m, nil, nil
	}
	if b := n.building[grants]; b != nil {
		return nil, b, nil
	}
	if n.closed {
		return nil, nil, ErrClosed
	}
	b := &snapshotBuild{done: make(chan struct{})}
	n.building[grants] = b
	n.busy.Go(func() { s.buildSnapshot(grants, b) })
	return nil, b, nil
}

// buildSnapshot makes one and tells who waits. It goes on when a caller hangs up:
// the others still want it.
func (s *Store) buildSnapshot(grants string, b *snapshotBuild) {
	n := s.snaps
	select {
	case n.turn <- struct{}{}:
		b.m, b.err = s.onSite(n.ctx, grants)
		<-n.turn
	case <-n.ctx.Done():
	}
	if n.ctx.Err() != nil {
		b.m, b.err = nil, ErrClosed
	}
	n.mu.Lock()
	delete(n.building, grants)
	if b.err == nil {
		same := slices.IndexFunc(n.made, func(m *Snapshot) bool { return m.dir == b.m.dir }) // found in the folder meanwhile
		if same < 0 {
			n.made = append(n.made, b.m)
		} else {
			b.m = n.made[same]
		}
	}
	n.mu.Unlock()
	if b.err == nil {
		if err := s.SweepSnapshots(n.ctx); err != nil && n.ctx.Err() == nil {
			s.log.Error("sweep of snapshots", "err", err)
		}
	}
	close(b.done)
}

// SnapshotPart opens a part of a snapshot that was made for exactly the device's
// present grants, by whichever server; ErrNoSnapshot for any other. The caller
// closes the file.
func (s *Store) SnapshotPart(ctx context.Context, d Device, sha string) (*os.File, error) {
	if s.snaps.dir == "" {
		return nil, ErrNoSnapshot
	}
	f, err := s.partOf(ctx, d, sha)
	if !errors.Is(err, ErrNoSnapshot) {
		return f, err
	}
	if err := s.findSnapshots(ctx); err != nil {
		return nil, err
	}
	return s.partOf(ctx, d, sha)
}

func (s *Store) partOf(ctx context.Context, d Device, sha string) (*os.File, error) {
	head, err := s.Head(ctx)
	if err != nil {
		return nil, err
	}
	grants := joinScopes(d.Grants)
	n := s.snaps
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range slices.Backward(n.made) {
		if m.Grants != grants || !m.lives(head, s.now()) {
			continue
		}
		if slices.ContainsFunc(m.Parts, func(p protocol.Part) bool { return p.SHA256 == sha }) {
			f, err := os.Open(filepath.Join(m.dir, sha))
			if errors.Is(err, os.ErrNotExist) {
				return nil, ErrNoSnapshot // somebody tidied the folder up
			}
			return f, err
		}
	}
	return nil, ErrNoSnapshot
}

// shows tells whether a snapshot for these grants holds the record. Persons come
// by pull, so that no file of the server names one.
func shows(grants []city.Scope, r stored) bool {
	return r.Kind != city.KindPerson && granted(r.scopes, func(s city.Scope) bool { return slices.Contains(grants, s) })
}
