package touch_test

import (
	"flag"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"cityhall/shared/touch"
)

var (
	update  = flag.Bool("update", false, "write the golden pictures")
	gallery = flag.String("gallery", "", "also write a picture of every story into this folder, to look at")
)

// Millimetres a pixel: a 24-inch panel of 1080x1920, a 15-inch and a 24-inch one of 1280x800.
const (
	mm24   = 0.277
	mm15   = 0.2625
	mmWide = 0.404
)

func TestPictures(t *testing.T) {
	tilesOfStories.plain = false
	defer func() { tilesOfStories.plain = true }()
	for _, c := range []struct {
		name  string
		prefs touch.Prefs
		dev   touch.Device
		size  fyne.Size
		page  touch.Page
		focus string
		ask   bool
	}{
		{"kiosk-home", touch.Prefs{Language: "en"}, touch.Kiosk(mm24), fyne.NewSize(1080, 1920), stories[0], "", false},
		{"kiosk-form-keyboard", touch.Prefs{Language: "es"}, touch.Kiosk(mmWide), fyne.NewSize(1280, 800), stories[1], "Su nombre", false},
		{"phone-status-contrast", touch.Prefs{Language: "en", HighContrast: true}, touch.Tablet(), fyne.NewSize(480, 900), stories[2], "", false},
		{"phone-map", touch.Prefs{Language: "es"}, touch.Tablet(), fyne.NewSize(480, 900), story("map"), "", false},
		{"tablet-dialog-dark", touch.Prefs{Language: "en", Dark: true}, touch.Tablet(), fyne.NewSize(1280, 800), stories[5], "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := open(t, c.prefs, c.dev, c.size)
			st.shell.Set(c.page)
			if c.focus != "" && !st.shell.FocusLabel(c.focus) {
				t.Fatalf("no element %q", c.focus)
			}
			if c.ask {
				askIdle(st)
			}
			compare(t, c.name, st.canvas().Capture())
		})
	}
}

// compare allows for the float noise of glyph edges on other processors.
func compare(t *testing.T, name string, got image.Image) {
	t.Helper()
	path := filepath.Join("testdata", name+".png")
	if *update {
		save(t, path, got)
		return
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds().Size() != got.Bounds().Size() {
		t.Fatalf("%s is %v, want %v", name, got.Bounds().Size(), want.Bounds().Size())
	}
	if off := difference(want, got); off > 0.004 {
		save(t, filepath.Join(t.TempDir(), name+".png"), got)
		t.Errorf("%s: %.2f %% of pixels differ; look at it, then -update", name, off*100)
	}
}

// difference is the share of pixels whose colour is visibly another.
func difference(a, b image.Image) float64 {
	n, off := 0, 0
	r := a.Bounds()
	for y := range r.Dy() {
		for x := range r.Dx() {
			r1, g1, b1, _ := a.At(r.Min.X+x, r.Min.Y+y).RGBA()
			r2, g2, b2, _ := b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y).RGBA()
			n++
			if far(r1, r2) || far(g1, g2) || far(b1, b2) {
				off++
			}
		}
	}
	return float64(off) / float64(n)
}

func far(a, b uint32) bool {
	if a < b {
		a, b = b, a
	}
	return a-b > 0x1800
}

func save(t *testing.T, path string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
