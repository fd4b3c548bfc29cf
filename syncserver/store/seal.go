package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cityhall/shared/city"
)

// seal writes the hash of a row as it stands now; of no row, it does nothing.
func seal(ctx context.Context, q querier, table string, keys ...any) error {
	_, err := sealRows(ctx, q, sealedTables[table], sealedTables[table].read, keys...)
	if err != nil {
		return fmt.Errorf("seal %s: %w", table, err)
	}
	return nil
}

// sealRows seals what the query finds and tells how many rows that were.
func sealRows(ctx context.Context, q querier, t sealedTable, query string, args ...any) (int, error) {
	var found []sealedRow
	err := readSealed(ctx, q, t, query, func(r sealedRow) { found = append(found, r) }, args...)
	if err != nil {
		return 0, err
	}
	for _, r := range found {
		if _, err := q.ExecContext(ctx, t.write, append([]any{r.want}, r.keys...)...); err != nil {
			return 0, err
		}
	}
	return len(found), nil
}

var errDamagedRow = errors.New("a row is damaged")

// soundRows refuses when one of the rows that the query finds is not what was sealed.
func soundRows(ctx context.Context, q querier, table, query string, args ...any) error {
	var wrong error
	err := readSealed(ctx, q, sealedTables[table], query, func(r sealedRow) {
		if len(r.have) > 0 && !bytes.Equal(r.have, r.want) {
			wrong = fmt.Errorf(`%w: %s %v; "cityhall verify" looks at all of them`, errDamagedRow, table, r.keys)
		}
	}, args...)
	return errors.Join(err, wrong)
}

// sealedRow is a row's name and hash: the one that it has, and the one that fits.
type sealedRow struct {
	keys       []any
	have, want []byte
}

func readSealed(ctx context.Context, q querier, t sealedTable, query string, each func(sealedRow), args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	columns := make([]column, 0, len(names))
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		r := sealedRow{keys: make([]any, len(t.keys))}
		columns = columns[:0]
		for i, name := range names {
			if name == "row_hash" {
				r.have = []byte(columnText(values[i]))
				continue
			}
			if slices.Contains(t.loose, name) {
				continue
			}
			c := column{name, columnText(values[i])}
			columns = append(columns, c)
			if k := slices.Index(t.keys, name); k >= 0 {
				r.keys[k] = c.value
			}
		}
		r.want = rowHash(columns)
		each(r)
	}
	return rows.Err()
}

// columnText is a value as it is hashed, the same on both engines.
func columnText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case int64:
		return strconv.FormatInt(v, 10)
	case []byte:
		return string(v)
	case string:
		return v
	}
	return fmt.Sprint(v)
}

// column is a value of a row, as it is hashed.
type column struct{ name, value string }

// rowHash is over the columns by name, framed, and puts them into that order. Those
// that are empty or zero are left out, so that a column that a later version adds
// changes no hash.
func rowHash(columns []column) []byte {
	slices.SortFunc(columns, func(a, b column) int { return strings.Compare(a.name, b.name) })
	room := 0
	for _, c := range columns {
		room += 16 + len(c.name) + len(c.value)
	}
	framed := make([]byte, 0, room)
	for _, c := range columns {
		if c.value == "" || c.value == "0" {
			continue
		}
		for _, part := range []string{c.name, c.value} {
			framed = append(binary.BigEndian.AppendUint64(framed, uint64(len(part))), part...)
		}
	}
	sum := sha256.Sum256(framed)
	return sum[:]
}

// audienceHash is over who may see a change and who has to forget the record.
func audienceHash(is, lost []city.Scope) []byte {
	return rowHash([]column{{"is", joinScopes(is)}, {"lost", joinScopes(lost)}})
}

