package keys_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cityhall/shared/keys"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write golden files anew")

var noon = time.Date(2027, 3, 4, 12, 0, 0, 0, time.UTC)

const (
	deviceID = "01929c2e-7b7e-7cc0-a111-0123456789ab"
	nonce    = "AAECAwQFBgcICQoLDA0ODw"
)

func identity(t testing.TB, fill byte) keys.Identity {
	t.Helper()
	id, err := keys.NewIdentity(bytes.NewReader(bytes.Repeat([]byte{fill}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func known(id keys.Identity) func(string) (keys.PublicKey, error) {
	return func(keyID string) (keys.PublicKey, error) {
		if keyID != deviceID {
			return keys.PublicKey{}, keys.ErrUnknownKey
		}
		return id.Public(), nil
	}
}

func signed(t testing.TB, id keys.Identity, method, url string, body []byte, at time.Time) *http.Request {
	t.Helper()
	r := httptest.NewRequest(method, url, bytes.NewReader(body))
	if err := keys.Sign(r, body, deviceID, id, at, nonce); err != nil {
		t.Fatal(err)
	}
	return r
}

type vector struct {
	Name, Seed, Method, URL, Body string
	Created                       int64
	Base                          []string
	Headers                       map[string]string
}

// TestSignatureVectors holds the wire format: another program must be able to
// rely on these bytes.
func TestSignatureVectors(t *testing.T) {
	path := filepath.Join("testdata", "signatures.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			seed, err := hex.DecodeString(v.Seed)
			if err != nil {
				t.Fatal(err)
			}
			id, err := keys.ParseIdentity(seed)
			if err != nil {
				t.Fatal(err)
			}
			r := signed(t, id, v.Method, v.URL, []byte(v.Body), time.Unix(v.Created, 0))
			params := strings.TrimPrefix(r.Header.Get("Signature-Input"), "sig=")
			base, err := keys.SignatureBase(r, r.Header.Get("Content-Digest"), params)
			if err != nil {
				t.Fatal(err)
			}
			headers := map[string]string{}
			for _, name := range []string{"Content-Digest", "Signature-Input", "Signature"} {
				headers[name] = r.Header.Get(name)
			}
			lines := strings.Split(string(base), "\n")
			if *update {
				vectors[i].Base, vectors[i].Headers = lines, headers
				return
			}
			if strings.Join(v.Base, "\n") != string(base) {
				t.Errorf("signature base:\n%s\nwant:\n%s", base, strings.Join(v.Base, "\n"))
			}
			for name, want := range v.Headers {
				if headers[name] != want {
					t.Errorf("%s:\n%s\nwant\n%s", name, headers[name], want)
				}
			}
			if len(v.Headers) != 3 {
				t.Errorf("%d headers in the vector, not 3", len(v.Headers))
			}
		})
	}
	if *update {
		writeVectors(t, path, vectors)
	}
}

func writeVectors(t *testing.T, path string, vectors []vector) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(vectors); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyTellsWhy(t *testing.T) {
	id, other := identity(t, 1), identity(t, 2)
	body := []byte(`{"n":1}`)
	tests := map[string]struct {
		change func(*http.Request)
		body   string
		key    keys.Identity
		want   error
	}{
		"genuine":         {key: id},
		"no signature":    {key: id, change: func(r *http.Request) { r.Header.Del("Signature") }, want: keys.ErrNoSignature},
		"no input":        {key: id, change: func(r *http.Request) { r.Header.Del("Signature-Input") }, want: keys.ErrNoSignature},
		"no digest":       {key: id, change: func(r *http.Request) { r.Header.Del("Content-Digest") }, want: keys.ErrMalformed},
		"two signatures":  {key: id, change: func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")) }, want: keys.ErrMalformed},
		"garbage":         {key: id, change: func(r *http.Request) { r.Header.Set("Signature-Input", "sig=()") }, want: keys.ErrMalformed},
		"fewer covered":   {key: id, change: replaceInput(` "@query"`, ``), want: keys.ErrMalformed},
		"other algorithm": {key: id, change: replaceInput(`ed25519`, `hmac-sha256`), want: keys.ErrMalformed},
		"created changed": {key: id, change: replaceInput(`created=1`, `created=2`), want: keys.ErrBadSignature},
		"nonce changed":   {key: id, change: replaceInput(nonce, "B"+nonce[1:]), want: keys.ErrBadSignature},
		"body changed":    {key: id, body: `{"n":2}`, want: keys.ErrDigest},
		"unknown key":     {key: id, change: replaceInput(deviceID, "another"), want: keys.ErrUnknownKey},
		"another key":     {key: other, want: keys.ErrBadSignature},
		"another path":    {key: id, change: func(r *http.Request) { r.URL.Path = "/sync/v1/pull" }, want: keys.ErrBadSignature},
		"another query":   {key: id, change: func(r *http.Request) { r.URL.RawQuery = "a=2" }, want: keys.ErrBadSignature},
		"another method":  {key: id, change: func(r *http.Request) { r.Method = "PUT" }, want: keys.ErrBadSignature},
		"line in query":   {key: id, change: func(r *http.Request) { r.URL.RawQuery = "a=1\n\"x\": y" }, want: keys.ErrMalformed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := signed(t, id, "POST", "https://hall.example/sync/v1/push?a=1", body, noon)
			got := body
			if test.body != "" {
				got = []byte(test.body)
			}
			if test.change != nil {
				test.change(r)
			}
			v, err := keys.Verify(r, got, known(test.key), keys.Rules{Now: noon, MaxSkew: time.Minute})
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err == nil && (v.KeyID != deviceID || v.Nonce != nonce || !v.Created.Equal(noon)) {
				t.Errorf("verified %+v", v)
			}
			if err != nil && v != (keys.Verified{}) {
				t.Errorf("refused, but told %+v", v)
			}
		})
	}
}

func replaceInput(old, new string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Signature-Input", strings.Replace(r.Header.Get("Signature-Input"), old, new, 1))
	}
}

func TestVerifyTellsAWrongClock(t *testing.T) {
	id := identity(t, 1)
	for _, test := range []struct {
		ahead time.Duration
		skew  bool
	}{{0, false}, {5 * time.Minute, false}, {-5 * time.Minute, false}, {301 * time.Second, true}, {-301 * time.Second, true}, {87600 * time.Hour, true}} {
		r := signed(t, id, "POST", "/sync/v1/hello", nil, noon.Add(test.ahead))
		_, err := keys.Verify(r, nil, known(id), keys.Rules{Now: noon, MaxSkew: 5 * time.Minute})
		var skew *keys.SkewError
		if errors.As(err, &skew) != test.skew || errors.Is(err, keys.ErrSkew) != test.skew {
			t.Errorf("ahead %v: %v", test.ahead, err)
		} else if test.skew && skew.Offset != test.ahead {
			t.Errorf("offset %v, want %v", skew.Offset, test.ahead)
		}
		v, err := keys.Verify(r, nil, known(id), keys.Rules{Now: noon, AnyTime: true})
		if err != nil || v.Offset != test.ahead {
			t.Errorf("any time, ahead %v: offset %v, %v", test.ahead, v.Offset, err)
		}
		forged := signed(t, identity(t, 2), "POST", "/sync/v1/hello", nil, noon.Add(test.ahead))
		if _, err := keys.Verify(forged, nil, known(id), keys.Rules{Now: noon}); !errors.Is(err, keys.ErrBadSignature) {
			t.Errorf("a forged request learns the time: %v", err)
		}
	}
}

func TestVerifyPassesLookupFailureOn(t *testing.T) {
	id, down := identity(t, 1), errors.New("database is down")
	r := signed(t, id, "GET", "/sync/v1/pull", nil, noon)
	_, err := keys.Verify(r, nil, func(string) (keys.PublicKey, error) { return keys.PublicKey{}, down }, keys.Rules{Now: noon})
	if !errors.Is(err, down) || errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("got %v", err)
	}
}

