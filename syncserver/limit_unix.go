//go:build unix

package syncserver

import "syscall"

// maxConnections leaves descriptors for the database, photos and snapshots: a
// server that can open no file fails everybody. Go has raised the limit to the
// most that the system allows.
func maxConnections() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fewConnections
	}
	return int(min(max(int64(l.Cur)-reservedFiles, int64(l.Cur)/2), mostConnections))
}