// sealOld seals the rows that an older server left, in small transactions.
func (s *Store) sealOld(ctx context.Context) error {
	for name, t := range sealedTables {
		for {
			n, err := sealRows(ctx, s.db, t, t.unsealed)
			if err != nil {
				return fmt.Errorf("seal %s: %w", name, err)
			}
			if n == 0 {
				break
			}
		}
	}
	for {
		n, err := sealAudiences(ctx, s.db)
		if err != nil || n == 0 {
			return err
		}
	}
}

func sealAudiences(ctx context.Context, q querier) (int, error) {
	found := map[int64][]byte{}
	err := readAudiences(ctx, q, `SELECT c.seq, c.audience, coalesce(s.scope, ''), coalesce(s.evict, 0)
		FROM (SELECT seq, audience FROM change WHERE audience IS NULL ORDER BY seq LIMIT 500) AS c
		LEFT JOIN change_scope AS s ON s.seq = c.seq ORDER BY c.seq, s.scope`, func(seq int64, _, want []byte) { found[seq] = want })
	if err != nil {
		return 0, err
	}
	for seq, want := range found {
		if _, err := q.ExecContext(ctx, `UPDATE change SET audience = $1 WHERE seq = $2`, want, seq); err != nil {
			return 0, fmt.Errorf("seal the audience of %d: %w", seq, err)
		}
	}
	return len(found), nil
}

// readAudiences gives for every change the hash that it has and the one that fits.
func readAudiences(ctx context.Context, q querier, query string, each func(seq int64, have, want []byte)) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("read the audiences: %w", err)
	}
	defer rows.Close()
	var last int64
	var held []byte
	var sides [2][]city.Scope
	tell := func() {
		if last != 0 {
			each(last, held, audienceHash(sides[0], sides[1]))
		}
	}
	for rows.Next() {
		var seq, evict int64
		var have []byte
		var scope city.Scope
		if err := rows.Scan(&seq, &have, &scope, &evict); err != nil {
			return fmt.Errorf("read the audiences: %w", err)
		}
		if seq != last {
			tell()
			last, held, sides = seq, have, [2][]city.Scope{}
		}
		switch {
		case scope == "":
		case evict == 0 || evict == 1:
			sides[evict] = append(sides[evict], scope)
		default: // no program writes it
			sides[1] = append(sides[1], scope+"?")
		}
	}
	tell()
	return rows.Err()
}

// verifySeals compares the rows that have no digest of their own with their hash.
func verifySeals(ctx context.Context, q querier, report func(Finding)) error {
	for table, t := range sealedTables {
		err := readSealed(ctx, q, t, t.all, func(r sealedRow) {
			if bytes.Equal(r.have, r.want) {
				return
			}
			keys := make([]string, len(r.keys))
			for i, k := range r.keys {
				keys[i] = fmt.Sprint(k)
			}
			report(Finding{strings.TrimSpace(t.name + " " + strings.Join(keys, "/")), "its columns do not match its hash"})
		})
		if err != nil {
			return fmt.Errorf("read %s: %w", table, err)
		}
	}
	err := readAudiences(ctx, q, `SELECT c.seq, c.audience, coalesce(s.scope, ''), coalesce(s.evict, 0)
		FROM change AS c LEFT JOIN change_scope AS s ON s.seq = c.seq ORDER BY c.seq, s.scope`, func(seq int64, have, want []byte) {
		if !bytes.Equal(have, want) {
			report(Finding{fmt.Sprintf("change %d", seq), "who may see it is not what was logged"})
		}
	})
	if err != nil {
		return err
	}
	return verifyStray(ctx, q, report)
}

// verifyStray looks for audiences of changes that are not there.
func verifyStray(ctx context.Context, q querier, report func(Finding)) error {
	var seq sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT min(s.seq) FROM change_scope AS s LEFT JOIN change AS c ON c.seq = s.seq WHERE c.seq IS NULL`).Scan(&seq)
	if err != nil {
		return fmt.Errorf("read the audiences: %w", err)
	}
	if seq.Valid {
		report(Finding{fmt.Sprintf("change %d", seq.Int64), "the log has an audience of it, and no such change"})
	}
	return nil
}
