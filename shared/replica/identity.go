package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cityhall/shared/city"
	"cityhall/shared/keys"
)

// identity is who the device is, with its keys.
type identity struct {
	device    city.DeviceID
	kind      city.DeviceKind
	name      string
	server    string
	serverKey keys.PublicKey
	sealing   keys.SealingPublic
	grants    []city.Scope
	grantRev  int64
	epoch     string
	key       keys.Identity
}

func (i *identity) public() Identity {
	return Identity{Device: i.device, Kind: i.kind, Name: i.name, Grants: slices.Clone(i.grants), Server: i.server}
}

func (i *identity) hash() []byte {
	return rowHash([]byte(i.device), []byte(i.kind), []byte(i.name), []byte(i.server), i.serverKey[:], []byte(i.sealing.String()),
		[]byte(words(i.grants)), i.grantRev, []byte(i.epoch), i.key.Seed())
}

func words(scopes []city.Scope) string {
	out := make([]string, len(scopes))
	for i, s := range scopes {
		out[i] = string(s)
	}
	return strings.Join(out, " ")
}

func scopes(words string) []city.Scope {
	var out []city.Scope
	for _, w := range strings.Fields(words) {
		out = append(out, city.Scope(w))
	}
	return out
}

// readIdentity gives nil when the device was never enrolled, or when what is
// stored is damaged: then it has to be enrolled again, and its acts wait.
func readIdentity(ctx context.Context, q querier) (*identity, error) {
	var i identity
	var serverKey, sealing, grants string
	var seed, hash []byte
	err := q.QueryRowContext(ctx, `SELECT device, kind, name, server, server_key, sealing_key, grants, grant_rev, epoch, seed, hash
		FROM identity WHERE one = 1`).
		Scan(&i.device, &i.kind, &i.name, &i.server, &serverKey, &sealing, &grants, &i.grantRev, &i.epoch, &seed, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the identity: %w", err)
	}
	i.grants = scopes(grants)
	var errs [3]error
	i.serverKey, errs[0] = keys.ParsePublicKey(serverKey)
	i.sealing, errs[1] = keys.ParseSealingPublic(sealing)
	i.key, errs[2] = keys.ParseIdentity(seed)
	if errors.Join(errs[:]...) != nil || string(i.hash()) != string(hash) {
		return nil, nil
	}
	return &i, nil
}

func writeIdentity(ctx context.Context, q querier, i *identity) error {
	_, err := q.ExecContext(ctx, `INSERT INTO identity (one, device, kind, name, server, server_key, sealing_key, grants, grant_rev, epoch, seed, hash)
		VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (one) DO UPDATE SET device = excluded.device, kind = excluded.kind, name = excluded.name, server = excluded.server,
		server_key = excluded.server_key, sealing_key = excluded.sealing_key, grants = excluded.grants, grant_rev = excluded.grant_rev,
		epoch = excluded.epoch, seed = excluded.seed, hash = excluded.hash`,
		i.device, i.kind, i.name, i.server, i.serverKey.String(), i.sealing.String(), words(i.grants), i.grantRev, i.epoch, i.key.Seed(), i.hash())
	if err != nil {
		return fmt.Errorf("write the identity: %w", err)
	}
	return nil
}

// become stores the identity and goes by it from now on.
func (r *Replica) become(ctx context.Context, i *identity) error {
	if err := writeIdentity(ctx, r.out, i); err != nil {
		return explain(err)
	}
	r.mu.Lock()
	r.ident = i
	r.mu.Unlock()
	r.changed()
	return nil
}
