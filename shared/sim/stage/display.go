package stage

import (
	"bytes"
	"image"
	"testing"
	"time"

	"github.com/jezek/xgb/xtest"

	"cityhall/shared/peripheral/screen"
)

// Display is a virtual screen and the one hand that touches it.
type Display struct {
	Width, Height int // in pixels

	t      testing.TB
	screen *screen.Screen
	keys   *keyboard
}

// NewDisplay starts a screen on the first free display number.
func NewDisplay(t testing.TB, width, height int) *Display {
	t.Helper()
	s, err := screen.Start(width, height)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	d := &Display{t: t, Width: width, Height: height, screen: s}
	if err := xtest.Init(s.Conn()); err != nil {
		t.Fatalf("touch the virtual display: %v", err)
	}
	if d.keys, err = readKeyboard(s.Conn()); err != nil {
		t.Fatalf("read the keyboard of the virtual display: %v", err)
	}
	return d
}

// Name is the value of DISPLAY for the programs shown here, such as ":7".
func (d *Display) Name() string { return d.screen.Name() }

// Stop ends the screen, and with it the windows on it.
func (d *Display) Stop() { d.screen.Stop() }

// Screenshot is the picture that a person would see now.
func (d *Display) Screenshot() image.Image {
	d.t.Helper()
	picture, err := d.screen.Picture()
	if err != nil {
		d.t.Fatal(err)
	}
	return picture
}

// SavePNG writes the picture of now to path, whose folder is made.
func (d *Display) SavePNG(path string) {
	d.t.Helper()
	if err := d.screen.SavePNG(path); err != nil {
		d.t.Fatalf("save the picture: %v", err)
	}
}

// WaitStill waits until two pictures taken 150 ms apart are equal, so that a
// picture for people does not catch a page halfway; it gives up silently after
// timeout, for a clock on the page never stands still.
func (d *Display) WaitStill(timeout time.Duration) {
	d.t.Helper()
	last, _ := d.screen.Picture()
	for end := time.Now().Add(timeout); time.Now().Before(end); {
		time.Sleep(150 * time.Millisecond)
		now, err := d.screen.Picture()
		if err != nil {
			d.t.Fatal(err)
		}
		if last != nil && bytes.Equal(last.Pix, now.Pix) {
			return
		}
		last = now
	}
}
