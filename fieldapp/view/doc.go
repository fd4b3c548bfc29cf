// Package view draws the field app: one file a screen, each a pure function of
// the app's state, the person's preferences and the size of the window.
//
// Use [New] for the view of a *fieldapp.App and Mount it in a window. A window
// that is wide shows the list and the job side by side; a narrow one shows one
// of them at a time. The next action always stands at the bottom, under the
// thumb, and the connection at the top.
package view
