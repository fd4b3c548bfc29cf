package city

import (
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Members walks the members of a JSON object that is known to be valid, as they
// come. Values are parts of the object's bytes. It is quicker than decoding into a
// map: every record that is made or read goes through it. Of bytes that are no
// object it gives nonsense.
func Members(object []byte) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		for at := blanks(object, 0) + 1; at < len(object); at++ { // behind a brace or a comma
			at = blanks(object, at)
			end := valueEnd(object, at)
			if end == at { // the closing brace
				return
			}
			from := blanks(object, blanks(object, end)+1) // behind the colon
			to := valueEnd(object, from)
			if !yield(nameOf(object[at:end]), object[from:to:to]) {
				return
			}
			at = blanks(object, to)
		}
	}
}

// DecodeFields reads the fields of a record.
func DecodeFields(object []byte) (Fields, error) {
	if err := checkObject(object); err != nil {
		return nil, err
	}
	f := Fields{}
	for name, value := range Members(object) {
		f[name] = value
	}
	return f, nil
}

// DecodeWriters reads the writers of a record's fields.
func DecodeWriters(object []byte) (map[string]MutationID, error) {
	if err := checkObject(object); err != nil {
		return nil, err
	}
	w := map[string]MutationID{}
	for name, value := range Members(object) {
		if value[0] != '"' {
			return nil, errors.New("a writer is a text")
		}
		w[name] = MutationID(nameOf(value))
	}
	return w, nil
}

// ObjectText is the canonical text of the values or the writers of fields. Values are
// canonical already, wherever they come from, so that only the names are put in order.
func ObjectText[V ~[]byte | ~string](m map[string]V) ([]byte, error) {
	room := 2
	for k, v := range m {
		room += len(k) + len(v) + 6
	}
	b := append(make([]byte, 0, room), '{')
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if strings.ContainsFunc(k, func(r rune) bool { return r >= utf8.RuneSelf }) { // names beyond ASCII have another order there
			return Canonical(m)
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendText(b, k), ':')
		switch v := any(m[k]).(type) {
		case MutationID:
			b = AppendText(b, string(v))
		case json.RawMessage:
			b = append(b, v...)
		}
	}
	return append(b, '}'), nil
}

// AppendText writes a text as canonical JSON has it.
func AppendText(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '"' || s[i] == '\\' || s[i] >= 0x7f {
			c, err := Canonical(s)
			if err != nil {
				return append(b, '?') // not UTF-8, so it was never written like this
			}
			return append(b, c...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func checkObject(in []byte) error {
	if !json.Valid(in) {
		var into json.RawMessage
		return json.Unmarshal(in, &into) // which says where
	}
	if in[blanks(in, 0)] != '{' {
		return errors.New("not an object")
	}
	return nil
}

func nameOf(quoted []byte) string {
	if len(quoted) >= 2 && simple(quoted) {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // a valid string
	return s
}

// blanks gives the place of the first byte that is none, from a place on.
func blanks(in []byte, at int) int {
	for at < len(in) && (in[at] == ' ' || in[at] == '\n' || in[at] == '\t' || in[at] == '\r') {
		at++
	}
	return min(at, len(in))
}

// valueEnd gives the place behind the value that begins at one; the same place when
// none does.
func valueEnd(in []byte, at int) int {
	for depth := 0; at < len(in); at++ {
		switch in[at] {
		case '"':
			for at++; at < len(in) && in[at] != '"'; at++ {
				if in[at] == '\\' {
					at++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return at
			}
		case ',', ':', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return at
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return min(at+1, len(in))
		}
	}
	return len(in)
}
