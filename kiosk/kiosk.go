package kiosk

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// Screen names what is on the screen.
type Screen string

// The screens.
const (
	ScreenEnrol    Screen = "enrol"     // no identity yet: for staff
	ScreenClosed   Screen = "closed"    // the city has withdrawn this kiosk
	ScreenHome     Screen = "home"      // where everybody begins
	ScreenServices Screen = "services"  // what is it about?
	ScreenQuestion Screen = "question"  // one of the service's questions
	ScreenStopped  Screen = "stopped"   // an answer says: not here, but there
	ScreenPlace    Screen = "place"     // where is it?
	ScreenPoint    Screen = "point"     // point at it on the map
	ScreenNear     Screen = "near"      // is it one of these?
	ScreenDetails  Screen = "details"   // in your own words
	ScreenContact  Screen = "contact"   // who may we answer?
	ScreenCheck    Screen = "check"     // is this right?
	ScreenReceipt  Screen = "receipt"   // we have it
	ScreenFailed   Screen = "failed"    // we could not save it
	ScreenTrack    Screen = "track"     // type the reference
	ScreenRequest  Screen = "request"   // how a request stands
	ScreenNotFound Screen = "not_found" // the reference is not known here
	ScreenAddress  Screen = "address"   // type your address
	ScreenHere     Screen = "here"      // what concerns it
)

// Config is what a kiosk needs. Replica is required.
type Config struct {
	Replica  *replica.Replica
	Now      func() time.Time
	Log      *slog.Logger
	Name     string        // what the city calls this kiosk, at enrolment
	At       string        // where this kiosk stands: an address, a landmark or "46.3001, -69.3055"; may be empty
	Maps     string        // folder of its own for drawn maps; none are drawn when empty
	Language string        // that a person is greeted in; English when empty
	Idle     time.Duration // without a touch before it asks; one minute when zero
	Grace    time.Duration // to answer that; 20 seconds when zero
	// Async runs work elsewhere and then what work returned on the screen's
	// goroutine. Nil runs both at once, as tests want it.
	Async func(work func() (done func()))
	// Changed is called on the screen's goroutine when there is something else to see.
	Changed func()
	// Wiped is called when a person's traces go, to clear what lies outside: the
	// clipboard and the keyboard.
	Wiped func()
}

// Kiosk is one kiosk and the person before it.
type Kiosk struct {
	cfg   Config
	ctx   context.Context // of the program; ends with it
	rep   *replica.Replica
	s     *session
	data  cityData
	enrol enrolment
	turn  int // counts persons; work begun for another one is dropped
	link  replica.Link
	full  bool // the disk
	stop  []func()
}

// New makes a kiosk on its replica. Close ends it; the replica stays open.
func New(ctx context.Context, cfg Config) *Kiosk {
	if cfg.Idle <= 0 {
		cfg.Idle = time.Minute
	}
	if cfg.Grace <= 0 {
		cfg.Grace = 20 * time.Second
	}
	if cfg.Language == "" {
		cfg.Language = "en"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	k := &Kiosk{cfg: cfg, ctx: ctx, rep: cfg.Replica, s: newSession(cfg)}
	k.link = k.rep.Link()
	k.reload()
	k.lookAtDisk()
	k.s.screen = k.first()
	return k
}

// Close lets go of the city's places.
func (k *Kiosk) Close() {
	for _, stop := range k.stop {
		stop()
	}
	k.stop = nil
	k.data.close()
}

// OnChange sets who is told that there is something else to see.
func (k *Kiosk) OnChange(f func()) { k.cfg.Changed = f }

// OnWipe sets who is told that a person's traces are to go.
func (k *Kiosk) OnWipe(f func()) { k.cfg.Wiped = f }

// Screen is what to show.
func (k *Kiosk) Screen() Screen { return k.s.screen }

// first is the screen that a new person meets.
func (k *Kiosk) first() Screen {
	if _, ok := k.rep.Identity(); !ok {
		return ScreenEnrol
	}
	if k.link.State == replica.LinkRevoked {
		return ScreenClosed
	}
	return ScreenHome
}

// turnTo shows another screen, without the problems of the last one.
func (k *Kiosk) turnTo(to Screen) {
	k.s.screen = to
	k.s.errs = nil
	k.changed()
}

func (k *Kiosk) changed() {
	if k.cfg.Changed != nil {
		k.cfg.Changed()
	}
}

// async runs work elsewhere and what it returns here, unless the person has left
// by then.
func (k *Kiosk) async(work func() func()) {
	turn := k.turn
	run := k.cfg.Async
	if run == nil {
		run = func(work func() func()) { work()() }
	}
	run(func() func() {
		done := work()
		return func() {
			if turn == k.turn && done != nil {
				done()
			}
		}
	})
}

// Watch follows the replica until the context ends: what the city sends, how the
// line is, how far a report has come. It returns at once.
func (k *Kiosk) Watch() {
	changes, cancel := k.rep.Changes()
	k.stop = append(k.stop, cancel)
	run := k.cfg.Async
	if run == nil {
		return
	}
	go func() {
		for {
			select {
			case <-k.ctx.Done():
				return
			case _, ok := <-changes:
				if !ok {
					return
				}
				run(func() func() { return k.Refresh })
			}
		}
	}()
}

// Refresh looks at the replica again and tells the screen if that changed
// anything that it shows.
func (k *Kiosk) Refresh() {
	link := k.rep.Link()
	moved := link != k.link
	k.link = link
	changed := k.reload()
	changed = k.lookAtDisk() || changed
	k.refreshReceipt()
	k.refreshFound()
	switch first := k.first(); {
	case k.s.screen != ScreenEnrol && first == ScreenEnrol: // wiped
		k.Reset()
		return
	case k.s.screen == ScreenEnrol && first != ScreenEnrol,
		k.s.screen == ScreenClosed && first != ScreenClosed,
		k.s.screen == ScreenHome && first == ScreenClosed:
		k.turnTo(first)
		return
	}
	if moved || changed || k.s.fresh {
		k.s.fresh = false
		k.changed()
	}
}

// Settings is the city as far as this kiosk knows it; zero before the first sync.
func (k *Kiosk) Settings() city.Settings { return k.data.settings }

// Known tells whether the city has said what it offers.
func (k *Kiosk) Known() bool { return len(k.data.services) > 0 }

// Languages are those that the city speaks, and English when it has not said.
func (k *Kiosk) Languages() []string {
	if len(k.data.settings.Languages) == 0 {
		return []string{"en", "es"}
	}
	return slices.Clone(k.data.settings.Languages)
}

// Now is the time by the kiosk's clock in the city's time zone, for words such
// as "5 minutes ago". It decides nothing.
func (k *Kiosk) Now() time.Time { return k.cfg.Now().In(k.data.settings.Zone()) }