func TestSignRefusesWhatVerifyWould(t *testing.T) {
	id := identity(t, 1)
	for name, sign := range map[string]func(*http.Request) error{
		"empty key id": func(r *http.Request) error { return keys.Sign(r, nil, "", id, noon, nonce) },
		"quote in id":  func(r *http.Request) error { return keys.Sign(r, nil, `a"b`, id, noon, nonce) },
		"short nonce":  func(r *http.Request) error { return keys.Sign(r, nil, deviceID, id, noon, "short") },
		"before 1970":  func(r *http.Request) error { return keys.Sign(r, nil, deviceID, id, time.Unix(-5, 0), nonce) },
	} {
		if err := sign(httptest.NewRequest("GET", "/", nil)); !errors.Is(err, keys.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSignatureSurvivesTheWire signs a client request and verifies it as the
// server parsed it, with paths and queries that need escaping.
func TestSignatureSurvivesTheWire(t *testing.T) {
	id := identity(t, 1)
	body := []byte("line\n")
	var refused error
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, refused = keys.Verify(r, body, known(id), keys.Rules{Now: noon})
	}))
	defer server.Close()
	for _, target := range []string{"", "/", "/a%2Fb/c", "/caf%C3%A9/ñ", "/x?", "/x?q=a+b&q=%26", "/a//b", "/with space"} {
		r, err := http.NewRequest("POST", server.URL+target, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := keys.Sign(r, body, deviceID, id, noon, nonce); err != nil {
			t.Fatal(err)
		}
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if refused != nil {
			t.Errorf("%q: %v", target, refused)
		}
	}
}

// TestAnyFlippedBitIsRefused flips one bit of what a signature covers, or of the
// signature itself.
func TestAnyFlippedBitIsRefused(t *testing.T) {
	id := identity(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		method := rapid.SampledFrom([]string{"GET", "POST", "HEAD", "PATCH"}).Draw(t, "method")
		path := "/" + rapid.StringMatching(`[a-z0-9/]{1,30}`).Draw(t, "path")
		query := rapid.StringMatching(`[a-z]{1,3}=[a-z0-9]{0,20}`).Draw(t, "query")
		body := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "body")
		r := httptest.NewRequest(method, "http://hall.example/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		if err := keys.Sign(r, body, deviceID, id, noon, nonce); err != nil {
			t.Fatal(err)
		}
		rules := keys.Rules{Now: noon}
		if _, err := keys.Verify(r, body, known(id), rules); err != nil {
			t.Fatalf("unchanged: %v", err)
		}
		flip := func(s string) string {
			b := []byte(s)
			b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			return string(b)
		}
		switch part := rapid.SampledFrom([]string{"method", "path", "query", "body", "Signature", "Signature-Input", "Content-Digest"}).Draw(t, "part"); part {
		case "method":
			r.Method = flip(r.Method)
		case "path":
			r.URL.Path = flip(r.URL.Path)
		case "query":
			r.URL.RawQuery = flip(r.URL.RawQuery)
		case "body":
			body = []byte(flip(string(body)))
		default:
			r.Header.Set(part, flip(r.Header.Get(part)))
		}
		if _, err := keys.Verify(r, body, known(id), rules); err == nil {
			t.Fatal("accepted")
		}
	})
}

