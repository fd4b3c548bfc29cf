// Package touch is the kit that every screen is made of: a theme and widgets
// for people who stand, wear gloves, see poorly or cannot use a screen at all.
//
// Start with [New], which makes a [Kit] from what the person prefers, what the
// device is and what the program wants to hear about. Everything is built from
// the kit. A [Shell] is the content of the window: it shows one [Page] at a
// time, the on-screen keyboard below it and a dialog above it.
//
// Promises:
//   - Language, text size and contrast change by one path, [Shell.SetPrefs]:
//     a new kit, then the page is built again from its state.
//   - Layouts ask for the height of their children at a width, so wrapped text
//     has its real height and nothing overlaps. Object order is focus order.
//   - Whatever can be pressed is at least 15 mm (kiosk) or 48 px (tablet), has
//     spoken words, a focus ring, and obeys Enter, Space and an unsteady finger.
//   - [Walk] reads the screen as a list of elements with role, words and place;
//     tests, the voice and the automation probe all use it. [Lint] finds text
//     that does not fit, small targets and poor contrast.
//   - A [Map] never waits for a tile, and its list says all that it shows.
//
// All of it runs on Fyne's user interface goroutine; other goroutines use fyne.Do.
package touch
