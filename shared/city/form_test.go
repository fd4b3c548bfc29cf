package city_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cityhall/shared/city"
)

// branches is a form three levels deep: c hangs on b, which hangs on a.
var branches = []city.Question{
	{ID: "a", Kind: city.AskChoice, Required: true, Options: []city.Option{{ID: "x"}, {ID: "y"}, {ID: "z"}}},
	{ID: "b", Kind: city.AskMany, Required: true, Options: []city.Option{{ID: "1"}, {ID: "2"}, {ID: "3"}}, ShowIf: &city.Condition{Question: "a", In: []string{"x", "y"}}},
	{ID: "c", Kind: city.AskYesNo, ShowIf: &city.Condition{Question: "b", In: []string{"2"}},
		StopIf: []city.Stop{{Condition: city.Condition{Question: "c", In: []string{"yes"}}, Words: text("Call.")}}},
	{ID: "d", Kind: city.AskNumber, StopIf: []city.Stop{{Condition: city.Condition{Question: "b", In: []string{"3"}}, Words: text("Elsewhere.")}}},
	{ID: "e", Kind: city.AskText, Max: 5},
}

func TestForm(t *testing.T) {
	for _, c := range []struct {
		name  string
		given city.Answers
		shown string
		stop  string
		kept  []string
		code  city.Code
		field string
	}{
		{"nothing said", city.Answers{}, "ade", "", nil, city.CodeRequired, "answers.a"},
		{"short way", city.Answers{"a": {"z"}}, "ade", "", []string{"a"}, "", ""},
		{"long way", city.Answers{"a": {"x"}, "b": {"1", "2"}, "c": {"no"}, "d": {"-12"}, "e": {"five5"}}, "abcde", "", []string{"a", "b", "c", "d", "e"}, "", ""},
		{"required once shown", city.Answers{"a": {"y"}}, "abde", "", []string{"a"}, city.CodeRequired, "answers.b"},
		{"stopped", city.Answers{"a": {"x"}, "b": {"2"}, "c": {"yes"}}, "abcde", "Call.", []string{"a", "b", "c"}, city.CodeStopped, "answers"},
		{"stopped by an earlier answer", city.Answers{"a": {"x"}, "b": {"3"}}, "abde", "Elsewhere.", []string{"a", "b"}, city.CodeStopped, "answers"},
		{"changed mind", city.Answers{"a": {"z"}, "b": {"2", "3"}, "c": {"yes"}}, "ade", "", []string{"a"}, "", ""},
		{"changed mind below", city.Answers{"a": {"x"}, "b": {"1"}, "c": {"yes"}}, "abde", "", []string{"a", "b"}, "", ""},
		{"not a choice", city.Answers{"a": {"q"}}, "ade", "", []string{"a"}, city.CodeNotOffered, "answers.a"},
		{"two of one", city.Answers{"a": {"x", "y"}, "b": {"1"}}, "abde", "", []string{"a", "b"}, city.CodeInvalid, "answers.a"},
		{"neither yes nor no", city.Answers{"a": {"x"}, "b": {"2"}, "c": {"maybe"}}, "abcde", "", []string{"a", "b", "c"}, city.CodeNotOffered, "answers.c"},
		{"not whole", city.Answers{"a": {"z"}, "d": {"1.5"}}, "ade", "", []string{"a", "d"}, city.CodeInvalid, "answers.d"},
		{"not a number", city.Answers{"a": {"z"}, "d": {"many"}}, "ade", "", []string{"a", "d"}, city.CodeInvalid, "answers.d"},
		{"huge number", city.Answers{"a": {"z"}, "d": {"1234567890123"}}, "ade", "", []string{"a", "d"}, city.CodeInvalid, "answers.d"},
		{"too long", city.Answers{"a": {"z"}, "e": {"ñañaña"}}, "ade", "", []string{"a", "e"}, city.CodeTooLong, "answers.e"},
		{"blank is nothing", city.Answers{"a": {" "}, "e": {"\n"}}, "ade", "", nil, city.CodeRequired, "answers.a"},
		{"blanks around", city.Answers{"a": {"z"}, "e": {"  five5 "}}, "ade", "", []string{"a", "e"}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := maps.Clone(c.given)
			shown := ""
			for _, q := range city.Shown(branches, c.given) {
				shown += q.ID
			}
			if shown != c.shown {
				t.Errorf("asked %q, want %q", shown, c.shown)
			}
			words, stopped := city.Stopped(branches, c.given)
			if stopped != (c.stop != "") || words.In("en") != c.stop {
				t.Errorf("stopped with %q, want %q", words.In("en"), c.stop)
			}
			kept := city.Relevant(branches, c.given)
			if got := slices.Sorted(maps.Keys(kept)); !slices.Equal(got, c.kept) {
				t.Errorf("kept %v, want %v", got, c.kept)
			}
			wants(t, city.CheckAnswers(branches, c.given), c.code, c.field)
			if !maps.EqualFunc(before, c.given, slices.Equal[[]string]) {
				t.Error("the answers were changed under the caller")
			}
		})
	}
	wants(t, city.CheckAnswer(city.Question{ID: "q", Kind: "date"}, []string{"2026-01-01"}), city.CodeUnknown, "answers.q")
}

func TestServiceMatches(t *testing.T) {
	s := city.Service{Name: city.Text{"en": "Fallen tree or branch", "es": "Árbol o rama caída"}, Keywords: city.Text{"en": "storm wind"}}
	for _, c := range []struct {
		query, lang string
		want        bool
	}{
		{"", "en", true}, {"tree", "en", true}, {"TREE br", "en", true}, {"storm", "en", true}, {"ee", "en", false}, {"tree moon", "en", false},
		{"arbol", "es", true}, {"CAÍDA", "es", true}, {"tree", "es", false}, {"branch.", "en", true}, {"storm", "fr", true},
	} {
		if got := s.Matches(c.query, c.lang); got != c.want {
			t.Errorf("%q in %s: %v", c.query, c.lang, got)
		}
	}
}

// TestPersonIsPrivate prints a resident in every way that a log might.
func TestPersonIsPrivate(t *testing.T) {
	p := city.Person{Name: "Ann", Email: "ann@example.org", Phone: "207 555 0100"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if got := fmt.Sprintf(verb, p); strings.Contains(got, "Ann") || strings.Contains(got, "555") || strings.Contains(got, "example") {
			t.Errorf("%s prints %s", verb, got)
		}
		if got := fmt.Sprintf(verb, &p); strings.Contains(got, "Ann") {
			t.Errorf("%s of a pointer prints %s", verb, got)
		}
	}
}
