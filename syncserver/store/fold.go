package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"cityhall/shared/city"
)

// folder puts the changes of one record after the other back together, as a
// device does. The rows of one record follow each other, in whatever order the
// engine sorts names, so only one record is in memory.
type folder struct {
	rows *sql.Rows
	next *foldRow // read, and not of the record before
	bad  map[int64]bool
}

// foldRow is a row of the log, and with a record's last the record.
type foldRow struct {
	changeRow
	record stands
}

// stands is a record as the table of records has it; without kind there is none.
type stands struct {
	kind, parent    sql.NullString
	seq             sql.NullInt64
	fields, writers []byte
}

// folded is a record as its log makes it.
type folded struct {
	city.Record
	seq    int64
	bad    bool // a row of it is damaged, which is reported already
	record stands
}

// verifyRecords compares every record with what its log makes of it. It has one
// result open at a time: within a transaction PostgreSQL allows no more.
func verifyRecords(ctx context.Context, q querier, bad map[int64]bool, report func(Finding)) (int, error) {
	n, err := strayRecords(ctx, q, report)
	if err != nil {
		return n, err
	}
	// Rows without a record have the kind "none".
	log, err := q.QueryContext(ctx, `SELECT `+changeColumns+`, of_kind, of_parent, of_seq, of_fields, of_writers FROM change
		LEFT JOIN (SELECT kind AS of_kind, id AS of_id, parent AS of_parent, seq AS of_seq, fields AS of_fields, writers AS of_writers FROM record) AS r
		ON of_kind = kind AND of_id = id AND NOT EXISTS (SELECT 1 FROM change AS n WHERE n.kind = change.kind AND n.id = change.id AND n.seq > change.seq)
		WHERE kind <> 'none' ORDER BY kind, id, seq`)
	if err != nil {
		return n, fmt.Errorf("read the log: %w", err)
	}
	defer log.Close()
	f := &folder{rows: log, bad: bad}
	for {
		made, err := f.one()
		if err != nil || made == nil {
			return n, err
		}
		r := made.record
		switch {
		case !r.kind.Valid:
			report(Finding{"record " + made.Ref.String(), "it is in the log and not among the records"})
			continue
		case !made.bad && (string(made.Parent) != r.parent.String || made.seq != r.seq.Int64 || !sameText(made.Fields, r.fields) || !sameText(made.Writers, r.writers)):
			report(Finding{"record " + made.Ref.String(), "it is not what the log makes of it"})
		}
		n++
	}
}

// strayRecords counts and names the records that the log does not have.
func strayRecords(ctx context.Context, q querier, report func(Finding)) (n int, err error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, id FROM record AS r WHERE NOT EXISTS (SELECT 1 FROM change AS c WHERE c.kind = r.kind AND c.id = r.id) ORDER BY kind, id`)
	if err != nil {
		return 0, fmt.Errorf("read the records: %w", err)
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		var ref city.Ref
		if err := rows.Scan(&ref.Kind, &ref.ID); err != nil {
			return n, fmt.Errorf("read the records: %w", err)
		}
		report(Finding{"record " + ref.String(), "the log does not have it"})
	}
	return n, rows.Err()
}

// sameText tells whether a text is the canonical one of a map.
func sameText[V ~[]byte | ~string](m map[string]V, text []byte) bool {
	b, err := city.ObjectText(m)
	return err == nil && bytes.Equal(b, text)
}

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
			r = &foldRow{}
			if err := r.scan(f.rows, &r.record.kind, &r.record.parent, &r.record.seq, &r.record.fields, &r.record.writers); err != nil {
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
		out.record = r.record
		out.take(&r.changeRow, f.bad[r.Seq])
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
