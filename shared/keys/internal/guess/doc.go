// Package guess says what one guess at a secret costs whoever makes it, which is
// also what its owner pays for being right. The figures stand here and nowhere
// else; only shared/keys can see them, and shared/keys/cheap, which is for tests.
package guess
