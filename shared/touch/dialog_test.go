package touch_test

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// askIdle opens the idle warning with two thirds of its time left.
func askIdle(st *stage) (d *touch.Dialog, stayed *bool) {
	k := st.shell.Kit()
	stayed = new(bool)
	d = st.shell.Ask(touch.DialogSpec{Title: k.T("common.idle.title"), Text: k.T("common.idle.text"), Countdown: true, Buttons: []touch.DialogButton{
		{Kind: touch.Secondary, Icon: look.IconHome, Label: k.T("common.start_over")},
		{Kind: touch.Primary, Icon: look.IconCheck, Label: k.T("common.idle.stay"), Tap: func() { *stayed = true }},
	}})
	d.SetLeft(20*time.Second, 30*time.Second)
	return d, stayed
}

func TestDialogHidesThePageAndHoldsTheFocus(t *testing.T) {
	st := open(t, touch.Prefs{Language: "en"}, touch.Kiosk(mm24), fyne.NewSize(1080, 1920))
	st.shell.Set(stories[1])
	_, stayed := askIdle(st)
	var labels []string
	for _, n := range touch.Walk(st.shell) {
		labels = append(labels, n.Label)
	}
	if !slices.Contains(labels, "Are you still there?") || slices.Contains(labels, "Continue") {
		t.Fatalf("a reader is told %q, want the dialog and not the page behind it", labels)
	}
	if !slices.ContainsFunc(st.said, func(s string) bool {
		return s == "Are you still there?. Soon we clear the screen, to protect your privacy."
	}) {
		t.Errorf("the voice said %q", st.said)
	}
	for range 5 {
		st.canvas().FocusNext()
		if p, ok := st.canvas().Focused().(*touch.Press); !ok || (p.AccessibilityLabel() != "Yes, keep going" && p.AccessibilityLabel() != "Start over") {
			t.Fatalf("the focus left the dialog to %v", st.canvas().Focused())
		}
	}
	if err := touch.Tap(st.shell, "Yes, keep going"); err != nil {
		t.Fatal(err)
	}
	if !*stayed || len(st.canvas().Overlays().List()) != 0 {
		t.Error("the button must close the dialog and do its work")
	}
}

func TestDialogFollowsPreferences(t *testing.T) {
	st := open(t, touch.Prefs{Language: "en"}, touch.Tablet(), fyne.NewSize(480, 900))
	st.shell.Set(stories[0])
	d, _ := askIdle(st)
	p := st.shell.Kit().Prefs
	p.HighContrast, p.TextScale = true, 1.5
	st.shell.SetPrefs(p)
	if problems := touch.Lint(st.shell.Kit(), st.shell, fyne.NewSize(480, 900)); len(problems) > 0 {
		t.Errorf("dialog after a change of preferences: %v", problems)
	}
	d.Close()
	if len(st.canvas().Overlays().List()) != 0 {
		t.Error("the dialog is still there")
	}
}
