// Package fieldapp is what a crew does on its tablet, without a screen: it
// enrols, asks for the PIN, lists the jobs, takes down what was done and tells
// truthfully what has reached the city. The screens are in fieldapp/view.
//
// Start with [Open], then let [App.Run] follow the replica. The App is one state
// for one window: every method is called from one goroutine (the one that
// Config.Post leads to), and Changed tells the screen how to follow.
//
// Promises:
//   - Nothing here waits for the network, except what the person asks for by name
//     (enrol, check now), and that runs in the background.
//   - What was typed is a draft on disk within a second, and at once when the
//     screen is left or locked; it goes away only when it has become an act, or
//     when the person throws it away.
//   - A visit and its photos become acts in one transaction, after the photos'
//     bytes are on disk.
//   - Only what the city has echoed is called received.
package fieldapp
