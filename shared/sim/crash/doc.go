// Package crash kills the server's process with signal 9 while a device pushes to
// it over a real connection, and looks for everything that it had acknowledged. It
// kills the device's process likewise: in its first start, while it records and
// exchanges, while it pulls into an empty cache, and while it rebuilds its cache for
// a city that was restored from a backup.
//
// Its test is the whole of it. "make crash" gives it the program that is shipped;
// without one the test's own program runs the server.
package crash
