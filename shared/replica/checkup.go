package replica

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"
)

// checkEvery is how often the records are compared with the city's.
const checkEvery = 24 * time.Hour

// The settings that carry the check-up over a start.
const (
	checkedNote  = "replica.checked"
	repairedNote = "replica.repaired"
	runningNote  = "replica.running"
)

// checkup is when the cache was last compared with the city, and how often it was
// found to be wrong. It is under stepping but for the count.
type checkup struct {
	last     time.Time // zero: never
	unclean  bool      // the last run of the program did not end, it was ended
	noted    bool      // that this run has begun
	repaired atomic.Int64
}

func (c *checkup) due(now time.Time) bool {
	since := now.Sub(c.last)
	return c.unclean || since >= checkEvery || since < 0
}

// openCheckup reads what the last run left behind and notes that this one has
// begun. Nothing here may keep a device from starting: at worst it compares once
// more than it had to.
func (r *Replica) openCheckup(ctx context.Context) {
	running, err := r.Setting(ctx, runningNote)
	r.checkup.unclean = err != nil || running != ""
	if last, err := r.Setting(ctx, checkedNote); err == nil && last != "" {
		r.checkup.last, _ = time.Parse(time.RFC3339, last) // unreadable reads as never
	} else if err == nil {
		r.checkup.last = r.started // nothing is here yet that could be wrong
		r.note(ctx, checkedNote, r.started.UTC().Format(time.RFC3339))
	}
	if n, err := r.Setting(ctx, repairedNote); err == nil {
		count, _ := strconv.ParseInt(n, 10, 64) // unreadable: counted anew
		r.checkup.repaired.Store(count)
	}
	r.checkup.noted = true
	if running == "" {
		r.note(ctx, runningNote, "yes")
	}
}

// closeCheckup notes an orderly end.
func (r *Replica) closeCheckup() {
	if r.checkup.noted {
		r.note(context.Background(), runningNote, "")
	}
}

// keepCheckup notes that the cache was compared with the city.
func (r *Replica) keepCheckup(ctx context.Context) {
	r.checkup.last, r.checkup.unclean = r.cfg.Now(), false
	r.note(ctx, checkedNote, r.checkup.last.UTC().Format(time.RFC3339))
	if n := r.checkup.repaired.Load(); n > 0 {
		r.note(ctx, repairedNote, strconv.FormatInt(n, 10))
	}
}

func (r *Replica) note(ctx context.Context, name, value string) {
	if err := r.SetSetting(ctx, name, value); err != nil {
		r.cfg.Log.Warn("not noted", "name", name, "err", err)
	}
}
