package fieldapp

import (
	"encoding/json"
	"slices"
	"time"

	"cityhall/shared/city"
)

// drafts is the setting that lists what is unfinished, since drafts themselves
// can only be asked for by key.
const drafts = "field.drafts"

const findKey = "find"

func draftKey(job city.ID) string { return "finish/" + string(job) }

// DraftInfo is something unfinished.
type DraftInfo struct {
	Key   string    `json:"key"`
	Job   city.ID   `json:"job,omitempty"`
	Title string    `json:"title"`
	At    time.Time `json:"at"`
	Gone  bool      `json:"-"` // its job is another crew's by now
}

func (a *App) draftList() ([]DraftInfo, error) {
	text, err := a.r.Setting(a.ctx, drafts)
	if err != nil || text == "" {
		return nil, err
	}
	var list []DraftInfo
	return list, json.Unmarshal([]byte(text), &list)
}

func (a *App) keepDraftList(list []DraftInfo) error {
	raw, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return a.r.SetSetting(a.ctx, drafts, string(raw))
}

func (a *App) hasDraft(key string) (bool, error) {
	list, err := a.draftList()
	return slices.ContainsFunc(list, func(d DraftInfo) bool { return d.Key == key }), err
}

// flush puts the form that is open on disk when it has changed.
func (a *App) flush() {
	if !a.dirty {
		return
	}
	var err error
	switch {
	case a.form != nil:
		err = a.keep(DraftInfo{Key: draftKey(a.form.Job), Job: a.form.Job, Title: a.form.Title}, a.form)
	case a.find != nil:
		err = a.keep(DraftInfo{Key: findKey, Title: a.T("field.find.title")}, a.find)
	case a.note.Job != "" && a.page != nil:
		err = a.keep(DraftInfo{Key: noteKey(a.note.Job), Job: a.note.Job, Title: a.page.Line()}, a.note)
	}
	if err != nil {
		if a.problem == nil { // said once; dirty still: the next tick tries again
			a.problem = a.fault(err)
			a.cfg.Log.Error("keep draft", "err", err)
			a.Changed(Same)
		}
		return
	}
	a.dirty = false
}

// keep writes a draft and puts it on the list.
func (a *App) keep(info DraftInfo, form any) error {
	raw, err := json.Marshal(form)
	if err != nil {
		return err
	}
	if err := a.r.SaveDraft(a.ctx, info.Key, raw); err != nil {
		return err
	}
	list, err := a.draftList()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(d DraftInfo) bool { return d.Key == info.Key }) {
		return nil
	}
	info.At = a.cfg.Now()
	return a.keepDraftList(append(list, info))
}

// takeUp reads a draft into form, if there is one that can be read.
func (a *App) takeUp(key string, form any) error {
	raw, ok, err := a.r.Draft(a.ctx, key)
	if err != nil || !ok {
		return err
	}
	return json.Unmarshal(raw, form)
}

// forget drops a draft that has become an act, or that nobody wants.
func (a *App) forget(key string) {
	list, err := a.draftList()
	if err == nil {
		err = a.keepDraftList(slices.DeleteFunc(list, func(d DraftInfo) bool { return d.Key == key }))
	}
	if delErr := a.r.DeleteDraft(a.ctx, key); err == nil {
		err = delErr
	}
	if err != nil {
		a.cfg.Log.Error("forget draft", "err", err)
	}
}

// DropDraft throws away something unfinished; the person has been asked.
func (a *App) DropDraft(key string) {
	a.forget(key)
	a.Refresh()
}

// DraftFacts is what an unfinished form says, so that nothing that was typed is
// out of reach when its job is gone.
func (a *App) DraftFacts(key string) []Fact {
	var f Form
	if err := a.takeUp(key, &f); err != nil {
		return nil
	}
	facts := a.formFacts(&f)
	var n noteForm
	if err := a.takeUp(key, &n); err == nil && n.Text != "" {
		facts = append(facts, Fact{a.T("field.note.title"), n.Text})
	}
	return facts
}

// ResumeDraft opens something unfinished.
func (a *App) ResumeDraft(d DraftInfo) {
	if d.Key == findKey {
		a.OpenFind()
		return
	}
	if _, ok := a.job(d.Job); !ok {
		return
	}
	a.OpenJob(d.Job)
	if d.Key == noteKey(d.Job) {
		a.OpenNote()
		return
	}
	a.OpenFinish()
}
