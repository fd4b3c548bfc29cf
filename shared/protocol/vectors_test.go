package protocol_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// vectorFiles are what a stranger checks a new client against. PROTOCOL.md names
// each of them, and each is checked against the code here.
var vectorFiles = []string{"envelopes.ndjson", "hashes.txt", "canonical.json", "requests.json", "server-signature.json", "sealed-mutation.json",
	"sealed-record.json", "reference.json", "push-request.ndjson", "push-answer.ndjson", "pull-answer.ndjson"}

// frame is the documented framing, written apart from the code that it checks.
func frame(parts ...string) string {
	var b []byte
	for _, p := range parts {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(p))), p...)
	}
	return hex.EncodeToString(b)
}

// vectors compares a file with what the code makes of its inputs.
func vectors[T any](t *testing.T, name string, work func(T) T) {
	t.Helper()
	path := filepath.Join("testdata", name)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var have []T
	if err := json.Unmarshal(raw, &have); err != nil || len(have) == 0 {
		t.Fatalf("%s: %d vectors, %v", name, len(have), err)
	}
	made := make([]T, len(have))
	for i, v := range have {
		made[i] = work(v)
		if !*update && !reflect.DeepEqual(made[i], v) {
			t.Errorf("%s, vector %d: the code makes\n%+v\nof\n%+v", name, i, made[i], v)
		}
	}
	if *update {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(made); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func verifies(public keys.PublicKey, message, signature []byte) bool {
	return ed25519.Verify(public[:], message, signature)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type canonicalVector struct {
	In  string `json:"in"`
	Out string `json:"out"`
}

func TestCanonicalVectors(t *testing.T) {
	vectors(t, "canonical.json", func(v canonicalVector) canonicalVector {
		out, err := city.Canonical(json.RawMessage(v.In))
		if err != nil {
			t.Fatalf("%s: %v", v.In, err)
		}
		v.Out = string(out)
		return v
	})
}

type requestVector struct {
	Seed    string            `json:"seed"` // Ed25519 private key, hex
	Public  string            `json:"public"`
	KeyID   string            `json:"keyid"`
	Created int64             `json:"created"`
	Nonce   string            `json:"nonce"`
	Method  string            `json:"method"`
	Target  string            `json:"target"`
	Body    string            `json:"body"`
	Base    string            `json:"base"`
	Headers map[string]string `json:"headers"`
}

func TestRequestVectors(t *testing.T) {
	vectors(t, "requests.json", func(v requestVector) requestVector {
		id, err := keys.ParseIdentity(unhex(t, v.Seed))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(v.Method, "https://city.example"+v.Target, strings.NewReader(v.Body))
		if err := keys.Sign(r, []byte(v.Body), v.KeyID, id, time.Unix(v.Created, 0), v.Nonce); err != nil {
			t.Fatal(err)
		}
		v.Public, v.Headers = id.Public().String(), map[string]string{}
		for _, name := range []string{"Content-Digest", "Signature-Input", "Signature"} {
			v.Headers[name] = r.Header.Get(name)
		}
		path, query, _ := strings.Cut(v.Target, "?")
		v.Base = strings.Join([]string{`"@method": ` + v.Method, `"@path": ` + path, `"@query": ?` + query, `"content-digest": ` + v.Headers["Content-Digest"],
			`"@signature-params": ` + strings.TrimPrefix(v.Headers["Signature-Input"], "sig=")}, "\n")
		sig := unbase64(t, strings.Trim(strings.TrimPrefix(v.Headers["Signature"], "sig="), ":"))
		if !verifies(id.Public(), []byte(v.Base), sig) {
			t.Errorf("%s %s: the signature is not over the base", v.Method, v.Target)
		}
		return v
	})
}

type serverVector struct {
	Seed        string `json:"seed"`
	Public      string `json:"public"`
	Fingerprint string `json:"fingerprint"`
	Label       string `json:"label"`
	Body        string `json:"body"`
	Signed      string `json:"signed"` // the framed bytes that are signed, hex
	Header      string `json:"city_signature"`
}

func TestServerSignatureVectors(t *testing.T) {
	vectors(t, "server-signature.json", func(v serverVector) serverVector {
		id, err := keys.ParseIdentity(unhex(t, v.Seed))
		if err != nil {
			t.Fatal(err)
		}
		v.Public, v.Fingerprint = id.Public().String(), id.Public().Fingerprint()
		v.Signed = frame("cityhall signed bytes v1", v.Label, v.Body)
		sig := keys.SignBytes(id, keys.Label(v.Label), []byte(v.Body))
		v.Header = protocol.EncodeSignature(sig)
		if !verifies(id.Public(), unhex(t, v.Signed), sig) {
			t.Error("the signature is not over the framed bytes")
		}
		return v
	})
}

type sealedVector struct {
	Private  string `json:"private"` // X25519, hex
	Public   string `json:"public"`
	KeyID    string `json:"key_id"`
	Mutation string `json:"mutation,omitempty"`
	Type     string `json:"type,omitempty"`
	Device   string `json:"device,omitempty"`
	Kind     string `json:"kind,omitempty"`
	ID       string `json:"id,omitempty"`
	Seq      int64  `json:"seq,omitempty"`
	Info     string `json:"info"`  // hex
	Plain    string `json:"plain"` // canonical
	Body     []byte `json:"body"`  // of some sealing: another one has other bytes
}

// opens checks a sealed body, or seals one when the files are written anew.
func (v sealedVector) opens(t *testing.T, info []byte) sealedVector {
	t.Helper()
	key, err := keys.ParseSealingKey(unhex(t, v.Private))
	if err != nil {
		t.Fatal(err)
	}
	v.Public, v.KeyID = key.Public().String(), key.Public().ID()
	if *update {
		if v.Body, err = key.Public().Seal(info, []byte(v.Plain)); err != nil {
			t.Fatal(err)
		}
	}
	plain, err := key.Open(info, v.Body)
	if err != nil || string(plain) != v.Plain {
		t.Errorf("opens to %q, %v", plain, err)
	}
	if canonical, err := city.Canonical(json.RawMessage(v.Plain)); err != nil || string(canonical) != v.Plain {
		t.Errorf("%s is not canonical: %v", v.Plain, err)
	}
	if v.Info != hex.EncodeToString(info) {
		t.Errorf("info %x, want %s", info, v.Info)
	}
	return v
}

func keyID(t *testing.T, v sealedVector) string {
	t.Helper()
	key, err := keys.ParseSealingKey(unhex(t, v.Private))
	if err != nil {
		t.Fatal(err)
	}
	return key.Public().ID()
}

func TestSealedVectors(t *testing.T) {
	vectors(t, "sealed-mutation.json", func(v sealedVector) sealedVector {
		v.Info = frame("cityhall sealed mutation v1", keyID(t, v), v.Mutation, v.Type)
		return v.opens(t, keys.SealInfo(keyID(t, v), v.Mutation, v.Type))
	})
	vectors(t, "sealed-record.json", func(v sealedVector) sealedVector {
		v.Info = frame("cityhall sealed record v1", keyID(t, v), v.Device, v.Kind, v.ID, strconv.FormatInt(v.Seq, 10))
		return v.opens(t, keys.SealRecordInfo(keyID(t, v), v.Device, v.Kind, v.ID, v.Seq))
	})
}

type referenceVector struct {
	Reference string `json:"reference"`
	Salt      string `json:"lookup_salt"` // as the record city/city has it
	Lookup    string `json:"lookup"`
}

func TestReferenceVectors(t *testing.T) {
	vectors(t, "reference.json", func(v referenceVector) referenceVector {
		ref, err := keys.ParseReference(v.Reference)
		if err != nil {
			t.Fatal(err)
		}
		salt, err := base64.RawURLEncoding.DecodeString(v.Salt)
		if err != nil {
			t.Fatal(err)
		}
		v.Reference, v.Lookup = ref.Show(), ref.Lookup(salt)
		return v
	})
}

// TestExamples holds the examples of a push and of a pull: each line is what the
// code writes, and the hashes of the push are those of its envelopes.
func TestExamples(t *testing.T) {
	lines := func(name string) [][]byte {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	}
	push := lines("push-request.ndjson")
	header := reads[protocol.PushHeader](t, push[0])
	link := header.Prev
	for i, line := range push[1:] {
		env := reads[protocol.Envelope](t, line)
		if err := env.Check(); err != nil || env.N != header.From+uint64(i) {
			t.Errorf("envelope %d: n %d, %v", i, env.N, err)
		}
		link = protocol.Link(link, content(t, line))
	}
	answer := lines("push-answer.ndjson")
	for i, line := range answer[:len(answer)-1] {
		v, env := reads[protocol.PushVerdict](t, line), reads[protocol.Envelope](t, push[1+i])
		if v.N != env.N || v.ID != env.ID || v.Verdict == "" {
			t.Errorf("verdict %+v on act %d", v, env.N)
		}
	}
	if end := reads[protocol.PushEnd](t, answer[len(answer)-1]); !end.End || end.Link != link || end.LastN != header.From+uint64(len(push)-2) {
		t.Errorf("end %+v, want the link %s", end, link)
	}
	pull := lines("pull-answer.ndjson")
	seen := map[string]bool{}
	for i, line := range pull {
		f := reads[protocol.Frame](t, line)
		switch {
		case f.Put != nil:
			seen["put"], seen["partial"], seen["sealed"] = true, seen["partial"] || !f.Put.Full, seen["sealed"] || f.Put.Sealed != nil
		case f.Evict != nil:
			seen["evict"] = true
		case f.Ack != nil:
			seen["ack"] = true
		case f.End != nil && (i != len(pull)-1 || f.End.Count != i):
			t.Errorf("the end counts %d of %d frames", f.End.Count, i)
		}
	}
	if len(seen) != 5 || !seen["partial"] || !seen["sealed"] {
		t.Errorf("the pull shows %v only", seen)
	}
}

// reads decodes a line into what the code takes it for, and finds that the code
// writes it back with the same meaning and no more.
func reads[T any](t *testing.T, line []byte) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	again, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	want, err := city.Canonical(json.RawMessage(line))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := city.Canonical(json.RawMessage(again)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the code writes\n%s\nof\n%s\n%v", got, want, err)
	}
	return v
}
