package touch_test

import (
	"encoding/json"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

func TestPagesLeaveOnce(t *testing.T) {
	st := open(t, touch.Prefs{Language: "en"}, touch.Tablet(), fyne.NewSize(480, 900))
	left := map[string]int{}
	page := func(name string) touch.Page {
		return touch.Page{Name: name, Leave: func() { left[name]++ }, Build: func(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
			return k.Head("Page "+name, touch.Heading)
		}}
	}
	st.shell.Go(page("a"))
	st.shell.Rebuild()
	st.window.Resize(fyne.NewSize(600, 900))
	if left["a"] != 0 {
		t.Error("building a page again is not leaving it")
	}
	st.shell.Go(page("b"))
	st.shell.Back(page("a"))
	if left["a"] != 1 || left["b"] != 1 || st.shell.PageName() != "a" {
		t.Errorf("left %v, on page %q", left, st.shell.PageName())
	}
	if want := "Page a Page b Page a"; strings.Join(st.said, " ") != want {
		t.Errorf("the voice said %q, want %q", st.said, want)
	}
}

func TestSlideEndsWithOnePage(t *testing.T) {
	st := open(t, touch.Prefs{Language: "en"}, touch.Tablet(), fyne.NewSize(480, 900))
	p := st.shell.Kit().Prefs
	p.ReduceMotion = false
	st.shell.SetPrefs(p)
	st.shell.Go(stories[0])
	st.shell.Go(stories[1]) // before the first slide is over
	st.shell.Back(stories[0])
	st.shell.Rebuild()
	nodes := touch.Walk(st.shell)
	for _, n := range nodes {
		if n.Rect.X < 0 || n.Rect.X > 480 {
			t.Fatalf("%q is at %v after the slide", n.Label, n.Rect)
		}
	}
	if len(nodes) < 5 {
		t.Fatalf("only %d elements", len(nodes))
	}
}

// A page that is built again must not throw people off: a connection that
// comes back while they type, a larger text size.
func TestRebuildKeepsPlace(t *testing.T) {
	typed := "Alder"
	st := open(t, touch.Prefs{Language: "en"}, touch.Kiosk(mm24), fyne.NewSize(1080, 1920))
	var s *touch.Scroll
	st.shell.Set(touch.Page{Name: "long", Build: func(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
		var rows []fyne.CanvasObject
		for i := range 40 {
			rows = append(rows, k.Button(touch.Secondary, "", "Row "+string(rune('A'+i)), func() {}))
		}
		rows = append(rows, k.Field(touch.FieldSpec{Label: k.T("common.search"), Value: typed, Changed: func(v string) { typed = v }}))
		s = k.Scroll(k.V(look.S, rows...))
		return s
	}})
	st.shell.FocusLabel("Search")
	st.canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	typeKeys(st, "East ")
	before := s.Offset()
	if before == 0 {
		t.Fatal("focus must scroll the field into sight")
	}
	st.shell.Rebuild()
	if s.Offset() != before || focusedLabel(st) != "Search" {
		t.Errorf("offset %.0f was %.0f, focus %q", s.Offset(), before, focusedLabel(st))
	}
	typeKeys(st, "x")
	if typed != "East xAlder" {
		t.Errorf("typed %q: the caret has moved", typed)
	}
	// Another language changes the label too; the place in order remains.
	st.shell.SetPrefs(touch.Prefs{Language: "es", TextScale: 1.5, HighContrast: true, ReduceMotion: true})
	if focusedLabel(st) != "Buscar" {
		t.Errorf("after a change of language the focus is on %q", focusedLabel(st))
	}
	tap(t, st, "Ocultar el teclado")
}

// typeKeys types on a real keyboard into whatever has the focus.
func typeKeys(st *stage, s string) {
	for _, r := range s {
		st.canvas().Focused().TypedRune(r)
	}
}

func TestManyRows(t *testing.T) {
	st := open(t, touch.Prefs{Language: "en"}, touch.Tablet(), fyne.NewSize(480, 900))
	asked := map[int]bool{}
	var list *touch.List
	tapped := -1
	st.shell.Set(touch.Page{Name: "rows", Build: func(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
		list = k.List(touch.ListSpec{Name: "Jobs", Count: func() int { return 10000 }, Row: func(i int) touch.RowSpec {
			asked[i] = true
			return touch.RowSpec{Title: "Job " + itoa(i), Sub: "Alder Street", Tap: func() { tapped = i }}
		}})
		return list
	}})
	if len(asked) > 40 {
		t.Errorf("asked for %d rows to show the first", len(asked))
	}
	list.SetOffset(1e9)
	if n := node(t, st, "Job 9999. Alder Street"); n.Offscreen {
		t.Error("the last row is not in sight at the end")
	}
	tap(t, st, "Job 9998. Alder Street")
	if tapped != 9998 {
		t.Errorf("row %d was pressed, want 9998", tapped)
	}
	list.SetOffset(0)
	for range 60 { // by keyboard, far beyond the first screen
		st.canvas().FocusNext()
	}
	if got := focusedLabel(st); got != "Job 59. Alder Street" || node(t, st, got).Offscreen {
		t.Errorf("after 60 times Tab the focus is on %q", got)
	}
	if len(touch.Walk(st.shell)) > 40 {
		t.Errorf("%d elements live for a screen of rows", len(touch.Walk(st.shell)))
	}
	test.Drag(st.canvas(), fyne.NewPos(200, 500), 0, -200)
}

func itoa(i int) string {
	b, err := json.Marshal(i)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestListThatEmptiesAndShrinks(t *testing.T) {
	n := 50
	var list *touch.List
	st := one(t, touch.Tablet(), fyne.NewSize(480, 900), func(k *touch.Kit) fyne.CanvasObject {
		list = k.List(touch.ListSpec{Name: "Jobs", Count: func() int { return n }, Empty: k.Empty(look.IconInbox, "Nothing here yet", "", nil),
			Row: func(i int) touch.RowSpec { return touch.RowSpec{Title: "Job " + itoa(i) + " of " + itoa(n)} }})
		return list
	})
	list.SetOffset(1e9)
	n = 3
	list.Refresh()
	if node(t, st, "Job 2 of 3").Offscreen {
		t.Error("after shrinking the rows that remain must be in sight")
	}
	n = 0
	list.Refresh()
	node(t, st, "Nothing here yet")
	n = 1
	list.Refresh()
	node(t, st, "Job 0 of 1")
}

func TestWalkIsJSON(t *testing.T) {
	st := open(t, touch.Prefs{Language: "en"}, touch.Tablet(), fyne.NewSize(480, 900))
	st.shell.Set(stories[2])
	raw, err := json.Marshal(touch.Walk(st.shell))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"role":"page","label":"status"`, `"role":"heading"`, `"role":"status","label":"Received by the city"`, `"role":"image","label":"Code to follow this on your phone"`, `"label":"Change: Place"`, `"offscreen":true`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the tree lacks %s", want)
		}
	}
}
