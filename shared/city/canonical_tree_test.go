package city_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"cityhall/shared/city"
)

// FuzzCanonical compares with a second way to the same bytes: the value as a tree,
// written with its keys in order.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{`{"b":[1,{"z":null,"a":"x\\u0041"}],"a":-0,"b":"\u00e9\ud83d\ude00"}`, `{"\ufb33":1,"\ud83d\ude00":2,"\r":3,"a":4,"\u0061":5}`,
		"{\"a\xff\":1,\"a\\ufffd\":2}", `[1e3]`, `"\ud800"`, ` [ ] `, `{"a":1}{`, `9007199254740992`, `{"a":{"c":1,"b":{}},"A":[[],[{}]]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := city.Canonical(json.RawMessage(in))
		want, ok := asTree(in)
		if ok != (err == nil) || ok && string(got) != want {
			t.Errorf("%q: %q (%v), and as a tree %q (%v)", in, got, err, want, ok)
		}
		same := func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }
		var tree map[string]json.RawMessage
		found, wrong := city.DecodeFields(in)
		if isObject := json.Unmarshal(in, &tree) == nil && tree != nil; isObject != (wrong == nil) || isObject && !maps.EqualFunc(found, tree, same) {
			t.Errorf("%q: fields %q (%v), and as a tree %q", in, found, wrong, tree)
		}
		for range city.Members(in) { // of whatever: it ends
		}
	})
}

func asTree(in []byte) (string, bool) {
	dec := json.NewDecoder(bytes.NewReader(in))
	dec.UseNumber()
	var tree any
	if dec.Decode(&tree) != nil {
		return "", false
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return "", false
	}
	var b strings.Builder
	ok := writeTree(&b, tree)
	return b.String(), ok
}

func writeTree(b *strings.Builder, v any) bool {
	switch v := v.(type) {
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		b.WriteString(strconv.FormatInt(n, 10))
		return err == nil && n < 1<<53 && n > -1<<53
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if !writeTree(b, e) {
				return false
			}
		}
		b.WriteByte(']')
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, b string) int {
			return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		})
		b.WriteByte('{')
		for i, k := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			writeTree(b, k)
			b.WriteByte(':')
			if !writeTree(b, v[k]) {
				return false
			}
		}
		b.WriteByte('}')
	default: // the library writes texts in the same way, but for two characters
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		if enc.Encode(v) != nil {
			return false
		}
		plain := strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSuffix(text.String(), "\n"))
		b.WriteString(plain)
	}
	return true
}
