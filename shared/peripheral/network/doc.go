// Package network tells whether the device's link costs by the megabyte.
//
// Use [Watch] once at the start of a program, and [Link.Metered] whenever
// something large could be sent: it answers at once from what was last heard. On
// Linux NetworkManager says so over D-Bus; where there is none, or on another
// system, no link is metered.
//
// Promises:
//   - Nobody waits for D-Bus but Watch's own goroutine.
//   - Silence, an error or a service that comes late never stops photos for good:
//     what is not known to be metered is not.
package network
