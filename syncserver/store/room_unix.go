//go:build linux || darwin

package store

import "syscall"

// diskFree gives the bytes that may still be written; false when unknown.
func diskFree(dir string) (int64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
