package keys_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"cityhall/shared/keys"
)

// FuzzEnrolment feeds what a camera has read or a person has typed.
func FuzzEnrolment(f *testing.F) {
	code, err := keys.NewEnrolCode(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(keys.Enrolment{URL: "https://city.example", Code: code, Fingerprint: identity(f, 1).Public().Fingerprint()}.Link())
	f.Add("cityhall://enroll?u=javascript:alert(1)&c=0000&f=")
	f.Add("https://city.example/\x00?c=%zz#" + strings.Repeat("f", 99))
	f.Fuzz(func(t *testing.T, link string) {
		e, err := keys.ParseEnrolment(link)
		if err != nil {
			return
		}
		if !strings.HasPrefix(e.URL, "https://") && !strings.HasPrefix(e.URL, "http://") {
			t.Fatalf("%q leads to %q", link, e.URL)
		}
		if back, err := keys.ParseEnrolment(e.Link()); err != nil || back != e {
			t.Fatalf("%q was read as %+v, and that as %+v (%v)", link, e, back, err)
		}
	})
}

// FuzzServerKeys feeds a damaged key file.
func FuzzServerKeys(f *testing.F) {
	k, err := keys.NewServerKeys(nil)
	if err != nil {
		f.Fatal(err)
	}
	text, err := k.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(bytes.Replace(text, []byte(`"sum"`), []byte(`"sun"`), 1))
	f.Add([]byte(`{"version":1,"sealing":[null],"city_salt":""}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := keys.ParseServerKeys(text)
		if err != nil {
			if !errors.Is(err, keys.ErrKeyFile) {
				t.Fatalf("not told as a damaged key file: %v", err)
			}
			return
		}
		if _, err := read.Marshal(); err != nil {
			t.Fatal(err)
		}
	})
}
