package read

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"cityhall/shared/city"
)

// Reader asks one database. It is safe for concurrent use.
type Reader struct{ db *sql.DB }

// New gives a Reader of a store's database.
func New(db *sql.DB) *Reader { return &Reader{db} }

// own limits a query to the asker's departments; $1 is what Staff.scope gave.
// A plain search for a delimited name means the same on both engines.
const own = "($1 = '' OR replace($1, '\n' || (w.fields->>'department') || '\n', '') <> $1)"

// Staff is who asks.
type Staff struct {
	ID city.ID
	city.Staff
}

// scope lists the departments between line breaks; empty means all of them.
func (s Staff) scope() string {
	if len(s.Departments) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteByte('\n')
	for _, d := range s.Departments {
		b.WriteString(string(d))
		b.WriteByte('\n')
	}
	return b.String()
}

// MayContact tells whether s may see who a resident is, for the department.
func (s Staff) MayContact(d city.Department) bool { return s.May(d, city.RoleReviewer) }

// Staff gives an active member of staff; false when there is none.
func (r *Reader) Staff(ctx context.Context, id city.ID) (Staff, bool, error) {
	s := Staff{ID: id}
	ok, err := r.one(ctx, city.Ref{Kind: city.KindStaff, ID: id}, &s.Staff)
	return s, ok && s.Active, err
}

// Settings gives the city; its zero value when it is not set up yet.
func (r *Reader) Settings(ctx context.Context) (city.Settings, error) {
	var s city.Settings
	_, err := r.one(ctx, city.Ref{Kind: city.KindCity, ID: city.CityID}, &s)
	return s, err
}

// Service is a service and its id.
type Service struct {
	ID city.ID
	city.Service
}

// Services gives every service, also those that are no longer offered, by name.
func (r *Reader) Services(ctx context.Context) ([]Service, error) {
	var out []Service
	err := r.all(ctx, city.KindService, func(id city.ID, fields []byte) error {
		s := Service{ID: id}
		out = append(out, s)
		return json.Unmarshal(fields, &out[len(out)-1].Service)
	})
	sortBy(out, func(s Service) string { return s.Name.In("en") })
	return out, err
}

// Crew is a crew and its id.
type Crew struct {
	ID city.ID
	city.Crew
}

// Crews gives every crew by name.
func (r *Reader) Crews(ctx context.Context) ([]Crew, error) {
	var out []Crew
	err := r.all(ctx, city.KindCrew, func(id city.ID, fields []byte) error {
		out = append(out, Crew{ID: id})
		return json.Unmarshal(fields, &out[len(out)-1].Crew)
	})
	sortBy(out, func(c Crew) string { return c.Name })
	return out, err
}

const oneSQL = `SELECT fields FROM record WHERE kind = $1 AND id = $2`

func (r *Reader) one(ctx context.Context, ref city.Ref, v any) (bool, error) {
	var fields []byte
	err := r.db.QueryRowContext(ctx, oneSQL, ref.Kind, ref.ID).Scan(&fields)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", ref, err)
	}
	return true, json.Unmarshal(fields, v)
}

const allSQL = `SELECT id, fields FROM record WHERE kind = $1`

func (r *Reader) all(ctx context.Context, kind city.Kind, each func(city.ID, []byte) error) error {
	return r.each(ctx, func(rows *sql.Rows) error {
		var id city.ID
		var fields []byte
		if err := rows.Scan(&id, &fields); err != nil {
			return err
		}
		return each(id, fields)
	}, allSQL, kind)
}

// each runs one of this package's statements and hands on its rows.
func (r *Reader) each(ctx context.Context, row func(*sql.Rows) error, text string, args ...any) error {
	rows, err := r.db.QueryContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return fmt.Errorf("read a row: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	return nil
}
