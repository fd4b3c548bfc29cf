//go:build !unix

package store

import "os"

// lockFile cannot keep other processes out on this system: one process at a time
// must use a data folder.
func lockFile(*os.File, bool) (bool, error) { return true, nil }

func shareFile(*os.File) (bool, error) { return true, nil }
