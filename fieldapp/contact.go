package fieldapp

import "time"

// asksPIN tells whether a PIN is asked for: to come in, or for a contact.
func (a *App) asksPIN() bool { return a.Screen() == ScreenUnlock || a.Screen() == ScreenContact }

// OpenContact asks for the PIN, to show who left the report that is open.
func (a *App) OpenContact() {
	if a.Screen() == ScreenJob && a.page != nil && a.page.ContactShut {
		a.push(ScreenContact)
	}
}

// closeContacts drops the key to what residents left of themselves when nobody has
// touched the screen for a while. The work itself stays open until Lock.
func (a *App) closeContacts(now time.Time) {
	if !a.unlocked() || now.Sub(a.touched) < a.cfg.ContactAfter || !a.r.Unlocked() {
		return
	}
	a.r.Lock()
	a.Refresh()
}

// ForgotPIN leads to joining the city again, which needs a new code of the office.
// What was saved stays, and a new PIN is chosen.
func (a *App) ForgotPIN() {
	if a.Screen() == ScreenUnlock && !a.lock.busy {
		a.push(ScreenEnrol)
	}
}

// Rejoining tells whether this tablet was one of the city's before.
func (a *App) Rejoining() bool { return len(a.stack) > 1 && a.Screen() == ScreenEnrol }
