package canary_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"cityhall/shared/sim/canary"
)

// Whatever way a word is written, and wherever, it is found.
func TestEveryWayIsFound(t *testing.T) {
	const word = "Señora Canary 42"
	units := utf16.Encode([]rune("..." + word + "..."))
	var little, big []byte
	for _, u := range units {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	quoted, err := json.Marshal(word)
	if err != nil {
		t.Fatal(err)
	}
	ways := map[string]string{
		"plain": "x" + word, "small": strings.ToLower(word), "UTF-16LE": string(little), "UTF-16BE": string(big), "JSON": string(quoted),
		"hex": hex.EncodeToString([]byte("ab" + word)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(word + "z"))),
		"query": "?q=" + url.QueryEscape(word), "path": url.PathEscape(word),
	}
	for _, ahead := range []string{"", "a", "ab", "abc"} {
		ways["base64 after "+ahead] = base64.StdEncoding.EncodeToString([]byte(ahead + word + " and more"))
		ways["base64url after "+ahead] = base64.RawURLEncoding.EncodeToString([]byte(ahead + word))
	}
	dir := t.TempDir()
	for way, text := range ways {
		if hits := (canary.Words{word}).In([]byte("before " + text + " after")); len(hits) == 0 {
			t.Errorf("not found as %s: %s", way, text)
		}
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(way, "/", "-")), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := canary.Words{word}.Search(dir)
	if err != nil || found.Files != len(ways) || len(found.Hits) < len(ways) {
		t.Errorf("in files: %+v %v", found, err)
	}
	if hits := (canary.Words{word}).In([]byte("Senora Canary 42, Señora Kanary 42")); len(hits) != 0 {
		t.Errorf("found what is not there: %v", hits)
	}
}
