package fieldapp

import (
	"reflect"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/basemap"
	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// load reads everything that the screens show from the replica.
func (a *App) load() error {
	a.loadLink()
	if _, ok := a.r.Identity(); !ok {
		if a.identity.Device != "" {
			a.beginAnew()
		}
		return nil
	}
	a.identity, _ = a.r.Identity()
	view, err := a.r.View(a.ctx)
	if err != nil {
		return err
	}
	if a.settings, err = city.LoadSettings(view); err != nil {
		return err
	}
	if a.services, err = all[city.Service](a, city.KindService); err != nil {
		return err
	}
	if a.crews, err = all[city.Crew](a, city.KindCrew); err != nil {
		return err
	}
	a.openAtlas()
	a.openTiles()
	if err := a.loadJobs(view); err != nil {
		return err
	}
	if err := a.loadPage(view); err != nil {
		return err
	}
	return a.loadWaiting()
}

// all reads every record of a kind.
func all[T any](a *App, kind city.Kind) (map[city.ID]T, error) {
	recs, err := a.r.Records(a.ctx, kind)
	if err != nil {
		return nil, err
	}
	out := make(map[city.ID]T, len(recs))
	for _, rec := range recs {
		var v T
		if err := rec.Into(&v); err != nil {
			return nil, err
		}
		out[rec.ID] = v
	}
	return out, nil
}

// openAtlas follows the city's places database, when it has come.
func (a *App) openAtlas() {
	if a.settings.Places == "" || a.settings.Places == a.places {
		return
	}
	path, ok := a.r.BlobPath(a.settings.Places)
	if !ok {
		return
	}
	places, err := atlas.Open(a.ctx, path)
	if err != nil {
		a.cfg.Log.Error("open places", "err", err)
		return
	}
	a.closeAtlas()
	a.atlas, a.places = places, a.settings.Places
	a.survey()
}

// openTiles has the maps drawn of the places, or of a file of the city's own once
// that has come.
func (a *App) openTiles() {
	sha := a.settings.Map
	path, have := a.r.BlobPath(sha)
	if !have && sha != "" && a.tiles != nil {
		return // the one before is shown until the new one is here
	}
	if !have {
		sha = a.places
	}
	if a.atlas == nil || sha == a.drawn {
		return
	}
	if a.tiles != nil {
		a.tiles.Close()
	}
	a.tiles = basemap.OpenSource(a.ctx, basemap.New(a.atlas, a.places), path, sha, basemap.Options{Folder: a.cfg.Tiles, Log: a.cfg.Log})
	a.drawn = sha
}

// closeAtlas ends what draws from the places first, then their reading.
func (a *App) closeAtlas() {
	if a.atlas == nil {
		return
	}
	if a.tiles != nil {
		a.tiles.Close()
	}
	if err := a.atlas.Close(); err != nil {
		a.cfg.Log.Warn("close places", "err", err)
	}
	a.atlas, a.tiles, a.drawn = nil, nil, ""
}

// Tiles are the pictures of the city's map, nil until its places have come.
func (a *App) Tiles() *basemap.Source { return a.tiles }

// MapCredit is who made the city's own map; empty for one that is drawn.
func (a *App) MapCredit() string {
	if a.tiles == nil {
		return ""
	}
	return a.tiles.Attribution()
}

// shown is what Refresh compares, so that a change that nobody can see does not
// touch the screen.
type shown struct {
	settings city.Settings
	places   string
	services map[city.ID]city.Service
	crews    map[city.ID]city.Crew
	jobs     []Job
	page     *JobPage
	waiting  Waiting
	link     LinkView
	problem  string
}

func (a *App) shown() shown {
	return shown{a.settings, a.places + a.drawn, a.services, a.crews, a.list.all, a.page, a.waiting, a.Link(), a.Problem()}
}

// Refresh follows the replica.
func (a *App) Refresh() {
	before := a.shown()
	err := a.load()
	if a.person.Actor.Kind == "" && a.Screen() == ScreenWho && len(a.People()) == 1 {
		a.welcome()
		return
	}
	if err != nil {
		a.fail(err)
		return
	}
	a.images.retry(a.link.State == replica.LinkOnline)
	if a.wantsOpen() {
		a.loadOpen()
	} else if a.open.loaded { // no screen shows them any more
		a.open = openRequests{loading: a.open.loading}
	}
	if !reflect.DeepEqual(before, a.shown()) {
		a.Changed(Same)
	}
}

// Tone is what a state means; each has a colour and a shape on the screen.
type Tone int

// The tones.
const (
	Neutral Tone = iota
	Good
	Warn
	Bad
	Info
)

// LinkView is the connection in words.
type LinkView struct {
	Tone   Tone
	Short  string // one or two words for a badge
	Words  string // a sentence with the time of the last contact
	Online bool
}

// loadLink reads the link and keeps the time of the last contact over a restart.
func (a *App) loadLink() {
	kept := a.link.LastSync
	if kept.IsZero() {
		if text, err := a.r.Setting(a.ctx, "field.synced"); err == nil {
			kept, _ = time.Parse(time.RFC3339, text) // unreadable is never
		}
	}
	a.link = a.r.Link()
	if a.link.LastSync.IsZero() {
		a.link.LastSync = kept
		return
	}
	if a.link.LastSync.Sub(kept) < time.Minute && !kept.IsZero() {
		return
	}
	if err := a.r.SetSetting(a.ctx, "field.synced", a.link.LastSync.Format(time.RFC3339)); err != nil {
		a.cfg.Log.Error("keep time of contact", "err", err)
	}
}

// Link gives the connection as it is.
func (a *App) Link() LinkView {
	last := a.T("field.link.never")
	if !a.link.LastSync.IsZero() {
		last = a.T("field.link.last", "when", a.when(a.link.LastSync))
	}
	switch a.link.State {
	case replica.LinkOnline:
		return LinkView{Good, a.T("field.link.online"), a.T("field.link.online_words") + " " + last, true}
	case replica.LinkOffline:
		return LinkView{Warn, a.T("field.link.offline"), a.T("field.link.offline_words") + " " + last, false}
	case replica.LinkRevoked:
		words := "field.link.revoked_words"
		if len(a.waiting.Pending) == 0 && a.waiting.Photos == 0 {
			words = "field.link.handed_words"
		}
		return LinkView{Bad, a.T("field.link.revoked"), a.T(words), false}
	case replica.LinkUpgrade:
		return LinkView{Warn, a.T("field.link.upgrade"), a.T("field.link.upgrade_words") + " " + last, false}
	case replica.LinkWrongServer:
		return LinkView{Bad, a.T("field.link.wrong"), a.T("field.link.wrong_words"), false}
	}
	return LinkView{Neutral, a.T("field.link.unknown"), last, false}
}

// when says a time as people do, in the city's zone.
func (a *App) when(t time.Time) string {
	return a.w.DayTime(t.In(a.settings.Zone()), a.now())
}

// Day says a day as people do, in the city's zone.
func (a *App) Day(t time.Time) string {
	t, now := t.In(a.settings.Zone()), a.now()
	date := func(t time.Time) int { return t.Year()*1000 + t.YearDay() }
	if d := &a.days; d.today != date(now) || d.language != a.prefs.Language || len(d.words) > 1000 {
		*d = dayWords{date(now), a.prefs.Language, map[int]string{}}
	}
	words, known := a.days.words[date(t)]
	if !known {
		words = a.w.Day(t, now)
		a.days.words[date(t)] = words
	}
	return words
}

// dayWords are the days that were said today: a map of thousands of jobs says few
// of them many times.
type dayWords struct {
	today    int
	language string
	words    map[int]string // by year and day of the year
}

// District gives the name of a district.
func (a *App) District(id city.ID) string { return a.settings.District(id) }
