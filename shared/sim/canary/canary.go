package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Words are what to look for: ASCII beside whatever else, at least eight bytes each,
// so that no other bytes look like them by accident.
type Words []string

// form is one way to write a word.
type form struct {
	word, way string
	bytes     []byte
	anyCase   bool
}

func (w Words) forms() []form {
	var out []form
	for _, word := range w {
		add := func(way string, anyCase bool, b []byte) { out = append(out, form{word, way, b, anyCase}) }
		low := strings.ToLower(word)
		add("UTF-8", true, []byte(low))
		add("UTF-16LE", true, utf16Bytes(low, 0))
		add("UTF-16BE", true, utf16Bytes(low, 1))
		add("hex", true, []byte(hex.EncodeToString([]byte(word))))
		for ahead := range 3 {
			add("base64", false, aligned(base64.StdEncoding, word, ahead))
			add("base64url", false, aligned(base64.URLEncoding, word, ahead))
		}
		if esc := url.QueryEscape(word); esc != word {
			add("URL", true, []byte(strings.ToLower(esc)))
			add("URL path", true, []byte(strings.ToLower(url.PathEscape(word))))
		}
		if esc := strings.Trim(strconv.QuoteToASCII(word), `"`); esc != word {
			add("JSON", true, []byte(strings.ToLower(esc)))
		}
	}
	return out
}

// utf16Bytes writes the low byte of each unit first (0) or last (1).
func utf16Bytes(s string, low int) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		pair := [2]byte{}
		pair[low], pair[1-low] = byte(u), byte(u>>8)
		b = append(b, pair[:]...)
	}
	return b
}

// aligned gives the characters that a word always has in base64 when this many
// bytes stand ahead of it in its group of three.
func aligned(enc *base64.Encoding, word string, ahead int) []byte {
	all := enc.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, ahead), word...))
	return []byte(all[(ahead*8+5)/6 : (ahead+len(word))*8/6])
}

// In tells where the words stand in data, each way of each word once, as "UTF-8 of a
// word at byte 12" and with the bytes around it.
func (w Words) In(data []byte) []string {
	lower := lowered(data)
	var hits []string
	for _, f := range w.forms() {
		in := data
		if f.anyCase {
			in = lower
		}
		if at := bytes.Index(in, f.bytes); at >= 0 {
			around := data[max(0, at-40):min(len(data), at+len(f.bytes)+40)]
			hits = append(hits, fmt.Sprintf("%s of %q at byte %d: %q", f.way, f.word, at, around))
		}
	}
	return hits
}

// lowered makes ASCII letters small and leaves all other bytes where they are.
func lowered(data []byte) []byte {
	out := bytes.Clone(data)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

// Found is what a search came to.
type Found struct {
	Files int
	Bytes int64
	Hits  []string // each with its file
}

// Files lists the files below a folder that hold one of the words, or are named so.
func (w Words) Files(dir string) ([]string, error) {
	found, err := w.Search(dir)
	var files []string
	for _, hit := range found.Hits {
		if name, _, _ := strings.Cut(hit, ": "); !slices.Contains(files, name) {
			files = append(files, name)
		}
	}
	return files, err
}

// Search looks through every file below a folder, and through the files' names.
func (w Words) Search(dir string) (Found, error) {
	var f Found
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f.Files++
		f.Bytes += int64(len(data))
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		for _, hit := range append(w.In([]byte(rel)), w.In(data)...) {
			f.Hits = append(f.Hits, rel+": "+hit)
		}
		return nil
	})
	return f, err
}
