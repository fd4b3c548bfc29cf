// Package load plays thousands of a city's devices against a server, through the
// real protocol and over real connections: every request is signed, every act has
// its place in a stream, and an act counts as received only when a pull echoed it.
//
// Use Open to seat devices, then one of Acts, Reconnect and Idle, each of which
// gives Figures. Nothing of a figure is taken from the server's word alone: lost
// is what this side made and never saw echoed.
//
// A device here is not a replica. That keeps two SQLite files with some ten
// descriptors, writes each act to the disk before it says so, and holds 32 MiB in
// reserve for a full one: 2,000 of them would be 64 GiB and 20,000 descriptors,
// and the machine would measure its disk. This one keeps the replica's order of
// calls (hello, push, pull until there is no more), its batches, its compression
// and its pauses after a failure, and holds its acts in memory.
package load
