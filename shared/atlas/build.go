package atlas

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cityhall/shared/sqlite"
)

//go:embed schema.sql
var schema string

// formatVersion is raised when an older Open could not read the file.
const formatVersion = 2

// Build writes a places file to path, whose folder must exist; what is there is
// replaced only by a whole new file. The same Geography, in any order of its
// streets, houses and spots, gives the same bytes.
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
	for _, kind := range slices.Sorted(maps.Keys(g.AsOf)) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO as_of (kind, day) VALUES ($1, $2)`, kind, g.AsOf[kind]); err != nil {
			return err
		}
	}
	for _, part := range []func(context.Context, *sql.Tx, Geography) error{fillStreets, fillAreas, fillSpots, fillTables} {
		if err := part(ctx, tx, g); err != nil {
			return err
		}
	}
	return nil
}

// inserter runs one statement for many rows.
func inserter(ctx context.Context, tx *sql.Tx, text string) (func(args ...any) error, func() error, error) {
	put, err := tx.PrepareContext(ctx, text)
	if err != nil {
		return nil, nil, err
	}
	return func(args ...any) error { _, err := put.ExecContext(ctx, args...); return err }, put.Close, nil
}

// fillStreets writes names, stretches and houses. One name is one street: two
// spellings that people type alike are the same name.
func fillStreets(ctx context.Context, tx *sql.Tx, g Geography) error {
	names := streetNames{plain: map[string]string{}, by: map[string]*named{}}
	of := func(name string, also []string) {
		key := names.key(name)
		n := names.by[key]
		if n == nil {
			n = &named{name: name}
			names.by[key] = n
		}
		n.name = min(n.name, name)
		n.also = append(n.also, also...)
	}
	for _, s := range g.Streets {
		of(s.Name, s.Also)
	}
	for _, h := range g.Houses {
		of(h.Street, nil)
	}
	put, done, err := inserter(ctx, tx, `INSERT INTO street (id, name, also) VALUES ($1, $2, $3)`)
	if err != nil {
		return err
	}
	defer done()
	for i, key := range slices.Sorted(maps.Keys(names.by)) {
		n := names.by[key]
		n.id = i + 1
		if err := put(n.id, n.name, joinNames(n.also)); err != nil {
			return err
		}
	}
	if err := fillStretches(ctx, tx, g.Streets, names); err != nil {
		return err
	}
	return fillHouses(ctx, tx, g.Houses, names)
}

// streetNames finds a street by any spelling of its name; what is alike of a name
// is worked out once for its many houses.
type streetNames struct {
	plain map[string]string
	by    map[string]*named
}

func (s streetNames) key(name string) string {
	key, ok := s.plain[name]
	if !ok {
		key = plain(name)
		s.plain[name] = key
	}
	return key
}

func (s streetNames) id(name string) int { return s.by[s.key(name)].id }

type named struct {
	id   int
	name string
	also []string
}

func fillStretches(ctx context.Context, tx *sql.Tx, streets []Street, names streetNames) error {
	put, done, err := inserter(ctx, tx, `INSERT INTO stretch (id, street, class, left_from, left_to, right_from, right_to, line) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	if err != nil {
		return err
	}
	defer done()
	bound, done, err := inserter(ctx, tx, `INSERT INTO stretch_box (id, south, north, west, east) VALUES ($1, $2, $3, $4, $5)`)
	if err != nil {
		return err
	}
	defer done()
	all := slices.Clone(streets)
	slices.SortFunc(all, func(a, b Street) int {
		return cmp.Or(names.id(a.Name)-names.id(b.Name), a.Left.low()-b.Left.low(), a.Right.low()-b.Right.low(), bytes.Compare(pack(a.Line), pack(b.Line)))
	})
	for i, s := range all {
		if err := put(i+1, names.id(s.Name), s.Class, s.Left.From, s.Left.To, s.Right.From, s.Right.To, pack(s.Line)); err != nil {
			return err
		}
		b := boxOf(s.Line)
		if err := bound(i+1, b.south, b.north, b.west, b.east); err != nil {
			return err
		}
	}
	return nil
}

