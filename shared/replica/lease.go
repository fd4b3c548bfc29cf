package replica

import (
	"context"
	"encoding/json"
	"time"

	"cityhall/shared/city"
)

// leaseNote is the setting that carries the lease over a start.
const leaseNote = "replica.lease"

const (
	defaultLease = 14 * 24 * time.Hour
	leaseSlack   = time.Hour // by which a clock may be set back without ending it
	leaseTick    = time.Hour // how often at least the clock's progress is noted
)

// lease is for how long a tablet may show people without a word of the city.
type lease struct {
	Heard   time.Time `json:"heard"` // last signed answer, by the device's clock
	Seen    time.Time `json:"seen"`  // latest time that the device's clock has shown since
	Seconds int64     `json:"seconds"`
}

// LeaseOver tells whether a tablet has been without a word of the city for so
// long that it must not show records of people any more, nor keep a key to them.
// A clock that was set back counts as much as one that went on. Recording acts,
// and everything else, goes on. Whoever shows why a contact is not there asks this
// first: no PIN helps then, and after it Unlocked is false until one is given.
func (r *Replica) LeaseOver() bool {
	id := r.who()
	if id == nil || id.kind != city.DeviceTablet {
		return false
	}
	l := r.lease.Load()
	if l == nil {
		return true
	}
	now, length := r.cfg.Now(), time.Duration(l.Seconds)*time.Second
	if l.Seconds <= 0 || l.Seconds > int64(10*365*24*time.Hour/time.Second) {
		length = defaultLease
	}
	return now.Before(l.Seen.Add(-leaseSlack)) || now.Sub(l.Heard) > length
}

// renewLease notes that the city has spoken. seconds is what it said.
func (r *Replica) renewLease(ctx context.Context, seconds int64) error {
	now := r.cfg.Now()
	was := r.LeaseOver()
	old := r.lease.Load()
	l := &lease{Heard: now, Seen: now, Seconds: seconds}
	r.lease.Store(l)
	if was {
		r.changed()
	}
	if since := now.Sub(r.leaseKept); old != nil && old.Seconds == seconds && since >= 0 && since < time.Minute {
		return nil // it costs a write to the disk
	}
	return r.keepLease(ctx, l)
}

func (r *Replica) keepLease(ctx context.Context, l *lease) error {
	raw, err := json.Marshal(l)
	if err != nil { // a clock beyond the year 9999: the next start waits for a word of the city
		return nil
	}
	r.leaseKept = l.Seen
	return r.SetSetting(ctx, leaseNote, string(raw))
}

// watchLease notes how far the clock has come, so that setting it back later does
// not prolong the lease, and tells when it has ended.
func (r *Replica) watchLease(ctx context.Context) {
	r.dropWithLease()
	if over := r.LeaseOver(); over != r.leaseWas {
		r.leaseWas = over
		r.changed()
	}
	l := r.lease.Load()
	if now := r.cfg.Now(); l != nil && now.Sub(l.Seen) > leaseTick {
		next := *l
		next.Seen = now
		r.lease.Store(&next)
		if err := r.keepLease(ctx, &next); err != nil {
			r.cfg.Log.Warn("lease not kept", "err", err)
		}
	}
}

// readLease takes up the lease at a start. A damaged one counts as none: the next
// answer of the city gives another.
func (r *Replica) readLease(ctx context.Context) error {
	text, err := r.Setting(ctx, leaseNote)
	if err != nil && city.CodeOf(err) != city.CodeDamaged {
		return err
	}
	var l lease
	if text != "" && json.Unmarshal([]byte(text), &l) == nil {
		r.lease.Store(&l)
		r.leaseKept = l.Seen
	}
	r.leaseWas = r.LeaseOver()
	return nil
}

// hidden tells whether records of a kind are not to be shown now.
func (r *Replica) hidden(kind city.Kind) bool { return kind == city.KindPerson && r.LeaseOver() }