func FuzzSignatureHeaders(f *testing.F) {
	for _, body := range [][]byte{nil, {}} {
		r := signed(f, identity(f, 1), "GET", "/", body, noon)
		f.Add(r.Header.Get("Signature-Input"), r.Header.Get("Signature"))
	}
	f.Add(`sig=();created=1`, `sig=::`)
	f.Add(strings.Repeat(`"`, 100), "sig=:"+strings.Repeat("A", 86)+"==:")
	f.Fuzz(func(t *testing.T, input, signature string) {
		if in, err := keys.ParseSignatureInput(input); err == nil {
			params, keyID, nonce, created := in.InputFields()
			middle := `;created=` + strconv.FormatInt(created, 10) + `;keyid="` + keyID + `";nonce="` + nonce + `"`
			long, short := `sig=("@method" "@path" "@query" "content-digest")`+middle+`;alg="ed25519"`, `sig=("@method" "@path" "@query")`+middle
			if long != input && short != input || "sig="+params != input {
				t.Errorf("%q was read as %q", input, long)
			}
		} else if !errors.Is(err, keys.ErrMalformed) {
			t.Errorf("%v", err)
		}
		if b, err := keys.ParseSignature(signature); err == nil && len(b) != 64 {
			t.Errorf("%q gives %d bytes", signature, len(b))
		}
	})
}
