package flags

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// PassphraseVariable is the environment's way to give the operator's passphrase.
// It is no flag: everybody on a machine can read command lines.
const PassphraseVariable = "CITYHALL_PASSPHRASE"

// Passphrase reads the operator's passphrase from a file, without the line end,
// or, if there is no file, from the environment.
func Passphrase(file string) (string, error) {
	if file == "" {
		if p := os.Getenv(PassphraseVariable); p != "" {
			return p, nil
		}
		return "", errors.New("no passphrase: set " + PassphraseVariable + " or name a file with -passphrase-file")
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	p := strings.TrimRight(string(raw), "\r\n")
	if p == "" {
		return "", fmt.Errorf("read the passphrase: %s is empty", file)
	}
	return p, nil
}
