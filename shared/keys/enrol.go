package keys

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
)

// ErrEnrolment means that a text is not an enrolment link.
var ErrEnrolment = errors.New("not an enrolment link")

// enrolLength counts 9 random characters (45 bits) and the check character. A
// code lives minutes, once, behind a limit on tries.
const enrolLength = 10

// EnrolCode lets one device in, once. It prints as "[private]".
type EnrolCode struct {
	private
	code string
}

// NewEnrolCode makes a code (nil: crypto/rand).
func NewEnrolCode(random io.Reader) (EnrolCode, error) {
	code, err := newCode(random, enrolLength-1)
	return EnrolCode{code: code}, err
}

// EnrolCodeOf makes the code that belongs to a form and to who filled it in, the
// same wherever the key is. Without the key nobody can tell it.
func EnrolCodeOf(key MACKey, form, by string) (EnrolCode, error) {
	code, err := newCode(bytes.NewReader(key.sum("cityhall enrolment form v1", framed([]byte(form), []byte(by)))), enrolLength-1)
	return EnrolCode{code: code}, err
}

// ParseEnrolCode reads a typed code as leniently as ParseReference does. Its
// error is a *CodeError.
func ParseEnrolCode(typed string) (EnrolCode, error) {
	code, err := parseCode(typed, enrolLength)
	return EnrolCode{code: code}, err
}

// Show returns the code for the installer's eyes: 7KQ2-M9XD-4T.
func (c EnrolCode) Show() string { return grouped(c.code) }

// Hash returns what the server stores in place of the code. Without the key a
// copied database does not give the codes away.
func (c EnrolCode) Hash(key MACKey) string {
	return base64.RawURLEncoding.EncodeToString(key.sum("cityhall enrolment code v1", []byte(c.code)))
}

// Enrolment is what a device must know to join: from a QR code or typed.
type Enrolment struct {
	URL         string    // of the sync server, without a slash at its end
	Code        EnrolCode // one time
	Fingerprint string    // of the server's public key, pinned by this
}

// Link writes it for a QR code. It contains the code: do not log it.
func (e Enrolment) Link() string {
	q := url.Values{"u": {e.URL}, "c": {e.Code.code}, "k": {e.Fingerprint}}
	return "cityhall://enrol?" + q.Encode()
}

// ParseEnrolment reads a link. The server's address must be https, or http on
// this very machine. Errors wrap ErrEnrolment; a mistyped code's also *CodeError.
func ParseEnrolment(link string) (Enrolment, error) {
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil || u.Scheme != "cityhall" || u.Host != "enrol" {
		return Enrolment{}, ErrEnrolment // without err, which quotes the link
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(q["u"]) != 1 || len(q["c"]) != 1 || len(q["k"]) != 1 {
		return Enrolment{}, fmt.Errorf("%w: it needs one u, c and k", ErrEnrolment)
	}
	server, err := checkServerURL(q.Get("u"))
	if err != nil {
		return Enrolment{}, err
	}
	code, err := ParseEnrolCode(q.Get("c"))
	if err != nil {
		return Enrolment{}, fmt.Errorf("%w: %w", ErrEnrolment, err)
	}
	if b, err := crockford.DecodeString(q.Get("k")); err != nil || len(b) != 16 {
		return Enrolment{}, fmt.Errorf("%w: the server's fingerprint has 26 characters", ErrEnrolment)
	}
	return Enrolment{URL: server, Code: code, Fingerprint: q.Get("k")}, nil
}

func checkServerURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%w: the server's address is not usable", ErrEnrolment)
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return "", fmt.Errorf("%w: the server's address must be https", ErrEnrolment)
	}
	return strings.TrimRight(u.String(), "/"), nil
}
