package touch_test

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// fields shows two fields on a kiosk, with what the presenter hears.
func fields(t testing.TB, lang string, specs ...touch.FieldSpec) *stage {
	t.Helper()
	st := open(t, touch.Prefs{Language: lang}, touch.Kiosk(mm24), fyne.NewSize(1080, 1920))
	st.shell.Set(touch.Page{Name: "fields", Build: func(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
		os := make([]fyne.CanvasObject, len(specs))
		for i, s := range specs {
			os[i] = k.Field(s)
		}
		return k.Frame(k.TopBar(nil, "Fields"), k.Scroll(k.Pad(look.L, k.V(look.M, os...))), nil)
	}})
	return st
}

func TestTypingOnTheScreen(t *testing.T) {
	st := fields(t, "es", touch.FieldSpec{Label: "Nombre"}, touch.FieldSpec{Label: "Nota", Lines: 3})
	if !st.shell.FocusLabel("Nombre") {
		t.Fatal("no field")
	}
	// The first letter is a capital by itself, the rest is not.
	for _, key := range []string{"A", "ñ", "o", "Espacio", "¿", "Números y signos", "7", "@", "Letras", "Mayúscula", "É", "x", "Borrar una letra"} {
		st.canvas().Unfocus() // the driver does so on every press outside the entry
		tap(t, st, key)
	}
	if got := node(t, st, "Nombre").Value; got != "Año ¿7@É" {
		t.Errorf("typed %q, want %q", got, "Año ¿7@É")
	}
	if focusedLabel(st) != "Nombre" {
		t.Error("the focus must come back to the field")
	}
	tap(t, st, "Siguiente")
	if focusedLabel(st) != "Nota" {
		t.Errorf("enter leads to %q, want the next field", focusedLabel(st))
	}
	tap(t, st, "H")
	tap(t, st, "Otra línea")
	tap(t, st, "o")
	if got := node(t, st, "Nota").Value; got != "H\no" {
		t.Errorf("typed %q, want two lines", got)
	}
	tap(t, st, "Ocultar el teclado")
	for _, n := range touch.Walk(st.shell) {
		if n.Role == touch.RoleKey {
			t.Fatal("the keyboard is still there")
		}
	}
}

func TestKeysAreNotInTheTabOrder(t *testing.T) {
	st := fields(t, "en", touch.FieldSpec{Label: "Name"}, touch.FieldSpec{Label: "Street"})
	st.shell.FocusLabel("Name")
	for _, want := range []string{"Street", "Name", "Street"} {
		st.canvas().FocusNext()
		if got := focusedLabel(st); got != want {
			t.Errorf("Tab leads to %q, want %q", got, want)
		}
	}
}

func TestFieldLimits(t *testing.T) {
	heard := ""
	st := fields(t, "en", touch.FieldSpec{Label: "Word", Max: 5, Changed: func(s string) { heard = s }})
	if err := touch.Fill(st.shell, "Word", "añ🙂דe12345"); err != nil {
		t.Fatal(err)
	}
	if n := node(t, st, "Word"); n.Value != "añ🙂דe" || heard != n.Value {
		t.Errorf("holds %q and told %q, want the first five characters", n.Value, heard)
	}
	node(t, st, "5 of 5")
	if said := strings.Join(st.said, "|"); !strings.Contains(said, "That is all that fits: 5 characters.") {
		t.Errorf("said %q, want the limit too", said)
	}
	if err := touch.Fill(st.shell, "Nowhere", "x"); err == nil {
		t.Error("filling a field that is not there must fail")
	}
}

func TestFieldErrorInPlace(t *testing.T) {
	var f *touch.Field
	st := open(t, touch.Prefs{Language: "en"}, touch.Tablet(), fyne.NewSize(480, 900))
	st.shell.Set(touch.Page{Name: "error", Build: func(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
		f = k.Field(touch.FieldSpec{Label: "Street", Hint: "Where is it?"})
		return k.V(look.M, f, k.Button(touch.Primary, "", "Next", func() {}))
	}})
	before := node(t, st, "Next").Rect.Y
	f.SetError("We cannot find this street. Please check how it is written, or choose a landmark.")
	if after := node(t, st, "Next").Rect.Y; after <= before {
		t.Error("the words of the error need room: what follows must move down")
	}
	if p := touch.Lint(st.shell.Kit(), st.shell, fyne.NewSize(480, 900)); len(p) > 0 {
		t.Errorf("with an error: %v", p)
	}
	f.Focus()
	if last := st.said[len(st.said)-1]; last != "Street. Where is it?. We cannot find this street. Please check how it is written, or choose a landmark." {
		t.Errorf("said %q", last)
	}
	f.SetError("")
	if after := node(t, st, "Next").Rect.Y; after != before {
		t.Error("without the error the page must be as before")
	}
}

func TestPasswordIsNotTold(t *testing.T) {
	st := fields(t, "en", touch.FieldSpec{Label: "Password", Password: true, Value: "hunter2"})
	if n := node(t, st, "Password"); n.Value != "" || strings.Contains(n.Text, "hunter2") {
		t.Errorf("a reader is told %+v", n)
	}
}

func TestNumberPad(t *testing.T) {
	done := ""
	st := fields(t, "en", touch.FieldSpec{Label: "Number", Numeric: true, Done: func(s string) { done = s }})
	st.shell.FocusLabel("Number")
	for _, key := range []string{"1", "0", "9", "Erase one letter", "2", "Next"} {
		tap(t, st, key)
	}
	if done != "102" {
		t.Errorf("done with %q, want 102", done)
	}
}

func TestTabletHasNoKeyboardOnScreen(t *testing.T) {
	st := open(t, touch.Prefs{Language: "en"}, touch.Tablet(), fyne.NewSize(480, 900))
	st.shell.Set(stories[1])
	st.shell.FocusLabel("Your name")
	for _, n := range touch.Walk(st.shell) {
		if n.Role == touch.RoleKey {
			t.Fatal("a tablet has its own keyboard")
		}
	}
}
