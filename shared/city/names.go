package city

import (
	"encoding/json"
	"slices"
)

// naming are the arguments of acts that name records.
var naming = map[string][]Kind{
	"request": {KindRequest, KindWork, KindPerson}, "workorder": {KindWorkOrder}, "visit": {KindVisit}, "note": {KindNote}, "photo": {KindPhoto},
}

// Named gives records that an act with these arguments most likely looks at, so that
// those of many acts can be read at once. It is a hint: there may be others, and what
// it names need not be there.
func Named(args json.RawMessage) []Ref {
	if len(args) == 0 || args[0] != '{' {
		return nil
	}
	var out []Ref
	var done []string // a name that comes again is passed over: what one act names is bounded
	for name, value := range Members(args) {
		if naming[name] == nil || slices.Contains(done, name) {
			continue
		}
		done = append(done, name)
		for _, kind := range naming[name] {
			var id ID
			if json.Unmarshal(value, &id) == nil && id.Valid() {
				out = append(out, Ref{kind, id})
			}
		}
	}
	return out
}
