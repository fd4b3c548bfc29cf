// Package sim is a city in a box, for tests: the real server and the real device
// code on real files, a clock that is set by hand and a network that loses, cuts,
// repeats and delays. Nothing of it ships.
//
// A seed makes a history: people report and work, devices die while they wait for
// an answer, are restored from old images and cloned, the server is killed and
// restored from a backup. When it is quiet again the checker asks whether all that
// was promised holds; a Violation names the promise and the seed.
//
//	City     the server and its files: crash, back up, restore
//	Line     one device's network, an http.RoundTripper
//	Device   a replica and what its outbox must still deliver
//	Fleet    all of them, and the history that a seed makes
package sim
