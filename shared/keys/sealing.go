package keys

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// Errors of opening what was sealed.
var (
	ErrNoSealingKey = errors.New("the sealing key is not known")
	ErrSealed       = errors.New("the sealed content does not open")
)

// sealingKEM with HKDF-SHA256 and ChaCha20-Poly1305 is the one HPKE suite in use
// (RFC 9180). ChaCha20, because not every kiosk has AES in hardware.
var sealingKEM = hpke.DHKEM(ecdh.X25519())

const sealingKeyBytes = 32

// SealOverhead is by how many bytes sealed content is longer than the plain.
const SealOverhead = 32 + 16

// SealingPublic is a key to seal to. Its ID is derived from it.
type SealingPublic struct{ key hpke.PublicKey }

// ParseSealingPublic takes what String returned.
func ParseSealingPublic(text string) (SealingPublic, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return SealingPublic{}, fmt.Errorf("%w: sealing key", ErrKey)
	}
	key, err := sealingKEM.NewPublicKey(b)
	if err != nil {
		return SealingPublic{}, fmt.Errorf("%w: sealing key: %w", ErrKey, err)
	}
	return SealingPublic{key}, nil
}

// String returns the key as 43 characters of base64url; "" for the zero value.
func (p SealingPublic) String() string {
	if p.key == nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(p.key.Bytes())
}

// ID names the key: 13 characters, the same wherever it is computed.
func (p SealingPublic) ID() string {
	sum := sha256.Sum256(framed([]byte("cityhall sealing key v1"), p.key.Bytes()))
	return crockfordBytes(sum[:8])
}

// Seal encrypts plaintext so that only the holder of the private key can read
// it, and only with the same info. The result is SealOverhead bytes longer: the
// encapsulated key, then the ciphertext.
func (p SealingPublic) Seal(info, plaintext []byte) ([]byte, error) {
	if p.key == nil {
		return nil, fmt.Errorf("seal: %w", ErrNoSealingKey)
	}
	sealed, err := hpke.Seal(p.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, plaintext)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// SealInfo is the info under which a mutation's arguments are sealed. It ties
// them to the key, the mutation's id and its type with version ("visit.finish@1").
func SealInfo(keyID, mutationID, typ string) []byte {
	return framed([]byte("cityhall sealed mutation v1"), []byte(keyID), []byte(mutationID), []byte(typ))
}

// SealRecordInfo is the info under which a record about a person is sealed to a
// tablet's own key. It ties it to the key, the device and the record's place in
// the log, so that no other record, nor an older one, opens in its stead.
func SealRecordInfo(keyID, device, kind, id string, seq int64) []byte {
	return framed([]byte("cityhall sealed record v1"), []byte(keyID), []byte(device), []byte(kind), []byte(id), strconv.AppendInt(nil, seq, 10))
}

// SealingKey is a private key that opens what was sealed to its public half.
type SealingKey struct {
	private
	key hpke.PrivateKey
}

// NewSealingKey makes a key (nil: crypto/rand).
func NewSealingKey(random io.Reader) (SealingKey, error) {
	b, err := randomBytes(random, sealingKeyBytes)
	if err != nil {
		return SealingKey{}, err
	}
	return ParseSealingKey(b)
}

// ParseSealingKey takes what Bytes returned.
func ParseSealingKey(b []byte) (SealingKey, error) {
	key, err := sealingKEM.NewPrivateKey(b)
	if err != nil {
		return SealingKey{}, fmt.Errorf("%w: sealing key: %w", ErrKey, err)
	}
	return SealingKey{key: key}, nil
}

// Bytes returns the 32 secret bytes to store.
func (k SealingKey) Bytes() ([]byte, error) { return k.key.Bytes() }

// Public returns the public half.
func (k SealingKey) Public() SealingPublic { return SealingPublic{k.key.PublicKey()} }

// Open decrypts what Seal returned for this key and info, or fails with ErrSealed.
func (k SealingKey) Open(info, sealed []byte) ([]byte, error) {
	plain, err := hpke.Open(k.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, sealed)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Keyring holds the sealing keys of the server, the old ones too. It is safe for
// concurrent use.
type Keyring struct {
	mu   sync.RWMutex
	keys []SealingKey // oldest first
}

// NewKeyring makes a keyring; the last key is the one to seal to.
func NewKeyring(keys ...SealingKey) *Keyring { return &Keyring{keys: keys} }

// Add makes key the newest.
func (r *Keyring) Add(key SealingKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append(r.keys, key)
}

// Newest returns the key to seal to; the zero value if there is none.
func (r *Keyring) Newest() SealingPublic {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.keys) == 0 {
		return SealingPublic{}
	}
	return r.keys[len(r.keys)-1].Public()
}

// Open opens what was sealed to the key with this id. ErrNoSealingKey: no such
// key here. ErrSealed: damaged, or sealed for something else.
func (r *Keyring) Open(keyID string, info, sealed []byte) ([]byte, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, k := range r.keys {
		if k.Public().ID() == keyID {
			return k.Open(info, sealed)
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrNoSealingKey, keyID)
}

func (r *Keyring) all() []SealingKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return append([]SealingKey(nil), r.keys...)
}
