package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// batch is the writer's transaction. It gathers the rows of the archive, the log and
// the records, and writes many by one statement: a statement costs more than its row,
// and on PostgreSQL a way there and back. Whatever else is asked of the transaction
// finds them written; a view remembers the records itself.
type batch struct {
	tx      *sql.Tx
	waiting []*added
	wrong   error // why rows could not be written, if nobody was told yet
}

// addition is a table whose rows are gathered.
type addition struct {
	table      string
	columns    int
	key        int                   // of that many first columns; a row takes the place of one with the same. 0: all are different
	statements [len(portions)]string // for so many rows
}

// gathered is how many rows are written at once; portions are the numbers of rows that
// a statement may write. They are few, since every statement is kept compiled.
const gathered = 20

var portions = [...]int{gathered, 4, 1}

var (
	toArchive = newAddition("mutation", "id, seq, device, stream, n, type, actor, subject, at, received, envelope, args, content, verdict, review, code, field, row_hash", 0, "")
	toLog     = newAddition("change", "seq, tx, kind, id, parent, whole, fields, writer, ws, salt, digest, h, audience", 0, "")
	toScopes  = newAddition("change_scope", "scope, seq, evict", 0, "")
	toRecords = newAddition("record", "kind, id, parent, seq, fields, writers, scopes", 2,
		" ON CONFLICT (kind, id) DO UPDATE SET seq = excluded.seq, fields = excluded.fields, writers = excluded.writers, scopes = excluded.scopes")
)

func newAddition(table, columns string, key int, tail string) *addition {
	a := &addition{table: table, columns: strings.Count(columns, ",") + 1, key: key}
	for i, rows := range portions {
		a.statements[i] = "INSERT INTO " + table + " (" + columns + ") VALUES " + places(rows, a.columns) + tail
	}
	return a
}

// places are the placeholders of rows: ($1, $2), ($3, $4).
func places(rows, columns int) string {
	var b strings.Builder
	for i := range rows * columns {
		switch {
		case i%columns > 0:
			b.WriteString(", ")
		case i > 0:
			b.WriteString("), (")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return "(" + b.String() + ")"
}

// added are rows of a table that are not written yet.
type added struct {
	to     *addition
	values []any
}

// add gathers a row. An error may be an earlier row's.
func (b *batch) add(ctx context.Context, to *addition, values ...any) error {
	var rows *added
	for _, w := range b.waiting {
		if w.to == to {
			rows = w
		}
	}
	if rows == nil {
		rows = &added{to: to, values: make([]any, 0, gathered*to.columns)}
		b.waiting = append(b.waiting, rows)
	}
	if rows.replaced(values) {
		return nil
	}
	if rows.values = append(rows.values, values...); len(rows.values) < gathered*to.columns {
		return nil
	}
	return b.write(ctx, rows)
}

// replaced puts a row in the place of one with the same key, if there is one.
func (a *added) replaced(row []any) bool {
	if a.to.key == 0 {
		return false
	}
	for old := range slices.Chunk(a.values, a.to.columns) {
		if slices.Equal(old[:a.to.key], row[:a.to.key]) {
			copy(old, row)
			return true
		}
	}
	return false
}

// write writes all gathered rows of a table. Once it has failed it fails until forget.
func (b *batch) write(ctx context.Context, rows *added) error {
	left := rows.values
	for i, portion := range portions {
		for n := portion * rows.to.columns; len(left) >= n && b.wrong == nil; left = left[n:] {
			if _, err := b.tx.ExecContext(ctx, rows.to.statements[i], left[:n]...); err != nil {
				b.wrong = fmt.Errorf("write rows of %s: %w", rows.to.table, err)
			}
		}
	}
	rows.values = rows.values[:0]
	return b.wrong
}

// flush writes what was gathered.
func (b *batch) flush(ctx context.Context) error {
	for _, rows := range b.waiting {
		_ = b.write(ctx, rows) // told below
	}
	return b.wrong
}

// flushRecords writes the gathered records alone: children of a record are read
// before every act that has some.
func (b *batch) flushRecords(ctx context.Context) error {
	for _, rows := range b.waiting {
		if rows.to == toRecords {
			return b.write(ctx, rows)
		}
	}
	return b.wrong
}

// forget drops what was gathered: the job that it is of is taken back.
func (b *batch) forget() { b.waiting, b.wrong = b.waiting[:0], nil }

// ExecContext implements querier.
func (b *batch) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := b.flush(ctx); err != nil {
		return nil, err
	}
	return b.tx.ExecContext(ctx, query, args...)
}

// QueryContext implements querier.
func (b *batch) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := b.flush(ctx); err != nil {
		return nil, err
	}
	return b.tx.QueryContext(ctx, query, args...)
}

// QueryRowContext implements querier. It cannot tell that flush has failed; the job's
// last flush does.
func (b *batch) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	_ = b.flush(ctx)
	return b.tx.QueryRowContext(ctx, query, args...)
}
