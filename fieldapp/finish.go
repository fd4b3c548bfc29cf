package fieldapp

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// Form is what came of a visit, while it is being written.
type Form struct {
	Job       city.ID         `json:"job"`
	Request   city.ID         `json:"request"`
	Visit     city.ID         `json:"visit"`
	Title     string          `json:"title"`
	Outcome   city.Outcome    `json:"outcome"`
	Reason    string          `json:"reason"`
	Notes     string          `json:"notes"`
	Minutes   string          `json:"minutes"`
	Materials []city.Material `json:"materials"`
	Material  MaterialInput   `json:"material"`
	Photos    []FormPhoto     `json:"photos"`
}

// MaterialInput is a material that is not on the list yet.
type MaterialInput struct {
	Name     string `json:"name"`
	Quantity string `json:"quantity"`
	Unit     string `json:"unit"`
}

// FormPhoto is a photo that is on disk already and waits for its act.
type FormPhoto struct {
	ID     city.ID `json:"id"`
	Blob   string  `json:"blob"`
	Stage  string  `json:"stage"`
	Bytes  int     `json:"bytes"`
	Width  int     `json:"width"`
	Height int     `json:"height"`
	Thumb  []byte  `json:"thumb,omitempty"`
	From   string  `json:"from"` // file name, so that it is not taken twice
}

// Units are the units on offer for a quantity, by key of translation.
var Units = []string{"pcs", "m", "m2", "m3", "kg", "t", "l", "bags"}

// Form is the form that is open, or nil.
func (a *App) Form() *Form { return a.form }

// OpenFinish begins the form of the visit in hand, or takes its draft up.
func (a *App) OpenFinish() {
	p := a.page
	if p == nil || p.Gone || p.State != city.JobStarted || p.visit == "" || a.form != nil {
		return
	}
	f := &Form{Job: p.ID, Request: p.Request, Visit: p.visit, Title: p.Line(), Material: MaterialInput{Unit: "pcs"}}
	if spent := a.cfg.Now().Sub(p.Started); !p.Started.IsZero() && spent > 0 && spent < 16*time.Hour {
		f.Minutes = strconv.Itoa(max(5, int(spent.Minutes()+2.5)/5*5))
	}
	var draft Form
	err := a.takeUp(draftKey(p.ID), &draft)
	if err == nil && draft.Visit == p.visit {
		f = &draft
	}
	a.form = f
	a.push(ScreenFinish)
	if err != nil {
		a.fail(err)
	}
}

// Edit changes the form that is open. It does not rebuild the screen, which
// shows already what was typed.
func (a *App) Edit(change func(*Form)) {
	if a.form != nil {
		change(a.form)
		a.dirty = true
	}
}

// Set changes the form by a choice, which is kept and shown at once.
func (a *App) Set(change func(*Form)) {
	if a.form == nil {
		return
	}
	a.Edit(change)
	a.fields, a.problem = map[string]saying{}, nil
	a.flush()
	a.Changed(Same)
}

// AddMinutes steps the time spent, never below zero.
func (a *App) AddMinutes(step int) {
	a.Set(func(f *Form) {
		n, _ := strconv.Atoi(strings.TrimSpace(f.Minutes)) // nonsense counts as none
		f.Minutes = strconv.Itoa(min(max(0, n+step), 7*24*60))
	})
}

// AddMaterial puts what was typed on the list of materials.
func (a *App) AddMaterial() {
	if a.form == nil {
		return
	}
	a.fields, a.problem = map[string]saying{}, nil
	m, err := a.material(a.form.Material)
	if err != nil {
		a.fail(err)
		return
	}
	a.Set(func(f *Form) {
		f.Materials = append(f.Materials, m)
		f.Material = MaterialInput{Unit: f.Material.Unit}
	})
}

// material judges one material as the act will.
func (a *App) material(in MaterialInput) (city.Material, error) {
	m := city.Material{Name: strings.TrimSpace(in.Name), Quantity: strings.TrimSpace(in.Quantity)}
	if m.Name == "" {
		return m, city.Fail(city.CodeRequired, "material.name", "a material has a name")
	}
	if m.Quantity != "" && in.Unit != "" {
		m.Quantity += " " + a.T("field.unit."+in.Unit)
	}
	probe := city.FinishVisit{Visit: "v", WorkOrder: "w", Outcome: city.OutcomeFixed, Materials: []city.Material{m}}
	if err := probe.Check(); err != nil {
		e, _ := city.AsError(err)
		field := "material.quantity"
		if e.Code == city.CodeRequired {
			field = "material.name"
		}
		return m, &city.Error{Code: e.Code, Field: field, Message: e.Message, Max: e.Max}
	}
	return probe.Materials[0], nil
}

