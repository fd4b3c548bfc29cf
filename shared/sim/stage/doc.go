// Package stage is where tests watch the real programs play: virtual displays
// with a hand that taps and types, the programs as processes, the wire between
// a device and the server with a pair of pliers, and a browser for the staff.
// Nothing in it ships, and it does not know Fyne: what a window shows it learns
// from the picture and from the program's own probe.
//
// A journey puts together a Display, a Program on it, a Probe to read what the
// program shows, a Line that the program reaches the server through, and a
// Browser for the console:
//
//	stage.Need(t, "Xvfb")
//	line := stage.NewLine(t, serverAddr)
//	screen := stage.NewDisplay(t, 1080, 1920)
//	kiosk := stage.Start(t, stage.Program{Name: "kiosk", Path: stage.Binary(t, "kiosk"), Display: screen, Args: …})
//	probe := stage.NewProbe(t, socket, screen)
//	line.Cut()
//	probe.TapOn("Report a problem")
//
// Nothing returns an error: whatever cannot be done ends the test at that line,
// says what was on the screen and saves a picture of it. So every call belongs
// to the goroutine of the test. Whatever is started is stopped at the test's
// end, in the reverse order. Positions are pixels from the top left; times are
// real times, for the programs are real.
package stage
