package fieldapp

import (
	"slices"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// listed is how many acts the list looks back at; pending ones are first.
const listed = 300

// recent is how long what has arrived stays on the list.
const recent = 36 * time.Hour

// Line is one act, or all photos of one job, and how far it has come.
type Line struct {
	Title   string // of the job
	Words   string // what was done
	When    string
	State   replica.State
	Detail  string // "2 of 3 photos sent"
	Explain string // why it needs attention and what happens next
	Subject city.ID

	at     time.Time
	photos int
	sent   int
	waits  bool // for a link that is not metered
}

// Waiting is what has not arrived, what needs attention and what arrived lately.
type Waiting struct {
	Attention []Line
	Pending   []Line
	Recent    []Line
	Drafts    []DraftInfo
	Damaged   int
	Full      bool // the disk: what is saved goes into its last room
	Photos    int  // not yet sent
	Metered   bool // those wait for Wi-Fi
	Oldest    string
}

// Waiting gives the list.
func (a *App) Waiting() Waiting { return a.waiting }

// WaitingCount is the figure on the badge: what is not with the city yet and
// what needs attention.
func (a *App) WaitingCount() int { return len(a.waiting.Attention) + len(a.waiting.Pending) }

// OnTheWay tells whether something about a job is not with the city yet.
func (a *App) OnTheWay(j Job) bool {
	return slices.ContainsFunc(a.waiting.Pending, func(l Line) bool { return l.Subject == j.Request })
}

// Syncing tells whether the city is being asked right now.
func (a *App) Syncing() bool { return a.syncing }

// OpenWaiting shows the list.
func (a *App) OpenWaiting() {
	if a.unlocked() && a.Screen() != ScreenWaiting {
		a.push(ScreenWaiting)
	}
}

// OpenMore shows preferences and what this tablet is.
func (a *App) OpenMore() {
	if a.unlocked() && a.Screen() != ScreenMore {
		a.push(ScreenMore)
	}
}

// Home shows the list of jobs.
func (a *App) Home() {
	if !a.unlocked() || a.person.Actor.Kind == "" || a.Screen() == ScreenJobs {
		return
	}
	a.flush()
	a.form, a.find, a.picking, a.note, a.page = nil, nil, nil, noteForm{}, nil
	a.reset(Back, ScreenJobs)
	a.Refresh()
}

// DeviceName is what this tablet is called; Server where the city is.
func (a *App) DeviceName() string { return a.identity.Name }

// Server is the address that the tablet talks to.
func (a *App) Server() string { return a.identity.Server }

// SyncNow asks the city at once.
func (a *App) SyncNow() {
	if a.syncing {
		return
	}
	a.syncing, a.problem, a.notice = true, nil, nil
	a.Changed(Same)
	a.cfg.Background(func() {
		err := a.r.Step(a.net)
		a.cfg.Post(func() {
			a.syncing = false
			a.Refresh()
			switch {
			case err != nil && a.link.State != replica.LinkRevoked && a.link.State != replica.LinkUpgrade && a.link.State != replica.LinkWrongServer:
				a.problem = a.tell("field.sync.failed")
			case err == nil && a.identity.Device != "": // not wiped by it
				a.notice = a.tell("field.sync.done")
			}
			a.Changed(Same)
		})
	})
}

func (a *App) loadWaiting() error {
	items, err := a.r.Items(a.ctx, listed)
	if err != nil {
		return err
	}
	sum, err := a.r.Summary(a.ctx)
	if err != nil {
		return err
	}
	w := Waiting{Damaged: sum.Damaged, Full: sum.Full, Photos: sum.Blobs, Metered: sum.Waits}
	if !sum.Oldest.IsZero() {
		w.Oldest = a.when(sum.Oldest)
	}
	for _, l := range a.lines(items) {
		switch l.State {
		case replica.StateAttention:
			w.Attention = append(w.Attention, l)
		case replica.StateReceived, replica.StateSafe:
			if a.cfg.Now().Sub(l.at) < recent {
				w.Recent = append(w.Recent, l)
			}
		default:
			w.Pending = append(w.Pending, l)
		}
	}
	if w.Drafts, err = a.draftList(); err != nil {
		return err
	}
	for i, d := range w.Drafts {
		if d.Job != "" && a.person.Actor.Kind != "" {
			_, ok := a.job(d.Job)
			w.Drafts[i].Gone = !ok
		}
	}
	a.waiting = w
	return nil
}

// lines joins the photos of one job into one line; every other act has its own.
func (a *App) lines(items []replica.Item) []Line {
	var out []Line
	for _, it := range items {
		if it.State == replica.StateHanded { // it is the office's, and a person there decides
			it.State = replica.StateAttention
		}
		if it.Type == (&city.AddPhoto{}).Type() && it.State != replica.StateAttention {
			i := slices.IndexFunc(out, func(l Line) bool {
				return l.photos > 0 && l.Subject == it.Subject && l.at.Sub(it.At).Abs() < time.Minute && l.State != replica.StateAttention
			})
			if i < 0 {
				out = append(out, a.line(it))
				i = len(out) - 1
			}
			l := &out[i]
			l.photos++
			l.sent += min(it.BlobsSent, 1)
			l.waits = l.waits || it.Waits
			l.State = lesser(l.State, photoState(it))
			continue
		}
		l := a.line(it)
		if it.Type == (&city.AddPhoto{}).Type() {
			l.Words = a.T("field.act.photos", "count", 1)
		}
		out = append(out, l)
	}
	for i := range out {
		if l := &out[i]; l.photos > 0 {
			l.Words = a.T("field.act.photos", "count", l.photos)
			if l.State != replica.StateSafe {
				l.Detail = a.photosSent(*l)
			}
		}
	}
	return out
}

// photoState is the photo's own: its act may be with the city before its bytes.
func photoState(it replica.Item) replica.State {
	if it.BlobsSent < it.Blobs && (it.State == replica.StateReceived || it.State == replica.StateSafe) {
		return replica.StateSent
	}
	return it.State
}

// lesser is the state that promises less.
func lesser(x, y replica.State) replica.State {
	order := []replica.State{replica.StateSaved, replica.StateSent, replica.StateReceived, replica.StateSafe}
	return order[min(max(0, slices.Index(order, x)), max(0, slices.Index(order, y)))]
}

func (a *App) line(it replica.Item) Line {
	key := "field.act." + strings.NewReplacer(".", "_", "@1", "").Replace(string(it.Type))
	if !a.w.Has(key) {
		key = "field.act.unknown"
	}
	l := Line{Title: it.Title, Words: a.T(key), When: a.when(it.At), State: photoState(it), Subject: it.Subject, at: it.At}
	if it.State == replica.StateAttention {
		l.Explain = a.explain(it)
	}
	if it.Verdict == city.VerdictHeld && it.State != replica.StateAttention {
		l.Explain = a.T("field.held")
		if it.Code == city.CodeMissing {
			l.Explain = a.T("field.held_missing")
		}
	}
	return l
}

// explain says in plain words why an act needs attention, and what the office
// has decided if it has.
func (a *App) explain(it replica.Item) string {
	if it.Review != "" {
		if view, err := a.r.View(a.ctx); err == nil {
			if r, ok, err := city.LoadReview(view, it.Review); err == nil && ok && r.State == "closed" {
				return a.T("field.attention.decided", "name", r.DecidedBy, "words", r.Decision)
			}
		}
	}
	for _, key := range []string{"field.attention.code." + string(it.Code), "field.attention." + string(it.Verdict)} {
		if a.w.Has(key) {
			return a.T(key)
		}
	}
	return a.T("field.attention.unknown")
}

// unsentAbout lists what this tablet did about a request and the city has not
// confirmed, or has a question about.
func (a *App) unsentAbout(request city.ID) ([]Line, error) {
	items, err := a.r.ItemsAbout(a.ctx, request)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(a.lines(items), func(l Line) bool {
		return l.State == replica.StateReceived || l.State == replica.StateSafe
	}), nil
}
