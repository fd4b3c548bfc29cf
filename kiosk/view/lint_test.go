package view_test

import (
	"slices"
	"testing"
	"time"

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
			languages, scales, contrasts := []string{"en", "es"}, kiosk.Scales, []bool{false, true}
			if testing.Short() { // the longer words at the largest size break first
				languages, scales, contrasts = languages[1:], []float32{slices.Max(kiosk.Scales)}, contrasts[:1]
			}
			for _, language := range languages {
				p.play(s, language)
				for _, sh := range shapes {
					for _, scale := range scales {
						for _, contrast := range contrasts {
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

// TestNothingOverflowsBeforeAndAfter walks what a kiosk shows that does not
// belong to the city yet, or no longer.
func TestNothingOverflowsBeforeAndAfter(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	rep := st.town.Open(t.TempDir())
	t.Cleanup(func() { rep.Close() })
	fresh := kiosk.New(t.Context(), kiosk.Config{Replica: rep, Now: st.town.Now})
	t.Cleanup(fresh.Close)
	fresh.SetEnrolLink("cityhall://nonsense")
	fresh.Enrol()
	identity, _ := st.rep.Identity()
	if err := st.town.Server.Store().Revoke(t.Context(), identity.Device); err != nil {
		t.Fatal(err)
	}
	_ = st.rep.Step(t.Context()) // is told that it is revoked
	st.k.Refresh()
	for want, k := range map[kiosk.Screen]*kiosk.Kiosk{kiosk.ScreenEnrol: fresh, kiosk.ScreenClosed: st.k} {
		if k.Screen() != want {
			t.Fatalf("the screen is %q, want %q", k.Screen(), want)
		}
		p := open(t, &stage{t: t, k: k}, shapes[0])
		for _, sh := range shapes {
			for _, language := range []string{"en", "es"} {
				k.SetLanguage(language)
				for _, scale := range kiosk.Scales {
					p.lint(t, sh, touch.Prefs{Language: language, TextScale: scale})
				}
			}
		}
	}
}

// TestNothingOverflowsWithoutADay walks what concerns an address at a kiosk that was
// just started without a line: it does not know that its clock is right.
func TestNothingOverflowsWithoutADay(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	st.town.Wait(time.Hour)
	st.town.Cut(true)
	st.k.Close()
	if err := st.rep.Close(); err != nil {
		t.Fatal(err)
	}
	st.rep = st.open()
	st.k = kiosk.New(t.Context(), kiosk.Config{Replica: st.rep, Now: st.town.Now})
	t.Cleanup(st.k.Close)
	p := open(t, st, shapes[0])
	st.concerns("13 orchard st")
	if !p.says("If today is Wednesday, March 4, 2026") {
		t.Fatal("it is sure of its day")
	}
	for _, sh := range shapes {
		for _, language := range []string{"en", "es"} {
			st.k.SetLanguage(language)
			for _, scale := range kiosk.Scales {
				p.lint(t, sh, touch.Prefs{Language: language, TextScale: scale})
			}
		}
	}
}

// TestNothingOverflowsInDialogs walks help and the idle warning over a page.
func TestNothingOverflowsInDialogs(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	for _, sh := range shapes {
		s := open(t, st, sh)
		for _, language := range []string{"en", "es"} {
			for size := range kiosk.Scales {
				if testing.Short() && (language != "es" || size != len(kiosk.Scales)-1) {
					continue
				}
				s.fresh()
				s.k.SetLanguage(language)
				for range size {
					s.k.NextTextSize()
				}
				s.toPlace()
				check := func(what string) {
					for _, problem := range touch.Lint(s.v.Shell().Kit(), s.v.Shell(), sh.size) {
						t.Errorf("%s, %s, %s, size %d: %v", what, sh.name, language, size, problem)
					}
				}
				s.finger(words.In(language).T("common.help"))
				check("help")
				s.town.Wait(65 * time.Second)
				s.k.Tick()
				check("idle")
			}
		}
	}
}
