package keys_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"cityhall/shared/keys"

	"pgregory.net/rapid"
)

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func reference(t *rapid.T) keys.Reference {
	b := rapid.SliceOfN(rapid.Byte(), 12, 12).Draw(t, "random")
	r, err := keys.NewReference(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReferenceShape(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		r, err := keys.NewReference(nil)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]$`).MatchString(r.Show()) || seen[r.Show()] {
			t.Fatalf("%s", r.Show())
		}
		seen[r.Show()] = true
	}
	if _, err := keys.NewReference(bytes.NewReader(make([]byte, 5))); err == nil {
		t.Error("a reference without enough randomness")
	}
}

func TestReferenceIsReadAsPeopleTypeIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := reference(t)
		var typed strings.Builder
		for _, c := range r.Show() {
			switch c {
			case '-':
				typed.WriteString(rapid.SampledFrom([]string{"", "-", " ", " - ", "–", "\t", "\u2212"}).Draw(t, "gap"))
				continue
			case '0':
				c = rapid.SampledFrom([]rune("0Oo")).Draw(t, "zero")
			case '1':
				c = rapid.SampledFrom([]rune("1IilL")).Draw(t, "one")
			}
			s := string(c)
			if rapid.Bool().Draw(t, "lower") {
				s = strings.ToLower(s)
			}
			typed.WriteString(s)
		}
		got, err := keys.ParseReference(typed.String())
		if err != nil || got != r {
			t.Fatalf("%q: %v", typed.String(), err)
		}
	})
}

func TestReferenceErrorsSayWhere(t *testing.T) {
	r, err := keys.NewReference(bytes.NewReader([]byte("CityHallDemo")))
	if err != nil {
		t.Fatal(err)
	}
	good := strings.ReplaceAll(r.Show(), "-", "")
	wrong := "0"
	if good[12] == '0' {
		wrong = "2"
	}
	for _, test := range []struct {
		typed string
		want  keys.CodeError
	}{
		{"", keys.CodeError{Fault: keys.CodeShort, Length: 0, Want: 13}},
		{" - - ", keys.CodeError{Fault: keys.CodeShort, Length: 0, Want: 13}},
		{good[:12], keys.CodeError{Fault: keys.CodeShort, Length: 12, Want: 13}},
		{good + "0", keys.CodeError{Fault: keys.CodeLong, Length: 14, Want: 13}},
		{good[:4] + "-U" + good[5:], keys.CodeError{Fault: keys.CodeCharacter, Position: 5, Length: 13, Want: 13}},
		{good[:2] + "😀", keys.CodeError{Fault: keys.CodeCharacter, Position: 3, Length: 3, Want: 13}},
		{"ñ" + good[1:12] + "*", keys.CodeError{Fault: keys.CodeCharacter, Position: 1, Length: 13, Want: 13}},
		{good[:12] + wrong, keys.CodeError{Fault: keys.CodeCheck, Length: 13, Want: 13}},
	} {
		_, err := keys.ParseReference(test.typed)
		var got *keys.CodeError
		if !errors.As(err, &got) || *got != test.want {
			t.Errorf("%q: %+v, want %+v", test.typed, got, test.want)
		}
		if err != nil && strings.Contains(err.Error(), good[:4]) {
			t.Errorf("the error shows the reference: %v", err)
		}
	}
}

// TestReferenceCheckCatchesSlips holds the stated rates: every single wrong
// character and every exchange of neighbours, and 31 of 32 of other errors.
func TestReferenceCheckCatchesSlips(t *testing.T) {
	var others, missed int
	for round := range 40 {
		r, err := keys.NewReference(bytes.NewReader(bytes.Repeat([]byte{byte(round * 7), byte(round * 13), byte(round)}, 4)))
		if err != nil {
			t.Fatal(err)
		}
		good := strings.ReplaceAll(r.Show(), "-", "")
		for i := range len(good) {
			for _, c := range []byte(alphabet) {
				typed := []byte(good)
				typed[i] = c
				if _, err := keys.ParseReference(string(typed)); (err == nil) != (c == good[i]) {
					t.Fatalf("%s for %s: %v", typed, good, err)
				}
				if j := (i + 5) % len(good); c != good[i] {
					typed[j] = alphabet[(strings.IndexByte(alphabet, typed[j])+1+i)%32]
					if others++; parses(typed) {
						missed++
					}
				}
			}
			for j := range i {
				typed := []byte(good)
				typed[i], typed[j] = typed[j], typed[i]
				if parses(typed) != (good[i] == good[j]) {
					t.Fatalf("exchange of %d and %d in %s passes", i, j, good)
				}
			}
		}
	}
	if rate := float64(missed) / float64(others); rate > 1.3/32 {
		t.Errorf("%d of %d double errors pass, more than 1 in 32", missed, others)
	}
}

func parses(typed []byte) bool {
	_, err := keys.ParseReference(string(typed))
	return err == nil
}

func TestReferenceLookup(t *testing.T) {
	r, _ := keys.NewReference(bytes.NewReader([]byte("CityHallDemo")))
	typed, err := keys.ParseReference(strings.ToLower(r.Show()))
	if err != nil {
		t.Fatal(err)
	}
	key := r.Lookup([]byte("salt of the city"))
	// Devices of every version must find what others stored: this never changes.
	if want := "u7aWQzpJf9hA6dd8hCcdZI-RkVMxQKxXZLcB5kyM9Pc"; key != want {
		t.Errorf("look-up key %s, want %s", key, want)
	}
	if typed.Lookup([]byte("salt of the city")) != key {
		t.Error("typed differently, found differently")
	}
	if r.Lookup([]byte("another city")) == key {
		t.Error("two cities have one key")
	}
}
