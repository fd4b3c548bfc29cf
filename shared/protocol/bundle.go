package protocol

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"cityhall/shared/city"
)

// Bundle files: a device without a line sends its outbox by hand, and gets the
// answer by hand. Nothing in them is compressed, so none is larger than it looks.
const (
	BundleFormat    = "cityhall bundle 1"
	AnswerFormat    = "cityhall answer 1"
	BundleExt       = ".cityhall-bundle"
	AnswerExt       = ".cityhall-answer"
	MaxBundle       = 1 << 30  // bytes of a file
	MaxBundleHeader = 1 << 20  // bytes of its first line
	MaxBundlePart   = 64 << 20 // bytes of a part
	MaxBundleParts  = 4000
	MaxBundleActs   = MaxClaims
)

// The kinds of parts. A reader passes over those that it does not know.
const (
	PartActs     = "acts"     // of a bundle: the body of a push
	PartBlob     = "blob"     // of a bundle: the bytes of a blob, whose name is the part's hash
	PartVerdicts = "verdicts" // of an answer: the answer to a push, or to a hand-over
	PartPage     = "page"     // of an answer: a page of a pull
	PartKnown    = "known"    // of an answer: the answer to a reconcile of the bundle's acts, behind its last page
	PartBlobs    = "blobs"    // of an answer: a BundleBlob a line
)

// BundlePart says what follows the header; parts stand in its order, with nothing
// between them.
type BundlePart struct {
	Kind   string `json:"kind"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // in hex
}

// BundleHeader is the first line of a bundle. The second is the device's
// signature over it.
type BundleHeader struct {
	Format string        `json:"format"`
	ID     string        `json:"id"` // made for this bundle; the answer names it
	Device city.DeviceID `json:"device"`
	Server string        `json:"server"` // public key of the city that it is for
	Hello  Hello         `json:"hello"`  // as the device would say it; its stream is the bundle's own
	Parts  []BundlePart  `json:"parts"`
}

// AnswerHeader is the first line of an answer. The second is the server's
// signature over it.
type AnswerHeader struct {
	Format string        `json:"format"`
	Bundle string        `json:"bundle"` // ID of the one that it answers
	Device city.DeviceID `json:"device"`
	Hello  *HelloReply   `json:"hello,omitempty"`
	// From is the cursor that the first page goes on from; empty for a cache that is
	// built anew, since the server did not take the device's.
	From string `json:"from"`
	// Refused is the body of the refusal that a revoked device would have got, and
	// Order its signature when it orders a wipe.
	Refused string       `json:"refused,omitempty"`
	Order   string       `json:"order,omitempty"`
	Parts   []BundlePart `json:"parts"`
}

// BundleBlob says how much of a blob the city has now, or why none.
type BundleBlob struct {
	SHA256 string `json:"sha256"`
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	Code   Code   `json:"code,omitempty"`
}

// ErrBundle means a file that is no bundle, or not whole.
var ErrBundle = errors.New("the file is no whole bundle: save it again")

// The further reasons for which a bundle is not taken. Nothing of it was.
var (
	ErrOtherCity = errors.New("the bundle is for another city")
	ErrStranger  = errors.New("the bundle is not signed by a device of this city")
)

// Bundle is a file as it was read: nothing of it is believed before the signature
// was checked, and Check.
type Bundle struct {
	Header, Signature []byte

	file io.ReaderAt
	size int64
	at   int64 // where the parts begin
}

// ReadBundle reads the first two lines.
func ReadBundle(file io.ReaderAt, size int64) (*Bundle, error) {
	if size > MaxBundle {
		return nil, fmt.Errorf("%w: %d bytes are too many", ErrBundle, size)
	}
	in := bufio.NewReaderSize(io.NewSectionReader(file, 0, min(size, MaxBundleHeader)), 64<<10)
	header, err := in.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("%w: its first line does not end", ErrBundle)
	}
	line, err := in.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("%w: it is not signed", ErrBundle)
	}
	sig, err := DecodeSignature(string(bytes.TrimSuffix(line, []byte("\n"))))
	if err != nil {
		return nil, fmt.Errorf("%w: it is not signed", ErrBundle)
	}
	return &Bundle{Header: header[:len(header)-1], Signature: sig, file: file, size: size, at: int64(len(header) + len(line))}, nil
}

// Check reads the whole file: it has the parts that its header tells of, whole,
// and nothing else.
func (b *Bundle) Check(parts []BundlePart) error {
	if len(parts) > MaxBundleParts {
		return fmt.Errorf("%w: too many parts", ErrBundle)
	}
	left := b.size - b.at
	for _, p := range parts {
		if p.Bytes < 0 || p.Bytes > MaxBundlePart || p.Bytes > left {
			return fmt.Errorf("%w: a part of %d bytes", ErrBundle, p.Bytes)
		}
		left -= p.Bytes
	}
	if left != 0 {
		return fmt.Errorf("%w: %d bytes too many", ErrBundle, left)
	}
	at := b.at
	for i, p := range parts {
		h := sha256.New()
		if _, err := io.Copy(h, io.NewSectionReader(b.file, at, p.Bytes)); err != nil {
			return fmt.Errorf("read part %d: %w", i+1, err)
		}
		if hex.EncodeToString(h.Sum(nil)) != p.SHA256 {
			return fmt.Errorf("%w: part %d is damaged", ErrBundle, i+1)
		}
		at += p.Bytes
	}
	return nil
}

// Each gives every part that Check has found to be whole.
func (b *Bundle) Each(parts []BundlePart, do func(BundlePart, []byte) error) error {
	at := b.at
	for _, p := range parts {
		body := make([]byte, p.Bytes)
		if _, err := io.ReadFull(io.NewSectionReader(b.file, at, p.Bytes), body); err != nil {
			return fmt.Errorf("read a %s: %w", p.Kind, err)
		}
		sum := sha256.Sum256(body)
		if hex.EncodeToString(sum[:]) != p.SHA256 { // the stick was changed meanwhile
			return ErrBundle
		}
		if err := do(p, body); err != nil {
			return err
		}
		at += p.Bytes
	}
	return nil
}

// NewPart describes a body.
func NewPart(kind string, body []byte) BundlePart {
	sum := sha256.Sum256(body)
	return BundlePart{Kind: kind, Bytes: int64(len(body)), SHA256: hex.EncodeToString(sum[:])}
}

// WriteHeader writes the first two lines.
func WriteHeader(to io.Writer, header any, sign func([]byte) []byte) error {
	raw, err := json.Marshal(header)
	if err != nil {
		return err
	}
	if len(raw) > MaxBundleHeader-200 {
		return fmt.Errorf("a bundle's header of %d bytes", len(raw))
	}
	_, err = fmt.Fprintf(to, "%s\n%s\n", raw, EncodeSignature(sign(raw)))
	return err
}
