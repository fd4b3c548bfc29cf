package replica

import (
	"fmt"
	"os"
	"path/filepath"

	"cityhall/shared/sqlite"
)

// Occupy takes a device's folder for one program, until the file is closed: two that
// both speak for one device would each take the other for a clone. Open does not, so
// that a test may crash a device and begin it again in one process.
func Occupy(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the device's folder: %w", err)
	}
	return sqlite.Occupy(filepath.Join(dir, "outbox.db"), true)
}
