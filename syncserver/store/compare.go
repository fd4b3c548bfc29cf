package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// ErrBehind means that there is something to pull before records can be compared.
var ErrBehind = errors.New("there is something to pull first")

// Compare finds out where a device's copy differs from what it may see, and gives
// whole buckets of records to put in the place of what it has, about limit of
// them. It compares what is there now, so nothing that the device may see must
// have happened since its cursor: ErrBehind. Records are read one by one, twice;
// those of residents are never given, but only compared.
func (s *Store) Compare(ctx context.Context, d Device, at protocol.Cursor, v protocol.Verify, limit int) ([]protocol.Put, protocol.Replaced, error) {
	var puts []protocol.Put
	var end protocol.Replaced
	err := s.inLineage(ctx, at, func(tx *sql.Tx, _ Head) error {
		if err := upToDate(ctx, tx, d, at.Seq); err != nil {
			return err
		}
		seal, err := envelopesFor(ctx, tx, d)
		if err != nil {
			return err
		}
		have, counts := protocol.NewDigests(), make([]int, protocol.Buckets)
		err = eachSeen(ctx, tx, d, func(r seenRecord) error {
			if r.ref.Kind == city.KindPerson && !seal.may() {
				return nil
			}
			if have.Add(r.ref, r.parent, r.seq, r.fields, r.writers); r.ref.Kind != city.KindPerson {
				counts[protocol.Bucket(r.ref)]++
			}
			return nil
		})
		if err != nil {
			return err
		}
		end = differing(have, v, counts, limit)
		if puts, err = putsOf(ctx, tx, d, end.Buckets); err != nil {
			return err
		}
		end.Count = len(puts)
		// PostgreSQL shows each statement what was committed before it: once more.
		return upToDate(ctx, tx, d, at.Seq)
	})
	return puts, end, err
}

func upToDate(ctx context.Context, q querier, d Device, seq int64) error {
	since, err := shownSince(ctx, q, d, seq)
	if err == nil && since {
		err = ErrBehind
	}
	return err
}

// differing chooses buckets whose digests differ until their records fill a page.
func differing(have protocol.Digests, v protocol.Verify, counts []int, limit int) protocol.Replaced {
	end := protocol.Replaced{Buckets: []int{}, Next: protocol.Buckets, People: have.People != v.People}
	n := 0
	for b := v.From; b < protocol.Buckets; b++ {
		if have.Buckets[b] == v.Buckets[b] {
			continue
		}
		if n += counts[b]; n > limit && len(end.Buckets) > 0 {
			end.Next = b
			break
		}
		end.Buckets = append(end.Buckets, b)
	}
	return end
}

// seenRecord is a record that a device may see, as its columns have it.
type seenRecord struct {
	ref             city.Ref
	parent          city.ID
	seq             int64
	fields, writers []byte // canonical; valid until the next record
}

// eachSeen reads every record that the device may see.
func eachSeen(ctx context.Context, q querier, d Device, do func(seenRecord) error) error {
	rows, err := q.QueryContext(ctx, `SELECT kind, id, parent, seq, fields, writers, scopes FROM record`)
	if err != nil {
		return fmt.Errorf("read the records: %w", err)
	}
	defer rows.Close()
	may := d.scopes()
	for rows.Next() {
		var r seenRecord
		var fields, writers, scopes sql.RawBytes
		if err := rows.Scan(&r.ref.Kind, &r.ref.ID, &r.parent, &r.seq, &fields, &writers, &scopes); err != nil {
			return fmt.Errorf("read the records: %w", err)
		}
		shown := false
		for scope := range strings.FieldsSeq(string(scopes)) {
			shown = shown || slices.Contains(may, city.Scope(scope))
		}
		if !shown {
			continue
		}
		r.fields, r.writers = fields, writers
		if err := do(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

func putsOf(ctx context.Context, q querier, d Device, buckets []int) ([]protocol.Put, error) {
	if len(buckets) == 0 {
		return nil, nil
	}
	var puts []protocol.Put
	err := eachSeen(ctx, q, d, func(r seenRecord) error {
		if r.ref.Kind == city.KindPerson || !slices.Contains(buckets, protocol.Bucket(r.ref)) {
			return nil
		}
		p := protocol.Put{Ref: r.ref, Parent: r.parent, Seq: r.seq, Full: true}
		if err := errors.Join(json.Unmarshal(r.fields, &p.Fields), json.Unmarshal(r.writers, &p.WS)); err != nil {
			return fmt.Errorf("read %s: %w", r.ref, err)
		}
		puts = append(puts, p)
		return nil
	})
	return puts, err
}
