// Package city is the domain: what a city hall's records are, what people may
// do to them, and what follows. It has no I/O, no clock and no database, and it
// runs the same on a device, on the server and in a test.
//
// Three things carry the rest:
//
//   - A Record is the present state of one thing, field by field, each field
//     with the id of the mutation that wrote it last.
//   - A Mutation is a named, versioned act of a person. The set of types is
//     closed (see acts.go) and type@version never changes its meaning.
//   - Apply takes a View of the records and one Mutation and returns the changed
//     records and the reviews that follow. It decides field by field; nothing is
//     overwritten that its author had not seen.
//
// Prepare is the author's half of Apply: it plans the act against what the
// author sees and notes the writers of every field that the act rests on.
//
// Records have one audience each. What the public, a crew and the office see of
// one request are three records with one id: request, request.work and
// request.person. Scopes says who may see a record.
package city
