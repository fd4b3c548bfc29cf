// Package protocol is what goes over the wire between a device and the server:
// the envelope of a mutation and its chain, the frames of a pull, the cursor,
// the verdicts and the limits. PROTOCOL.md beside it is enough to write a client
// from.
//
// Everything is NDJSON: one JSON value a line, each list closed by an end line,
// so that a cut connection is never taken for a short list. Numbers are
// integers; coordinates are in 1e-7 degrees; times are RFC 3339 in UTC.
//
// The package has no I/O of its own. It imports city and nothing else of ours.
package protocol
