package keys

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
)

// private is embedded in the secret types; it keeps them out of logs, whatever
// the verb. (A Stringer alone would let %d print the fields.)
type private struct{}

const redacted = "[private]"

// Format writes "[private]".
func (private) Format(s fmt.State, _ rune) { io.WriteString(s, redacted) }

// LogValue returns "[private]".
func (private) LogValue() slog.Value { return slog.StringValue(redacted) }

// String returns "[private]".
func (private) String() string { return redacted }

// randomBytes reads n bytes, from crypto/rand if source is nil.
func randomBytes(source io.Reader, n int) ([]byte, error) {
	if source == nil {
		source = rand.Reader
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(source, b); err != nil {
		return nil, fmt.Errorf("read random bytes: %w", err)
	}
	return b, nil
}

// framed joins parts so that no other list of parts gives the same bytes: each
// is preceded by its length (4 bytes, big endian).
func framed(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}
