package fieldapp

import (
	"cmp"
	"reflect"
	"slices"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// Near is a request that is not closed, anybody's.
type Near struct {
	ID      city.ID
	Request city.Request
	Metres  int // from the place that was asked about
}

// Pending tells whether it was entered here and is not with the city yet.
func (o Near) Pending() bool { return o.Request.ReceivedAt.IsZero() }

// openRequests are all of them, by id, while a screen shows some. They are read
// away from the screen's goroutine: a city has many.
type openRequests struct {
	all     []Near
	loaded  bool
	loading bool
	again   bool // something has come since the reading began
}

// wantsOpen tells whether the screens on the way show open requests.
func (a *App) wantsOpen() bool {
	return a.On(ScreenNear) || a.On(ScreenFind)
}

// loadOpen reads the open requests again and shows them when they are others.
func (a *App) loadOpen() {
	if a.open.loading {
		a.open.again = true
		return
	}
	a.open.loading, a.open.again = true, false
	before := a.open.all
	a.cfg.Background(func() {
		all, err := a.readOpen()
		same := err == nil && reflect.DeepEqual(before, all)
		a.cfg.Post(func() { a.gotOpen(all, same, err) })
	})
}

func (a *App) gotOpen(all []Near, same bool, err error) {
	a.open.loading = false
	if err != nil {
		a.cfg.Log.Error("read open requests", "err", err)
	}
	if !a.wantsOpen() {
		a.open = openRequests{}
		return
	}
	if first := !a.open.loaded; err == nil && (first || !same) {
		a.open.all, a.open.loaded = all, true
		a.Changed(Same)
	}
	if a.open.again {
		a.loadOpen()
	}
}

// readOpen reads the tablet's copy and nothing of the app.
func (a *App) readOpen() ([]Near, error) {
	records, err := a.r.Records(a.ctx, city.KindRequest)
	if err != nil {
		return nil, err
	}
	var out []Near
	for _, rec := range records {
		if rec.Text("status") == string(city.StatusClosed) {
			continue
		}
		var r city.Request
		if err := rec.Into(&r); err != nil {
			return nil, err
		}
		if r.Place.OnMap() {
			out = append(out, Near{ID: rec.ID, Request: r})
		}
	}
	return out, nil
}

// ServiceOf names what a request is about, with its icon.
func (a *App) ServiceOf(r city.Request) (name, icon string) {
	if s, ok := a.services[r.Service]; ok {
		return s.Name.In(a.prefs.Language), s.Icon
	}
	return a.T("field.job.untitled"), ""
}

// JobOf is the crew's own unfinished job about a request.
func (a *App) JobOf(request city.ID) (Job, bool) {
	i := slices.IndexFunc(a.list.all, func(j Job) bool { return j.Request == request && j.Open() })
	if i < 0 {
		return Job{}, false
	}
	return a.list.all[i], true
}

// OwnJobs are the crew's unfinished jobs by request.
func (a *App) OwnJobs() map[city.ID]Job {
	out := make(map[city.ID]Job, len(a.list.all))
	for _, j := range a.list.all {
		if j.Open() {
			out[j.Request] = j
		}
	}
	return out
}

// RequestStatus says how a request stands.
func (a *App) RequestStatus(r Near) string {
	if r.Pending() {
		return a.T("field.status.pending")
	}
	return a.T("field.status." + string(r.Request.Status))
}

// mostTwins is how many requests a finding is compared with.
const mostTwins = 5

// Twins are open requests of the finding's service so close to its place that
// they may be about the same thing, nearest first.
func (a *App) Twins() []Near {
	if a.find == nil || !a.find.Place.OnMap() {
		return nil
	}
	svc, ok := a.services[a.find.Service]
	if !ok {
		return nil
	}
	var out []Near
	for _, o := range a.open.all {
		if m, ok := atlas.Metres(a.find.Place, o.Request.Place); ok && o.Request.Service == a.find.Service && m <= svc.Reach() {
			o.Metres = m
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(x, y Near) int { return cmp.Or(x.Metres-y.Metres, cmp.Compare(x.ID, y.ID)) })
	return out[:min(len(out), mostTwins)]
}

// OpenRequest shows a request: the crew's own job about it, or what all may see.
func (a *App) OpenRequest(id city.ID) {
	if s := a.Screen(); s != ScreenNear && s != ScreenFind {
		return
	}
	if j, ok := a.JobOf(id); ok && a.find == nil {
		a.OpenJob(j.ID)
		return
	}
	a.looking = id
	a.push(ScreenRequest)
}

// Looking is the request that is shown; false when it is closed by now.
func (a *App) Looking() (Near, bool) {
	i := slices.IndexFunc(a.open.all, func(o Near) bool { return o.ID == a.looking })
	if i < 0 {
		return Near{}, false
	}
	return a.open.all[i], true
}

// SameAs says that the finding is reported already: it is not sent. Where the
// report is a job of this crew, the words of the finding go on as a note about it.
func (a *App) SameAs(id city.ID) {
	if a.find == nil || a.Screen() != ScreenRequest {
		return
	}
	a.flush()
	job, own := a.JobOf(id)
	words := a.find.Words
	if own && words != "" {
		note := noteForm{Job: job.ID}
		if err := a.takeUp(noteKey(job.ID), &note); err != nil {
			a.fail(err)
			return
		}
		if note.Text != "" {
			words = note.Text + "\n" + words
		}
		note.Text = words
		// The note is on disk before the finding goes: nothing that was typed is lost between.
		if err := a.keep(DraftInfo{Key: noteKey(job.ID), Job: job.ID, Title: job.Line()}, note); err != nil {
			a.fail(err)
			return
		}
	}
	a.forget(findKey)
	a.find, a.dirty, a.page = nil, false, nil
	a.reset(Back, ScreenJobs)
	a.Refresh()
	if own {
		a.OpenJob(job.ID)
		if words != "" {
			a.OpenNote()
			return
		}
	}
	a.notice = a.tell("field.twin.dropped")
	a.Changed(Same)
}
