package fieldapp

import (
	"fmt"
	"strconv"
	"time"

	"cityhall/shared/city"
)

// The PIN keeps a finder of the tablet out, so tries are few and get slower.
const (
	PINDigits  = 6 // of a new PIN
	freeTries  = 5
	firstWait  = 30 * time.Second
	longestPIN = 15 * time.Minute
)

// lock is the PIN and what was tried.
type lock struct {
	set    bool
	digits int
	first  string // the new PIN as it was typed the first time
	tries  int    // wrong ones in a row
	until  time.Time
	busy   bool
	said   bool // the screen shows a wait
}

// PINDigits is how many digits are asked for now.
func (a *App) PINDigits() int { return a.lock.digits }

// PINAgain tells whether a new PIN is typed the second time.
func (a *App) PINAgain() bool { return a.lock.first != "" }

// PINBusy tells whether a PIN is being checked.
func (a *App) PINBusy() bool { return a.lock.busy }

// PINWait is how long no PIN is taken, zero when one is.
func (a *App) PINWait() time.Duration {
	return min(max(0, a.lock.until.Sub(a.cfg.Now())), longestPIN)
}

// waited tells once that a wait is over.
func (l *lock) waited(now time.Time) bool {
	if l.said && !now.Before(l.until) {
		l.said = false
		return true
	}
	return l.said
}

func (a *App) loadLock() error {
	set, err := a.r.HasPIN(a.ctx)
	if err != nil {
		return err
	}
	if !set && a.cfg.PIN != "" {
		if err := a.keepPIN(a.cfg.PIN); err != nil {
			return err
		}
		a.r.Lock()
		set = true
	}
	a.lock = lock{set: set, digits: PINDigits}
	if text, err := a.r.Setting(a.ctx, "field.pin.digits"); err != nil {
		return err
	} else if n, err := strconv.Atoi(text); err == nil && set {
		a.lock.digits = n
	}
	text, err := a.r.Setting(a.ctx, "field.pin.tries")
	if err != nil {
		return err
	}
	var until int64
	if n, _ := fmt.Sscanf(text, "%d %d", &a.lock.tries, &until); n == 2 && until > 0 {
		a.lock.until, a.lock.said = time.Unix(until, 0), true
	}
	return nil
}

func (a *App) keepPIN(pin string) error {
	if err := a.r.SetPIN(a.ctx, pin); err != nil {
		return err
	}
	return a.r.SetSetting(a.ctx, "field.pin.digits", strconv.Itoa(len(pin)))
}

// NewPIN takes a new PIN, which has to be typed twice.
func (a *App) NewPIN(pin string) {
	switch {
	case a.Screen() != ScreenNewPIN:
	case a.lock.first == "":
		a.problem, a.lock.first = nil, pin
		a.Changed(Same)
	case a.lock.first != pin:
		a.lock.first = ""
		a.problem = a.tell("field.pin.differ")
		a.Changed(Same)
	default:
		a.lock.first = ""
		if err := a.keepPIN(pin); err != nil {
			a.fail(err)
			return
		}
		a.lock.set, a.lock.digits = true, len(pin)
		a.enter()
	}
}

// Unlock tries a PIN.
func (a *App) Unlock(pin string) {
	if !a.asksPIN() || a.lock.busy || a.PINWait() > 0 {
		return
	}
	a.lock.busy = true
	a.cfg.Background(func() {
		ok, err := a.r.Unlock(a.ctx, pin)
		a.cfg.Post(func() { a.tried(ok, err) })
	})
}

func (a *App) tried(ok bool, err error) {
	a.lock.busy = false
	if err != nil {
		a.fail(err)
		return
	}
	a.lock.until, a.lock.said = time.Time{}, false
	if ok {
		a.lock.tries = 0
	} else if a.lock.tries++; a.lock.tries >= freeTries {
		wait := longestPIN
		if n := a.lock.tries - freeTries; n < 5 {
			wait = firstWait << n
		}
		a.lock.until, a.lock.said = a.cfg.Now().Add(wait), true
	}
	a.keepTries()
	if ok && a.Screen() == ScreenContact {
		a.touched = a.cfg.Now()
		a.Back()
		return
	}
	if ok {
		a.enter()
		return
	}
	a.problem = a.fault(city.Fail(city.CodeSignIn, "pin", "wrong PIN"))
	a.Changed(Same)
}

// keepTries puts the count on disk, so that a restart does not help.
func (a *App) keepTries() {
	var until int64
	if !a.lock.until.IsZero() {
		until = a.lock.until.Unix()
	}
	if err := a.r.SetSetting(a.ctx, "field.pin.tries", fmt.Sprintf("%d %d", a.lock.tries, until)); err != nil {
		a.cfg.Log.Error("keep tries", "err", err)
	}
}

// unlocked tells whether what is shown is for the crew's eyes.
func (a *App) unlocked() bool {
	switch a.Screen() {
	case ScreenEnrol, ScreenNewPIN, ScreenUnlock:
		return false
	}
	return true
}

// Lock closes the tablet. What was open stays as a draft.
func (a *App) Lock() {
	if !a.unlocked() || !a.lock.set {
		return
	}
	a.r.Lock()
	a.flush()
	a.page, a.form, a.find, a.picking, a.note, a.viewing = nil, nil, nil, nil, noteForm{}, ""
	a.open, a.near, a.pin = openRequests{}, nearby{}, Spot{}
	a.images.clear()
	a.reset(Back, ScreenUnlock)
}

// enter is what follows a right PIN.
func (a *App) enter() {
	a.touched = a.cfg.Now()
	if err := a.load(); err != nil {
		a.reset(Forward, ScreenJobs)
		a.fail(err)
		return
	}
	a.welcome()
}
