package volume

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Table is the system's table of mounts.
const Table = "/proc/self/mountinfo"

// Mounted lists the folders of what is plugged in and may be written to, as a
// table of mounts says, sorted.
func Mounted(table string) ([]string, error) {
	raw, err := os.ReadFile(table)
	if err != nil {
		return nil, fmt.Errorf("read the mounts: %w", err)
	}
	var out []string
	for line := range strings.Lines(string(raw)) {
		// The fifth field is the folder, the sixth how it is mounted.
		f := strings.Fields(line)
		if len(f) < 6 || slices.Contains(strings.Split(f[5], ","), "ro") {
			continue
		}
		if dir := unescaped(f[4]); strings.HasPrefix(dir, "/media/") || strings.HasPrefix(dir, "/run/media/") {
			out = append(out, dir)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// unescaped undoes \040 and its like, which the table writes for blanks.
func unescaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
