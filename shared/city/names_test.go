package city_test

import (
	"encoding/json"
	"slices"
	"testing"

	"cityhall/shared/city"
)

// TestNamed: a hint is right where the arguments are, and harmless where they are not.
func TestNamed(t *testing.T) {
	person := []city.Ref{{Kind: city.KindRequest, ID: "r-1"}, {Kind: city.KindWork, ID: "r-1"}, {Kind: city.KindPerson, ID: "r-1"}}
	for args, want := range map[string][]city.Ref{
		`{"note":"n-1","request":"r-1","text":"x"}`:  append([]city.Ref{{Kind: city.KindNote, ID: "n-1"}}, person...),
		`{"visit":"v-1","workorder":"j-1"}`:          {{Kind: city.KindVisit, ID: "v-1"}, {Kind: city.KindWorkOrder, ID: "j-1"}},
		`{"request":"A B","note":3,"visit":null}`:    nil,
		`{"request":{"note":"n-1"},"photo":["p-1"]}`: nil,
		`{"note":"n-1","note":"n-2","note":"n-3"}`:   {{Kind: city.KindNote, ID: "n-1"}},
		`{}`: nil, `[]`: nil, `"request"`: nil, `null`: nil, `7`: nil, ``: nil,
	} {
		if got := city.Named(json.RawMessage(args)); !slices.Equal(got, want) {
			t.Errorf("%s names %v", args, got)
		}
	}
}
