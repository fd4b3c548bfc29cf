// Package window is what the two programs with a window share: the settings that
// Fyne reads before it starts, and the life of the window beside the work that
// goes on behind it.
package window
