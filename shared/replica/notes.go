package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"cityhall/shared/city"
)

// Setting reads a local setting, "" when it was never set. A damaged one is a
// *city.Error with CodeDamaged: nobody may take a lost PIN for "no PIN".
func (r *Replica) Setting(ctx context.Context, key string) (string, error) {
	var value string
	var hash []byte
	err := r.out.QueryRowContext(ctx, `SELECT value, hash FROM setting WHERE name = $1`, key).Scan(&value, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read setting %s: %w", key, err)
	}
	if string(hash) != string(rowHash([]byte(key), []byte(value))) {
		return "", city.Fail(city.CodeDamaged, key, "the setting does not match its hash")
	}
	return value, nil
}

// SetSetting stores a local setting; it is durable on return.
func (r *Replica) SetSetting(ctx context.Context, key, value string) error {
	_, err := r.out.ExecContext(ctx, `INSERT INTO setting (name, value, hash) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, hash = excluded.hash`, key, value, rowHash([]byte(key), []byte(value)))
	if err != nil {
		return fmt.Errorf("write setting %s: %w", key, explain(err))
	}
	return nil
}

// SaveDraft stores unfinished work under a key, as it is: on a kiosk the caller
// encrypts it. It is durable on return. A device that is not enrolled, or is being
// wiped, takes none: a *city.Error with CodeNotNow.
func (r *Replica) SaveDraft(ctx context.Context, key string, data []byte) error {
	if r.wiping.Load() || r.who() == nil { // or a draft would outlive the wipe
		return city.Fail(city.CodeNotNow, "", "this device is nobody's")
	}
	err := r.lastWords(func() error {
		_, err := r.out.ExecContext(ctx, `INSERT INTO draft (name, value, hash) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value, hash = excluded.hash`, key, blob(data), rowHash([]byte(key), blob(data)))
		return err
	})
	if err != nil {
		return fmt.Errorf("save draft %s: %w", key, explain(err))
	}
	return nil
}

// Draft reads unfinished work; false when there is none. A damaged one is a
// *city.Error with CodeDamaged.
func (r *Replica) Draft(ctx context.Context, key string) ([]byte, bool, error) {
	var value, hash []byte
	err := r.out.QueryRowContext(ctx, `SELECT value, hash FROM draft WHERE name = $1`, key).Scan(&value, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read draft %s: %w", key, err)
	}
	if string(hash) != string(rowHash([]byte(key), blob(value))) {
		return nil, false, city.Fail(city.CodeDamaged, key, "the draft does not match its hash")
	}
	return value, true, nil
}

// DeleteDraft forgets unfinished work. Its bytes are overwritten on the disk.
func (r *Replica) DeleteDraft(ctx context.Context, key string) error {
	if _, err := r.out.ExecContext(ctx, `DELETE FROM draft WHERE name = $1`, key); err != nil {
		return fmt.Errorf("delete draft %s: %w", key, explain(err))
	}
	return nil
}
