package city_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"cityhall/shared/city"
)

// TestCanonical has the examples of RFC 8785 that hold no fractions.
func TestCanonical(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"literals", ` { "literals" : [ null , true , false ] , "numbers": [ 0, -1, 9007199254740991 ] } `, `{"literals":[null,true,false],"numbers":[0,-1,9007199254740991]}`},
		{"strings", `{"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"}`, `{"string":"€$\u000f\nA'B\"\\\\\"/"}`},
		{"keys by UTF-16", `{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
			"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}"},
		{"nested", `[56,{"d":true,"10":null,"1":[]}]`, `[56,{"1":[],"10":null,"d":true}]`},
		{"not for HTML", `"<script>&\u2028"`, "\"<script>&\u2028\""},
		{"all short escapes", `"\b\f\n\r\t"`, `"\b\f\n\r\t"`},
		{"other control characters", `"\u0000\u001f\u007f"`, "\"\\u0000\\u001f\u007f\""},
		{"minus nought", `-0`, `0`},
		{"empty", `{}`, `{}`},
		{"the later of two keys", `{"a":1,"a":2}`, `{"a":2}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := city.Canonical(json.RawMessage(c.in))
			if err != nil || string(got) != c.want {
				t.Errorf("%q, want %q (%v)", got, c.want, err)
			}
			again, err := city.Canonical(got)
			if err != nil || string(again) != string(got) {
				t.Errorf("not the same the second time: %q (%v)", again, err)
			}
		})
	}
	for _, bad := range []string{`1.5`, `1e3`, `1.0`, `9007199254740992`, `-9007199254740992`, `{"a":0.1}`, `{"a":1} {"b":2}`, `{"a":`, ``, `nope`} {
		if got, err := city.Canonical(json.RawMessage(bad)); err == nil {
			t.Errorf("%q was taken as %s", bad, got)
		}
	}
	if _, err := city.Canonical(3.5); err == nil {
		t.Error("a fraction was taken")
	}
	if _, err := city.Canonical(func() {}); err == nil {
		t.Error("a function was taken")
	}
}

func TestCanonicalWithout(t *testing.T) {
	for in, want := range map[string]string{
		`{"n":1}`: `{}`, `{"n":1,"a":{"n":2}}`: `{"a":{"n":2}}`, `{"b":1,"n":[{"n":1}],"a":2}`: `{"a":2,"b":1}`, `{"a":1,"\u006e":2,"b":3}`: `{"a":1,"b":3}`,
		`{"N":1,"n":1,"n":2}`: `{"N":1}`,
	} {
		if got, err := city.CanonicalWithout(json.RawMessage(in), "n"); err != nil || string(got) != want {
			t.Errorf("%s: %s (%v), want %s", in, got, err, want)
		}
	}
	for _, bad := range []string{`[{"n":1}]`, `null`, `"n"`, `1`, `{"n":1`, ``} {
		if got, err := city.CanonicalWithout(json.RawMessage(bad), "n"); err == nil {
			t.Errorf("%s was taken as %s", bad, got)
		}
	}
}

func TestNumber(t *testing.T) {
	shape := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`)
	seen := map[string]bool{}
	n := 20_000
	if testing.Short() {
		n = 2000
	}
	for range n {
		number := city.NewID().Number()
		if !shape.MatchString(number) {
			t.Fatalf("%q is no number", number)
		}
		if seen[number] {
			t.Fatalf("%s twice in %d", number, n)
		}
		seen[number] = true
	}
	// The number is printed on receipts: it may never change.
	if got := city.ID("01900000-0000-7000-8000-000000000001").Number(); got != "XF9K-EHRY" {
		t.Errorf("the number has become %s", got)
	}
}

func TestIDs(t *testing.T) {
	for id, want := range map[city.ID]bool{
		"a": true, "fallen-tree": true, "a_1": true, city.ID(strings.Repeat("a", 64)): true, city.NewID(): true,
		"": false, "A": false, "a b": false, "a/b": false, "../etc": false, "ñ": false, city.ID(strings.Repeat("a", 65)): false,
	} {
		if id.Valid() != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
	id := city.NewMutationID()
	for m, want := range map[city.MutationID]bool{id: true, "": false, "x": false, city.MutationID(strings.ToUpper(string(id))): false,
		"{" + id + "}": false, "urn:uuid:" + id: false} {
		if m.Valid() != want {
			t.Errorf("%q: %v", m, !want)
		}
	}
	if u, err := uuid.Parse(string(id)); err != nil || u.Version() != 7 {
		t.Errorf("%s is no UUIDv7", id)
	}
	ref := city.Ref{Kind: city.KindWork, ID: "case-1"}
	if got, field, ok := ref.Field("place").Split(); !ok || got != ref || field != "place" {
		t.Errorf("%v %q %v", got, field, ok)
	}
	for _, bad := range []string{"", "request", "/x", "request/", "request/A B"} {
		if _, ok := city.ParseRef(bad); ok {
			t.Errorf("%q was taken", bad)
		}
		if _, _, ok := city.FieldRef(bad).Split(); ok {
			t.Errorf("%q was taken for a field", bad)
		}
	}
}

func TestRounded(t *testing.T) {
	for _, c := range []struct{ in, want int32 }{{463_004_999, 463_000_000}, {463_005_000, 463_010_000}, {-693_004_999, -693_000_000}, {-693_005_001, -693_010_000}, {0, 0}} {
		if got := (city.Place{Lat: c.in, Lon: -c.in}).Rounded(); got.Lat != c.want || got.Lon != -c.want {
			t.Errorf("%d: %+v, want %d", c.in, got, c.want)
		}
	}
	got := city.Place{Lat: 1, Address: "a", Landmark: "b", Detail: "c", District: "d"}.Rounded()
	if got.Line() != "" || got.District != "d" {
		t.Errorf("%+v", got)
	}
}
