package protocol

import "strconv"

// VersionHeader is how a device says which version of pulls it reads: a whole
// number, PullVersion when the device was built. Without it, the first is meant.
// It says nothing of pushing, which is taken from every version for ever.
const VersionHeader = "City-Version"

// PullVersion is the version of pulls that this program writes and reads. It goes
// up only when a device that passes over what it does not know would go wrong.
const PullVersion = 1

// ParseVersion reads VersionHeader; false for what is no version.
func ParseVersion(text string) (int, bool) {
	if text == "" {
		return 1, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}
