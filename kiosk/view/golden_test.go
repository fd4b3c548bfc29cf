package view_test

import (
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2/test"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// golden are the screens whose picture is kept, in one language each.
var golden = []struct{ scene, language string }{
	{"home", "en"}, {"question-choice", "es"}, {"near", "en"}, {"check", "es"}, {"failed", "en"}, {"request-fixed", "en"},
	{"here", "es"}, {"point-address", "en"},
}

// TestGolden compares screens with the pictures in testdata; -update writes them.
func TestGolden(t *testing.T) {
	if testing.Short() {
		t.Skip("draws eight large pictures")
	}
	test.NewTempApp(t)
	for i, g := range golden {
		st := newStage(t)
		s := open(t, st, shapes[i%2])
		at := slices.IndexFunc(scenes, func(s scene) bool { return s.name == g.scene })
		s.play(scenes[at], g.language)
		path := filepath.Join("testdata", g.scene+"-"+g.language+".png")
		picture := s.picture()
		if *update {
			write(t, path, picture)
			continue
		}
		if share := different(t, path, picture); share > 0.005 {
			failed := filepath.Join(t.ArtifactDir(), g.scene+".png")
			write(t, failed, picture)
			t.Errorf("%.1f %% of %s is different; the new picture is %s", share*100, path, failed)
		}
	}
}

// different is the share of pixels that differ so that an eye would notice.
func different(t *testing.T, path string, picture image.Image) float64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	kept, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if kept.Bounds() != picture.Bounds() {
		return 1
	}
	off := 0
	for y := range kept.Bounds().Dy() {
		for x := range kept.Bounds().Dx() {
			a, b := gray(kept.At(x, y)), gray(picture.At(x, y))
			if max(a, b)-min(a, b) > 24 {
				off++
			}
		}
	}
	return float64(off) / float64(kept.Bounds().Dx()*kept.Bounds().Dy())
}

func gray(c color.Color) uint8 { return color.GrayModel.Convert(c).(color.Gray).Y }
