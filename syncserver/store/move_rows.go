package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"cityhall/shared/sqlite"
)

// A part of a table goes over in one transaction: at most so many rows, and no
// further one beyond so many bytes.
const (
	partRows  = 2000
	partBytes = 4 << 20
)

// carry looks whether the city is sound, copies every table, compares the two as
// a whole, and recomputes the chain on the target.
func (m *mover) carry(ctx context.Context) error {
	err := m.sound(func(report func(Finding)) (err error) {
		m.done.Log, err = verifyLog(ctx, m.from, report)
		return err
	})
	if err != nil {
		return err
	}
	err = sqlite.InReadTx(ctx, m.from, func(tx *sql.Tx) error {
		if err := knownTables(ctx, tx); err != nil {
			return err
		}
		for _, t := range movedTables {
			if err := m.table(ctx, tx, t); err != nil {
				return fmt.Errorf("table %s: %w", t.name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := m.to.ExecContext(ctx, `ANALYZE`); err != nil { // or its first plans are guesses
		return err
	}
	return m.sound(func(report func(Finding)) error {
		_, _, err := verifyChain(ctx, m.to, report)
		return err
	})
}

// sound is an error when the look finds something.
func (m *mover) sound(look func(func(Finding)) error) error {
	var first *Finding
	err := look(func(f Finding) {
		if first == nil {
			first = &f
		}
	})
	if err == nil && first != nil {
		err = fmt.Errorf(`the city is damaged, so it stays where it is: %s (see "cityhall verify")`, first)
	}
	return err
}

// table brings one table over and reads it back.
func (m *mover) table(ctx context.Context, src querier, t movedTable) error {
	want, sum, err := digestOf(ctx, src, t.sqlite, -1)
	if err != nil {
		return err
	}
	if err := m.copyTable(ctx, src, t, want); err != nil {
		return err
	}
	have, back, err := digestOf(ctx, m.to, t.postgres, -1)
	if err != nil {
		return err
	}
	if have != want || !bytes.Equal(sum, back) {
		return fmt.Errorf("%d rows were read back, and are not the %d of SQLite: is somebody else writing into the database?", have, want)
	}
	m.done.Tables = append(m.done.Tables, MovedTable{t.name, want})
	return nil
}

// copyTable goes on behind the rows that are there. When they are not what the
// source begins with, since the old server ran in between, it begins anew.
func (m *mover) copyTable(ctx context.Context, src querier, t movedTable, all int64) error {
	rows, err := src.QueryContext(ctx, t.sqlite)
	if err != nil {
		return err
	}
	defer rows.Close()
	there, kinds, same, err := m.compare(ctx, rows, t)
	if err != nil {
		return err
	}
	if !same {
		if _, err := m.to.ExecContext(ctx, t.empty); err != nil {
			return err
		}
		if err := rows.Close(); err != nil {
			return err
		}
		return m.copyTable(ctx, src, t, all)
	}
	m.tell(t.name, there, all)
	for there < all {
		n, err := m.copyPart(ctx, t.name, &part{from: rows, kinds: kinds})
		if err != nil {
			return err
		}
		if n == 0 {
			return errors.New("it has become shorter")
		}
		m.done.Copied += n
		there += n
		m.tell(t.name, there, all)
	}
	return nil
}

// compare reads the target's rows beside the source's, which are left behind the
// last of them. same means that all were alike.
func (m *mover) compare(ctx context.Context, src *sql.Rows, t movedTable) (n int64, kinds []string, same bool, err error) {
	dst, err := m.to.QueryContext(ctx, t.postgres)
	if err != nil {
		return 0, nil, false, err
	}
	defer dst.Close()
	if kinds, err = columnKinds(src, dst); err != nil {
		return 0, nil, false, err
	}
	a, b := sha256.New(), sha256.New()
	for ; dst.Next(); n++ {
		if !src.Next() {
			return n, kinds, false, src.Err()
		}
		if err := addRow(a, src, len(kinds)); err != nil {
			return n, kinds, false, err
		}
		if err := addRow(b, dst, len(kinds)); err != nil {
			return n, kinds, false, err
		}
		if !bytes.Equal(a.Sum(nil), b.Sum(nil)) {
			return n, kinds, false, nil
		}
	}
	return n, kinds, true, dst.Err()
}

// columnKinds gives PostgreSQL's types of the columns, which are the same on both.
func columnKinds(src, dst *sql.Rows) ([]string, error) {
	left, err := src.Columns()
	if err != nil {
		return nil, err
	}
	types, err := dst.ColumnTypes()
	if err != nil {
		return nil, err
	}
	kinds := make([]string, len(types))
	for i, t := range types {
		if len(left) != len(types) || t.Name() != left[i] {
			return nil, errors.New("its columns differ on the two engines")
		}
		kinds[i] = t.DatabaseTypeName()
	}
	return kinds, nil
}

func (m *mover) copyPart(ctx context.Context, table string, p *part) (int64, error) {
	conn, err := m.to.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	names, err := p.from.Columns()
	if err != nil {
		return 0, err
	}
	var n int64
	err = conn.Raw(func(c any) error {
		n, err = c.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, names, p)
		return err
	})
	return n, err
}

func (m *mover) tell(table string, done, all int64) {
	if m.o.Progress != nil {
		m.o.Progress(table, done, all)
	}
}

// part gives pgx the next rows of the source.
type part struct {
	from        *sql.Rows
	kinds       []string
	rows, bytes int
}

// Next is false when the part is full or the source at its end.
func (p *part) Next() bool { return p.rows < partRows && p.bytes < partBytes && p.from.Next() }

// Values is the row as PostgreSQL takes it.
func (p *part) Values() ([]any, error) {
	values, err := scanRow(p.from, len(p.kinds))
	if err != nil {
		return nil, err
	}
	p.rows++
	for i, v := range values {
		if v == nil {
			continue
		}
		text := columnText(v)
		p.bytes += len(text)
		switch _, whole := v.(int64); {
		case p.kinds[i] == "BYTEA":
			values[i] = []byte(text)
		case p.kinds[i] == "TEXT" || p.kinds[i] == "JSON":
			values[i] = text
		case !whole:
			return nil, fmt.Errorf("row %v has something else than a whole number in column %d", values[:i], i+1)
		}
	}
	return values, nil
}

// Err is what ended the source's rows too early.
func (p *part) Err() error { return p.from.Err() }

func scanRow(rows *sql.Rows, n int) ([]any, error) {
	values, into := make([]any, n), make([]any, n)
	for i := range values {
		into[i] = &values[i]
	}
	return values, rows.Scan(into...)
}

// addRow adds a row to a hash, the same on both engines: each column framed, and
// an absent one different from an empty one.
func addRow(h hash.Hash, rows *sql.Rows, n int) error {
	values, err := scanRow(rows, n)
	if err != nil {
		return err
	}
	var frame [9]byte
	for _, v := range values {
		frame[0] = 0
		text := columnText(v)
		if v != nil {
			frame[0] = 1
		}
		binary.BigEndian.PutUint64(frame[1:], uint64(len(text)))
		h.Write(frame[:])
		h.Write([]byte(text))
	}
	return nil
}

// digestOf counts and hashes the rows of a query, at most limit if that is not
// negative.
func digestOf(ctx context.Context, q querier, query string, limit int64) (n int64, sum []byte, err error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return 0, nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return 0, nil, err
	}
	h := sha256.New()
	for n != limit && rows.Next() {
		if err := addRow(h, rows, len(names)); err != nil {
			return n, nil, err
		}
		n++
	}
	return n, h.Sum(nil), rows.Err()
}
