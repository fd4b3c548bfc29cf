package keys

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Why a signature is refused. Every error of Verify wraps exactly one of these,
// unless the look-up of the key itself failed; *SkewError is ErrSkew.
var (
	ErrNoSignature  = errors.New("the request is not signed")
	ErrMalformed    = errors.New("the signature headers are malformed")
	ErrDigest       = errors.New("the body does not match its digest")
	ErrUnknownKey   = errors.New("the key is not known")
	ErrBadSignature = errors.New("the signature does not match")
	ErrSkew         = errors.New("the signature was made at another time")
)

// SkewError is the refusal of a request that is genuine, but whose clock is not.
type SkewError struct {
	Offset time.Duration // how far the signer's clock is ahead; negative: behind
}

func (e *SkewError) Error() string { return fmt.Sprintf("%v: offset %v", ErrSkew, e.Offset) }

// Unwrap makes errors.Is(err, ErrSkew) hold.
func (e *SkewError) Unwrap() error { return ErrSkew }

// What a signature covers, in this order: of a request with a body, and of one without.
const (
	components = `("@method" "@path" "@query" "content-digest")`
	bodiless   = `("@method" "@path" "@query")`
)

// The two shapes of the headers that are accepted: the second, shorter one only of a
// request without a body. A general parser for structured fields would accept more,
// and nobody sends more.
var (
	inputShape = regexp.MustCompile(`^sig=(\("@method" "@path" "@query"( "content-digest")?\)` +
		`;created=([1-9][0-9]{0,11});keyid="([A-Za-z0-9._:-]{1,64})";nonce="([A-Za-z0-9_-]{16,64})"(;alg="ed25519")?)$`)
	signatureShape = regexp.MustCompile(`^sig=:([A-Za-z0-9+/]{86}==):$`)
)

