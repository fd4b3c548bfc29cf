package keys

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"cityhall/shared/keys/internal/guess"
)

// MaxPasswordBytes bounds what is hashed; longer passwords are refused.
const MaxPasswordBytes = 512

// Errors of the password functions.
var (
	ErrPasswordHash    = errors.New("not a password hash of this program")
	ErrPasswordTooLong = errors.New("the password is too long")
)

// maxPasswordCost keeps a tampered hash from asking for all memory.
var maxPasswordCost = guess.Cost{MemoryKiB: 256 * 1024, Passes: 16, Threads: 4}

// HashPassword returns the argon2id hash of a password as a PHC string, with a
// fresh salt (nil: crypto/rand). It takes about 50 ms and 19 MiB.
func HashPassword(password string, random io.Reader) (string, error) {
	if len(password) > MaxPasswordBytes {
		return "", ErrPasswordTooLong
	}
	salt, err := randomBytes(random, 16)
	if err != nil {
		return "", err
	}
	return phc(guess.Password, salt, stretch([]byte(password), salt, guess.Password)), nil
}

// VerifyPassword reports whether password has this hash, comparing in constant
// time. An error means that the stored hash is unusable.
func VerifyPassword(hash, password string) (bool, error) {
	c, salt, want, err := parsePHC(hash)
	if err != nil {
		return false, err
	}
	if len(password) > MaxPasswordBytes {
		return false, nil
	}
	return subtle.ConstantTimeCompare(stretch([]byte(password), salt, c), want) == 1, nil
}

// SpendPassword takes as long as VerifyPassword and returns false: call it for an
// unknown user, so that the time of the answer does not tell who exists.
func SpendPassword(password string) bool {
	if len(password) <= MaxPasswordBytes {
		stretch([]byte(password), make([]byte, 16), guess.Password)
	}
	return false
}

// NeedsRehash reports that a hash was made at another cost than today's.
func NeedsRehash(hash string) bool {
	c, _, _, err := parsePHC(hash)
	return err != nil || c != guess.Password
}

func phc(c guess.Cost, salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", c.MemoryKiB, c.Passes, c.Threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}

func parsePHC(hash string) (c guess.Cost, salt, sum []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return c, nil, nil, ErrPasswordHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Passes, &c.Threads); err != nil {
		return c, nil, nil, ErrPasswordHash
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	sum, sumErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || len(sum) != stretchedBytes || len(salt) < 8 || c.Passes == 0 || c.Threads == 0 ||
		c.MemoryKiB > maxPasswordCost.MemoryKiB || c.Passes > maxPasswordCost.Passes || c.Threads > maxPasswordCost.Threads {
		return c, nil, nil, ErrPasswordHash
	}
	return c, salt, sum, nil
}