// DropMaterial takes a material off the list.
func (a *App) DropMaterial(i int) {
	a.Set(func(f *Form) {
		if i >= 0 && i < len(f.Materials) {
			f.Materials = slices.Delete(f.Materials, i, i+1)
		}
	})
}

// RecentMaterials are names used on this tablet lately, for one tap.
func (a *App) RecentMaterials() []string {
	text, err := a.r.Setting(a.ctx, "field.materials")
	if err != nil || text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func (a *App) rememberMaterials(ms []city.Material) {
	var names []string
	for _, m := range ms {
		names = append(names, strings.ReplaceAll(m.Name, "\n", " "))
	}
	for _, n := range append(names, a.RecentMaterials()...) {
		if i := slices.Index(names, n); i < 0 {
			names = append(names, n)
		}
	}
	if err := a.r.SetSetting(a.ctx, "field.materials", strings.Join(names[:min(6, len(names))], "\n")); err != nil {
		a.cfg.Log.Error("keep materials", "err", err)
	}
}

// act is the form as the act that it becomes.
func (f *Form) act() (*city.FinishVisit, error) {
	act := &city.FinishVisit{Visit: f.Visit, WorkOrder: f.Job, Outcome: f.Outcome, Notes: f.Notes, Materials: slices.Clone(f.Materials)}
	if f.Outcome == city.OutcomeNotFixed {
		act.Reason = f.Reason
	}
	if text := strings.TrimSpace(f.Minutes); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, city.Fail(city.CodeInvalid, "minutes", "a whole number of minutes")
		}
		act.Minutes = n
	}
	return act, act.Check()
}

// Check goes on to the summary, if the form can stand.
func (a *App) Check() {
	if a.Screen() != ScreenFinish || a.form == nil {
		return
	}
	a.fields, a.problem = map[string]saying{}, nil
	if a.form.Material.Name != "" || a.form.Material.Quantity != "" { // typed but not added: it belongs to the list
		if a.AddMaterial(); a.problem != nil {
			return
		}
	}
	if _, err := a.form.act(); err != nil {
		a.fail(err)
		return
	}
	a.push(ScreenCheck)
}

// CheckFacts is the summary.
func (a *App) CheckFacts() []Fact {
	if a.form == nil {
		return nil
	}
	return a.formFacts(a.form)
}

func (a *App) formFacts(f *Form) []Fact {
	var out []Fact
	add := func(key, value string) {
		if value = strings.TrimSpace(value); value != "" {
			out = append(out, Fact{a.T(key), value})
		}
	}
	if f.Outcome != "" {
		add("field.finish.outcome", a.T("field.outcome."+string(f.Outcome)))
	}
	if f.Outcome != city.OutcomeFixed {
		add("field.finish.reason", f.Reason)
	}
	add("field.finish.notes", f.Notes)
	if n, err := strconv.Atoi(strings.TrimSpace(f.Minutes)); err == nil && n > 0 {
		add("field.finish.minutes", a.minutes(n))
	}
	add("field.finish.materials", materialWords(f.Materials))
	if n := len(f.Photos); n > 0 {
		before := 0
		for _, p := range f.Photos {
			if p.Stage == "before" {
				before++
			}
		}
		add("field.finish.photos", a.T("field.finish.photo_count", "before", before, "after", n-before))
	}
	return out
}

// Save makes the form and its photos acts, all in one transaction.
func (a *App) Save() {
	if a.Screen() != ScreenCheck || a.form == nil || a.page == nil {
		return
	}
	f := a.form
	a.fields, a.problem = map[string]saying{}, nil
	act, err := f.act()
	if err != nil {
		a.fail(err)
		return
	}
	var deps []city.MutationID
	if a.page.startAct != "" {
		deps = []city.MutationID{a.page.startAct}
	}
	entries := []replica.Entry{{Actor: a.person.Actor, Title: f.Title, Act: act, Deps: deps}}
	for _, p := range f.Photos {
		entries = append(entries, replica.Entry{Actor: a.person.Actor, Title: f.Title, Deps: deps, Blobs: []string{p.Blob},
			Act: &city.AddPhoto{Photo: p.ID, Request: f.Request, Visit: f.Visit, Blob: p.Blob, Stage: p.Stage,
				Bytes: p.Bytes, Width: p.Width, Height: p.Height, Thumb: p.Thumb}})
	}
	if _, err := a.r.Record(a.ctx, entries...); err != nil {
		a.fail(err)
		return
	}
	a.rememberMaterials(f.Materials)
	a.forget(draftKey(f.Job))
	a.form, a.dirty = nil, false
	a.saved(a.tell("field.finish.saved"))
}
