package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
)

// MACBytes is the length of a MAC.
const MACBytes = 16

// MACKey is the server's secret for what it hands out and must recognise.
type MACKey struct {
	private
	key [32]byte
}

// NewMACKey makes a key (nil: crypto/rand).
func NewMACKey(random io.Reader) (MACKey, error) {
	b, err := randomBytes(random, 32)
	if err != nil {
		return MACKey{}, err
	}
	return ParseMACKey(b)
}

// ParseMACKey takes what Bytes returned.
func ParseMACKey(b []byte) (MACKey, error) {
	if len(b) != 32 {
		return MACKey{}, fmt.Errorf("%w: a MAC key has 32 bytes, not %d", ErrKey, len(b))
	}
	return MACKey{key: [32]byte(b)}, nil
}

// Bytes returns the 32 secret bytes to store.
func (k MACKey) Bytes() []byte { return append([]byte(nil), k.key[:]...) }

// MAC returns the 16 bytes by which the server knows a cursor again.
func MAC(key MACKey, cursor []byte) []byte {
	return key.sum("cityhall cursor v1", cursor)[:MACBytes]
}

// CheckMAC reports, in constant time, whether mac was made by MAC.
func CheckMAC(key MACKey, cursor, mac []byte) bool {
	return hmac.Equal(MAC(key, cursor), mac)
}

// sum is HMAC-SHA256 under a label, so that no use of the key serves another.
func (k MACKey) sum(label string, b []byte) []byte {
	h := hmac.New(sha256.New, k.key[:])
	h.Write(framed([]byte(label), b))
	return h.Sum(nil)
}
