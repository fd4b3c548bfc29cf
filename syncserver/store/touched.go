package store

import (
	"context"
	"fmt"

	"cityhall/shared/city"
)

// Touched lists the scopes that the log tells something between two places, after
// the first and up to the second, and the own scopes of the devices whose acts
// stand there. It costs as much as there are scopes, however long the log is.
func (s *Store) Touched(ctx context.Context, from, to int64) ([]city.Scope, error) {
	// Every scope is found by one step in the index, and asked for by another.
	shown, err := s.scopes(ctx, `WITH RECURSIVE every(scope) AS (
			SELECT min(scope) FROM change_scope
			UNION ALL SELECT (SELECT min(scope) FROM change_scope WHERE scope > every.scope) FROM every WHERE every.scope IS NOT NULL)
		SELECT scope FROM every WHERE scope IS NOT NULL
			AND EXISTS (SELECT 1 FROM change_scope c WHERE c.scope = every.scope AND c.seq > $1 AND c.seq <= $2)`, from, to)
	if err != nil {
		return nil, fmt.Errorf("read whom changes concern: %w", err)
	}
	authors, err := s.scopes(ctx, `SELECT DISTINCT device FROM mutation WHERE seq > $1 AND seq <= $2`, from, to)
	if err != nil {
		return nil, fmt.Errorf("read whose acts stand: %w", err)
	}
	for _, d := range authors {
		shown = append(shown, city.ScopeDevice(city.DeviceID(d)))
	}
	return shown, nil
}

func (s *Store) scopes(ctx context.Context, query string, args ...any) ([]city.Scope, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []city.Scope
	for rows.Next() {
		var one city.Scope
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// GrantRevs gives the grants' revision of every device. It moves with each change
// of grants, and when a device is revoked.
func (s *Store) GrantRevs(ctx context.Context) (map[city.DeviceID]int64, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, grant_rev FROM device`)
	if err != nil {
		return nil, fmt.Errorf("read the devices' grants: %w", err)
	}
	defer rows.Close()
	out := map[city.DeviceID]int64{}
	for rows.Next() {
		var id city.DeviceID
		var rev int64
		if err := rows.Scan(&id, &rev); err != nil {
			return nil, err
		}
		out[id] = rev
	}
	return out, rows.Err()
}
