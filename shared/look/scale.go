package look

import "time"

// TextSize is a ratio to the smallest text size of a device.
type TextSize float32

// The type scale. Capital letters of Caption are never smaller than the
// device's minimum, so neither is anything else.
const (
	Caption TextSize = 1
	Body    TextSize = 1.1
	Lead    TextSize = 1.25
	Title   TextSize = 1.4
	Heading TextSize = 1.8
	Display TextSize = 2.5
)

// LineHeight is the distance of two lines of a paragraph, in text sizes;
// TightLineHeight is for Heading and Display.
const (
	LineHeight      = 1.42
	TightLineHeight = 1.16
)

// CapHeight is the height of Inter's capitals, in text sizes.
const CapHeight = 0.727

// KioskCapMM is the smallest capital on a kiosk in millimetres: 0.7 degrees of
// arc at 600 mm (EN 301 549). KioskTargetMM is its smallest touch target.
const (
	KioskCapMM    = 7.3
	KioskTargetMM = 15
)

// TabletTextPX is Caption on a tablet or laptop, TabletTargetPX its smallest
// touch target, WebTextREM is Caption on the web.
const (
	TabletTextPX   = 15
	TabletTargetPX = 48
	WebTextREM     = 0.9375
)

// KioskUnitMM is one design unit of space on a kiosk, in millimetres; on a
// tablet and on the web one unit is one pixel.
const KioskUnitMM = 0.46

// Space is a distance in design units.
type Space float32

// Steps of space. Nothing is spaced by any other number.
const (
	None Space = 0
	XS   Space = 4
	S    Space = 8
	M    Space = 16
	L    Space = 24
	XL   Space = 36
	XXL  Space = 56
)

// Radius is a corner radius in design units.
type Radius float32

// Corner radii. Pill rounds the whole end.
const (
	RadiusSmall  Radius = 8
	RadiusMedium Radius = 14
	RadiusLarge  Radius = 20
	Pill         Radius = 999
)

// Durations of motion. With reduced motion all of them are zero.
const (
	PressIn   = 60 * time.Millisecond
	PressOut  = 220 * time.Millisecond
	PageSlide = 260 * time.Millisecond
	Fling     = 700 * time.Millisecond
)
