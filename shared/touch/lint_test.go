package touch_test

import (
	"fmt"
	"image/color"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// Every story in every language, text size, contrast and device must be free of problems.
func TestStoriesFitEverywhere(t *testing.T) {
	tilesOfStories.plain = *gallery == ""
	defer func() { tilesOfStories.plain = true }()
	for _, d := range []struct {
		name string
		dev  touch.Device
		size fyne.Size
	}{
		{"portrait 24 inch", touch.Kiosk(mm24), fyne.NewSize(1080, 1920)},
		{"portrait 32 inch", touch.Kiosk(0.369), fyne.NewSize(1080, 1920)},
		{"landscape 24 inch", touch.Kiosk(mmWide), fyne.NewSize(1280, 800)},
		{"landscape 15 inch", touch.Kiosk(mm15), fyne.NewSize(1280, 800)},
		{"tablet", touch.Tablet(), fyne.NewSize(1280, 800)},
		{"phone", touch.Tablet(), fyne.NewSize(480, 900)},
	} {
		st := open(t, touch.Prefs{Language: "en"}, d.dev, d.size)
		for _, lang := range []string{"en", "es"} {
			for _, scale := range []float32{1, 1.25, 1.5} {
				for _, contrast := range []bool{false, true} {
					if testing.Short() && (lang != "es" || scale != 1.5 || contrast) { // the longer words at the largest size break first
						continue
					}
					st.shell.SetPrefs(touch.Prefs{Language: lang, TextScale: scale, HighContrast: contrast, ReduceMotion: true})
					for _, page := range stories {
						st.shell.Set(page)
						if *gallery != "" {
							save(t, filepath.Join(*gallery, fmt.Sprintf("%s-%s-%s-%g-%v.png", d.name, page.Name, lang, scale, contrast)), st.canvas().Capture())
						}
						for _, p := range touch.Lint(st.shell.Kit(), st.shell, d.size) {
							t.Errorf("%s %s %g contrast=%v %s: %v", d.name, lang, scale, contrast, page.Name, p)
						}
					}
				}
			}
		}
	}
}

func TestKeyboardFits(t *testing.T) {
	for _, d := range []struct {
		dev  touch.Device
		size fyne.Size
	}{{touch.Kiosk(mm24), fyne.NewSize(1080, 1920)}, {touch.Kiosk(mm15), fyne.NewSize(1280, 800)}, {touch.Kiosk(mmWide), fyne.NewSize(1280, 800)}} {
		for _, lang := range []string{"en", "es"} {
			st := open(t, touch.Prefs{Language: lang, TextScale: 1.5}, d.dev, d.size)
			st.shell.Set(stories[1])
			label := in(st.shell.Kit(), "What happened?", "¿Qué pasó?")
			if !st.shell.FocusLabel(label) {
				t.Fatalf("no field %q", label)
			}
			for _, key := range []string{"", "common.keyboard.signs", "common.keyboard.letters"} {
				if key != "" {
					tap(t, st, st.shell.Kit().T(key))
				}
				for _, p := range touch.Lint(st.shell.Kit(), st.shell, d.size) {
					t.Errorf("%v %s: %v", d.size, lang, p)
				}
			}
			field := node(t, st, label)
			if field.Offscreen || field.Rect.Y+st.shell.Kit().Target() > d.size.Height*0.6 {
				t.Errorf("%v %s: the field that one types into is out of sight: %+v", d.size, lang, field.Rect)
			}
		}
	}
}

// node finds the element with a label, or fails. A field wins over its label.
func node(t testing.TB, st *stage, label string) touch.Node {
	t.Helper()
	nodes := touch.Walk(st.shell)
	i := slices.IndexFunc(nodes, func(n touch.Node) bool { return n.Label == label && n.Role != touch.RoleText })
	if i < 0 {
		i = slices.IndexFunc(nodes, func(n touch.Node) bool { return n.Label == label })
	}
	if i < 0 {
		t.Fatalf("no element %q", label)
	}
	return nodes[i]
}

func tap(t testing.TB, st *stage, label string) {
	t.Helper()
	if err := touch.Tap(st.shell, label); err != nil {
		t.Fatal(err)
	}
}

// Lint must see each kind of problem, else its silence means nothing.
func TestLintSeesProblems(t *testing.T) {
	size := fyne.NewSize(480, 900)
	for kind, build := range map[string]func(k *touch.Kit) fyne.CanvasObject{
		"overflow": func(k *touch.Kit) fyne.CanvasObject {
			return k.V(look.None, k.Text(strings.Repeat("Responsabilidad ", 12), touch.Body))
		},
		"outside": func(k *touch.Kit) fyne.CanvasObject {
			b := k.Button(touch.Primary, "", "Far away", func() {})
			b.Resize(fyne.NewSize(200, 60))
			b.Move(fyne.NewPos(400, 10))
			return &fyne.Container{Objects: []fyne.CanvasObject{b}}
		},
		"overlap": func(k *touch.Kit) fyne.CanvasObject {
			a, b := k.Button(touch.Primary, "", "One", func() {}), k.Button(touch.Primary, "", "Two", func() {})
			a.Resize(fyne.NewSize(200, 60))
			b.Resize(fyne.NewSize(200, 60))
			b.Move(fyne.NewPos(100, 30))
			return &fyne.Container{Objects: []fyne.CanvasObject{a, b}}
		},
		"target": func(k *touch.Kit) fyne.CanvasObject {
			b := k.IconButton(touch.Primary, look.IconHelp, "Help", func() {})
			b.Resize(fyne.NewSize(30, 30))
			return &fyne.Container{Objects: []fyne.CanvasObject{b}}
		},
		"label": func(k *touch.Kit) fyne.CanvasObject {
			return k.Center(k.IconButton(touch.Primary, look.IconHelp, "", func() {}))
		},
		"contrast": func(k *touch.Kit) fyne.CanvasObject {
			return k.Over(canvas.NewRectangle(color.NRGBA{0xF2, 0xA5, 0x41, 0xff}), k.Para("Pale on amber", touch.Body.In(k.Pal.Surface)))
		},
	} {
		st := open(t, touch.Prefs{Language: "en"}, touch.Tablet(), size)
		st.shell.Set(touch.Page{Name: kind, Build: func(k *touch.Kit, _ fyne.Size) fyne.CanvasObject { return build(k) }})
		found := touch.Lint(st.shell.Kit(), st.shell, size)
		if !slices.ContainsFunc(found, func(p touch.Problem) bool { return p.Kind == kind }) {
			t.Errorf("%s was not seen, only %v", kind, found)
		}
	}
}

// Sizes follow from millimetres: capitals of 7.3 mm and targets of 15 mm.
func TestKioskSizes(t *testing.T) {
	for _, mm := range []float32{mm24, 0.369, mmWide} {
		k := touch.New(touch.Prefs{}, touch.Kiosk(mm), touch.Hooks{}, look.Brand{})
		if capital := k.Size(look.Caption) * look.CapHeight * mm; capital < 7.29 {
			t.Errorf("at %g mm a pixel the smallest capital is %.2f mm, want 7.3", mm, capital)
		}
		if target := k.Target() * mm; target < 14.99 {
			t.Errorf("at %g mm a pixel a target is %.2f mm, want 15", mm, target)
		}
	}
}

func ExampleWalk() {
	k := touch.New(touch.Prefs{Language: "en"}, touch.Tablet(), touch.Hooks{}, look.Brand{})
	for _, n := range touch.Walk(k.V(look.S, k.Head("My jobs", touch.Heading), k.Button(touch.Primary, "", "Start", nil))) {
		fmt.Println(n.Role, n.Label)
	}
	// Output:
	// heading My jobs
	// button Start
}
