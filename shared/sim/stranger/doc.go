// Package stranger proves that shared/protocol/PROTOCOL.md is enough to write a
// client: client.mjs and the modules beside it speak to the server in plain Node,
// and were written from that page, its vectors and the examples of mutations, not
// from the Go client or server. Its test runs them against the real server: what
// the page leaves out, or has wrong, fails here.
//
// Nothing of it ships. Change the page first, then the client from the page.
package stranger
