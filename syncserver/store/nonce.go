package store

import (
	"context"
	"fmt"
	"time"

	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// nonceLife is longer than a copy of a signed request could pass for a new one.
const nonceLife = 2*protocol.ClockSkew + time.Minute

// prepareNonces makes the table by which several servers know a request that one of
// them has taken. It is not part of the schema: nothing of it is worth a backup or
// a disk's time, and PostgreSQL may empty it after a crash of its own, as a server
// that was started again has forgotten what it took.
func (s *Store) prepareNonces(ctx context.Context, w *writeTx) error {
	if s.others == nil {
		return nil
	}
	if _, err := w.tx.ExecContext(ctx, `CREATE UNLOGGED TABLE IF NOT EXISTS nonce (id BYTEA PRIMARY KEY, used TEXT NOT NULL)`); err != nil {
		return fmt.Errorf("make the table of nonces: %w", err)
	}
	return nil
}

// UseOnce notes a verified request and returns keys.ErrReplayed if a server on this
// database has taken it before. Of a server that is alone its memory knows.
func (s *Store) UseOnce(ctx context.Context, v keys.Verified) error {
	if s.others == nil {
		return nil
	}
	id := v.Once()
	res, err := s.db.ExecContext(ctx, `INSERT INTO nonce (id, used) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id[:], stamp(s.now()))
	if err != nil {
		return fmt.Errorf("note a request: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return keys.ErrReplayed
}

// sweepNonces forgets requests whose copies are too old to pass.
func (s *Store) sweepNonces(ctx context.Context) error {
	if s.others == nil {
		return nil
	}
	if _, err := s.db.ExecContext(ctx, `DELETE FROM nonce WHERE used < $1`, stamp(s.now().Add(-nonceLife))); err != nil {
		return fmt.Errorf("forget old requests: %w", err)
	}
	return nil
}
