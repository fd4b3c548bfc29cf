package atlas

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"cityhall/shared/sqlite"
)

// ErrFormat means a file that is no places file, or a newer one than is known.
var ErrFormat = errors.New("not a places file that this version can read")

// maxEntries bounds what is held in memory of a file that somebody else made.
const maxEntries = 500_000

// Atlas reads one places file. It may be used by several goroutines.
type Atlas struct {
	db        *sql.DB
	index     index
	landmarks []Landmark
	assets    assets
	asOf      map[string]string
}

// Landmark is a spot that is found by name.
type Landmark struct {
	Spot
	AsOf   string `json:"as_of,omitempty"` // 2006-01-02, or empty
	Metres int    `json:"metres"`          // from where it was asked for
}

// Open opens a places file for reading. Errors wrap ErrFormat where it is none.
func Open(ctx context.Context, path string) (*Atlas, error) {
	db, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("open places: %w", err)
	}
	a := &Atlas{db: db, asOf: map[string]string{}}
	if err := a.load(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("open places %s: %w", path, err)
	}
	return a, nil
}

// Close ends the reading.
func (a *Atlas) Close() error { return a.db.Close() }

func (a *Atlas) load(ctx context.Context) error {
	var version int
	if err := a.db.QueryRowContext(ctx, `SELECT version FROM format`).Scan(&version); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if version != formatVersion {
		return fmt.Errorf("%w: format %d", ErrFormat, version)
	}
	var x building
	err := a.each(ctx, `SELECT id, name, also FROM street ORDER BY id LIMIT $1`, func(rows *sql.Rows) error {
		var e entry
		var also string
		if err := rows.Scan(&e.street, &e.name, &also); err != nil {
			return err
		}
		x.add(e, lines(also), "")
		return nil
	}, maxEntries)
	if err != nil {
		return err
	}
	err = a.each(ctx, `SELECT kind, key, name, also, address, note, phone, lat, lon FROM spot WHERE sort = $1 ORDER BY id LIMIT $2`, func(rows *sql.Rows) error {
		l := Landmark{Spot: Spot{Sort: SortLandmark}}
		var also string
		if err := rows.Scan(&l.Kind, &l.Key, &l.Name, &also, &l.Address, &l.Note, &l.Phone, &l.At.Lat, &l.At.Lon); err != nil {
			return err
		}
		l.Also = lines(also)
		a.landmarks = append(a.landmarks, l)
		x.add(entry{spot: len(a.landmarks), name: l.Name}, l.Also, l.Kind)
		return nil
	}, SortLandmark, maxEntries)
	if err != nil {
		return err
	}
	a.index = x.done()
	if err := a.loadAssets(ctx); err != nil {
		return err
	}
	err = a.each(ctx, `SELECT kind, day FROM as_of`, func(rows *sql.Rows) error {
		var kind, day string
		if err := rows.Scan(&kind, &day); err != nil {
			return err
		}
		a.asOf[kind] = day
		return nil
	})
	for i := range a.landmarks {
		a.landmarks[i].AsOf = a.asOf[a.landmarks[i].Kind]
	}
	return err
}

// each calls do with every row of a query.
func (a *Atlas) each(ctx context.Context, query string, do func(*sql.Rows) error, args ...any) error {
	rows, err := a.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func lines(also string) []string {
	if also == "" {
		return nil
	}
	return strings.Split(also, "\n")
}
