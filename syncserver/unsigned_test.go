package syncserver_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strconv"
	"testing"

	"github.com/klauspost/compress/zstd"

	"cityhall/shared/protocol"
)

// chunk is a PATCH of some bytes at their place.
func (c *caller) chunk(t *testing.T, sha string, at int, part []byte) attempt {
	a := c.signed(t, "PATCH", "/sync/v1/blobs/"+sha, part)
	sum := sha256.Sum256(part)
	a.header.Set("Upload-Offset", strconv.Itoa(at))
	a.header.Set("Upload-Checksum", "sha256 "+base64.StdEncoding.EncodeToString(sum[:]))
	return a
}

// TestUnsignedHeadersCorruptNothing: the signature does not cover them, so whoever
// breaks TLS can alter them. That delays an upload at most: what a name shows is
// its own bytes or nothing, and a body that is read otherwise is refused.
func TestUnsignedHeadersCorruptNothing(t *testing.T) {
	photo := bytes.Repeat([]byte("a photo "), 3000)
	sum := sha256.Sum256(photo)
	sha, half := hex.EncodeToString(sum[:]), len(photo)/2
	short := sha256.Sum256(photo[:100])
	for _, c := range []struct {
		name, header, value string
		step                int // of the upload: 0 is the POST, then two chunks
		want                int
	}{
		{"a longer blob", "Upload-Length", "99999", 0, 201},
		{"a shorter blob", "Upload-Length", "100", 0, 201},
		{"a blob of half the bytes", "Upload-Length", strconv.Itoa(half), 0, 201},
		{"an empty blob", "Upload-Length", "0", 0, 400},
		{"no length", "Upload-Length", "x", 0, 400},
		{"the first chunk further on", "Upload-Offset", "100", 1, 409},
		{"the second chunk at the beginning", "Upload-Offset", "0", 2, 409},
		{"the second chunk overlapping", "Upload-Offset", strconv.Itoa(half - 1), 2, 409},
		{"a negative place", "Upload-Offset", "-1", 2, 400},
		{"another checksum", "Upload-Checksum", "sha256 " + base64.StdEncoding.EncodeToString(short[:]), 1, 460},
		{"another algorithm", "Upload-Checksum", "crc32 AAAAAA==", 2, 460},
		{"an encoding that it has not", "Content-Encoding", "zstd", 1, 400},
	} {
		h := newHall(t)
		d := h.enrol()
		begin := d.signed(t, "POST", "/sync/v1/blobs/"+sha, nil)
		begin.header.Set("Upload-Length", strconv.Itoa(len(photo)))
		for step, a := range []attempt{begin, d.chunk(t, sha, 0, photo[:half]), d.chunk(t, sha, half, photo[half:])} {
			if step != c.step {
				a.send(h)
				continue
			}
			a.header.Set(c.header, c.value)
			if got := a.send(h); got != c.want {
				t.Errorf("%s: %d, want %d", c.name, got, c.want)
			}
		}
		shown := func(when string, must bool) {
			t.Helper()
			f, _, err := h.Store().OpenBlob(context.Background(), sha)
			if err != nil {
				if must {
					t.Errorf("%s, %s: %v", c.name, when, err)
				}
				return
			}
			defer f.Close()
			if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, photo) {
				t.Errorf("%s, %s: %d other bytes are shown, %v", c.name, when, len(got), err)
			}
		}
		shown("altered", false)
		// The device goes on as the protocol says, with nobody in between.
		begin = d.signed(t, "POST", "/sync/v1/blobs/"+sha, nil)
		begin.header.Set("Upload-Length", strconv.Itoa(len(photo)))
		begin.send(h)
		have, size, whole, err := h.Store().BlobOffset(context.Background(), sha)
		if err != nil || size != int64(len(photo)) {
			t.Fatalf("%s: the upload is of %d bytes, %v", c.name, size, err)
		}
		if !whole {
			if got := d.chunk(t, sha, int(have), photo[have:]).send(h); got != 204 {
				t.Errorf("%s: going on at %d: %d", c.name, have, got)
			}
		}
		shown("in the end", true)
	}
}

// TestAnotherEncodingIsRefused: a push that is read with another Content-Encoding
// than it was written with is no push, and changes nothing.
func TestAnotherEncodingIsRefused(t *testing.T) {
	h := newHall(t)
	d := h.enrol()
	plain := pushBody(t, "s1")
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := enc.EncodeAll(plain, nil)
	before := h.state()
	for name, a := range map[string]attempt{"plain as zstd": d.signed(t, "POST", protocol.Path+"/push", plain), "zstd as plain": d.signed(t, "POST", protocol.Path+"/push", packed),
		"zstd as gzip": d.signed(t, "POST", protocol.Path+"/push", packed)} {
		switch name {
		case "plain as zstd":
			a.header.Set("Content-Encoding", "zstd")
		case "zstd as gzip":
			a.header.Set("Content-Encoding", "gzip")
		}
		if got := a.send(h); got < 400 || got >= 500 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if h.state() != before {
		t.Error("something was taken")
	}
	a := d.signed(t, "POST", protocol.Path+"/push", packed)
	a.header.Set("Content-Encoding", "zstd")
	if got := a.send(h); got != 200 {
		t.Errorf("as it was written: %d", got)
	}
}
