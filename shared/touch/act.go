package touch

import (
	"fmt"

	"fyne.io/fyne/v2"
)

// Tap presses the element with that spoken label as a finger would, for tests
// and the automation probe. An element that is disabled or not there is an error.
func Tap(root fyne.CanvasObject, label string) error {
	var found fyne.Tappable
	off := false
	walk(root, func(s spot) bool {
		e, ok := s.o.(elementer)
		if found != nil || !ok || e.element().Label != label {
			return found == nil
		}
		if t, ok := s.o.(fyne.Tappable); ok {
			found, off = t, e.element().Disabled
		}
		return found == nil
	})
	switch {
	case found == nil:
		return fmt.Errorf("touch: nothing to press is called %q", label)
	case off:
		return fmt.Errorf("touch: %q is disabled", label)
	}
	found.Tapped(&fyne.PointEvent{})
	return nil
}

// Fill gives the focus to the field with that label and types the text letter
// by letter; what was there is replaced.
func Fill(root fyne.CanvasObject, label, text string) error {
	var in *input
	walk(root, func(s spot) bool {
		if f, ok := s.o.(*input); ok && in == nil && f.f.spec.Label == label {
			in = f
		}
		return in == nil
	})
	if in == nil {
		return fmt.Errorf("touch: no field is called %q", label)
	}
	in.f.Focus()
	in.SetText("")
	for _, r := range text {
		if r == '\n' {
			in.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
			continue
		}
		in.TypedRune(r)
	}
	return nil
}
