// Package town is a small city for tests of the apps: the real server without a
// network between, an office that acts, and devices that join and can be cut
// off. One clock, which only the test moves, serves all of them.
//
// Begin with [New]; [Town.Join] gives a device's replica with everything that it
// may see. Nothing here ships.
package town
