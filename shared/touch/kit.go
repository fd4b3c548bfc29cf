package touch

import (
	"image/color"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"cityhall/shared/look"
)

// Prefs is what a person may change about how the screen looks and moves.
type Prefs struct {
	Language     string  // BCP 47, such as "en"
	TextScale    float32 // 1, 1.25 or 1.5; zero is 1
	HighContrast bool
	Dark         bool
	ReduceMotion bool
}

// Device is what the screen is: how large a millimetre and how large a finger.
type Device struct {
	unit     float32 // pixels of one design unit of space
	caption  float32 // pixels of the smallest text
	target   float32 // pixels of the smallest touch target
	keyboard bool    // shows the on-screen keyboard
}

// Kiosk is a standing touch screen whose pixels are mmPerPixel wide (a 24-inch
// panel of 1080x1920: 0.277). Sizes follow from millimetres.
func Kiosk(mmPerPixel float32) Device {
	return Device{
		unit:     look.KioskUnitMM / mmPerPixel,
		caption:  look.KioskCapMM / look.CapHeight / mmPerPixel,
		target:   look.KioskTargetMM / mmPerPixel,
		keyboard: true,
	}
}

// Tablet is a tablet or laptop at arm's length, in device-independent pixels.
func Tablet() Device {
	return Device{unit: 1, caption: look.TabletTextPX, target: look.TabletTargetPX}
}

// WithKeyboard is the same device with the on-screen keyboard.
func (d Device) WithKeyboard() Device {
	d.keyboard = true
	return d
}

// Hooks is what a program hears from the kit and gives to it. Any may be nil.
type Hooks struct {
	Activity func()            // the person touched or typed something
	Say      func(text string) // words to be spoken, if the voice is on
	// Words returns the translator of a language; [Kit.T] uses it.
	Words func(language string) func(key string, args ...any) string
	Now   func() time.Time // for the speed of a fling
}

// Kit builds every part of a screen for one set of preferences. It is
// immutable: other preferences are another kit.
type Kit struct {
	Prefs  Prefs
	Device Device
	Pal    look.Palette

	hooks Hooks
	brand look.Brand
	words func(key string, args ...any) string
	theme *Theme
	shell *Shell
}

// New makes a kit. The brand is the city's colours and may be zero.
func New(p Prefs, d Device, h Hooks, b look.Brand) *Kit {
	if p.TextScale <= 0 {
		p.TextScale = 1
	}
	k := &Kit{Prefs: p, Device: d, hooks: h, brand: b}
	switch {
	case p.HighContrast:
		k.Pal = look.HighContrast()
	case p.Dark:
		k.Pal = look.Dark()
	default:
		k.Pal = look.Day().WithBrand(b)
	}
	k.words = func(key string, _ ...any) string { return key }
	if h.Words != nil {
		k.words = h.Words(p.Language)
	}
	k.theme = &Theme{k: k}
	return k
}

// with is the same kit for other preferences.
func (k *Kit) with(p Prefs) *Kit {
	n := New(p, k.Device, k.hooks, k.brand)
	n.shell = k.shell
	return n
}

// T translates: the key, then name and value by turns.
func (k *Kit) T(key string, args ...any) string { return k.words(key, args...) }

// Px is a step of space in pixels.
func (k *Kit) Px(s look.Space) float32 { return float32(s) * k.Device.unit }

// Size is a text size in pixels, at the person's text scale.
func (k *Kit) Size(t look.TextSize) float32 {
	return float32(t) * k.Device.caption * k.Prefs.TextScale
}

// Target is the least width and height of what can be pressed, in pixels.
func (k *Kit) Target() float32 { return k.Device.target }

// RTL says whether the language runs from right to left.
func (k *Kit) RTL() bool {
	base, _, _ := strings.Cut(k.Prefs.Language, "-")
	switch base {
	case "ar", "fa", "he", "ur":
		return true
	}
	return false
}

// Wide says whether a page of this size has room for two panes side by side.
func (k *Kit) Wide(size fyne.Size) bool {
	return size.Width > size.Height*1.15 && size.Width >= 30*k.Device.caption*k.Prefs.TextScale
}

// Phone says whether a page of this size holds one narrow column only.
func (k *Kit) Phone(size fyne.Size) bool {
	return size.Width < 26*k.Device.caption*k.Prefs.TextScale
}

// Theme is the Fyne theme of this kit; [Shell.Mount] applies it.
func (k *Kit) Theme() fyne.Theme { return k.theme }

func (k *Kit) radius(r look.Radius) float32 { return float32(r) * k.Device.unit }

func (k *Kit) activity() {
	if k.hooks.Activity != nil {
		k.hooks.Activity()
	}
}

func (k *Kit) say(text string) {
	if k.hooks.Say != nil && text != "" {
		k.hooks.Say(text)
	}
}

func (k *Kit) measure(s string, px float32, bold bool) fyne.Size {
	return fyne.MeasureText(s, px, fyne.TextStyle{Bold: bold})
}

// line is the width of drawn edges: fine, but thicker where edges carry all.
func (k *Kit) line() float32 {
	if k.Pal.Edged {
		return max(2, 2.2*k.Device.unit)
	}
	return max(1, 1.1*k.Device.unit)
}

// Tone says what a status means; each has its colour and its shape.
type Tone int

// The tones of chips, banners, panels and timeline items.
const (
	Neutral Tone = iota
	Good
	Warn
	Bad
	Info
)

func (k *Kit) tone(t Tone) (ink, soft color.NRGBA, icon look.Icon) {
	p := k.Pal
	switch t {
	case Good:
		return p.Good, p.GoodSoft, look.IconCheckCircle
	case Warn:
		return p.Warn, p.WarnSoft, look.IconWarning
	case Bad:
		return p.Bad, p.BadSoft, look.IconCloseCircle
	case Info:
		return p.Info, p.InfoSoft, look.IconInfo
	}
	return p.Neutral, p.NeutralSoft, look.IconClock
}
