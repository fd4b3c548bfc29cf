package city

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Fields are a record's values by name, each in canonical JSON.
type Fields map[string]json.RawMessage

// Record is the present state of one thing.
type Record struct {
	Ref
	// Parent is the request that the record belongs to, or empty for what stands
	// alone. It never changes.
	Parent ID
	Fields Fields
	// Writers tells which mutation wrote each field last.
	Writers map[string]MutationID
}

// Clone gives a copy that shares no map with r.
func (r Record) Clone() Record {
	r.Fields, r.Writers = maps.Clone(r.Fields), maps.Clone(r.Writers)
	return r
}

// Into decodes the fields into v, a pointer to one of the domain's structs.
// Fields that v does not know are passed over.
func (r Record) Into(v any) error {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(r.Fields)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(appendString(nil, name))
		b.WriteByte(':')
		b.Write(r.Fields[name])
	}
	b.WriteByte('}')
	if err := json.Unmarshal(b.Bytes(), v); err != nil {
		return fmt.Errorf("read %s: %w", r.Ref, err)
	}
	return nil
}

// Text gives the field as a string, or "" when it is absent or not a string.
func (r Record) Text(name string) string {
	raw := r.Fields[name]
	if n := len(raw); n >= 2 && raw[0] == '"' && raw[n-1] == '"' && simple(raw) { // as nearly all are
		return string(raw[1 : n-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s) // not a string reads as absent, as documented
	return s
}

// View is what Apply may look at: the records as they stand before the act.
type View interface {
	// Record gives one record; false when there is none.
	Record(Ref) (Record, bool, error)
	// Children gives the records of a kind whose Parent is the request, by id.
	Children(parent ID, kind Kind) ([]Record, error)
}

// Memory is a View on a map, for tests, simulations and small overlays.
type Memory map[Ref]Record

// Record implements View.
func (m Memory) Record(ref Ref) (Record, bool, error) {
	r, ok := m[ref]
	return r, ok, nil
}

// Children implements View.
func (m Memory) Children(parent ID, kind Kind) ([]Record, error) {
	var out []Record
	for ref, r := range m {
		if ref.Kind == kind && r.Parent == parent {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Record) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	return out, nil
}

// load reads one record into v and says whether it is there.
func load(view View, ref Ref, v any) (bool, error) {
	r, ok, err := view.Record(ref)
	if err != nil || !ok {
		return false, err
	}
	return true, r.Into(v)
}
