package protocol_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"testing"

	"cityhall/shared/protocol"
)

// FuzzEnvelope feeds a line of a push. What is read has one content hash, which its
// place in a stream does not change, and which survives being written again.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`{"n":1,"id":"01900000-0000-7000-8000-000000000001","type":"note.add@1","actor":{"kind":"crew","id":"tree"},"at":"2026-03-02T08:00:00Z","args":{"text":"x"}}`), uint64(7))
	f.Add([]byte(`{"id":"01900000-0000-7000-8000-000000000001","sealed":{"key":"k","body":"AA=="},"later":{"b":1,"a":[null]}}`), uint64(0))
	f.Add([]byte(`{"n":18446744073709551615,"at":"0000-01-01T00:00:00+23:59","base":{"a/b.c":"d"}}`), uint64(1))
	f.Fuzz(func(t *testing.T, line []byte, n uint64) {
		var env protocol.Envelope
		if json.Unmarshal(line, &env) != nil {
			return
		}
		_ = env.Check()
		if _, err := protocol.ContentOf(line); err != nil {
			return // not canonical JSON, such as a number with a fraction
		}
		first, err := env.Content()
		if err != nil {
			return
		}
		env.N = n
		if second, err := env.Content(); err != nil || second != first {
			t.Fatalf("at place %d the content is %s, not %s (%v)", n, second, first, err)
		}
	})
}

// FuzzCursor feeds what a device sends back as its cursor.
func FuzzCursor(f *testing.F) {
	mac := func(body []byte) []byte { sum := sha256.Sum256(body); return sum[:] }
	check := func(body, sum []byte) bool { return bytes.Equal(mac(body)[:len(sum)], sum) }
	good, err := protocol.Cursor{Epoch: "e", Seq: 9, Chain: []byte("12345678"), GrantRev: 2}.Encode(mac)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{good, "", "AAAA", good + "=", good[1:]} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := protocol.DecodeCursor(s, check)
		if err != nil {
			return
		}
		again, err := c.Encode(mac)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := protocol.DecodeCursor(again, check); err != nil || back.Seq != c.Seq || back.Epoch != c.Epoch || !bytes.Equal(back.Chain, c.Chain) {
			t.Fatalf("%+v became %+v (%v)", c, back, err)
		}
	})
}
