package main_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"cityhall/shared/sim/stage"
)

// TestKilledKioskKeepsItsReceipts kills the kiosk, without a line, in the moment
// in which its receipt appears, five times. Every reference that was shown finds
// its report in the city afterwards.
func TestKilledKioskKeepsItsReceipts(t *testing.T) {
	stage.Need(t, "Xvfb")
	j := newJourney(t)
	h := openHall(t, "-addr", "127.0.0.1:0", "-data", filepath.Join(t.TempDir(), "city"))
	kiosk := j.newWindow(h, "kiosk", "kiosk", h.Enrol["kiosk"][0].Link, 1080, 1920)
	kiosk.open()
	kiosk.WaitFor("Trees and parks", eventually)
	kiosk.line.Cut()
	var shown []string
	for i := range 5 {
		kiosk.WaitFor("Trees and parks", eventually)
		shown = append(shown, kiosk.reportLight(fmt.Sprintf("%d12 Juniper Avenue", i+1)))
		kiosk.process.Kill()
		kiosk.open()
	}
	kiosk.line.Restore()
	for _, ref := range shown {
		kiosk.press("Follow a report")
		kiosk.TypeInto("Your reference", ref)
		kiosk.press("Find it")
		kiosk.WaitFor("We have it", eventually) // the screen follows what the city says
		kiosk.press("Done")
	}
}

// reportLight reports a street light and gives the reference at the first sight
// of it.
func (w *window) reportLight(address string) string {
	w.j.t.Helper()
	w.press("Report a problem")
	w.TypeInto("Search", "light")
	w.press("Street light out")
	w.press("It is on all day", "Continue")
	w.WaitFor("What number is on the pole?", soon)
	w.press("Continue")
	w.TypeInto("Address or landmark", address)
	w.TapAt(w.WaitForPattern(`^`+address+`\. `, soon))
	w.WaitFor("Is it here?", soon)
	w.press("Continue")
	w.WaitFor("Is there more that we should know?", soon)
	w.press("Continue")
	w.press("Stay anonymous", "Send this report")
	return reference.FindString(w.WaitForPattern(reference.String(), soon).Text)
}
