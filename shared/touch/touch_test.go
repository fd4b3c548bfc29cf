package touch_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// one shows a page that holds just what a test is about.
func one(t testing.TB, d touch.Device, size fyne.Size, build func(k *touch.Kit) fyne.CanvasObject) *stage {
	t.Helper()
	st := open(t, touch.Prefs{Language: "en"}, d, size)
	st.shell.Set(touch.Page{Name: "test", Build: func(k *touch.Kit, _ fyne.Size) fyne.CanvasObject { return build(k) }})
	return st
}

func at(x, y float32) *desktop.MouseEvent {
	e := &desktop.MouseEvent{}
	e.AbsolutePosition = fyne.NewPos(x, y)
	return e
}

func TestUnsteadyFinger(t *testing.T) {
	taps := 0
	var b *touch.Press
	one(t, touch.Kiosk(mm24), fyne.NewSize(1080, 1920), func(k *touch.Kit) fyne.CanvasObject {
		b = k.Button(touch.Primary, "", "Go", func() { taps++ })
		return k.Center(b)
	})
	b.MouseDown(at(100, 100))
	b.MouseUp(at(112, 108)) // the driver calls this a drag and sends no tap
	if taps != 1 {
		t.Errorf("a wobbly press gave %d taps, want 1", taps)
	}
	b.MouseDown(at(100, 100))
	b.MouseUp(at(101, 100))
	b.Tapped(&fyne.PointEvent{}) // the driver sends the tap as well
	if taps != 2 {
		t.Errorf("a steady press gave %d taps, want 1", taps-1)
	}
	b.MouseDown(at(100, 100))
	b.MouseUp(at(100, 300))
	if taps != 2 {
		t.Error("a press that was dragged away must not count")
	}
	b.MouseUp(at(100, 100)) // began elsewhere, ends here
	if taps != 2 {
		t.Error("a release without a press must not count")
	}
	b.Disable()
	b.MouseDown(at(1, 1))
	b.MouseUp(at(1, 1))
	b.Tapped(&fyne.PointEvent{})
	if taps != 2 {
		t.Error("a disabled button was pressed")
	}
}

func TestKeysPressAndSpeak(t *testing.T) {
	taps := 0
	st := one(t, touch.Tablet(), fyne.NewSize(480, 900), func(k *touch.Kit) fyne.CanvasObject {
		off := k.Button(touch.Secondary, "", "Off", func() {})
		off.Disable()
		return k.V(look.S, k.Button(touch.Primary, "", "First", func() { taps++ }), off, k.Button(touch.Secondary, "", "Second", func() {}))
	})
	st.canvas().FocusNext()
	p := st.canvas().Focused().(*touch.Press)
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	if taps != 2 {
		t.Errorf("Enter and Space gave %d presses, want 2", taps)
	}
	if got := st.canvas().Focused().(*touch.Press).AccessibilityLabel(); got != "Second" {
		t.Errorf("arrow down leads to %q, want Second past the disabled one", got)
	}
	if want := []string{"First", "Second"}; !slices.Equal(st.said, want) {
		t.Errorf("spoken %q, want %q", st.said, want)
	}
	if st.active == 0 {
		t.Error("keys are a sign of life")
	}
	gone := 0
	st.shell.OnEscape = func() { gone++ }
	st.canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if gone != 1 {
		t.Error("Escape must reach the program")
	}
}

// Focus goes header, content, footer, as people read.
func TestFocusOrder(t *testing.T) {
	st := open(t, touch.Prefs{Language: "en"}, touch.Kiosk(mm24), fyne.NewSize(1080, 1920))
	st.shell.Set(stories[1])
	want := []string{"Back", "The street. Cars cannot pass", "The sidewalk", "Your name", "What happened?", "A power line is down", "Skip", "Continue"}
	var got []string
	for range want {
		st.canvas().FocusNext()
		got = append(got, focusedLabel(st))
	}
	if !slices.Equal(got, want) {
		t.Errorf("focus order\n got %q\nwant %q", got, want)
	}
}

func focusedLabel(st *stage) string {
	for _, n := range touch.Walk(st.shell) {
		if n.Focused {
			return n.Label
		}
	}
	return ""
}

