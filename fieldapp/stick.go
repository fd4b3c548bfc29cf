package fieldapp

import (
	"path/filepath"
	"slices"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// Sticks are the folders of the sticks that are plugged in.
func (a *App) Sticks() []string {
	if a.cfg.Sticks == nil {
		return nil
	}
	found, err := a.cfg.Sticks()
	if err != nil {
		a.cfg.Log.Warn("sticks not found", "err", err)
	}
	return found
}

// OffersStick tells whether to speak of sticks: when one is there, or the city
// cannot be reached.
func (a *App) OffersStick() bool {
	return a.cfg.Sticks != nil && (a.link.State != replica.LinkOnline || len(a.Sticks()) > 0)
}

// NoStick says that none is plugged in.
func (a *App) NoStick() {
	a.problem, a.notice = a.tell("field.stick.none"), nil
	a.Changed(Same)
}

// SaveToStick saves what waits into a folder, for the office.
func (a *App) SaveToStick(folder string) {
	a.withStick(func() (saying, saying) {
		b, err := a.r.ExportBundle(a.ctx, folder)
		switch {
		case err != nil:
			return a.stickFault(err), nil
		case b.Left > 0:
			return a.tell("field.stick.left", "count", b.Left), a.tell("field.stick.saved", "name", filepath.Base(folder))
		}
		return nil, a.tell("field.stick.saved", "name", filepath.Base(folder))
	})
}

// ReadFromStick reads the office's answer out of a folder.
func (a *App) ReadFromStick(folder string) {
	a.withStick(func() (saying, saying) {
		files, err := replica.Answers(folder)
		if err != nil {
			return a.stickFault(err), nil
		}
		slices.Reverse(files)
		problem := a.tell("field.stick.no_answer")
		for _, file := range files {
			switch err := a.r.ImportAnswer(a.ctx, file); city.CodeOf(err) {
			case city.CodeNotYours: // another tablet's
			case city.CodeStale:
				problem = a.tell("field.stick.old")
			default:
				if err == nil {
					return nil, a.tell("field.stick.done")
				}
				return a.stickFault(err), nil
			}
		}
		return problem, nil
	})
}

// withStick does what takes its time, and says how it went.
func (a *App) withStick(do func() (problem, notice saying)) {
	if a.syncing || !a.unlocked() {
		return
	}
	a.syncing, a.problem, a.notice = true, nil, nil
	a.Changed(Same)
	a.cfg.Background(func() {
		problem, notice := do()
		a.cfg.Post(func() {
			a.syncing = false
			a.Refresh()
			a.problem, a.notice = problem, notice
			a.Changed(Same)
		})
	})
}

func (a *App) stickFault(err error) saying {
	if _, ok := city.AsError(err); ok {
		return a.fault(err)
	}
	a.cfg.Log.Warn("stick", "err", err)
	return a.tell("field.stick.failed")
}
