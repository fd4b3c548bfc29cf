// Package read holds the queries over what the store keeps: the lists and pages
// that people look at. It never writes.
//
// Every question is asked by somebody: a [Staff]. What their departments do not
// cover is left out by the query itself, so a page cannot forget to. A thing
// that the asker may not see answers exactly as one that does not exist.
//
// One text serves SQLite and PostgreSQL. Statements are put together at start
// from constants only; whatever a person typed travels as an argument.
package read
