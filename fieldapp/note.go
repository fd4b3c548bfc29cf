package fieldapp

import (
	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// noteForm is a note that is being written about the open job.
type noteForm struct {
	Job  city.ID `json:"job"`
	Text string  `json:"text"`
}

func noteKey(job city.ID) string { return "note/" + string(job) }

// OpenNote begins or takes up a note about the open job.
func (a *App) OpenNote() {
	if a.page == nil || a.page.Gone || a.Screen() != ScreenJob {
		return
	}
	a.note = noteForm{Job: a.page.ID}
	err := a.takeUp(noteKey(a.page.ID), &a.note)
	a.push(ScreenNote)
	if err != nil {
		a.fail(err)
	}
}

// NoteText is what was written so far.
func (a *App) NoteText() string { return a.note.Text }

// SetNote takes what was typed.
func (a *App) SetNote(s string) { a.note.Text, a.dirty = s, true }

// SaveNote makes the note an act.
func (a *App) SaveNote() {
	if a.Screen() != ScreenNote || a.page == nil {
		return
	}
	a.fields = map[string]saying{}
	_, err := a.r.Record(a.ctx, replica.Entry{Actor: a.person.Actor, Title: a.page.Line(),
		Act: &city.AddNote{Note: city.NewID(), Request: a.page.Request, Text: a.note.Text}})
	if err != nil {
		a.fail(err)
		return
	}
	a.forget(noteKey(a.note.Job))
	a.note, a.dirty = noteForm{}, false
	a.saved(a.tell("field.note.saved"))
}

// saved goes back to the job, with words that are true.
func (a *App) saved(notice saying) {
	a.backTo(ScreenJob)
	if err := a.load(); err != nil {
		a.fail(err)
		return
	}
	a.notice = notice
	a.Changed(Same)
}
