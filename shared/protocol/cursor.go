package protocol

import (
	"encoding/base64"
	"encoding/json"
	"errors"
)

// Cursor says up to where a device has read. To a device it is opaque bytes: the
// server makes it, signs it and reads it.
type Cursor struct {
	Epoch    string `json:"e"` // names the server's lineage; changes with a restore
	Seq      int64  `json:"s"`
	Chain    []byte `json:"h"` // first 8 bytes of the chain hash at Seq
	GrantRev int64  `json:"g"`
	// Walk: more pages were to follow. A walk that has begun may end, however far
	// its beginning lies back.
	Walk bool `json:"w,omitempty"`
	Due  *Due `json:"d,omitempty"` // of a snapshot: what comes before the log goes on
}

// ErrCursor means bytes that are no cursor of this server.
var ErrCursor = errors.New("not a cursor of this server")

const macLen = 16

// Encode writes the cursor, signed by mac, a keyed hash.
func (c Cursor) Encode(mac func([]byte) []byte) (string, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(raw, mac(raw)[:macLen]...)), nil
}

// DecodeCursor reads a cursor. The check of its signature must take the same
// time whatever the bytes.
func DecodeCursor(s string, check func(body, mac []byte) bool) (Cursor, error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	// Base64 has several spellings of some bytes; only ours is a cursor.
	if err != nil || len(raw) <= macLen || base64.RawURLEncoding.EncodeToString(raw) != s {
		return Cursor{}, ErrCursor
	}
	body, sum := raw[:len(raw)-macLen], raw[len(raw)-macLen:]
	if !check(body, sum) {
		return Cursor{}, ErrCursor
	}
	var c Cursor
	if err := json.Unmarshal(body, &c); err != nil {
		return Cursor{}, ErrCursor
	}
	return c, nil
}
