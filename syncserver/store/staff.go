package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
)

const (
	maxFailures  = 10
	lockFor      = 15 * time.Minute
	sessionLasts = 12 * time.Hour
)

// errSignIn is the same whatever is wrong: it never tells who exists.
var errSignIn = city.Fail(city.CodeSignIn, "password", "name or password is wrong, or too many tries: wait a quarter of an hour")

// SetLogin lets a member of staff sign in with a name and a password.
func (s *Store) SetLogin(ctx context.Context, name string, staff city.ID, password string) error {
	hash, err := keys.HashPassword(password, nil)
	if err != nil {
		return err
	}
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		l := ledgerLogin{Name: loginName(name), Staff: staff, Password: hash}
		// The ledger first, so that no older database brings an older password back.
		if err := s.ledger.append(ledgerLine{At: s.now().UTC(), Kind: lineLogin, Login: &l}); err != nil {
			return err
		}
		return w.setLogin(ctx, l)
	})
}

func loginName(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// SignIn checks name and password and gives a session's token. The hashing
// happens outside any transaction and takes the same time for a name that does
// not exist.
func (s *Store) SignIn(ctx context.Context, name, password string) (token string, staff city.ID, err error) {
	var hash, locked string
	var failures int
	err = s.db.QueryRowContext(ctx, `SELECT staff, password, failures, locked FROM login WHERE name = $1`, loginName(name)).
		Scan(&staff, &hash, &failures, &locked)
	if errors.Is(err, sql.ErrNoRows) {
		keys.SpendPassword(password)
		return "", "", errSignIn
	}
	if err != nil {
		return "", "", fmt.Errorf("read the login: %w", err)
	}
	ok, err := keys.VerifyPassword(hash, password)
	if err != nil {
		return "", "", err
	}
	if s.now().Before(parseStamp(locked)) {
		return "", "", errSignIn
	}
	if !ok {
		return "", "", errors.Join(s.failed(ctx, loginName(name)), errSignIn)
	}
	token = rand.Text() + rand.Text()
	err = s.do(ctx, func(ctx context.Context, w *writeTx) error {
		if _, err := w.tx.ExecContext(ctx, `UPDATE login SET failures = 0, locked = '' WHERE name = $1`, loginName(name)); err != nil {
			return err
		}
		if err := seal(ctx, w.tx, "login", loginName(name)); err != nil {
			return err
		}
		if _, err := w.tx.ExecContext(ctx, `DELETE FROM session WHERE expires < $1`, stamp(s.now())); err != nil {
			return err
		}
		_, err := w.tx.ExecContext(ctx, `INSERT INTO session (token, staff, expires) VALUES ($1, $2, $3)`, hashToken(token), staff, stamp(s.now().Add(sessionLasts)))
		if err != nil {
			return err
		}
		return seal(ctx, w.tx, "session", hashToken(token))
	})
	return token, staff, err
}

// failed counts a wrong password; enough of them lock the login for a while.
func (s *Store) failed(ctx context.Context, name string) error {
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		var n int
		if err := w.tx.QueryRowContext(ctx, `UPDATE login SET failures = failures + 1 WHERE name = $1 RETURNING failures`, name).Scan(&n); err != nil {
			return err
		}
		if n >= maxFailures {
			_, err := w.tx.ExecContext(ctx, `UPDATE login SET failures = 0, locked = $1 WHERE name = $2`, stamp(s.now().Add(lockFor)), name)
			if err != nil {
				return err
			}
		}
		return seal(ctx, w.tx, "login", name)
	})
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Session tells whose session a token is; false when it has ended.
func (s *Store) Session(ctx context.Context, token string) (city.ID, bool, error) {
	var staff city.ID
	var expires string
	err := s.db.QueryRowContext(ctx, `SELECT staff, expires FROM session WHERE token = $1`, hashToken(token)).Scan(&staff, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read the session: %w", err)
	}
	return staff, s.now().Before(parseStamp(expires)), nil
}

// SignOut ends a session.
func (s *Store) SignOut(ctx context.Context, token string) error {
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		_, err := w.tx.ExecContext(ctx, `DELETE FROM session WHERE token = $1`, hashToken(token))
		return err
	})
}
