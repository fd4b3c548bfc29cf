package keys

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// alphabet is Crockford's base 32: no I, L, O or U.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var crockford = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

func crockfordBytes(b []byte) string { return crockford.EncodeToString(b) }

// CodeFault says what is wrong with a typed reference or enrolment code.
type CodeFault string

// The faults, in the order in which they are looked for.
const (
	CodeCharacter CodeFault = "character" // one is not a letter or digit in use
	CodeShort     CodeFault = "short"
	CodeLong      CodeFault = "long"
	CodeCheck     CodeFault = "check" // mistyped somewhere: the last character does not fit
)

// CodeError says what is wrong with a typed code, and where. It never holds the
// code itself.
type CodeError struct {
	Fault    CodeFault
	Position int // of the bad character, from 1, dashes and spaces not counted
	Length   int // how many characters were typed
	Want     int // how many a code has
}

func (e *CodeError) Error() string {
	switch e.Fault {
	case CodeCharacter:
		return fmt.Sprintf("code: character %d is not one that codes use", e.Position)
	case CodeCheck:
		return "code: mistyped, the check character does not fit"
	}
	return fmt.Sprintf("code: too %s, %d of %d characters", e.Fault, e.Length, e.Want)
}

// newCode returns n random characters and their check character.
func newCode(random io.Reader, n int) (string, error) {
	b, err := randomBytes(random, n)
	if err != nil {
		return "", err
	}
	code := make([]byte, n+1)
	for i := range b {
		code[i] = alphabet[b[i]&31]
	}
	code[n] = checkCharacter(string(code[:n]))
	return string(code), nil
}

// parseCode reads a typed code of want characters with the check character,
// leniently: any case, spaces and dashes anywhere, O for 0, I and L for 1.
func parseCode(typed string, want int) (string, error) {
	var code strings.Builder
	bad := 0
	for _, c := range typed {
		if unicode.IsSpace(c) || unicode.Is(unicode.Pd, c) || c == '\u2212' {
			continue
		}
		c = unicode.ToUpper(c)
		switch c {
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		}
		if strings.IndexRune(alphabet, c) < 0 {
			if bad == 0 {
				bad = code.Len() + 1
			}
			c = '0'
		}
		code.WriteByte(byte(c))
	}
	n := code.Len()
	switch {
	case bad > 0:
		return "", &CodeError{Fault: CodeCharacter, Position: bad, Length: n, Want: want}
	case n < want:
		return "", &CodeError{Fault: CodeShort, Length: n, Want: want}
	case n > want:
		return "", &CodeError{Fault: CodeLong, Length: n, Want: want}
	case checkCharacter(code.String()[:want-1]) != code.String()[want-1]:
		return "", &CodeError{Fault: CodeCheck, Length: n, Want: want}
	}
	return code.String(), nil
}

// grouped writes a code in fours: K7QM-4F2Q-9XDT-3.
func grouped(code string) string {
	var b strings.Builder
	for i := range len(code) {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(code[i])
	}
	return b.String()
}

// checkCharacter is a weighted sum over the field of 32 elements. Each place has
// another weight, the check character's own being 1, so every single wrong
// character and every exchange of two is noticed; of other errors, 31 in 32.
func checkCharacter(code string) byte {
	sum, weight := 0, 1
	for i := len(code) - 1; i >= 0; i-- {
		weight = times2(weight)
		for value, w := strings.IndexByte(alphabet, code[i]), weight; value > 0; value >>= 1 {
			if value&1 == 1 {
				sum ^= w
			}
			w = times2(w)
		}
	}
	return alphabet[sum]
}

// times2 multiplies by x in GF(32), modulo x⁵+x²+1. Its powers run through all
// 31 non-zero elements, so weights repeat only after 31 places.
func times2(v int) int {
	v <<= 1
	if v&32 != 0 {
		v ^= 0b100101
	}
	return v
}