func TestDragScrollsAndSmallDragsDoNot(t *testing.T) {
	var s *touch.Scroll
	st := one(t, touch.Kiosk(mm24), fyne.NewSize(1080, 1000), func(k *touch.Kit) fyne.CanvasObject {
		var rows []fyne.CanvasObject
		for range 30 {
			rows = append(rows, k.Button(touch.Secondary, "", "Row", func() {}))
		}
		s = k.Scroll(k.V(look.M, rows...))
		return s
	})
	s.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(0, -8)})
	if s.Offset() != 0 {
		t.Errorf("a wobble of 8 pixels scrolled by %.0f", s.Offset())
	}
	for range 10 {
		st.now = st.now.Add(16 * time.Millisecond)
		s.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(0, -20)})
	}
	s.DragEnd()
	if s.Offset() < 150 || s.Offset() > 210 {
		t.Errorf("a drag of 208 pixels scrolled by %.0f", s.Offset())
	}
	test.Drag(st.canvas(), fyne.NewPos(300, 500), 0, -300)
	if s.Offset() < 400 {
		t.Errorf("a drag across buttons did not scroll: %.0f", s.Offset())
	}
	s.SetOffset(1e9)
	end := s.Offset()
	s.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(0, -500)})
	if s.Offset() != end {
		t.Error("scrolled past the end")
	}
	s.SetOffset(-5)
	if s.Offset() != 0 {
		t.Error("scrolled before the beginning")
	}
}

func TestChoice(t *testing.T) {
	var got []string
	st := one(t, touch.Tablet(), fyne.NewSize(480, 900), func(k *touch.Kit) fyne.CanvasObject {
		return k.V(look.S,
			k.Choice(touch.ChoiceSpec{Label: "One", Options: []touch.Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}}, Changed: func(v []string) { got = v }}),
			k.Choice(touch.ChoiceSpec{Label: "Many", Multi: true, Options: []touch.Option{{Value: "c", Label: "C"}, {Value: "d", Label: "D"}}, Changed: func(v []string) { got = v }}))
	})
	for _, c := range []struct{ press, want string }{{"A", "a"}, {"B", "b"}, {"B", "b"}, {"C", "c"}, {"D", "c d"}, {"C", "d"}, {"D", ""}} {
		tap(t, st, c.press)
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("after %s: %q, want %q", c.press, s, c.want)
		}
	}
	if n := node(t, st, "B"); n.Role != touch.RoleRadio || !n.Selected {
		t.Errorf("B is %+v, want a chosen radio button", n)
	}
	if n := node(t, st, "C"); n.Role != touch.RoleCheckbox || n.Selected {
		t.Errorf("C is %+v, want an empty checkbox", n)
	}
	if err := touch.Tap(st.shell, "Nothing"); err == nil {
		t.Error("pressing what is not there must fail")
	}
}

func TestPIN(t *testing.T) {
	var pins []string
	var pad *touch.PINPad
	st := one(t, touch.Tablet(), fyne.NewSize(480, 900), func(k *touch.Kit) fyne.CanvasObject {
		pad = k.PINPad(touch.PINSpec{Label: "PIN", Digits: 4, Done: func(p string) { pins = append(pins, p) }})
		return pad
	})
	for _, key := range []string{"1", "2", "Erase one letter", "3", "4"} {
		tap(t, st, key)
	}
	st.canvas().FocusNext()
	st.canvas().Focused().TypedRune('x')
	st.canvas().Focused().TypedRune('5')
	tap(t, st, "6")
	if !slices.Equal(pins, []string{"1345"}) {
		t.Errorf("PINs %q, want 1345 once", pins)
	}
	pad.SetError("Not right")
	for _, d := range "9876" {
		tap(t, st, string(d))
	}
	if !slices.Equal(pins, []string{"1345", "9876"}) || !slices.Contains(st.said, "Not right") {
		t.Errorf("PINs %q, said %q", pins, st.said)
	}
	for _, n := range touch.Walk(st.shell) {
		if strings.Contains(n.Label+n.Text+n.Value, "9876") {
			t.Errorf("the PIN can be read from %+v", n)
		}
	}
}

// News that comes while a finger is on a button must not cost the tap.
func TestRebuildWaitsForTheFinger(t *testing.T) {
	taps, builds := 0, 0
	var b *touch.Press
	st := one(t, touch.Kiosk(mm24), fyne.NewSize(1080, 1920), func(k *touch.Kit) fyne.CanvasObject {
		builds++
		b = k.Button(touch.Primary, "", "Go", func() { taps++ })
		return k.Center(b)
	})
	touched, before := b, builds
	touched.MouseDown(at(100, 100))
	st.shell.Rebuild()
	if b != touched {
		t.Fatal("the button was replaced under the finger")
	}
	touched.MouseUp(at(100, 100))
	if taps != 1 {
		t.Errorf("%d taps, want 1", taps)
	}
	if b == touched || builds != before+1 {
		t.Errorf("built %d times after the finger lifted, want once", builds-before)
	}
}
