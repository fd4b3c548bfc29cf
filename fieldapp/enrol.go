package fieldapp

import "cityhall/shared/replica"

// enrolment is the first screen: how the tablet becomes one of the city's.
type enrolment struct {
	Text, Name string
	Busy       bool
}

// EnrolText is the enrolment as it was given so far; EnrolName the tablet's name.
func (a *App) EnrolText() string { return a.enrol.Text }

// EnrolName is what the tablet is to be called.
func (a *App) EnrolName() string { return a.enrol.Name }

// Enrolling tells whether the city is being asked.
func (a *App) Enrolling() bool { return a.enrol.Busy }

// SetEnrolText takes what was typed or scanned.
func (a *App) SetEnrolText(s string) { a.enrol.Text = s }

// SetEnrolName takes the tablet's name.
func (a *App) SetEnrolName(s string) { a.enrol.Name = s }

// Enrol asks the city. What was typed stays until it has worked.
func (a *App) Enrol() {
	if a.enrol.Busy || a.Screen() != ScreenEnrol {
		return
	}
	a.enrol.Busy, a.problem = true, nil
	a.Changed(Same)
	text, name := a.enrol.Text, a.enrol.Name
	a.cfg.Background(func() {
		id, err := a.r.Enrol(a.net, text, name)
		a.cfg.Post(func() { a.enrolled(id, err) })
	})
}

func (a *App) enrolled(id replica.Identity, err error) {
	a.enrol.Busy = false
	if err != nil {
		a.fail(err)
		return
	}
	a.identity, a.enrol = id, enrolment{}
	a.r.Wake()
	first := ScreenNewPIN
	if set, err := a.r.HasPIN(a.ctx); err == nil && set { // the identity was lost, and not the PIN
		first = ScreenUnlock
	} else {
		a.lock = lock{digits: PINDigits}
		a.keepTries()
	}
	a.reset(Forward, first)
}
