// Package view draws the kiosk's screens.
//
// [View] listens to a [kiosk.Kiosk] and keeps a [touch.Shell] showing what it
// says. A screen is a pure function of the kiosk's state, the preferences in the
// kit and the size; one file draws one screen. Nothing is kept here but which
// page is shown: what a person typed lives in the kiosk, so that it can be wiped.
//
// Every page has the same frame: city, language, text size and contrast on top,
// the state of the line below it, Back and Help at the lower left, the main
// action at the lower right.
package view
