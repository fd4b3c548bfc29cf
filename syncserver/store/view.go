package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"cityhall/shared/city"
)

// txView is a city.View of one transaction or of the database. It remembers
// what it has read until forget.
type txView struct {
	ctx  context.Context
	q    querier
	seen map[city.Ref]stored
	// settled writes the records that were seen to change, or is nil.
	settled func(context.Context) error
}

// stored is a record with what the store keeps beside it.
type stored struct {
	city.Record
	seq    int64
	scopes string
	there  bool
}

func newView(ctx context.Context, q querier) *txView {
	return &txView{ctx: ctx, q: q, seen: map[city.Ref]stored{}}
}

// View reads the records as they stand. Use one per request: what it has read
// it does not read again.
func (s *Store) View(ctx context.Context) city.View { return newView(ctx, s.db) }

func (v *txView) forget() { clear(v.seen) }

// Record implements city.View.
func (v *txView) Record(ref city.Ref) (city.Record, bool, error) {
	r, err := v.load(ref)
	return r.Record, r.there, err
}

func (v *txView) load(ref city.Ref) (stored, error) {
	if r, ok := v.seen[ref]; ok {
		return r, nil
	}
	r := stored{Record: city.Record{Ref: ref}, there: true}
	var fields, writers []byte
	err := v.q.QueryRowContext(v.ctx, `SELECT parent, seq, fields, writers, scopes FROM record WHERE kind = $1 AND id = $2`, ref.Kind, ref.ID).
		Scan(&r.Parent, &r.seq, &fields, &writers, &r.scopes)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		r = stored{}
	case err != nil:
		return stored{}, fmt.Errorf("read %s: %w", ref, err)
	default:
		if r.Record, err = DecodeRecord(ref, r.Parent, fields, writers); err != nil {
			return stored{}, err
		}
	}
	v.seen[ref] = r
	return r, nil
}

// foreseenRecords is how many records one statement looks for.
const foreseenRecords = 50

var selectRecords = `SELECT kind, id, parent, seq, fields, writers, scopes FROM record WHERE (kind, id) IN (VALUES ` + places(foreseenRecords, 2) + `)`

// foresee reads records that will be asked for, many at once; those that are not there
// are remembered as well. A damaged one fails nobody before it is really asked for.
func (v *txView) foresee(refs []city.Ref) error {
	refs = slices.DeleteFunc(refs, func(r city.Ref) bool { _, ok := v.seen[r]; return ok })
	for some := range slices.Chunk(refs, foreseenRecords) {
		if len(some) < 3 { // nothing is saved
			return nil
		}
		names := make([]any, 0, 2*foreseenRecords)
		for i := range foreseenRecords {
			r := some[min(i, len(some)-1)]
			names = append(names, r.Kind, r.ID)
		}
		rows, err := v.q.QueryContext(v.ctx, selectRecords, names...)
		if err != nil {
			return fmt.Errorf("read %d records: %w", len(some), err)
		}
		for _, ref := range some {
			v.seen[ref] = stored{}
		}
		if err := v.remember(rows); err != nil {
			return fmt.Errorf("read %d records: %w", len(some), err)
		}
	}
	return nil
}

func (v *txView) remember(rows *sql.Rows) error {
	defer rows.Close()
	for rows.Next() {
		r := stored{there: true}
		var ref city.Ref
		var parent city.ID
		var fields, writers []byte
		err := rows.Scan(&ref.Kind, &ref.ID, &parent, &r.seq, &fields, &writers, &r.scopes)
		if err != nil {
			return err
		}
		if r.Record, err = DecodeRecord(ref, parent, fields, writers); err != nil {
			delete(v.seen, ref)
			continue
		}
		v.seen[ref] = r
	}
	return rows.Err()
}

// selectChildren has no order: asked for one, SQLite reads all records of the kind to
// have them in it, which is the whole city.
const selectChildren = `SELECT id, fields, writers FROM record WHERE parent = $1 AND kind = $2`

// Children implements city.View.
func (v *txView) Children(parent city.ID, kind city.Kind) ([]city.Record, error) {
	if v.settled != nil {
		if err := v.settled(v.ctx); err != nil {
			return nil, err
		}
	}
	rows, err := v.q.QueryContext(v.ctx, selectChildren, parent, kind)
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", kind, parent, err)
	}
	defer rows.Close()
	var out []city.Record
	for rows.Next() {
		var id city.ID
		var fields, writers []byte
		if err := rows.Scan(&id, &fields, &writers); err != nil {
			return nil, err
		}
		r, err := DecodeRecord(city.Ref{Kind: kind, ID: id}, parent, fields, writers)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b city.Record) int { return cmp.Compare(a.ID, b.ID) })
	return out, rows.Err()
}

// DecodeRecord makes a record of its columns.
func DecodeRecord(ref city.Ref, parent city.ID, fields, writers []byte) (city.Record, error) {
	r := city.Record{Ref: ref, Parent: parent}
	var err error
	if r.Fields, err = city.DecodeFields(fields); err != nil {
		return r, fmt.Errorf("read the fields of %s: %w", ref, err)
	}
	if r.Writers, err = city.DecodeWriters(writers); err != nil {
		return r, fmt.Errorf("read the writers of %s: %w", ref, err)
	}
	return r, nil
}
