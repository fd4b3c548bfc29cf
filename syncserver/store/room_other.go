//go:build !linux && !darwin

package store

// diskFree gives the bytes that may still be written; false when unknown.
func diskFree(string) (int64, bool) { return 0, false }