// NewNonce returns 128 random bits as 22 characters (nil: crypto/rand).
func NewNonce(random io.Reader) (string, error) {
	b, err := randomBytes(random, 16)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// Sign sets Signature-Input and Signature, and Content-Digest unless body is nil. body
// is all that will be sent (nil for none), keyID the signer's id: 1–64 of A–Z a–z 0–9 . _ : -.
// Path, query and method must not change afterwards.
func Sign(r *http.Request, body []byte, keyID string, identity Identity, now time.Time, nonce string) error {
	params := `;created=` + strconv.FormatInt(now.Unix(), 10) + `;keyid="` + keyID + `";nonce="` + nonce + `"`
	digest := ""
	if body == nil {
		params = bodiless + params
	} else {
		params, digest = components+params+`;alg="ed25519"`, contentDigest(body)
	}
	if !inputShape.MatchString("sig=" + params) {
		return fmt.Errorf("sign request: %w: key id, nonce or time", ErrMalformed)
	}
	base, err := signatureBase(r, digest, params)
	if err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	signature := base64.StdEncoding.EncodeToString(ed25519.Sign(identity.key, base))
	if r.Header.Del("Content-Digest"); digest != "" {
		r.Header.Set("Content-Digest", digest)
	}
	r.Header.Set("Signature-Input", "sig="+params)
	r.Header.Set("Signature", "sig=:"+signature+":")
	return nil
}

// Rules say which signing times Verify accepts.
type Rules struct {
	Now     time.Time
	MaxSkew time.Duration // to either side, inclusive
	AnyTime bool          // accept every time and report the offset (hello)
}

// Verified is what a valid signature says.
type Verified struct {
	KeyID   string
	Nonce   string
	Created time.Time     // by the signer's clock, whole seconds
	Offset  time.Duration // how far the signer's clock is ahead of Rules.Now
}

// Verify checks the signature of a request whose whole body has been read. lookup
// returns the key of an id, an error wrapping ErrUnknownKey if there is none, or
// any other error, which Verify passes on. The time is judged last: a *SkewError
// comes only for a request that is otherwise genuine. Replays are for Nonces.
func Verify(r *http.Request, body []byte, lookup func(keyID string) (PublicKey, error), rules Rules) (Verified, error) {
	input, signature, digest, err := signatureHeaders(r)
	if err != nil {
		return Verified{}, err
	}
	if input.digest && digest != contentDigest(body) || !input.digest && len(body) > 0 {
		return Verified{}, ErrDigest
	}
	key, err := lookup(input.keyID)
	if err != nil {
		return Verified{}, fmt.Errorf("look up key %s: %w", input.keyID, err)
	}
	base, err := signatureBase(r, digest, input.params)
	if err != nil {
		return Verified{}, err
	}
	if !ed25519.Verify(key[:], base, signature) {
		return Verified{}, ErrBadSignature
	}
	created := time.Unix(input.created, 0).UTC()
	v := Verified{KeyID: input.keyID, Nonce: input.nonce, Created: created, Offset: created.Sub(rules.Now)}
	if !rules.AnyTime && v.Offset.Abs() > rules.MaxSkew {
		return Verified{}, &SkewError{Offset: v.Offset}
	}
	return v, nil
}

type signatureInput struct {
	params, keyID, nonce string
	created              int64 // Unix seconds
	digest               bool  // it covers one
}

// signatureHeaders takes the headers apart; each must be there just once, a digest
// only where it is signed.
func signatureHeaders(r *http.Request) (signatureInput, []byte, string, error) {
	var values [3]string
	for i, name := range []string{"Signature-Input", "Signature", "Content-Digest"} {
		all := r.Header.Values(name)
		switch {
		case len(all) == 0 && i < 2:
			return signatureInput{}, nil, "", fmt.Errorf("%w: no %s", ErrNoSignature, name)
		case len(all) == 1:
			values[i] = all[0]
		case len(all) > 1:
			return signatureInput{}, nil, "", fmt.Errorf("%w: %d times %s", ErrMalformed, len(all), name)
		}
	}
	input, err := parseSignatureInput(values[0])
	if err == nil && input.digest != (len(r.Header.Values("Content-Digest")) == 1) {
		err = fmt.Errorf("%w: Content-Digest", ErrMalformed)
	}
	if err != nil {
		return signatureInput{}, nil, "", err
	}
	signature, err := parseSignature(values[1])
	return input, signature, values[2], err
}

func parseSignatureInput(header string) (signatureInput, error) {
	m := inputShape.FindStringSubmatch(header)
	if m == nil || (m[2] == "") != (m[6] == "") {
		return signatureInput{}, fmt.Errorf("%w: Signature-Input", ErrMalformed)
	}
	created, err := strconv.ParseInt(m[3], 10, 64)
	if err != nil {
		return signatureInput{}, fmt.Errorf("%w: created", ErrMalformed)
	}
	return signatureInput{params: m[1], created: created, keyID: m[4], nonce: m[5], digest: m[2] != ""}, nil
}

func parseSignature(header string) ([]byte, error) {
	m := signatureShape.FindStringSubmatch(header)
	if m == nil {
		return nil, fmt.Errorf("%w: Signature", ErrMalformed)
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(m[1])
	if err != nil {
		return nil, fmt.Errorf("%w: Signature", ErrMalformed)
	}
	return signature, nil
}

// signatureBase is the text that is signed, RFC 9421 section 2.5; digest is empty
// where none is. A control character could forge a line of it and is refused.
func signatureBase(r *http.Request, digest, params string) ([]byte, error) {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	for _, part := range []string{method, path, r.URL.RawQuery, digest} {
		if strings.ContainsFunc(part, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return nil, fmt.Errorf("%w: control character", ErrMalformed)
		}
	}
	if digest != "" {
		digest = `"content-digest": ` + digest + "\n"
	}
	return []byte(`"@method": ` + method + "\n" +
		`"@path": ` + path + "\n" +
		`"@query": ?` + r.URL.RawQuery + "\n" + digest +
		`"@signature-params": ` + params), nil
}

// contentDigest is the value of a Content-Digest header, RFC 9530.
func contentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}
