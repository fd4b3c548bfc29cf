package keys

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
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
var maxWrapCost = cost{memoryKiB: 1024 * 1024, passes: 16, threads: 4}

// Wrap encrypts a private key under argon2id(PIN ‖ device secret) with
// XChaCha20-Poly1305. For an operator's passphrase the device secret is nil.
// The result carries its own salt, cost and version.
func Wrap(pin string, deviceSecret, key []byte, random io.Reader) ([]byte, error) {
	fresh, err := randomBytes(random, wrapSaltBytes+chacha20poly1305.NonceSizeX)
	if err != nil {
		return nil, err
	}
	header := []byte{wrapVersion}
	header = binary.BigEndian.AppendUint32(header, wrapCost.memoryKiB)
	header = binary.BigEndian.AppendUint32(header, wrapCost.passes)
	header = append(header, wrapCost.threads)
	header = append(header, fresh...)
	aead, err := chacha20poly1305.NewX(stretch(framed([]byte(pin), deviceSecret), fresh[:wrapSaltBytes], wrapCost))
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
	c := cost{binary.BigEndian.Uint32(header[1:]), binary.BigEndian.Uint32(header[5:]), header[9]}
	if c.passes == 0 || c.threads == 0 || c.memoryKiB > maxWrapCost.memoryKiB ||
		c.passes > maxWrapCost.passes || c.threads > maxWrapCost.threads {
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
