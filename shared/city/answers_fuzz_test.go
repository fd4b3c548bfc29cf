package city_test

import (
	"strings"
	"testing"

	"cityhall/shared/city"
)

// FuzzAnswers feeds what is answered to a form with every kind of question. What is
// kept of it is judged alike a second time.
func FuzzAnswers(f *testing.F) {
	form := []city.Question{
		{ID: "where", Kind: city.AskChoice, Required: true, Options: []city.Option{{ID: "road"}, {ID: "park"}}},
		{ID: "all", Kind: city.AskMany, Options: []city.Option{{ID: "a"}, {ID: "b"}}},
		{ID: "wires", Kind: city.AskYesNo, ShowIf: &city.Condition{Question: "where", In: []string{"road"}}},
		{ID: "many", Kind: city.AskNumber},
		{ID: "words", Kind: city.AskText, Max: 20},
	}
	f.Add("where", "road", "wires", "yes", "many", "7")
	f.Add("where", "park", "wires", "no", "all", "a\x00b\x00a")
	f.Add("words", strings.Repeat("ü", 21), "", "", "many", "-0")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2, k3, v3 string) {
		given := city.Answers{k1: strings.Split(v1, "\x00"), k2: strings.Split(v2, "\x00"), k3: strings.Split(v3, "\x00")}
		err := city.CheckAnswers(form, given)
		if _, ok := city.AsError(err); err != nil && !ok {
			t.Fatalf("not an error that people are told: %v", err)
		}
		kept := city.Relevant(form, given)
		if again := city.CheckAnswers(form, kept); city.CodeOf(again) != city.CodeOf(err) {
			t.Fatalf("%q: %v, and what is kept of it: %v", given, err, again)
		}
		if err == nil {
			if _, err := city.Canonical(kept); err != nil {
				t.Fatalf("%q was taken and cannot be written: %v", kept, err)
			}
		}
	})
}
