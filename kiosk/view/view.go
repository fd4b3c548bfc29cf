package view

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"cityhall/kiosk"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
	"cityhall/shared/words"
)

// Config is how the screens are drawn.
type Config struct {
	Device       touch.Device
	ReduceMotion bool
	Brand        look.Brand
	Now          func() time.Time
	Say          func(text string) // nil: silent
	// Tiles gives what maps are drawn of now; nil, or a nil answer, is plain ground.
	Tiles func() touch.Tiles
}

// View shows a kiosk. It belongs to the screen's goroutine.
type View struct {
	k        *kiosk.Kiosk
	shell    *touch.Shell
	shown    place         // the page on the screen
	prefs    touch.Prefs   // that it was drawn with
	asking   *touch.Dialog // the idle warning
	help     *touch.Dialog
	window   fyne.Window
	tiles    func() touch.Tiles
	looking  *touch.MapView // of the page, if it has a map
	lookedAt city.Place     // where looking was last brought
	say      func(text string)
	said     string // of where the pin stands
}

// place says where in the flow a page stands, to know which way to slide.
type place struct {
	screen kiosk.Screen
	part   string // which question
	order  int
}

// New makes the view of a kiosk.
func New(k *kiosk.Kiosk, cfg Config) *View {
	v := &View{k: k, tiles: cfg.Tiles, say: cfg.Say}
	v.prefs = touch.Prefs{Language: k.Language(), TextScale: k.TextScale(), ReduceMotion: cfg.ReduceMotion}
	hooks := touch.Hooks{
		Activity: k.Touch,
		Say:      cfg.Say,
		Now:      cfg.Now,
		Words:    func(language string) func(string, ...any) string { return words.In(language).T },
	}
	v.shell = touch.NewShell(touch.New(v.prefs, cfg.Device, hooks, cfg.Brand))
	v.shell.OnEscape = k.Back
	v.shown = v.where()
	v.shell.Set(v.page())
	k.OnChange(v.change)
	k.OnWipe(v.wipe)
	return v
}

// Mount makes the view the content of a window.
func (v *View) Mount(w fyne.Window) {
	v.window = w
	v.shell.Mount(w)
}

// Shell is what the view draws on.
func (v *View) Shell() *touch.Shell { return v.shell }

// Root is what stands on the screen.
func (v *View) Root() fyne.CanvasObject { return v.shell }

// order is the way through the screens; Back goes up the list.
var order = []kiosk.Screen{
	kiosk.ScreenEnrol, kiosk.ScreenClosed, kiosk.ScreenHome, kiosk.ScreenServices, kiosk.ScreenQuestion, kiosk.ScreenStopped,
	kiosk.ScreenPlace, kiosk.ScreenPoint, kiosk.ScreenNear, kiosk.ScreenDetails, kiosk.ScreenContact, kiosk.ScreenCheck, kiosk.ScreenFailed,
	kiosk.ScreenReceipt, kiosk.ScreenTrack, kiosk.ScreenNotFound, kiosk.ScreenAddress, kiosk.ScreenHere, kiosk.ScreenRequest,
}

func (v *View) where() place {
	at := place{screen: v.k.Screen()}
	at.order = 100 * slices.Index(order, at.screen)
	switch at.screen {
	case kiosk.ScreenQuestion:
		q, _ := v.k.Question()
		step, _ := v.k.Steps()
		at.part, at.order = q.ID, at.order+step
	case kiosk.ScreenRequest:
		if f := v.k.Found(); f != nil {
			at.part = string(f.ID)
		}
	}
	return at
}

// change brings the screen up to date with the kiosk.
func (v *View) change() {
	if p := v.wanted(); p != v.prefs {
		v.prefs = p
		v.shell.SetPrefs(p)
	}
	at := v.where()
	switch was := v.shown; {
	case at == was:
		v.shell.Rebuild()
	case at.screen == kiosk.ScreenHome:
		v.shown = at
		v.shell.Set(v.page())
	case at.order < was.order:
		v.shown = at
		v.shell.Back(v.page())
	default:
		v.shown = at
		v.shell.Go(v.page())
	}
	v.warn()
	v.sayPin()
}

func (v *View) wanted() touch.Prefs {
	p := v.prefs
	p.Language, p.TextScale, p.HighContrast = v.k.Language(), v.k.TextScale(), v.k.HighContrast()
	return p
}

// warn asks whether anybody is there, and stops asking when somebody is.
func (v *View) warn() {
	on, left, total := v.k.Warning()
	if !on {
		if v.asking != nil {
			v.asking.Close()
			v.asking = nil
		}
		return
	}
	if v.asking == nil {
		t := v.shell.Kit()
		v.help = nil
		v.asking = v.shell.Ask(touch.DialogSpec{
			Title: t.T("common.idle.title"), Text: t.T("kiosk.idle.text"), Countdown: true, OnEscape: v.k.Touch,
			Buttons: []touch.DialogButton{
				{Kind: touch.Primary, Label: t.T("common.more_time"), Tap: v.k.Touch},
				{Kind: touch.Secondary, Label: t.T("kiosk.idle.leave"), Tap: v.k.Reset},
			},
		})
	}
	v.asking.SetLeft(left, total)
}

// wipe clears what a person could leave outside the kiosk's own state.
func (v *View) wipe() {
	v.shell.HideKeyboard()
	for _, d := range []*touch.Dialog{v.asking, v.help} {
		if d != nil {
			d.Close()
		}
	}
	v.asking, v.help = nil, nil
	if app := fyne.CurrentApp(); app != nil {
		app.Clipboard().SetContent("")
	}
}

// Draw draws the present screen with a kit of any preferences, for a preview or
// a test. What it returns has no size yet.
func (v *View) Draw(t *touch.Kit, size fyne.Size) fyne.CanvasObject {
	return v.builder()(v.draws(t, size))
}

func (v *View) draws(t *touch.Kit, size fyne.Size) *page {
	return &page{v: v, k: v.k, t: t, w: words.In(t.Prefs.Language), size: size}
}

// page is the page of the present screen.
func (v *View) page() touch.Page {
	return touch.Page{Name: string(v.shown.screen), Build: v.Draw, Leave: v.leave}
}

func (v *View) builder() func(*page) fyne.CanvasObject {
	switch v.k.Screen() {
	case kiosk.ScreenEnrol:
		return (*page).enrol
	case kiosk.ScreenClosed:
		return (*page).closed
	case kiosk.ScreenServices:
		return (*page).services
	case kiosk.ScreenQuestion:
		return (*page).question
	case kiosk.ScreenStopped:
		return (*page).stopped
	case kiosk.ScreenPlace:
		return (*page).place
	case kiosk.ScreenPoint:
		return (*page).point
	case kiosk.ScreenNear:
		return (*page).near
	case kiosk.ScreenDetails:
		return (*page).details
	case kiosk.ScreenContact:
		return (*page).contact
	case kiosk.ScreenCheck:
		return (*page).check
	case kiosk.ScreenReceipt:
		return (*page).receipt
	case kiosk.ScreenFailed:
		return (*page).failed
	case kiosk.ScreenTrack:
		return (*page).track
	case kiosk.ScreenRequest:
		return (*page).request
	case kiosk.ScreenNotFound:
		return (*page).notFound
	case kiosk.ScreenAddress:
		return (*page).address
	case kiosk.ScreenHere:
		return (*page).here
	}
	return (*page).home
}
