//go:build !linux && !darwin

package replica

// diskFree gives the bytes that the device may still write, 0 when unknown.
func diskFree(string) int64 { return 0 }
