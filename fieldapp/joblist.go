package fieldapp

import (
	"context"
	"slices"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// manyJobs is from how many on the list is read away from the screen's goroutine.
// Fewer are read at once, so that the screen is never behind.
const manyJobs = 300

// jobReader reads a crew's jobs, and nothing of the app: it may run elsewhere.
type jobReader struct {
	r        *replica.Replica
	view     city.View
	crew     city.ID
	services map[city.ID]city.Service
	settings city.Settings
	language string
	untitled string
	now      time.Time
}

func (a *App) jobReader(view city.View) jobReader {
	return jobReader{a.r, view, a.person.Actor.Crew, a.services, a.settings, a.prefs.Language, a.T("field.job.untitled"), a.cfg.Now()}
}

// loadJobs reads the list again. Of a long one the open job is read at once and
// the rest is shown when it is there.
func (a *App) loadJobs(view city.View) error {
	if a.list.seen == nil {
		if err := a.loadSeen(); err != nil {
			return err
		}
	}
	if a.person.Actor.Kind == "" {
		a.list.all, a.list.crew = nil, ""
		return nil
	}
	from := a.jobReader(view)
	if from.crew == a.list.crew && len(a.list.all) >= manyJobs {
		a.readLater(from)
		return a.readOpenJob(from)
	}
	all, err := from.all(a.ctx)
	if err != nil {
		return err
	}
	a.setJobs(from.crew, all)
	return nil
}

// setJobs shows jobs that were read.
func (a *App) setJobs(crew city.ID, all []Job) {
	for i := range all {
		if was, ok := a.list.seen[all[i].ID]; !ok {
			all[i].Fresh = New
		} else if was != all[i].mark {
			all[i].Fresh = Altered
		}
	}
	a.list.all, a.list.crew = all, crew
	a.sortJobs()
}

// readLater reads the list in the background; what comes meanwhile is read after it.
func (a *App) readLater(from jobReader) {
	if a.list.reading {
		a.list.again = true
		return
	}
	a.list.reading, a.list.again = true, false
	a.cfg.Background(func() {
		all, err := from.all(a.ctx)
		a.cfg.Post(func() { a.gotJobs(from.crew, all, err) })
	})
}

func (a *App) gotJobs(crew city.ID, all []Job, err error) {
	a.list.reading = false
	switch {
	case crew != a.list.crew: // somebody of another crew works by now
	case err != nil:
		a.fail(err)
	default:
		before := a.list.all
		a.setJobs(crew, all)
		if slices.Equal(before, a.list.all) {
			break
		}
		view, err := a.r.View(a.ctx)
		if err == nil {
			err = a.loadPage(view) // its job may be another crew's by now
		}
		if err != nil {
			a.fail(err)
			break
		}
		a.Changed(Same)
	}
	if a.list.again {
		a.Refresh()
	}
}

// readOpenJob reads the open job again, so that a page shows what was done on it.
func (a *App) readOpenJob(from jobReader) error {
	if a.page == nil {
		return nil
	}
	at := slices.IndexFunc(a.list.all, func(j Job) bool { return j.ID == a.page.ID })
	rec, ok, err := from.view.Record(city.Ref{Kind: city.KindWorkOrder, ID: a.page.ID})
	if err != nil || !ok || at < 0 {
		return err
	}
	job, err := from.read(rec)
	if err != nil {
		return err
	}
	job.Fresh = a.list.all[at].Fresh
	all := slices.Clone(a.list.all)
	all[at] = job
	a.list.all = all
	a.sortJobs()
	return nil
}

// all reads every job of the crew.
func (r jobReader) all(ctx context.Context) ([]Job, error) {
	orders, err := r.r.Find(ctx, city.KindWorkOrder, "crew", string(r.crew))
	if err != nil {
		return nil, err
	}
	out := make([]Job, 0, len(orders))
	for _, rec := range orders {
		job, err := r.read(rec)
		if err != nil {
			return nil, err
		}
		out = append(out, job)
	}
	return out, nil
}

// read makes a job of its work order. What is new about it is for the app to say.
func (r jobReader) read(rec city.Record) (Job, error) {
	var order city.WorkOrder
	if err := rec.Into(&order); err != nil {
		return Job{}, err
	}
	req, _, err := city.LoadRequest(r.view, order.Request)
	if err != nil {
		return Job{}, err
	}
	work, _, err := city.LoadWork(r.view, order.Request) // its place has what was typed, too
	if err != nil {
		return Job{}, err
	}
	j := Job{ID: rec.ID, Request: order.Request, Number: order.Request.Number(), State: order.State, Priority: order.Priority,
		Due: order.DueAt, Returned: order.Returned, visit: order.Visit, district: req.Place.District, mark: markOf(rec),
		District: r.settings.District(req.Place.District), Where: work.Place.Line(), Place: work.Place, Title: r.untitled}
	if !j.Place.OnMap() {
		j.Place = req.Place
	}
	if svc, ok := r.services[req.Service]; ok {
		j.Title, j.Icon = svc.Name.In(r.language), svc.Icon
	}
	j.Overdue = j.Open() && !j.Due.IsZero() && j.Due.Before(r.now)
	if !j.Open() && order.Visit != "" {
		v, _, err := loadVisit(r.view, order.Visit)
		if err != nil {
			return Job{}, err
		}
		j.Outcome, j.Ended = v.Outcome, v.FinishedAt
	}
	return j, nil
}
