package view

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/look"
	"cityhall/shared/touch"
	"cityhall/shared/words"
)

// Config is how the screens are drawn.
type Config struct {
	Device       touch.Device
	ReduceMotion bool
	Brand        look.Brand
	// Tiles gives the pictures of the map, nil while there are none.
	Tiles func() touch.Tiles
	Now   func() time.Time
}

// View shows the app. It belongs to the screen's goroutine.
type View struct {
	app    *fieldapp.App
	shell  *touch.Shell
	detail *touch.Scroll // of the job beside the list
	open   string        // job that detail shows
	size   fyne.Size     // of the last drawing
	maps   maps
	tiles  func() touch.Tiles
}

// New makes the view of an app.
func New(app *fieldapp.App, cfg Config) *View {
	v := &View{app: app, maps: newMaps(), tiles: cfg.Tiles}
	if v.tiles == nil {
		v.tiles = func() touch.Tiles { return nil }
	}
	hooks := touch.Hooks{
		Activity: app.Activity,
		Now:      cfg.Now,
		Words:    func(language string) func(string, ...any) string { return words.In(language).T },
	}
	prefs := v.prefs()
	prefs.ReduceMotion = cfg.ReduceMotion
	v.shell = touch.NewShell(touch.New(prefs, cfg.Device, hooks, cfg.Brand))
	v.shell.OnEscape = app.Back
	v.shell.Set(v.page())
	app.Changed = v.changed
	return v
}

// Mount makes the view the content of a window.
func (v *View) Mount(w fyne.Window) { v.shell.Mount(w) }

// Shell is what the view draws on.
func (v *View) Shell() *touch.Shell { return v.shell }

// Screen is the name of what is shown.
func (v *View) Screen() string { return string(v.app.Screen()) }

func (v *View) prefs() touch.Prefs {
	p := v.app.Prefs()
	return touch.Prefs{Language: p.Language, TextScale: p.TextScale, HighContrast: p.Sunlight}
}

func (v *View) changed(m fieldapp.Move) {
	v.maps.forget(v.app)
	switch {
	case m == fieldapp.Moved:
		v.maps.moved(v.app)
	case m == fieldapp.Preferences:
		p := v.prefs()
		p.ReduceMotion = v.shell.Kit().Prefs.ReduceMotion
		v.shell.SetPrefs(p)
	case m == fieldapp.Same || v.beside() && v.shell.PageName() == v.page().Name:
		v.shell.Rebuild()
		v.rewind()
	case m == fieldapp.Forward:
		v.shell.Go(v.page())
	default:
		v.shell.Back(v.page())
	}
}

// beside tells whether list and job are one page.
func (v *View) beside() bool {
	return v.shell.Kit().Wide(v.size) && slices.Contains([]fieldapp.Screen{fieldapp.ScreenJobs, fieldapp.ScreenJob}, v.app.Screen())
}

// rewind shows another job from its top.
func (v *View) rewind() {
	open := ""
	if p := v.app.Page(); p != nil {
		open = string(p.ID)
	}
	if open != v.open && v.detail != nil {
		v.detail.SetOffset(0)
	}
	v.open = open
}

func (v *View) page() touch.Page {
	name := v.Screen()
	if v.beside() {
		name = string(fieldapp.ScreenJobs)
	}
	return touch.Page{Name: name, Leave: v.maps.leave, Build: func(t *touch.Kit, size fyne.Size) fyne.CanvasObject {
		v.size, v.maps.live = size, nil
		p := &page{v: v, a: v.app, t: t, size: size}
		return p.build()
	}}
}

// page is what a screen is drawn from, for one drawing.
type page struct {
	v    *View
	a    *fieldapp.App
	t    *touch.Kit
	size fyne.Size
}

func (p *page) build() fyne.CanvasObject {
	screens := map[fieldapp.Screen]func() fyne.CanvasObject{
		fieldapp.ScreenEnrol: p.enrol, fieldapp.ScreenNewPIN: p.newPIN, fieldapp.ScreenUnlock: p.unlock,
		fieldapp.ScreenWho: p.who, fieldapp.ScreenJobs: p.jobs, fieldapp.ScreenJob: p.job, fieldapp.ScreenNote: p.note,
		fieldapp.ScreenFinish: p.finish, fieldapp.ScreenPictures: p.pictures, fieldapp.ScreenCheck: p.check,
		fieldapp.ScreenFind: p.find, fieldapp.ScreenService: p.service, fieldapp.ScreenWaiting: p.waiting,
		fieldapp.ScreenMore: p.more, fieldapp.ScreenPhoto: p.photo, fieldapp.ScreenContact: p.askContact,
		fieldapp.ScreenNear: p.near, fieldapp.ScreenRequest: p.request, fieldapp.ScreenWhere: p.where,
	}
	return screens[p.a.Screen()]()
}

// T translates.
func (p *page) T(key string, args ...any) string { return p.t.T(key, args...) }
