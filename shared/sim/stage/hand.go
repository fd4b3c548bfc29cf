package stage

import (
	"time"

	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// How fast the hand is. A press shorter than a frame of software drawing is
// lost on some programs, as it would be from a person.
const (
	pressTime = 40 * time.Millisecond
	keyTime   = 6 * time.Millisecond
	dragSteps = 16
	dragStep  = 16 * time.Millisecond
)

// Move puts the pointer at a point.
func (d *Display) Move(x, y int) {
	d.t.Helper()
	d.fake(xproto.MotionNotify, 0, x, y)
	d.settle()
}

// Tap presses and releases at a point, as one finger does.
func (d *Display) Tap(x, y int) {
	d.t.Helper()
	d.Move(x, y)
	time.Sleep(pressTime)
	d.fake(xproto.ButtonPress, 1, x, y)
	time.Sleep(pressTime)
	d.fake(xproto.ButtonRelease, 1, x, y)
	d.settle()
}

// Drag presses at the first point, moves to the second in a quarter of a
// second, and rests there before it lets go, so that nothing is flung.
func (d *Display) Drag(x1, y1, x2, y2 int) {
	d.t.Helper()
	d.Move(x1, y1)
	time.Sleep(pressTime)
	d.fake(xproto.ButtonPress, 1, x1, y1)
	for step := 1; step <= dragSteps; step++ {
		time.Sleep(dragStep)
		d.Move(x1+(x2-x1)*step/dragSteps, y1+(y2-y1)*step/dragSteps)
	}
	time.Sleep(6 * pressTime)
	d.fake(xproto.ButtonRelease, 1, x2, y2)
	d.settle()
}

// Key presses one key with its modifiers, such as "Return", "a" or "ctrl+v".
// The names are X11's.
func (d *Display) Key(name string) {
	d.t.Helper()
	sym, modifiers, err := chord(name)
	if err != nil {
		d.t.Fatalf("press a key: %v", err)
	}
	d.press(sym, modifiers...)
}

// Type writes text, of any script, on the physical keyboard.
func (d *Display) Type(text string) {
	d.t.Helper()
	for _, r := range text {
		d.press(keysym(r))
	}
}

// press holds the modifiers, and Shift where the key needs it, around a key.
func (d *Display) press(sym xproto.Keysym, modifiers ...xproto.Keysym) {
	d.t.Helper()
	key, fresh, err := d.keys.find(sym)
	if err != nil {
		d.t.Fatalf("press a key: %v", err)
	}
	if fresh {
		time.Sleep(300 * time.Millisecond)
	}
	if key.shift {
		modifiers = append(modifiers, named["shift"])
	}
	for _, modifier := range modifiers {
		d.fake(xproto.KeyPress, byte(d.keys.strokes[modifier].code), 0, 0)
	}
	d.fake(xproto.KeyPress, byte(key.code), 0, 0)
	time.Sleep(keyTime)
	d.fake(xproto.KeyRelease, byte(key.code), 0, 0)
	for i := len(modifiers) - 1; i >= 0; i-- {
		d.fake(xproto.KeyRelease, byte(d.keys.strokes[modifiers[i]].code), 0, 0)
	}
	d.settle()
	time.Sleep(keyTime)
}

func (d *Display) fake(kind, detail byte, x, y int) {
	d.t.Helper()
	if d.screen.Conn() == nil {
		d.t.Fatalf("the display %s has been stopped", d.Name())
	}
	if err := xtest.FakeInputChecked(d.screen.Conn(), kind, detail, 0, d.screen.Root(), int16(x), int16(y), 0).Check(); err != nil {
		d.t.Fatalf("move the hand on display %s: %v", d.Name(), err)
	}
}

// settle returns when the server has dealt with all that was asked of it.
func (d *Display) settle() {
	d.t.Helper()
	if _, err := xproto.GetInputFocus(d.screen.Conn()).Reply(); err != nil {
		d.t.Fatalf("display %s: %v", d.Name(), err)
	}
}
