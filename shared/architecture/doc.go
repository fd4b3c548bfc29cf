// Package architecture holds no code of the product: its tests read the source
// of the whole tree and keep what the architecture says of it true.
//
// Three kinds of rule. Edges: which of our packages may import which, with the
// reason for each edge that is allowed; an import without an edge is wrong until
// somebody can say why it is right. Walls: which libraries stay behind which
// package. House rules: what a reader may expect of every file.
//
// A finding names the file, the line, the rule and why the rule is there. To
// allow an edge, add it to the table with its reason; there is no way to excuse
// a single line.
package architecture
