package city

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxInteger is the largest integer that every JSON reader keeps exactly.
const maxInteger = 1<<53 - 1

// Canonical writes v as JSON in the form of RFC 8785. Two values are the same
// when their canonical bytes are. Fractions have no place on the wire: money and
// measures are integers or decimal strings, so a number that is not an integer
// of at most 53 bits is an error.
func Canonical(v any) (json.RawMessage, error) {
	var raw []byte
	if r, ok := v.(json.RawMessage); ok {
		raw = r
	} else {
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
		return rewrite(buf.Bytes(), "")
	}
	return canonical(raw, "")
}

// CanonicalWithout is Canonical for an object, without the member of that name.
func CanonicalWithout(object json.RawMessage, name string) (json.RawMessage, error) {
	c, err := canonical(object, name)
	if err == nil && c[0] != '{' {
		return nil, errors.New("canonical form: not an object")
	}
	return c, err
}

func canonical(raw []byte, drop string) (json.RawMessage, error) {
	if !json.Valid(raw) {
		var into json.RawMessage
		return nil, fmt.Errorf("canonical form: %w", json.Unmarshal(raw, &into)) // which says where
	}
	return rewrite(raw, drop)
}

// rewrite is canonical of what is known to be valid.
func rewrite(raw []byte, drop string) (json.RawMessage, error) {
	w := writer{in: raw, out: make([]byte, 0, len(raw)), drop: drop}
	if err := w.value(); err != nil {
		return nil, err
	}
	return w.out, nil
}

// writer copies one JSON value, which is known to be valid, in its canonical form.
// No tree is built of it: this runs several times for each act.
type writer struct {
	in    []byte
	at    int
	out   []byte
	drop  string // member of the outermost object that is left out
	depth int    // of objects and arrays around the place
}

// next skips white space and gives the byte after it; valid JSON has one wherever
// it is asked for.
func (w *writer) next() byte {
	for {
		switch c := w.in[w.at]; c {
		case ' ', '\t', '\n', '\r':
			w.at++
		default:
			return c
		}
	}
}

func (w *writer) value() error {
	switch c := w.next(); c {
	case '{':
		return w.object()
	case '[':
		return w.array()
	case '"':
		w.text()
	case 't', 'n':
		w.literal(4)
	case 'f':
		w.literal(5)
	default:
		return w.number()
	}
	return nil
}

func (w *writer) literal(n int) {
	w.out = append(w.out, w.in[w.at:w.at+n]...)
	w.at += n
}

func (w *writer) number() error {
	from := w.at
	for w.at < len(w.in) && strings.IndexByte("+-.0123456789eE", w.in[w.at]) >= 0 {
		w.at++
	}
	text := string(w.in[from:w.at])
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > maxInteger || n < -maxInteger {
		return fmt.Errorf("canonical form: %s is not an integer of 53 bits", text)
	}
	w.out = strconv.AppendInt(w.out, n, 10)
	return nil
}

// text copies a string. One of printable ASCII without escapes is canonical as it is.
func (w *writer) text() {
	from, plain := w.at, true
	for w.at++; w.in[w.at] != '"'; w.at++ {
		if c := w.in[w.at]; c == '\\' {
			plain = false
			w.at++
		} else if c >= utf8.RuneSelf {
			plain = false
		}
	}
	w.at++
	if plain {
		w.out = append(w.out, w.in[from:w.at]...)
		return
	}
	var s string
	_ = json.Unmarshal(w.in[from:w.at], &s) // a valid string
	w.out = appendString(w.out, s)
}

func (w *writer) array() error {
	w.out = append(w.out, '[')
	w.depth++
	defer func() { w.depth-- }()
	for w.at++; w.next() != ']'; {
		if err := w.value(); err != nil {
			return err
		}
		if w.next() == ',' {
			w.at++
			w.out = append(w.out, ',')
		}
	}
	w.at++
	w.out = append(w.out, ']')
	return nil
}

// member is a key with its value, as they stand in the output.
type member struct{ key, whole []byte }

// object copies the members as they come and puts them into order only if they are
// not, or if one comes twice: the later stands.
func (w *writer) object() error {
	w.out = append(w.out, '{')
	w.depth++
	defer func() { w.depth-- }()
	from, inOrder := len(w.out), true
	var few [16]member
	all := few[:0]
	for w.at++; w.next() != '}'; {
		before := len(w.out)
		if len(all) > 0 {
			w.out = append(w.out, ',')
		}
		start := len(w.out)
		w.text()
		end := len(w.out)
		w.next()
		w.at++ // the colon
		w.out = append(w.out, ':')
		if err := w.value(); err != nil {
			return err
		}
		if w.next() == ',' {
			w.at++
		}
		m := member{w.out[start:end:end], w.out[start:len(w.out):len(w.out)]}
		if w.drop != "" && w.depth == 1 && string(m.key[1:len(m.key)-1]) == w.drop {
			w.out = w.out[:before]
			continue
		}
		inOrder = inOrder && (len(all) == 0 || compareKeys(all[len(all)-1].key, m.key) < 0)
		all = append(all, m)
	}
	w.at++
	if !inOrder {
		w.out = append(w.out[:from], sorted(all)...)
	}
	w.out = append(w.out, '}')
	return nil
}

// sorted joins members in the order of their keys.
func sorted(all []member) []byte {
	slices.SortStableFunc(all, func(a, b member) int { return compareKeys(a.key, b.key) })
	var out []byte
	for i, m := range all {
		if i+1 < len(all) && bytes.Equal(m.key, all[i+1].key) {
			continue
		}
		if len(out) > 0 {
			out = append(out, ',')
		}
		out = append(out, m.whole...)
	}
	return out
}

// compareKeys sorts by UTF-16 code units, as RFC 8785 asks. That differs from byte
// order only above U+FFFF, and where an escape stands for what sorts elsewhere.
func compareKeys(a, b []byte) int {
	if simple(a) && simple(b) {
		return bytes.Compare(a[1:len(a)-1], b[1:len(b)-1])
	}
	var s, t string
	_, _ = json.Unmarshal(a, &s), json.Unmarshal(b, &t) // both were written here
	return slices.Compare(utf16.Encode([]rune(s)), utf16.Encode([]rune(t)))
}

func simple(key []byte) bool {
	for _, c := range key {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\b':
			b = append(b, '\\', 'b')
		case r == '\f':
			b = append(b, '\\', 'f')
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
