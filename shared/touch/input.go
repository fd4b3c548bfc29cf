package touch

import (
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/driver/mobile"
	"fyne.io/fyne/v2/widget"
)

// input is the entry inside a Field. It tells the on-screen keyboard that it
// wants letters, and lets a finger that drags across it scroll the page.
type input struct {
	widget.Entry
	f       *Field
	focused bool
	pressed bool // a finger is down on it
	scroll  *dragging
}

func newInput(f *Field) *input {
	in := &input{f: f}
	in.ExtendBaseWidget(in)
	in.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	in.Password = f.spec.Password
	in.PlaceHolder = f.spec.Placeholder
	if f.spec.Lines > 1 {
		in.MultiLine, in.Wrapping = true, fyne.TextWrapWord
		in.SetMinRowsVisible(f.spec.Lines)
	}
	in.Text = f.spec.Value
	in.CursorColumn = utf8.RuneCountInString(f.spec.Value)
	in.OnChanged = f.changed
	in.OnSubmitted = func(s string) {
		if f.spec.Done != nil {
			f.spec.Done(s)
		}
	}
	return in
}

// FocusGained shows ring and keyboard. The keyboard moves the page, and the
// driver takes the focus from whoever is not under the finger when it lifts: so
// while a finger is down the keyboard waits for MouseUp.
func (in *input) FocusGained() {
	in.Entry.FocusGained()
	in.focused = true
	in.f.paint()
	in.f.k.activity()
	if !in.pressed {
		in.attach()
	}
}

// attach opens the keyboard and speaks, once: the entry loses and regains the
// focus with every key of the on-screen keyboard.
func (in *input) attach() {
	k := in.f.k
	if k.shell != nil && k.shell.keys.attach(in) {
		k.say(in.f.spoken())
		k.reveal(in.f)
		k.reveal(in.f.frameBox) // where there is no room for label and hint, at least this
	}
}

// MouseDown begins a press, which gives the focus.
func (in *input) MouseDown(e *desktop.MouseEvent) {
	in.pressed = true
	in.f.k.shell.press()
	in.Entry.MouseDown(e)
}

// MouseUp ends a press.
func (in *input) MouseUp(e *desktop.MouseEvent) {
	in.pressed = false
	in.Entry.MouseUp(e)
	if in.focused {
		in.attach()
	}
	in.f.k.shell.lift()
}

// FocusLost takes the ring away; the keyboard stays (see FocusGained).
func (in *input) FocusLost() {
	in.focused = false
	in.Entry.FocusLost()
	in.f.paint()
}

// TypedRune stops at the most characters that the field takes.
func (in *input) TypedRune(r rune) {
	in.f.k.activity()
	if m := in.f.spec.Max; m > 0 && utf8.RuneCountInString(in.Text) >= m && in.SelectedText() == "" {
		in.f.counted()
		return
	}
	in.Entry.TypedRune(r)
}

// TypedKey leaves on Escape and passes the rest to the entry.
func (in *input) TypedKey(e *fyne.KeyEvent) {
	in.f.k.activity()
	if e.Name == fyne.KeyEscape {
		in.f.k.moveKey(e.Name)
		return
	}
	in.Entry.TypedKey(e)
}

// AcceptsTab is false, so that Tab always leads out of a field.
func (in *input) AcceptsTab() bool { return false }

// Dragged scrolls the page that the field is on; else it selects text.
func (in *input) Dragged(e *fyne.DragEvent) {
	if in.scroll != nil {
		in.scroll.dragged(e.Dragged.DY)
		return
	}
	in.Entry.Dragged(e)
}

// DragEnd ends what Dragged began.
func (in *input) DragEnd() {
	if in.scroll != nil {
		in.scroll.end()
		return
	}
	in.Entry.DragEnd()
}

// TappedSecondary does nothing: a public screen offers no menu with a clipboard.
func (in *input) TappedSecondary(*fyne.PointEvent) {}

// Keyboard is the kind of keyboard that a phone shows.
func (in *input) Keyboard() mobile.KeyboardType {
	if in.f.spec.Numeric {
		return mobile.NumberKeyboard
	}
	return in.Entry.Keyboard()
}

// AccessibilityLabel is label, hint and error.
func (in *input) AccessibilityLabel() string { return in.f.spoken() }

// AccessibilityRole is text, the nearest that Fyne has.
func (in *input) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

func (in *input) element() Node {
	value := in.Text
	if in.f.spec.Password {
		value = ""
	}
	return Node{Role: RoleField, Label: in.f.spec.Label, Text: value, Value: value, Focused: in.focused, Disabled: in.Disabled()}
}
