package view_test

import (
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"cityhall/fieldapp"
	"cityhall/shared/touch"
)

var (
	out    = flag.String("out", "", "folder to draw every screen into")
	only   = flag.String("only", "", "draw the scenes whose name contains this")
	update = flag.Bool("update", false, "write the golden pictures anew")
)

// TestStorybook draws every screen in both languages and all windows, when it
// is told where to.
func TestStorybook(t *testing.T) {
	if *out == "" {
		t.Skip("-out names no folder")
	}
	for _, sc := range scenes {
		if !strings.Contains(sc.name, *only) {
			continue
		}
		t.Run(sc.name, func(t *testing.T) {
			test.NewTempApp(t)
			s := newStage(t, sc.fresh)
			s.tiles = drawn()
			sc.play(s)
			for _, sh := range shapes {
				for _, language := range []string{"en", "es"} {
					s.w.Resize(sh.size)
					s.a.SetPrefs(fieldapp.Prefs{Language: language, TextScale: 1, Sunlight: language == "es" && sh.name == "phone"})
					write(t, filepath.Join(*out, fmt.Sprintf("%s-%s-%s.png", sc.name, sh.name, language)), s.w.Canvas().Capture())
				}
			}
		})
	}
}

func write(t testing.TB, path string, img image.Image) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// TestEveryScreenFits walks every screen in every language, text size, window
// and contrast, and looks for words that do not fit, small targets, poor
// contrast and what has no spoken words.
func TestEveryScreenFits(t *testing.T) {
	for i, sc := range scenes {
		if testing.Short() && i%8 != 0 { // each is a day of its own
			continue
		}
		t.Run(sc.name, func(t *testing.T) {
			test.NewTempApp(t)
			s := newStage(t, sc.fresh)
			sc.play(s)
			if testing.Short() { // the longer words at the largest size break first
				s.fits(fieldapp.Prefs{Language: "es", TextScale: slices.Max(fieldapp.TextScales)})
				return
			}
			for _, scale := range fieldapp.TextScales {
				s.fits(fieldapp.Prefs{Language: "en", TextScale: scale})
				s.fits(fieldapp.Prefs{Language: "es", TextScale: scale})
				s.fits(fieldapp.Prefs{Language: "es", TextScale: scale, Sunlight: true})
			}
		})
	}
}

func (s *stage) fits(p fieldapp.Prefs) {
	s.t.Helper()
	s.a.SetPrefs(p)
	for _, sh := range shapes {
		s.w.Resize(sh.size)
		for _, problem := range touch.Lint(s.v.Shell().Kit(), s.w.Content(), sh.size) {
			s.t.Errorf("%s %s %g sun=%t: %s", sh.name, p.Language, p.TextScale, p.Sunlight, problem)
		}
	}
}