func fillHouses(ctx context.Context, tx *sql.Tx, houses []House, names streetNames) error {
	// Several entrances of one address are one house: the first of them, in an
	// order that does not hang on the file's.
	put, done, err := inserter(ctx, tx, `INSERT INTO house (street, number, suffix, lat, lon) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	defer done()
	all := slices.Clone(houses)
	slices.SortFunc(all, func(a, b House) int {
		return cmp.Or(names.id(a.Street)-names.id(b.Street), a.Number-b.Number, strings.Compare(a.Suffix, b.Suffix), comparePoints(a.At, b.At))
	})
	for _, h := range all {
		if err := put(names.id(h.Street), h.Number, h.Suffix, h.At.Lat, h.At.Lon); err != nil {
			return err
		}
	}
	return nil
}

func comparePoints(a, b Point) int {
	return cmp.Or(cmp.Compare(a.Lat, b.Lat), cmp.Compare(a.Lon, b.Lon))
}

// Areas keep their order: where two of a kind overlap, the first one counts.
func fillAreas(ctx context.Context, tx *sql.Tx, g Geography) error {
	put, done, err := inserter(ctx, tx, `INSERT INTO area (id, kind, key, name, level, rings) VALUES ($1, $2, $3, $4, $5, $6)`)
	if err != nil {
		return err
	}
	defer done()
	bound, done, err := inserter(ctx, tx, `INSERT INTO area_box (id, south, north, west, east) VALUES ($1, $2, $3, $4, $5)`)
	if err != nil {
		return err
	}
	defer done()
	for i, a := range g.Areas {
		level, ok := drawn[a.Kind]
		if !ok {
			level = -1
		}
		if err := put(i+1, a.Kind, a.Key, a.Name, level, pack(a.Rings...)); err != nil {
			return err
		}
		b := boxOf(a.Rings...)
		if err := bound(i+1, b.south, b.north, b.west, b.east); err != nil {
			return err
		}
	}
	return nil
}

func fillSpots(ctx context.Context, tx *sql.Tx, g Geography) error {
	put, done, err := inserter(ctx, tx, `INSERT INTO spot (id, sort, kind, key, name, also, address, note, phone, lat, lon) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
	if err != nil {
		return err
	}
	defer done()
	bound, done, err := inserter(ctx, tx, `INSERT INTO spot_box (id, south, north, west, east) VALUES ($1, $2, $3, $4, $5)`)
	if err != nil {
		return err
	}
	defer done()
	all := slices.Clone(g.Spots)
	slices.SortFunc(all, func(a, b Spot) int {
		return cmp.Or(strings.Compare(a.Sort, b.Sort), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Key, b.Key),
			strings.Compare(a.Name, b.Name), strings.Compare(a.Address, b.Address), comparePoints(a.At, b.At))
	})
	for i, s := range all {
		if err := put(i+1, s.Sort, s.Kind, s.Key, s.Name, joinNames(s.Also), s.Address, s.Note, s.Phone, s.At.Lat, s.At.Lon); err != nil {
			return err
		}
		if err := bound(i+1, s.At.Lat, s.At.Lat, s.At.Lon, s.At.Lon); err != nil {
			return err
		}
	}
	return nil
}

// Tables keep the order of their columns and lines: people are shown them so.
func fillTables(ctx context.Context, tx *sql.Tx, g Geography) error {
	for i, f := range g.Facts {
		if _, err := tx.ExecContext(ctx, `INSERT INTO fact (kind, key, position, name, value) VALUES ($1, $2, $3, $4, $5)`, f.Kind, f.Key, i, f.Name, f.Value); err != nil {
			return err
		}
	}
	for i, s := range g.Schedules {
		if _, err := tx.ExecContext(ctx, `INSERT INTO schedule (kind, key, position, what, rule, side, holidays) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			s.Kind, s.Key, i, s.What, s.Rule, s.Side, s.Holidays); err != nil {
			return err
		}
	}
	return nil
}

// Other names are kept in one text, a line each.
func joinNames(names []string) string {
	clean := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" })
	slices.Sort(clean)
	return strings.Join(slices.Compact(clean), "\n")
}
