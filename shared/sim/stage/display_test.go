package stage_test

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"cityhall/shared/sim/stage"
)

// window is a bare X11 window over the whole display: blue, and it keeps what
// is done to it.
type window struct {
	conn    *xgb.Conn
	mapping *xproto.GetKeyboardMappingReply
	first   xproto.Keycode
}

func openWindow(t *testing.T, d *stage.Display) *window {
	t.Helper()
	conn, err := xgb.NewConnDisplay(d.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	setup := xproto.Setup(conn)
	screen := setup.DefaultScreen(conn)
	id, err := xproto.NewWindowId(conn)
	if err != nil {
		t.Fatal(err)
	}
	events := xproto.EventMaskKeyPress | xproto.EventMaskButtonPress | xproto.EventMaskButtonRelease | xproto.EventMaskExposure
	if err := xproto.CreateWindowChecked(conn, screen.RootDepth, id, screen.Root, 0, 0, uint16(d.Width), uint16(d.Height), 0,
		xproto.WindowClassInputOutput, screen.RootVisual, xproto.CwBackPixel|xproto.CwEventMask, []uint32{0x2040c0, uint32(events)}).Check(); err != nil {
		t.Fatal(err)
	}
	xproto.MapWindow(conn, id)
	w := &window{conn: conn, first: setup.MinKeycode}
	w.next(t, func(event xgb.Event) bool { _, ok := event.(xproto.ExposeEvent); return ok })
	if w.mapping, err = xproto.GetKeyboardMapping(conn, w.first, byte(setup.MaxKeycode-w.first)+1).Reply(); err != nil {
		t.Fatal(err)
	}
	return w
}

// next is the next event of the kind that is wanted.
func (w *window) next(t *testing.T, wanted func(xgb.Event) bool) {
	t.Helper()
	arrived := make(chan bool, 1)
	go func() {
		for {
			event, err := w.conn.WaitForEvent()
			if event == nil && err == nil {
				return
			}
			if event != nil && wanted(event) {
				arrived <- true
				return
			}
		}
	}()
	select {
	case <-arrived:
	case <-time.After(5 * time.Second):
		t.Fatal("the window got no such event")
	}
}

// sym is what a key press means under the mapping that the window read.
func (w *window) sym(e xproto.KeyPressEvent) xproto.Keysym {
	at := int(e.Detail-w.first) * int(w.mapping.KeysymsPerKeycode)
	if e.State&xproto.ModMaskShift != 0 {
		at++
	}
	return w.mapping.Keysyms[at]
}

func TestHandReachesTheWindow(t *testing.T) {
	stage.Need(t, "Xvfb")
	d := stage.NewDisplay(t, 480, 900)
	w := openWindow(t, d)

	d.Tap(123, 456)
	w.next(t, func(event xgb.Event) bool {
		press, ok := event.(xproto.ButtonPressEvent)
		if ok && (press.EventX != 123 || press.EventY != 456 || press.Detail != 1) {
			t.Errorf("the tap arrived as %v", press)
		}
		return ok
	})
	d.Drag(100, 800, 100, 200)
	w.next(t, func(event xgb.Event) bool {
		release, ok := event.(xproto.ButtonReleaseEvent)
		return ok && release.EventX == 100 && release.EventY == 200
	})

	const text = "Aa9 ¿Árbol caído en la calle Ñandú?"
	d.Type(text)
	var typed []rune
	w.next(t, func(event xgb.Event) bool {
		if press, ok := event.(xproto.KeyPressEvent); ok {
			if sym := w.sym(press); sym < 0x100 {
				typed = append(typed, rune(sym))
			}
		}
		return len(typed) == len([]rune(text))
	})
	if string(typed) != text {
		t.Errorf("%q was typed and %q arrived", text, string(typed))
	}
	d.Key("ctrl+a")
	w.next(t, func(event xgb.Event) bool {
		press, ok := event.(xproto.KeyPressEvent)
		return ok && w.sym(press) == 'a' && press.State&xproto.ModMaskControl != 0
	})
}

func TestScreenshotShowsTheWindow(t *testing.T) {
	stage.Need(t, "Xvfb")
	d := stage.NewDisplay(t, 1280, 800)
	openWindow(t, d)
	d.WaitStill(2 * time.Second)
	path := filepath.Join(t.TempDir(), "deep", "picture.png")
	d.SavePNG(path)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if picture.Bounds() != image.Rect(0, 0, 1280, 800) {
		t.Errorf("the picture is %v", picture.Bounds())
	}
	if r, g, b, _ := picture.At(640, 400).RGBA(); r>>8 != 0x20 || g>>8 != 0x40 || b>>8 != 0xc0 {
		t.Errorf("the window's blue is %x %x %x", r>>8, g>>8, b>>8)
	}
}

func TestTwoDisplaysAtOnce(t *testing.T) {
	stage.Need(t, "Xvfb")
	one, two := stage.NewDisplay(t, 1080, 1920), stage.NewDisplay(t, 480, 900)
	if one.Name() == two.Name() {
		t.Errorf("both displays are %s", one.Name())
	}
	if b := one.Screenshot().Bounds(); b.Dx() != 1080 || b.Dy() != 1920 {
		t.Errorf("the first is %v", b)
	}
}
