package keys

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"cityhall/shared/keys/internal/guess"
)

// ErrUnwrap means that the PIN or passphrase is wrong, the device secret is
// another one, or the wrapped key is damaged; nobody can tell which.
var ErrUnwrap = errors.New("the wrapped key does not open")

const (
	wrapVersion    = 1
	wrapSaltBytes  = 16
	wrapCostBytes  = 1 + 4 + 4 + 1 // version, memory, passes, threads
	wrapHeaderSize = wrapCostBytes + wrapSaltBytes + chacha20poly1305.NonceSizeX
)

// maxWrapCost bounds what a tampered header can make Unwrap spend.
var maxWrapCost = guess.Cost{MemoryKiB: 1024 * 1024, Passes: 16, Threads: 4}

// Wrap encrypts a private key under argon2id(PIN ‖ device secret) with
// XChaCha20-Poly1305. For an operator's passphrase the device secret is nil.
// The result carries its own salt, cost and version.
func Wrap(pin string, deviceSecret, key []byte, random io.Reader) ([]byte, error) {
	fresh, err := randomBytes(random, wrapSaltBytes+chacha20poly1305.NonceSizeX)
	if err != nil {
		return nil, err
	}
	header := []byte{wrapVersion}
	header = binary.BigEndian.AppendUint32(header, guess.Wrap.MemoryKiB)
	header = binary.BigEndian.AppendUint32(header, guess.Wrap.Passes)
	header = append(header, guess.Wrap.Threads)
	header = append(header, fresh...)
	aead, err := chacha20poly1305.NewX(stretch(framed([]byte(pin), deviceSecret), fresh[:wrapSaltBytes], guess.Wrap))
	if err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	return aead.Seal(header, fresh[wrapSaltBytes:], key, header), nil
}

// Unwrap returns the key that Wrap was given, or ErrUnwrap.
func Unwrap(pin string, deviceSecret, wrapped []byte) ([]byte, error) {
	if len(wrapped) < wrapHeaderSize+chacha20poly1305.Overhead || wrapped[0] != wrapVersion {
		return nil, ErrUnwrap
	}
	header := wrapped[:wrapHeaderSize]
	c := guess.Cost{MemoryKiB: binary.BigEndian.Uint32(header[1:]), Passes: binary.BigEndian.Uint32(header[5:]), Threads: header[9]}
	if c.Passes == 0 || c.Threads == 0 || c.MemoryKiB > maxWrapCost.MemoryKiB ||
		c.Passes > maxWrapCost.Passes || c.Threads > maxWrapCost.Threads {
		return nil, ErrUnwrap
	}
	salt, nonce := header[wrapCostBytes:wrapCostBytes+wrapSaltBytes], header[wrapCostBytes+wrapSaltBytes:]
	aead, err := chacha20poly1305.NewX(stretch(framed([]byte(pin), deviceSecret), salt, c))
	if err != nil {
		return nil, fmt.Errorf("unwrap key: %w", err)
	}
	key, err := aead.Open(nil, nonce, wrapped[wrapHeaderSize:], header)
	if err != nil {
		return nil, ErrUnwrap
	}
	return key, nil
}
