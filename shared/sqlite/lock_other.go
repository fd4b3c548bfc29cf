//go:build !unix

package sqlite

import "os"

// Lock cannot keep other processes out on this system: one process at a time must
// use a data folder.
func Lock(*os.File, bool) (bool, error) { return true, nil }

// Share cannot either.
func Share(*os.File) (bool, error) { return true, nil }
