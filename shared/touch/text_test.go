package touch_test

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// drawn lists the lines that a paragraph draws at a width.
func drawn(t *testing.T, lang, text string, ems float32) []string {
	t.Helper()
	st := open(t, touch.Prefs{Language: lang}, touch.Tablet(), fyne.NewSize(480, 900))
	k := st.shell.Kit()
	p := k.Para(text, touch.Body)
	w := k.Size(look.Body) * ems
	objects := test.WidgetRenderer(p)
	p.Resize(fyne.NewSize(w, p.HeightFor(w)))
	var lines []string
	for _, o := range objects.Objects() {
		if c, ok := o.(*canvas.Text); ok {
			if c.MinSize().Width > w {
				t.Errorf("%q is %.0f wide in a place of %.0f", c.Text, c.MinSize().Width, w)
			}
			lines = append(lines, c.Text)
		}
	}
	return lines
}

func TestParaWraps(t *testing.T) {
	text := "Responsabilidad extraordinariamente internacionalizada por el ayuntamiento"
	lines := drawn(t, "es", text, 9)
	if len(lines) < 4 || strings.ReplaceAll(strings.Join(lines, ""), " ", "") != strings.ReplaceAll(text, " ", "") {
		t.Errorf("lines %q must hold all letters", lines)
	}
	if got := drawn(t, "en", "one\n\ntwo", 20); !slices.Equal(got, []string{"one", "", "two"}) {
		t.Errorf("line breaks give %q", got)
	}
	if got := drawn(t, "en", strings.Repeat("x", 400), 10); len(got) < 10 {
		t.Errorf("a word of 400 letters was not broken: %d lines", len(got))
	}
}

// Fyne lays runs out from left to right; a right-to-left line must be handed
// to it with its runs turned around, letters inside each left alone.
func TestParaTurnsRightToLeft(t *testing.T) {
	marks := strings.NewReplacer("\u200e", "", "\u200f", "")
	lines := drawn(t, "ar", "اتصل 311 الآن", 30)
	if len(lines) != 1 {
		t.Fatalf("lines %q", lines)
	}
	if got := marks.Replace(lines[0]); !strings.HasSuffix(strings.TrimSpace(got), "اتصل") || !strings.HasPrefix(strings.TrimSpace(got), "الآن") {
		t.Errorf("drawn %q, want the last run first", got)
	}
	if got := drawn(t, "en", "Call 311 now", 30); !slices.Equal(got, []string{"Call 311 now"}) {
		t.Errorf("left-to-right text was touched: %q", got)
	}
}

func TestLineIsCutButTold(t *testing.T) {
	long := "Fallen tree on Alder Street at the corner of the school"
	st := one(t, touch.Tablet(), fyne.NewSize(320, 600), func(k *touch.Kit) fyne.CanvasObject {
		return k.V(look.None, k.Line(long, touch.Body))
	})
	node(t, st, long)
	found := false
	for _, o := range test.LaidOutObjects(st.shell) {
		if c, ok := o.(*canvas.Text); ok && strings.HasSuffix(c.Text, "…") && strings.HasPrefix(c.Text, "Fallen tree") {
			found = true
		}
	}
	if !found {
		t.Error("the line must end in an ellipsis")
	}
}
