package fieldapp

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/basemap"
	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/words"
)

// Config is what the app needs. Zero durations and functions have a default.
type Config struct {
	Replica  *replica.Replica
	Pictures string // folder where the camera leaves its pictures; may be empty
	Tiles    string // folder that keeps pieces of the map that were drawn; empty keeps none
	Language string // for the first start, such as "en"
	Enrol    string // an enrolment to offer on the first screen
	Name     string // what the city is to call the tablet
	PIN      string // set at the first start instead of asking, when not empty
	// Sticks lists the folders of the USB sticks that are plugged in; nil: there are
	// never any.
	Sticks func() ([]string, error)
	// Position gives the newest fix of the tablet's satellite receiver, false when
	// there was none; nil: it has no receiver. It is called on the app's goroutine.
	Position func() (Fix, bool)
	Now      func() time.Time
	Log      *slog.Logger
	// LockAfter is how long nobody may touch the screen before it locks; 0 is
	// ten minutes.
	LockAfter time.Duration
	// ContactAfter is the same for what residents left of themselves, which is
	// closed sooner: 0 is two minutes.
	ContactAfter time.Duration
	// Post runs f on the app's goroutine, Background away from it. Without them
	// both run at once, which is what tests want.
	Post       func(f func())
	Background func(f func())
}

// Screen names what is shown.
type Screen string

// The screens.
const (
	ScreenEnrol    Screen = "enrol"
	ScreenNewPIN   Screen = "new-pin"
	ScreenUnlock   Screen = "unlock"
	ScreenWho      Screen = "who"
	ScreenJobs     Screen = "jobs"
	ScreenJob      Screen = "job"
	ScreenNote     Screen = "note"
	ScreenFinish   Screen = "finish"
	ScreenPictures Screen = "pictures"
	ScreenCheck    Screen = "check"
	ScreenFind     Screen = "find"
	ScreenService  Screen = "service"
	ScreenWaiting  Screen = "waiting"
	ScreenMore     Screen = "more"
	ScreenPhoto    Screen = "photo"
	ScreenContact  Screen = "contact"
	ScreenNear     Screen = "near"    // what is open around a place, on a map
	ScreenRequest  Screen = "request" // one of these
	ScreenWhere    Screen = "where"   // the map to point at a finding's place
)

// Move says how the picture changes.
type Move int

// The moves.
const (
	Same        Move = iota // the same screen, from newer state
	Forward                 // a screen further in
	Back                    // a screen further out
	Preferences             // language, text size or contrast: everything looks new
	Moved                   // the same screen; the tablet is somewhere else
)

// App is the state of the field app.
type App struct {
	// Changed is called after every change of what is to be seen.
	Changed func(Move)

	cfg Config
	ctx context.Context // for the disk: what was entered is kept even while the program ends
	net context.Context // for the network: ends with the program
	r   *replica.Replica
	w   *words.Words

	identity replica.Identity
	settings city.Settings
	services map[city.ID]city.Service
	crews    map[city.ID]city.Crew
	atlas    *atlas.Atlas
	places   string // blob that atlas was opened from
	ground   ground // what it covers
	tiles    *basemap.Source
	drawn    string // the blob that tiles are of: places, or a map of the city's own
	at       positions

	stack   []Screen
	prefs   Prefs
	problem saying // what went wrong last
	notice  saying // what went well last
	fields  map[string]saying

	enrol   enrolment
	lock    lock
	person  Person
	list    jobList
	page    *JobPage
	note    noteForm
	form    *Form
	find    *Finding
	query   string // of the service search
	open    openRequests
	near    nearby
	looking city.ID // request that is shown
	pin     Spot
	days    dayWords
	picking *Pictures
	viewing string // blob of the photo that fills the screen
	waiting Waiting
	link    replica.Link
	syncing bool
	images  imageCache
	dirty   bool // a draft has changes that are not on disk
	touched time.Time
}

// Open reads what the tablet knows and decides on the first screen.
func Open(ctx context.Context, cfg Config) (*App, error) {
	if cfg.Post == nil {
		cfg.Post = func(f func()) { f() }
	}
	if cfg.Background == nil {
		cfg.Background = func(f func()) { f() }
	}
	if cfg.LockAfter == 0 {
		cfg.LockAfter = 10 * time.Minute
	}
	if cfg.ContactAfter == 0 {
		cfg.ContactAfter = 2 * time.Minute
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	a := &App{cfg: cfg, ctx: context.WithoutCancel(ctx), net: ctx, r: cfg.Replica, Changed: func(Move) {}, fields: map[string]saying{}, images: newImageCache()}
	a.touched = cfg.Now()
	a.enrol.Text, a.enrol.Name = cfg.Enrol, cfg.Name
	if err := a.loadPrefs(); err != nil {
		return nil, err
	}
	if err := a.loadLock(); err != nil {
		return nil, err
	}
	id, enrolled := a.r.Identity()
	a.identity = id
	if err := a.load(); err != nil {
		return nil, err
	}
	switch {
	case !enrolled:
		a.stack = []Screen{ScreenEnrol}
	case !a.lock.set:
		a.stack = []Screen{ScreenNewPIN}
	default:
		a.stack = []Screen{ScreenUnlock}
	}
	return a, nil
}

// Run follows the replica and the clock until ctx ends. It is the one method
// that runs on a goroutine of its own.
func (a *App) Run(ctx context.Context) {
	changes, stop := a.r.Changes()
	defer stop()
	clock := time.NewTicker(500 * time.Millisecond)
	defer clock.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes:
			a.cfg.Post(a.Refresh)
		case <-clock.C:
			a.cfg.Post(a.Tick)
		}
	}
}

