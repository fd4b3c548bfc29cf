package keys

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// ErrKey means that bytes or text do not hold a key of the kind expected.
var ErrKey = errors.New("not a valid key")

// Identity is the private Ed25519 key by which a device or the server is known.
type Identity struct {
	private
	key ed25519.PrivateKey
}

// NewIdentity makes an identity from 32 bytes of random (nil: crypto/rand).
func NewIdentity(random io.Reader) (Identity, error) {
	seed, err := randomBytes(random, ed25519.SeedSize)
	if err != nil {
		return Identity{}, err
	}
	return ParseIdentity(seed)
}

// ParseIdentity takes what Seed returned.
func ParseIdentity(seed []byte) (Identity, error) {
	if len(seed) != ed25519.SeedSize {
		return Identity{}, fmt.Errorf("%w: an identity has %d bytes, not %d", ErrKey, ed25519.SeedSize, len(seed))
	}
	return Identity{key: ed25519.NewKeyFromSeed(seed)}, nil
}

// Seed returns the 32 secret bytes to store. It panics on the zero Identity.
func (i Identity) Seed() []byte { return i.key.Seed() }

// Public returns the public half.
func (i Identity) Public() PublicKey { return PublicKey(i.key.Public().(ed25519.PublicKey)) }

// IsZero reports whether there is no key in it.
func (i Identity) IsZero() bool { return i.key == nil }

// PublicKey is the public half of an Identity. It is comparable.
type PublicKey [ed25519.PublicKeySize]byte

// ParsePublicKey takes what String returned: 43 characters of base64url.
func ParsePublicKey(text string) (PublicKey, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return PublicKey{}, fmt.Errorf("%w: a public key has 43 characters of base64url", ErrKey)
	}
	return PublicKey(b), nil
}

// String returns the key as unpadded base64url.
func (p PublicKey) String() string { return base64.RawURLEncoding.EncodeToString(p[:]) }

// Fingerprint names the key in 26 characters (128 bits of SHA-256, Crockford
// base 32), short enough to compare by eye.
func (p PublicKey) Fingerprint() string {
	sum := sha256.Sum256(framed([]byte("cityhall public key v1"), p[:]))
	return crockfordBytes(sum[:16])
}

// Label says what a signed byte string is, so that a signature given for one
// purpose is worth nothing for another.
type Label string

// The server signs these, but for LabelBundle. The list is append-only.
const (
	LabelHello  Label = "cityhall hello v1"
	LabelWipe   Label = "cityhall wipe order v1"
	LabelEnroll Label = "cityhall enrolment v1"
	// LabelHandover is of the answer to a revoked device that hands its work over.
	LabelHandover Label = "cityhall handover v1"
	LabelIdle     Label = "cityhall idle v1"          // over the Signature-Input of a question whether anything is new
	LabelBundle   Label = "cityhall bundle v1"        // a device's bundle, by its own key
	LabelAnswer   Label = "cityhall bundle answer v1" // what the city says to one
)

// SignBytes signs message for one purpose; the signature has 64 bytes.
func SignBytes(i Identity, label Label, message []byte) []byte {
	return ed25519.Sign(i.key, signedBytes(label, message))
}

// VerifyBytes reports whether signature is that of key over message, given for
// this purpose.
func VerifyBytes(key PublicKey, label Label, message, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && ed25519.Verify(key[:], signedBytes(label, message), signature)
}

// signedBytes starts with a zero byte of a length; an HTTP signature base starts
// with a quote, so neither passes for the other.
func signedBytes(label Label, message []byte) []byte {
	return framed([]byte("cityhall signed bytes v1"), []byte(label), message)
}
