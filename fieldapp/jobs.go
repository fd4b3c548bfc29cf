package fieldapp

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"cityhall/shared/city"
)

// Order is how the list is sorted. Work in hand always comes first.
type Order string

// The orders.
const (
	ByPromise  Order = "promise"
	ByPriority Order = "priority"
	ByDistance Order = "distance" // from the last known position; without one the district of the last job comes first
)

// Orders lists them as they are offered.
var Orders = []Order{ByPromise, ByDistance, ByPriority}

// Fresh tells whether the crew has seen a job as it stands.
type Fresh string

// What is new about a job.
const (
	Seen    Fresh = ""
	New     Fresh = "new"
	Altered Fresh = "altered"
)

// Job is one line of the list.
type Job struct {
	ID       city.ID // of the work order
	Request  city.ID
	Number   string
	Title    string // the service's name
	Icon     string
	Where    string
	Place    city.Place // as exact as the crew may know it
	Metres   int        // from where the tablet is or was, if Measured
	Measured bool
	District string
	State    city.JobState
	Priority city.Priority
	Due      time.Time // zero: nothing is promised
	Overdue  bool
	Returned string // why the office sent it back, or ""
	Fresh    Fresh
	Outcome  city.Outcome // of the last visit
	Ended    time.Time    // of the last visit

	visit    city.ID
	district city.ID
	mark     string // changes when the office changes something
}

// Open tells whether something is left to do for the crew.
func (j Job) Open() bool { return j.State == city.JobAssigned || j.State == city.JobStarted }

// Line is the job in one line, as lists of waiting work show it.
func (j Job) Line() string {
	if j.Where == "" {
		return j.Title
	}
	return j.Title + " · " + j.Where
}

// jobList is the list and how the person looks at it.
type jobList struct {
	all   []Job
	order Order
	done  bool
	onMap bool // instead of in a list
	seen  map[city.ID]string

	crew    city.ID // whose they are
	reading bool    // away from the screen's goroutine
	again   bool    // something has come since that began
}

// Counts are the figures above the list.
type Counts struct{ Todo, Overdue, New, Done int }

// Order is how the list is sorted.
func (a *App) Order() Order { return a.list.order }

// ShowsDone tells whether finished jobs are listed instead of open ones.
func (a *App) ShowsDone() bool { return a.list.done }

// SetOrder sorts the list, now and at the next start.
func (a *App) SetOrder(o Order) {
	a.list.order, a.at.list = o, a.at.last
	if err := a.r.SetSetting(a.ctx, "field.order", string(o)); err != nil {
		a.cfg.Log.Error("keep order", "err", err)
	}
	a.sortJobs()
	a.Changed(Same)
}

// ShowDone lists finished jobs, or the open ones again.
func (a *App) ShowDone(done bool) {
	a.list.done = done
	a.Changed(Same)
}

// ShowsMap tells whether the open jobs are on a map instead of in the list.
func (a *App) ShowsMap() bool { return a.list.onMap && a.HasMap() }

// ShowMap shows the open jobs on a map, or in the list again.
func (a *App) ShowMap(on bool) {
	a.list.onMap = on
	a.list.done = a.list.done && !on
	a.Changed(Same)
}

// Jobs lists what is asked for.
func (a *App) Jobs() []Job {
	var out []Job
	for _, j := range a.list.all {
		if j.Open() != a.list.done {
			out = append(out, j)
		}
	}
	return out
}

// Counts counts the crew's jobs.
func (a *App) Counts() Counts {
	var c Counts
	for _, j := range a.list.all {
		switch {
		case !j.Open():
			c.Done++
		default:
			c.Todo++
			if j.Overdue {
				c.Overdue++
			}
			if j.Fresh != Seen {
				c.New++
			}
		}
	}
	return c
}

func loadVisit(view city.View, id city.ID) (city.Visit, string, error) {
	var v city.Visit
	rec, ok, err := view.Record(city.Ref{Kind: city.KindVisit, ID: id})
	if err != nil || !ok {
		return v, "", err
	}
	return v, string(rec.Writers["started_at"]), rec.Into(&v)
}

