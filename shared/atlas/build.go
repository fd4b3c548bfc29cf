package atlas

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"cityhall/shared/sqlite"
)

//go:embed schema.sql
var schema string

// formatVersion is raised when an older Open could not read the file.
const formatVersion = 1

// Build writes a places file to path, whose folder must exist. The same
// Geography, in any order of its streets and landmarks, gives the same bytes.
func Build(ctx context.Context, path string, g Geography) error {
	if err := g.check(); err != nil {
		return err
	}
	draft := path + ".draft"
	defer sqlite.Remove(draft)
	if err := sqlite.Remove(draft); err != nil {
		return fmt.Errorf("build places: %w", err)
	}
	db, err := sqlite.Open(ctx, draft, sqlite.Options{MaxConns: 1})
	if err != nil {
		return fmt.Errorf("build places: %w", err)
	}
	defer db.Close()
	if err := sqlite.InTx(ctx, db, func(tx *sql.Tx) error { return fill(ctx, tx, g) }); err != nil {
		return fmt.Errorf("build places: %w", err)
	}
	// The copy is compact, in rollback mode, checked and put in place at once.
	if err := sqlite.Backup(ctx, db, path); err != nil {
		return fmt.Errorf("build places: %w", err)
	}
	return nil
}

func fill(ctx context.Context, tx *sql.Tx, g Geography) error {
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO format (version) VALUES ($1)`, formatVersion); err != nil {
		return err
	}
	for i, d := range g.Districts {
		if _, err := tx.ExecContext(ctx, `INSERT INTO district (id, name, label, area) VALUES ($1, $2, $3, $4)`,
			i+1, string(d.ID), d.Name, pack(d.Area)); err != nil {
			return err
		}
	}
	return fillThings(ctx, tx, things(g))
}

func fillThings(ctx context.Context, tx *sql.Tx, all []thing) error {
	put, err := tx.PrepareContext(ctx, `INSERT INTO thing (id, kind, name, also, sort, address, district, first, last, line)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	if err != nil {
		return err
	}
	defer put.Close()
	index, err := tx.PrepareContext(ctx, `INSERT INTO word (word, thing) VALUES ($1, $2)`)
	if err != nil {
		return err
	}
	defer index.Close()
	for i, t := range all {
		id := i + 1
		if _, err := put.ExecContext(ctx, id, t.kind, t.name, t.also, t.sort(), t.address, string(t.district), t.first, t.last, pack(t.line)); err != nil {
			return err
		}
		for _, w := range t.words() {
			if _, err := index.ExecContext(ctx, w, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// things puts streets and landmarks into one order that hangs on nothing but
// what they are.
func things(g Geography) []thing {
	var all []thing
	for _, s := range g.Streets {
		d, _ := g.DistrictAt(s.Middle())
		all = append(all, thing{kind: KindStreet, name: s.Name, also: joinNames(s.Also), district: d.ID, first: s.First, last: s.Last, line: s.Line})
	}
	for _, l := range g.Landmarks {
		d, _ := g.DistrictAt(l.At)
		all = append(all, thing{kind: KindLandmark, name: l.Name, also: joinNames(l.Also), address: l.Address, district: d.ID, line: []Point{l.At}})
	}
	slices.SortFunc(all, func(a, b thing) int {
		for _, c := range []int{strings.Compare(a.sort(), b.sort()), strings.Compare(a.kind, b.kind), strings.Compare(a.name, b.name),
			strings.Compare(a.address, b.address), strings.Compare(a.also, b.also)} {
			if c != 0 {
				return c
			}
		}
		return slices.Compare(pack(a.line), pack(b.line))
	})
	return all
}

// Other names are kept in one text, a line each.
func joinNames(names []string) string {
	clean := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" })
	return strings.Join(clean, "\n")
}

func pack(points []Point) []byte {
	out := make([]byte, 0, 8*len(points))
	for _, p := range points {
		out = binary.BigEndian.AppendUint32(out, uint32(p.Lat))
		out = binary.BigEndian.AppendUint32(out, uint32(p.Lon))
	}
	return out
}

func unpack(raw []byte) []Point {
	out := make([]Point, 0, len(raw)/8)
	for ; len(raw) >= 8; raw = raw[8:] {
		out = append(out, Point{int32(binary.BigEndian.Uint32(raw)), int32(binary.BigEndian.Uint32(raw[4:]))})
	}
	return out
}