// Close puts on disk what was typed last.
func (a *App) Close() {
	a.flush()
	a.closeAtlas()
}

// Screen is what is to be shown now.
func (a *App) Screen() Screen { return a.stack[len(a.stack)-1] }

// Problem is what went wrong last in words, or "". FieldProblem is the same for
// one field of a form.
func (a *App) Problem() string { return a.problem.words() }

// FieldProblem gives what is wrong with a field, or "".
func (a *App) FieldProblem(name string) string { return a.fields[name].words() }

// Notice is what went well last, or "".
func (a *App) Notice() string { return a.notice.words() }

// CityName is the city's name, once it is known.
func (a *App) CityName() string { return a.settings.Name }

// T translates.
func (a *App) T(key string, args ...any) string { return a.w.T(key, args...) }

// now is the present in the city's time zone.
func (a *App) now() time.Time { return a.cfg.Now().In(a.settings.Zone()) }

// On tells whether a screen is shown or can be gone back to.
func (a *App) On(s Screen) bool { return slices.Contains(a.stack, s) }

// push shows a screen further in; what was said on the last one is over.
func (a *App) push(s Screen) {
	a.leave()
	a.stack = append(a.stack, s)
	a.Changed(Forward)
}

// back goes one screen out, never past the first.
func (a *App) back() {
	a.leave()
	if len(a.stack) > 1 {
		a.stack = a.stack[:len(a.stack)-1]
	}
	a.Changed(Back)
}

// reset starts over from one screen.
func (a *App) reset(m Move, s ...Screen) {
	a.leave()
	a.stack = append([]Screen(nil), s...)
	a.Changed(m)
}

// backTo goes out until the screen is shown; it is put there if it is not on
// the way.
func (a *App) backTo(s Screen) {
	a.leave()
	for i := len(a.stack) - 1; i >= 0; i-- {
		if a.stack[i] == s {
			a.stack = a.stack[:i+1]
			a.Changed(Back)
			return
		}
	}
	a.stack = []Screen{ScreenJobs, s}
	a.Changed(Back)
}

// leave puts drafts on disk and clears what was said.
func (a *App) leave() {
	a.flush()
	a.problem, a.notice = nil, nil
	a.fields = map[string]saying{}
}

// fail shows what went wrong: beside its field if it has one, else on top.
// Nothing that was entered is touched.
func (a *App) fail(err error) {
	if e, ok := city.AsError(err); ok && e.Field != "" {
		a.fields[e.Field] = a.fault(err)
	} else if !ok {
		a.cfg.Log.Error("field app", "err", err)
	}
	a.problem = a.fault(err)
	a.Changed(Same)
}

// Back is the way out of any screen.
func (a *App) Back() {
	switch a.Screen() {
	case ScreenJobs, ScreenUnlock, ScreenNewPIN:
		return
	case ScreenEnrol:
		if !a.Rejoining() {
			return
		}
	case ScreenWho:
		if a.person.Actor.Kind == "" {
			return
		}
	case ScreenJob:
		a.page = nil
	case ScreenFinish:
		a.leave()
		a.form = nil
	case ScreenPictures:
		a.picking = nil
	case ScreenFind:
		a.leave()
		a.find = nil
	case ScreenNote:
		a.leave()
		a.note = noteForm{}
	case ScreenNear:
		a.near = nearby{turn: a.near.turn}
	}
	a.back()
	a.Refresh()
}

// Activity says that somebody touched or typed something.
func (a *App) Activity() { a.touched = a.cfg.Now() }

// Tick is called about twice a second: it saves drafts and locks.
func (a *App) Tick() {
	a.flush()
	a.follow()
	now := a.cfg.Now()
	if a.unlocked() && now.Sub(a.touched) >= a.cfg.LockAfter {
		a.Lock()
		return
	}
	a.closeContacts(now)
	if a.asksPIN() && a.lock.waited(now) {
		a.Changed(Same)
	}
}
