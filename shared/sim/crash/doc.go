// Package crash kills the server's process with signal 9 while a device pushes to
// it over a real connection, and looks for everything that it had acknowledged.
// The device's own process is killed in the tests of package replica.
//
// Its test is the whole of it. "make crash" gives it the program that is shipped;
// without one the test's own program runs the server.
package crash
