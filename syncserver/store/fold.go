package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cityhall/shared/city"
)

// folder puts the changes of one record after the other back together, as a
// device does. Both it and the records come in the order of kind and id, so
// only one record is in memory.
type folder struct {
	rows *sql.Rows
	next *changeRow // read, and not of the record before
	bad  map[int64]bool
}

// folded is a record as its log makes it.
type folded struct {
	city.Record
	seq int64
	bad bool // a row of it is damaged, which is reported already
}

// verifyRecords compares every record with what its log makes of it.
func verifyRecords(ctx context.Context, q querier, bad map[int64]bool, report func(Finding)) (int, error) {
	// Rows without a record have the kind "none".
	log, err := q.QueryContext(ctx, `SELECT `+changeColumns+` FROM change WHERE kind <> 'none' ORDER BY kind, id, seq`)
	if err != nil {
		return 0, fmt.Errorf("read the log: %w", err)
	}
	defer log.Close()
	f := &folder{rows: log, bad: bad}
	rows, err := q.QueryContext(ctx, `SELECT kind, id, parent, seq, fields, writers FROM record ORDER BY kind, id`)
	if err != nil {
		return 0, fmt.Errorf("read the records: %w", err)
	}
	defer rows.Close()
	made, err := f.one()
	n := 0
	for ; err == nil && rows.Next(); n++ {
		var ref city.Ref
		var parent city.ID
		var seq int64
		var fields, writers []byte
		if err := rows.Scan(&ref.Kind, &ref.ID, &parent, &seq, &fields, &writers); err != nil {
			return n, fmt.Errorf("read the records: %w", err)
		}
		for err == nil && made != nil && before(made.Ref, ref) {
			report(Finding{"record " + made.Ref.String(), "it is in the log and not among the records"})
			made, err = f.one()
		}
		if err != nil {
			break
		}
		if made == nil || made.Ref != ref {
			report(Finding{"record " + ref.String(), "the log does not have it"})
			continue
		}
		if !made.bad && (made.Parent != parent || made.seq != seq || !sameText(made.Fields, fields) || !sameText(made.Writers, writers)) {
			report(Finding{"record " + ref.String(), "it is not what the log makes of it"})
		}
		made, err = f.one()
	}
	for err == nil && made != nil {
		report(Finding{"record " + made.Ref.String(), "it is in the log and not among the records"})
		made, err = f.one()
	}
	return n, errors.Join(err, rows.Err())
}

// sameText tells whether a text is the canonical one of a map. Values that come
// out of the log are canonical already.
func sameText[V ~[]byte | ~string](m map[string]V, text []byte) bool {
	b := []byte{'{'}
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(quoted(b, k), ':')
		switch v := any(m[k]).(type) {
		case city.MutationID:
			b = quoted(b, string(v))
		case json.RawMessage:
			b = append(b, v...)
		}
	}
	if bytes.Equal(append(b, '}'), text) {
		return true
	}
	c, err := city.Canonical(m) // names beyond ASCII have another order there
	return err == nil && bytes.Equal(c, text)
}

func before(a, b city.Ref) bool { return a.Kind < b.Kind || a.Kind == b.Kind && a.ID < b.ID }

// one gives the next record of the log, nil after the last.
func (f *folder) one() (*folded, error) {
	var out *folded
	for {
		r := f.next
		f.next = nil
		if r == nil {
			if !f.rows.Next() {
				return out, f.rows.Err()
			}
			r = &changeRow{}
			if err := r.scan(f.rows); err != nil {
				return nil, fmt.Errorf("read the log: %w", err)
			}
		}
		ref := city.Ref{Kind: r.Kind, ID: r.ID}
		if out != nil && out.Ref != ref {
			f.next = r
			return out, nil
		}
		if out == nil {
			out = &folded{Record: city.Record{Ref: ref, Parent: r.Parent, Fields: city.Fields{}, Writers: map[string]city.MutationID{}}}
		}
		out.take(r, f.bad[r.Seq])
	}
}

func (f *folded) take(r *changeRow, bad bool) {
	f.seq = r.Seq
	said, err := DecodeRecord(f.Ref, f.Parent, r.fields, r.ws)
	if bad || err != nil { // erased or damaged: what it said is not known
		f.bad = true
		return
	}
	if r.whole == 1 {
		f.bad = false // whatever came before
		f.Fields, f.Writers = city.Fields{}, map[string]city.MutationID{}
	}
	for name, v := range said.Fields {
		f.Writers[name] = r.Writer
		if f.Fields[name] = v; string(v) == "null" {
			delete(f.Fields, name)
		}
	}
	for name, by := range said.Writers {
		f.Writers[name] = by
	}
}
