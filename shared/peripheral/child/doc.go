// Package child starts programs that end with this one, even when it is killed:
// Linux sends them a signal then. Linux does so as soon as the thread that
// started the program ends, which the Go runtime may let happen at any time, so
// Start keeps that thread for as long as the program runs.
package child
