package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
)

// Enrolment is a one-time code and what it is for.
type Enrolment struct {
	Code    keys.EnrolCode
	Kind    city.DeviceKind
	Name    string
	Grants  []city.Scope
	Expires time.Time
}

// CreateEnrolment makes a one-time code. It is shown once; only its hash is kept.
func (s *Store) CreateEnrolment(ctx context.Context, kind city.DeviceKind, name string, grants []city.Scope, valid time.Duration) (keys.EnrolCode, error) {
	code, err := keys.NewEnrolCode(nil)
	if err != nil {
		return code, err
	}
	return code, s.keepEnrolment(ctx, Enrolment{Code: code, Kind: kind, Name: name, Grants: grants, Expires: s.now().Add(valid)})
}

// IssueEnrolment makes the one-time code of a form, for who filled it in. Only its
// hash is kept, and yet every server can show it again: it is derived from the form,
// the person and the city's key. Issuing again changes nothing.
func (s *Store) IssueEnrolment(ctx context.Context, form, by city.ID, e Enrolment) error {
	var err error
	if e.Code, err = keys.EnrolCodeOf(s.keys.MAC, string(form), string(by)); err != nil {
		return err
	}
	return s.keepEnrolment(ctx, e)
}

func (s *Store) keepEnrolment(ctx context.Context, e Enrolment) error {
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		hash := e.Code.Hash(s.keys.MAC)
		_, err := w.tx.ExecContext(ctx, `INSERT INTO enrolment (code, kind, name, grants, expires, used) VALUES ($1, $2, $3, $4, $5, '') ON CONFLICT DO NOTHING`,
			hash, e.Kind, e.Name, joinScopes(e.Grants), stamp(e.Expires))
		if err != nil {
			return err
		}
		return seal(ctx, w.tx, "enrolment", hash)
	})
}

// IssuedEnrolment gives the code of a form to who filled it in, until it expires;
// ErrCode afterwards, and to anybody else.
func (s *Store) IssuedEnrolment(ctx context.Context, form, by city.ID) (Enrolment, error) {
	var e Enrolment
	var err error
	if e.Code, err = keys.EnrolCodeOf(s.keys.MAC, string(form), string(by)); err != nil {
		return e, err
	}
	var grants, expires string
	err = s.db.QueryRowContext(ctx, `SELECT kind, name, grants, expires FROM enrolment WHERE code = $1`, e.Code.Hash(s.keys.MAC)).
		Scan(&e.Kind, &e.Name, &grants, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return Enrolment{}, ErrCode
	}
	if err != nil {
		return Enrolment{}, fmt.Errorf("read the enrolment: %w", err)
	}
	e.Grants, e.Expires = splitScopes(grants), parseStamp(expires)
	if !s.now().Before(e.Expires) {
		return Enrolment{}, ErrCode
	}
	return e, nil
}