// markOf stands for what the office says about a job.
func markOf(rec city.Record) string {
	var b strings.Builder
	for _, f := range []string{"assigned_at", "priority", "due_at", "instruction", "returned"} {
		b.Write(rec.Fields[f])
		b.WriteByte('|')
	}
	return b.String()
}

func (a *App) loadSeen() error {
	order, err := a.r.Setting(a.ctx, "field.order")
	if err != nil {
		return err
	}
	if a.list.order = Order(order); !slices.Contains(Orders, a.list.order) {
		a.list.order = ByPromise
	}
	text, err := a.r.Setting(a.ctx, "field.seen")
	if err != nil {
		return err
	}
	a.list.seen = map[city.ID]string{}
	if text != "" && json.Unmarshal([]byte(text), &a.list.seen) != nil {
		a.list.seen = map[city.ID]string{} // then everything is new again
	}
	return nil
}

// markSeen notes that the crew has seen the job as it stands, and forgets jobs
// that are gone.
func (a *App) markSeen(id city.ID) {
	kept := map[city.ID]string{}
	for i := range a.list.all {
		j := &a.list.all[i]
		if j.ID == id {
			kept[id], j.Fresh = j.mark, Seen
		} else if was, ok := a.list.seen[j.ID]; ok {
			kept[j.ID] = was
		}
	}
	a.list.seen = kept
	raw, err := json.Marshal(kept)
	if err == nil {
		err = a.r.SetSetting(a.ctx, "field.seen", string(raw))
	}
	if err != nil {
		a.cfg.Log.Error("keep what was seen", "err", err)
	}
}

// sortJobs puts work in hand first, then the order asked for. Finished ones come
// latest first.
func (a *App) sortJobs() {
	here := a.here()
	a.measure()
	slices.SortStableFunc(a.list.all, func(x, y Job) int {
		if x.Open() != y.Open() {
			return ahead(x.Open())
		}
		if !x.Open() {
			return cmp.Or(y.Ended.Compare(x.Ended), cmp.Compare(x.ID, y.ID))
		}
		if started := x.State == city.JobStarted; started != (y.State == city.JobStarted) {
			return ahead(started)
		}
		promise := cmp.Or(byTime(x.Due, y.Due), cmp.Compare(x.Priority.Rank(), y.Priority.Rank()))
		switch a.list.order {
		case ByPriority:
			return cmp.Or(cmp.Compare(x.Priority.Rank(), y.Priority.Rank()), promise, cmp.Compare(x.ID, y.ID))
		case ByDistance:
			if x.Measured != y.Measured {
				return ahead(x.Measured)
			}
			if x.Measured {
				return cmp.Or(cmp.Compare(x.Metres, y.Metres), promise, cmp.Compare(x.ID, y.ID))
			}
			if near := x.district == here; near != (y.district == here) {
				return ahead(near)
			}
			return cmp.Or(strings.Compare(x.District, y.District), promise, cmp.Compare(x.ID, y.ID))
		}
		return cmp.Or(promise, cmp.Compare(x.ID, y.ID))
	})
}

// here is the district of the job in hand, or of the one finished last.
func (a *App) here() city.ID {
	var last Job
	for _, j := range a.list.all {
		if j.State == city.JobStarted {
			return j.district
		}
		if j.Ended.After(last.Ended) {
			last = j
		}
	}
	return last.district
}

func ahead(first bool) int {
	if first {
		return -1
	}
	return 1
}

// byTime puts the earlier first and "never" last.
func byTime(x, y time.Time) int {
	if x.IsZero() != y.IsZero() {
		return ahead(!x.IsZero())
	}
	return x.Compare(y)
}

// job finds a job of the list.
func (a *App) job(id city.ID) (Job, bool) {
	i := slices.IndexFunc(a.list.all, func(j Job) bool { return j.ID == id })
	if i < 0 {
		return Job{}, false
	}
	return a.list.all[i], true
}
