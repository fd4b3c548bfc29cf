package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// batch is the writer's transaction. It gathers the rows that only ever are added, of
// the archive and the log, and writes many by one statement: a statement costs more
// than its row, and on PostgreSQL a way there and back. Whatever else is asked of the
// transaction finds them written.
type batch struct {
	tx      *sql.Tx
	waiting []*added
	wrong   error // why rows could not be written, if nobody was told yet
}

// addition is a table whose rows are gathered.
type addition struct {
	table     string
	columns   int
	one, many string // statements for a row, and for gathered of them
}

// gathered is how many rows a statement writes.
const gathered = 20

var (
	toArchive = newAddition("mutation", "id, seq, device, stream, n, type, actor, subject, at, received, envelope, args, content, verdict, review, code, field, row_hash")
	toLog     = newAddition("change", "seq, tx, kind, id, parent, whole, fields, writer, ws, salt, digest, h, audience")
	toScopes  = newAddition("change_scope", "scope, seq, evict")
)

func newAddition(table, columns string) *addition {
	a := &addition{table: table, columns: strings.Count(columns, ",") + 1}
	head := "INSERT INTO " + table + " (" + columns + ") VALUES "
	var rows []string
	for r := range gathered {
		places := make([]string, a.columns)
		for c := range places {
			places[c] = "$" + strconv.Itoa(r*a.columns+c+1)
		}
		rows = append(rows, "("+strings.Join(places, ", ")+")")
	}
	a.one, a.many = head+rows[0], head+strings.Join(rows, ", ")
	return a
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
	if rows.values = append(rows.values, values...); len(rows.values) < gathered*to.columns {
		return nil
	}
	defer func() { rows.values = rows.values[:0] }()
	return b.write(ctx, to, to.many, rows.values)
}

func (b *batch) write(ctx context.Context, to *addition, statement string, values []any) error {
	if _, err := b.tx.ExecContext(ctx, statement, values...); err != nil {
		return fmt.Errorf("write rows of %s: %w", to.table, err)
	}
	return nil
}

// flush writes what was gathered. Once it has failed it fails until forget.
func (b *batch) flush(ctx context.Context) error {
	for _, rows := range b.waiting {
		for len(rows.values) > 0 && b.wrong == nil {
			row := rows.values[:rows.to.columns]
			rows.values = rows.values[rows.to.columns:]
			b.wrong = b.write(ctx, rows.to, rows.to.one, row)
		}
	}
	b.waiting = b.waiting[:0]
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
