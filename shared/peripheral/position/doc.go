// Package position tells where the device is, as its satellite receiver says
// through gpsd, the daemon that Debian has for them.
//
// Use [Watch] once at the start of a program and [Receiver.Last] whenever a
// place is asked for: it answers at once from what was last heard, with its
// accuracy and its time, and the caller decides what is too old for its purpose.
//
// Promises:
//   - Nobody waits for gpsd but Watch's own goroutine.
//   - A device without a receiver, or without gpsd, works as before and knows no
//     position; one that is plugged in later is found without a restart.
//   - A fix is timed by this device's clock, since a receiver that wakes up may
//     believe in another year.
//   - What gpsd sends is bounded: a line is 64 KiB at most, and one that makes no
//     sense is passed over.
package position
