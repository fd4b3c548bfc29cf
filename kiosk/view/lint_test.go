package view_test

import (
	"testing"

	"fyne.io/fyne/v2/test"

	"cityhall/kiosk"
	"cityhall/shared/look"
	"cityhall/shared/touch"
	"cityhall/shared/words"
)

// TestNothingOverflows walks every screen in every language, text size, panel
// and contrast without drawing it. Text that does not fit, a target that a
// finger misses, words that cannot be read or are not spoken: each is an error.
func TestNothingOverflows(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	p := open(t, st, shapes[0])
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			for _, language := range []string{"en", "es"} {
				p.play(s, language)
				for _, sh := range shapes {
					for _, scale := range kiosk.Scales {
						for _, contrast := range []bool{false, true} {
							p.lint(t, sh, touch.Prefs{Language: language, TextScale: scale, HighContrast: contrast})
						}
					}
				}
			}
		})
	}
}

func (s *set) lint(t *testing.T, sh shape, prefs touch.Prefs) {
	t.Helper()
	speak := touch.Hooks{Words: func(language string) func(string, ...any) string { return words.In(language).T }}
	kit := touch.New(prefs, touch.Kiosk(sh.mm), speak, look.Brand{})
	root := s.v.Draw(kit, sh.size)
	root.Resize(sh.size)
	for _, problem := range touch.Lint(kit, root, sh.size) {
		t.Errorf("%s, %s, text %v, contrast %v: %v", sh.name, prefs.Language, prefs.TextScale, prefs.HighContrast, problem)
	}
}
