// Package bench measures what the protocol costs, each beside a floor of the same
// run: the bare work of the same libraries (net/http, SQLite, zstd, NDJSON) without any
// of what makes it a city hall. "make bench" prints the table and writes
// out/bench.json. Nothing here is asserted: a figure is read, not tested.
//
//	W1  a device pushes 10,000 queued acts
//	W2  a new device pulls 100,000 records
//	W3  a device pulls 100 changes on top of them, or none
//	W4  50 devices push 100 acts each, at once
//	W5  a change at the office arrives in the store of a connected device
//	W6  an act is recorded, durably
package bench
