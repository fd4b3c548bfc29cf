// Command kiosk is the city at a touch screen in a lobby.
//
// It keeps its own copy of what the city has made public and a sealed outbox in
// the folder -data; without a network it works on. A new kiosk is joined to its
// city with -enrol and a line from the staff console, or on its own screen.
//
//	kiosk -data DIR -fullscreen
//	kiosk -data DIR -enrol 'cityhall://enrol?…' -width 540 -height 960 -scale 0.5
//
// Sizes on the screen follow from millimetres: say -mm-per-pixel for a panel
// that is not of 24 inches. SIGTERM and SIGINT end it cleanly. With -probe it
// tells scripts on a Unix socket what it shows; see touch.Shell.ServeProbe.
package main
