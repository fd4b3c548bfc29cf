package protocol_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// TestDocument works the examples of PROTOCOL.md out again: a reader checks a new
// client against them.
func TestDocument(t *testing.T) {
	raw, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	has := func(what, text string) {
		t.Helper()
		if !strings.Contains(doc, text) {
			t.Errorf("PROTOCOL.md does not give the %s:\n%s", what, text)
		}
	}

	const body = `{"stream":"s1","last_n":0,"version":"1.0","pending":0,"blobs":0,"disk":1000000,"clock":"2026-03-02T14:00:00Z"}`
	const device, nonce = "01900000-0000-7000-8000-0000000000d1", "AAECAwQFBgcICQoLDA0ODw"
	id, err := keys.ParseIdentity(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "https://city.example"+protocol.Path+"/hello", strings.NewReader(body))
	if err := keys.Sign(r, []byte(body), device, id, time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC), nonce); err != nil {
		t.Fatal(err)
	}
	has("body", body)
	has("public key", id.Public().String())
	for _, name := range []string{"Content-Digest", "Signature-Input", "Signature"} {
		has("header", name+": "+r.Header.Get(name))
	}
	digest, input := r.Header.Get("Content-Digest"), strings.TrimPrefix(r.Header.Get("Signature-Input"), "sig=")
	has("signature base", fmt.Sprintf("\"@method\": POST\n\"@path\": %s/hello\n\"@query\": ?\n\"content-digest\": %s\n\"@signature-params\": %s\n", protocol.Path, digest, input))

	idle := httptest.NewRequest("HEAD", "https://city.example"+protocol.Path+"/hello?have=0123456789abcdef", nil)
	if err := keys.Sign(idle, nil, device, id, time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC), nonce); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Signature-Input", "Signature"} {
		has("header of what has no body", name+": "+idle.Header.Get(name))
	}
	has("label", "`"+string(keys.LabelIdle)+"`")

	first := envelopes(t)[0]
	has("envelope", string(first))
	has("content hash", content(t, first).String())
	has("link", protocol.Link(protocol.Hash{}, content(t, first)).String())

	note := city.Ref{Kind: city.KindNote, ID: "n-1"}
	has("digest of a record", fmt.Sprintf("bucket %d\ndigest %s\n", protocol.Bucket(note), protocol.RecordDigest(note, "case-1", 7,
		[]byte(`{"text":"Hi"}`), []byte(`{"text":"01900000-0000-7000-8000-000000000001"}`))))

	for _, name := range vectorFiles {
		has("file of vectors", "`testdata/"+name+"`")
	}
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !f.IsDir() && !slices.Contains(vectorFiles, f.Name()) {
			t.Errorf("testdata/%s is no known file of vectors", f.Name())
		}
	}
	has("sealed put", `"sealed":{"key","body"}`)
	has("key to seal to", "`seal_to`")

	for _, code := range []protocol.Code{protocol.CodeMalformed, protocol.CodeSignature, protocol.CodeClock, protocol.CodeRevoked, protocol.CodeCode,
		protocol.CodeNotFound, protocol.CodeLineage, protocol.CodeFork, protocol.CodeGrants, protocol.CodeHorizon, protocol.CodeTooLarge, protocol.CodeChecksum,
		protocol.CodeOffset, protocol.CodeBehind, protocol.CodeHandedOver, protocol.CodeErased, protocol.CodeBusy, protocol.CodeInternal} {
		has("code", "`"+string(code)+"`")
	}
	for what, n := range map[string]int{"line": protocol.MaxEnvelope >> 10, "chunk": protocol.MaxChunk >> 20, "blob": protocol.MaxBlob >> 20,
		"hello": protocol.MaxHello >> 10, "push": protocol.MaxPushBody >> 20, "batch": protocol.MaxBatch, "page": protocol.MaxPage,
		"part": protocol.MaxPart >> 20, "decompressed part": protocol.MaxPartPlain >> 20, "manifest": protocol.MaxManifest >> 20, "wait": int(protocol.MaxWait.Seconds()),
		"hand-over": protocol.MaxHandoverBytes >> 20, "reconcile": protocol.MaxClaims, "salvage": protocol.MaxSalvage} {
		has("limit of a "+what, fmt.Sprint(n))
	}
}
