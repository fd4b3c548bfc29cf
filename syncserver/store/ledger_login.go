package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"cityhall/shared/city"
)

// ledgerLogin is what a ledger keeps of a login, so that a password which was
// changed stays changed when an older database comes back.
type ledgerLogin struct {
	Name     string  `json:"name"`
	Staff    city.ID `json:"staff"`
	Password string  `json:"password"` // argon2id, PHC form
}

// noteLogin keeps the newest line of a name.
func (l *ledger) noteLogin(line ledgerLine) {
	l.kept = append(slices.DeleteFunc(l.kept, func(k ledgerLine) bool {
		return k.Kind == lineLogin && k.Login.Name == line.Login.Name
	}), line)
}

// loginAgain puts back the names and passwords that an older database does not
// know. Who they belong to is a record, and as old as the database.
func (w *writeTx) loginAgain(ctx context.Context) error {
	for _, line := range w.s.ledger.ofKind(lineLogin) {
		var have ledgerLogin
		err := w.tx.QueryRowContext(ctx, `SELECT name, staff, password FROM login WHERE name = $1`, line.Login.Name).Scan(&have.Name, &have.Staff, &have.Password)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read the login: %w", err)
		}
		if have == *line.Login {
			continue
		}
		if err := w.setLogin(ctx, *line.Login); err != nil {
			return err
		}
	}
	return nil
}

func (w *writeTx) setLogin(ctx context.Context, l ledgerLogin) error {
	_, err := w.tx.ExecContext(ctx, `INSERT INTO login (name, staff, password, failures, locked) VALUES ($1, $2, $3, 0, '')
		ON CONFLICT (name) DO UPDATE SET staff = excluded.staff, password = excluded.password, failures = 0, locked = ''`, l.Name, l.Staff, l.Password)
	if err != nil {
		return fmt.Errorf("keep the login: %w", err)
	}
	return seal(ctx, w.tx, "login", l.Name)
}
