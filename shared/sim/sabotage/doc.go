// Package sabotage takes the protections of the sync engine away, one at a time,
// and shows that the tests notice: a check that cannot fail proves nothing.
//
// Each .patch file is a unified diff with three kinds of lines before it:
//
//	Removal: what is taken away, in the words of the design
//	Test: a package, the name of a test, and its flags
//	Red: the invariant by whose name the test must fail; any of several lines
//
// Other lines there say what else stood in the way, and was taken away too.
//
// Nothing in the tree is changed: the patched files go to a temporary folder and
// the go command is told to read them instead (-overlay). "make sabotage" runs
// all of them; "make test" builds all and runs one, drawn by the commit.
package sabotage
