package fieldapp

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// Finding is something that the crew reports from the road, while it is being
// written.
type Finding struct {
	Service city.ID      `json:"service"`
	Answers city.Answers `json:"answers"`
	Place   city.Place   `json:"place"`
	Words   string       `json:"words"`
	Photos  []FormPhoto  `json:"photos"`
	Within  float64      `json:"within,omitempty"`  // metres that the receiver which gave the place may be off
	Outside bool         `json:"outside,omitempty"` // the place is not in the city
	ByGPS   string       `json:"by_gps,omitempty"`  // what stands in Place.Detail because of that
}

// Finding is the finding that is open, or nil.
func (a *App) Finding() *Finding { return a.find }

// OpenFind begins a finding, or takes up the one that was begun.
func (a *App) OpenFind() {
	if !a.unlocked() || a.person.Actor.Kind == "" || a.find != nil {
		return
	}
	f := &Finding{}
	err := a.takeUp(findKey, f)
	if f.Answers == nil {
		f.Answers = city.Answers{}
	}
	a.find = f
	a.push(ScreenFind)
	a.loadOpen()
	if err != nil {
		a.fail(err)
	}
}

// EditFind changes the finding without rebuilding the screen.
func (a *App) EditFind(change func(*Finding)) {
	if a.find != nil {
		change(a.find)
		a.dirty = true
	}
}

// SetFind changes it by a choice, which is kept and shown at once.
func (a *App) SetFind(change func(*Finding)) {
	if a.find == nil {
		return
	}
	a.EditFind(change)
	a.fields, a.problem = map[string]saying{}, nil
	a.flush()
	a.Changed(Same)
}

// ServiceChoice is a service that a finding can be about.
type ServiceChoice struct {
	ID    city.ID
	Name  string
	Icon  string
	Group string
}

// ChooseService opens the list of services.
func (a *App) ChooseService() {
	if a.find != nil {
		a.query = ""
		a.push(ScreenService)
	}
}

// Query is what is searched for among the services.
func (a *App) Query() string { return a.query }

// Search looks for services.
func (a *App) Search(text string) {
	a.query = text
	a.Changed(Same)
}

// Services lists the services that fit the search.
func (a *App) Services() []ServiceChoice {
	var out []ServiceChoice
	for id, s := range a.services {
		if s.Active && s.Matches(a.query, a.prefs.Language) {
			out = append(out, ServiceChoice{id, s.Name.In(a.prefs.Language), s.Icon, s.Group})
		}
	}
	slices.SortFunc(out, func(x, y ServiceChoice) int {
		return cmp.Or(strings.Compare(x.Group, y.Group), strings.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID))
	})
	return out
}

// PickService says what the finding is about. Answers to another service's
// questions are of no use any more.
func (a *App) PickService(id city.ID) {
	if a.find == nil || a.Screen() != ScreenService {
		return
	}
	if a.find.Service != id {
		a.find.Service, a.find.Answers = id, city.Answers{}
		a.dirty = true
	}
	a.back()
}

// FindService is the service chosen, and false when none is.
func (a *App) FindService() (ServiceChoice, bool) {
	if a.find == nil {
		return ServiceChoice{}, false
	}
	s, ok := a.services[a.find.Service]
	return ServiceChoice{a.find.Service, s.Name.In(a.prefs.Language), s.Icon, s.Group}, ok
}

// Questions are those that the chosen service asks, given the answers so far.
func (a *App) Questions() []city.Question {
	if a.find == nil {
		return nil
	}
	return city.Shown(a.services[a.find.Service].Questions, a.find.Answers)
}

// Stopped are the words that say why this service is the wrong way, or "".
func (a *App) Stopped() string {
	if a.find == nil {
		return ""
	}
	words, _ := city.Stopped(a.services[a.find.Service].Questions, a.find.Answers)
	return words.In(a.prefs.Language)
}

// Match is a place that was searched for.
type Match struct {
	city.Place
	asset bool
}

// Line is the place in a few words: of a hydrant its number, not its address.
func (m Match) Line() string {
	if m.asset {
		return m.Landmark
	}
	return m.Place.Line()
}

// Places searches the city's addresses and landmarks. Nothing is found while
// the places have not come from the city.
func (a *App) Places(text string) []Match {
	if a.atlas == nil || strings.TrimSpace(text) == "" {
		return nil
	}
	found, err := a.atlas.Search(a.ctx, text, 5)
	if err != nil {
		a.cfg.Log.Error("search places", "err", err)
		return nil
	}
	var out []Match
	for _, m := range found {
		out = append(out, Match{m.Place, m.Kind == atlas.KindAsset})
	}
	return out
}

// SetAddress takes what was typed; a place that was picked is one no more.
func (a *App) SetAddress(text string) {
	a.EditFind(func(f *Finding) { f.stand(Spot{Place: city.Place{Address: text}}) })
}

// PickPlace takes a place of the search.
func (a *App) PickPlace(p city.Place) {
	a.SetFind(func(f *Finding) { f.stand(Spot{Place: p}) })
}

// HereAgain takes the place of the job in hand.
func (a *App) HereAgain() {
	if p, ok := a.placeInHand(); ok {
		a.PickPlace(p)
	}
}

// PlaceInHand is where the crew is at work, in words, or "".
func (a *App) PlaceInHand() string {
	p, _ := a.placeInHand()
	return p.Line()
}

func (a *App) placeInHand() (city.Place, bool) {
	i := slices.IndexFunc(a.list.all, func(j Job) bool { return j.State == city.JobStarted })
	if i < 0 {
		return city.Place{}, false
	}
	view, err := a.r.View(a.ctx)
	if err != nil {
		return city.Place{}, false
	}
	req, ok, err := city.LoadRequest(view, a.list.all[i].Request)
	req.Place.Detail = ""
	return req.Place, ok && err == nil && req.Place.Line() != ""
}

// FileFinding makes the finding and its photos acts.
func (a *App) FileFinding() {
	if a.Screen() != ScreenFind || a.find == nil {
		return
	}
	f, svc := a.find, a.services[a.find.Service]
	a.fields, a.problem = map[string]saying{}, nil
	act := &city.FileRequest{Request: city.NewID(), Service: f.Service, Version: svc.Version, Language: a.prefs.Language,
		Answers: city.Relevant(svc.Questions, f.Answers), Place: f.Place, Description: f.Words}
	if err := errors.Join(act.Check(), city.CheckAnswers(svc.Questions, act.Answers)); err != nil {
		a.fail(err)
		return
	}
	title := svc.Name.In(a.prefs.Language) + " · " + act.Place.Line()
	entries := []replica.Entry{{Actor: a.person.Actor, Title: title, Act: act}}
	for _, p := range f.Photos {
		entries = append(entries, replica.Entry{Actor: a.person.Actor, Title: title, On: []int{0}, Blobs: []string{p.Blob},
			Act: &city.AddPhoto{Photo: p.ID, Request: act.Request, Blob: p.Blob, Stage: "report",
				Bytes: p.Bytes, Width: p.Width, Height: p.Height, Thumb: p.Thumb}})
	}
	if _, err := a.r.Record(a.ctx, entries...); err != nil {
		a.fail(err)
		return
	}
	a.forget(findKey)
	a.find, a.dirty = nil, false
	a.reset(Back, ScreenJobs)
	a.page = nil
	if err := a.load(); err != nil {
		a.fail(err)
		return
	}
	a.notice = a.tell("field.find.saved")
	a.Changed(Same)
}
