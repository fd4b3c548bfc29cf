//go:build linux || darwin

package replica

import "syscall"

// diskFree gives the bytes that the device may still write, 0 when unknown.
func diskFree(dir string) int64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
