package kiosk

import (
	"time"

	"cityhall/shared/city"
)

// session is one person's time at the kiosk and all that they have entered. It
// is replaced whole when they leave, so that nothing can be forgotten in it.
type session struct {
	screen   Screen
	lang     string
	scale    int // step of text size, 0 to 2
	contrast bool

	query, group string // of the list of services
	form         form
	receipt      *Receipt
	track        track
	mine         mine

	errs    map[string]*city.Error
	saving  bool
	fresh   bool      // something changed that the screen has not been told
	touched bool      // since the session began
	last    time.Time // touch
	warning bool
	left    time.Duration
}

func newSession(cfg Config) *session {
	return &session{lang: cfg.Language, last: cfg.Now(), form: newForm()}
}

// Scales are the factors of text size that a person can choose.
var Scales = []float32{1, 1.25, 1.5}

// Language is the person's.
func (k *Kiosk) Language() string { return k.s.lang }

// SetLanguage changes the language of every screen and of the answers' record.
func (k *Kiosk) SetLanguage(lang string) {
	k.Touch()
	if lang == k.s.lang {
		return
	}
	k.s.lang = lang
	k.changed()
}

// TextScale is the factor of text size.
func (k *Kiosk) TextScale() float32 { return Scales[k.s.scale] }

// NextTextSize makes the words larger; after the largest come the normal ones.
func (k *Kiosk) NextTextSize() {
	k.Touch()
	k.s.scale = (k.s.scale + 1) % len(Scales)
	k.changed()
}

// HighContrast tells whether the person wants it.
func (k *Kiosk) HighContrast() bool { return k.s.contrast }

// ToggleContrast switches high contrast on or off.
func (k *Kiosk) ToggleContrast() {
	k.Touch()
	k.s.contrast = !k.s.contrast
	k.changed()
}

// Touch says that somebody is there. It takes the warning away.
func (k *Kiosk) Touch() {
	k.s.last, k.s.touched = k.cfg.Now(), true
	if k.s.warning {
		k.s.warning, k.s.left = false, 0
		k.changed()
	}
}

// Warning tells whether the kiosk asks if anybody is there, how long it still
// waits, and how long it waits altogether.
func (k *Kiosk) Warning() (on bool, left, total time.Duration) {
	return k.s.warning, k.s.left, k.cfg.Grace
}

// limit is how long a screen waits for a touch. A receipt is being written down,
// so it stays twice as long.
func (k *Kiosk) limit() time.Duration {
	if k.s.screen == ScreenReceipt {
		return 2 * k.cfg.Idle
	}
	return k.cfg.Idle
}

// Tick is called about once a second. It warns, counts down and at last wipes.
func (k *Kiosk) Tick() {
	if !k.s.touched || k.s.saving || k.s.screen == ScreenEnrol {
		return
	}
	idle := k.cfg.Now().Sub(k.s.last)
	switch limit := k.limit(); {
	case idle >= limit+k.cfg.Grace, idle >= limit && k.pristine():
		k.Reset()
	case idle >= limit:
		k.s.warning, k.s.left = true, limit+k.cfg.Grace-idle
		k.changed()
	}
}

// pristine tells that nobody would miss anything: nothing entered, nothing shown.
func (k *Kiosk) pristine() bool { return k.s.screen == ScreenHome || k.s.screen == ScreenClosed }

// Reset wipes every trace of the person and greets the next one.
func (k *Kiosk) Reset() {
	k.turn++
	k.s = newSession(k.cfg)
	k.s.screen = k.first()
	if k.cfg.Wiped != nil {
		k.cfg.Wiped()
	}
	k.changed()
}

// Problem is what is wrong with a field, or nil.
func (k *Kiosk) Problem(field string) *city.Error { return k.s.errs[field] }

// problem shows an error at its field and stays on the page.
func (k *Kiosk) problem(field string, err error) {
	e, ok := city.AsError(err)
	if !ok {
		k.cfg.Log.Error("at the kiosk", "field", field, "err", err)
		e = &city.Error{Code: city.CodeInternal, Field: field, Message: "cannot be checked"}
	}
	k.s.errs = map[string]*city.Error{field: e}
	k.changed()
}
