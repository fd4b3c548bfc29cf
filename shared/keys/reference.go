package keys

import (
	"encoding/base64"
	"io"

	"cityhall/shared/keys/internal/guess"
)

// referenceLength counts 12 random characters (60 bits) and the check character.
const referenceLength = 13

// Reference is what a resident keeps to look up a report. Whoever has it sees
// the report's public face, so it is private: it prints as "[private]", and only
// Show gives it away. It is comparable; the zero value is none.
type Reference struct {
	private
	code string
}

// NewReference makes a reference on the device (nil: crypto/rand).
func NewReference(random io.Reader) (Reference, error) {
	code, err := newCode(random, referenceLength-1)
	return Reference{code: code}, err
}

// ParseReference reads what a person typed, in any case, with or without dashes
// and spaces, O for 0 and I or L for 1. Its error is a *CodeError.
func ParseReference(typed string) (Reference, error) {
	code, err := parseCode(typed, referenceLength)
	return Reference{code: code}, err
}

// Show returns the reference for the person's eyes: K7QM-4F2Q-9XDT-3.
func (r Reference) Show() string { return grouped(r.code) }

// IsZero reports whether there is no reference in it.
func (r Reference) IsZero() bool { return r.code == "" }

// Lookup returns the key that travels and is stored in place of the reference:
// 43 characters of base64url. It costs 16 MiB and a pass on purpose, so that a copied
// cache cannot be searched; compute it once, off the UI's goroutine.
func (r Reference) Lookup(citySalt []byte) string {
	salt := framed([]byte("cityhall reference v1"), citySalt)
	return base64.RawURLEncoding.EncodeToString(stretch([]byte(r.code), salt, guess.Lookup()))
}
