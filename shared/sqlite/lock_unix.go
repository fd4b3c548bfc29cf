//go:build unix

package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// Lock keeps other processes out until the file is closed. Without wait, false means
// that another one is in.
func Lock(f *os.File, wait bool) (bool, error) {
	if wait {
		return flock(f, syscall.LOCK_EX)
	}
	return flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
}

// Share keeps those out who want to be alone; false means that one is in.
func Share(f *os.File) (bool, error) { return flock(f, syscall.LOCK_SH|syscall.LOCK_NB) }

func flock(f *os.File, how int) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, err
		}
	}
}
