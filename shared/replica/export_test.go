package replica

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// Join makes the device a member of a city without a network, and gives the key
// that opens what it seals.
func Join(ctx context.Context, r *Replica, kind city.DeviceKind, grants ...city.Scope) (keys.SealingKey, error) {
	sealing, err := keys.NewSealingKey(nil)
	if err != nil {
		return sealing, err
	}
	own, err := keys.NewIdentity(nil)
	if err != nil {
		return sealing, err
	}
	server, err := keys.NewIdentity(nil)
	if err != nil {
		return sealing, err
	}
	if err := r.renewLease(ctx, 0); err != nil {
		return sealing, err
	}
	return sealing, r.become(ctx, &identity{device: "device-1", kind: kind, name: "Test", server: "https://city.example", serverKey: server.Public(),
		sealing: sealing.Public(), grants: grants, grantRev: 1, epoch: "one", key: own})
}

// Feed gives the device a page of a pull, and copies the echoes after it.
func Feed(ctx context.Context, r *Replica, safe int64, frames ...protocol.Frame) error {
	end := protocol.End{Cursor: fmt.Sprintf("cursor-%d", len(frames)), Safe: safe, Count: len(frames)}
	if err := r.keepPage(ctx, r.cache.target(), page{frames: frames, end: end}); err != nil {
		return err
	}
	return r.settle(ctx)
}

// FeedOnly is Feed without the copy: as if the device died in between.
func FeedOnly(ctx context.Context, r *Replica, frames ...protocol.Frame) error {
	return r.keepPage(ctx, r.cache.target(), page{frames: frames, end: protocol.End{Cursor: "c", Count: len(frames)}})
}

// Doubtful tells whether the next round rebuilds the cache.
func Doubtful(r *Replica) bool { return r.cache.doubt.Load() }

// LimitOutbox lets the outbox grow by no more than some pages, as a full disk
// would; 0 lifts the limit.
func LimitOutbox(ctx context.Context, r *Replica, spare int) error {
	r.out.SetMaxOpenConns(1)
	var pages, limit int
	if err := r.out.QueryRowContext(ctx, `PRAGMA page_count`).Scan(&pages); err != nil {
		return err
	}
	if limit = pages + spare; spare == 0 {
		limit = 1 << 30
	}
	_, err := r.out.ExecContext(ctx, fmt.Sprintf(`PRAGMA max_page_count = %d`, limit))
	return err
}

// OutboxLines gives the push that the outbox would make, to check its hashes.
func OutboxLines(ctx context.Context, r *Replica) (protocol.PushHeader, [][]byte, error) {
	own, err := r.ownStream(ctx)
	if err != nil {
		return protocol.PushHeader{}, nil, err
	}
	at := standing{stream: own.stream}
	todo, err := r.queue(ctx, &at, protocol.MaxBatch, false)
	var out [][]byte
	for i := range todo {
		out = append(out, appendLine(nil, &todo[i]))
	}
	return protocol.PushHeader{Stream: at.stream, From: 1}, out, err
}

// DecodePage is for the tests of cut and damaged pages.
func DecodePage(body []byte) error {
	_, err := decodePage(body)
	return err
}

// MakeBallast does what Run does for the ballast at its start and every few minutes.
func MakeBallast(r *Replica) error { return r.makeBallast() }

// KeepPage keeps what a server has answered, if it is a whole page.
func KeepPage(ctx context.Context, r *Replica, body []byte) error {
	p, err := decodePage(body)
	if err != nil {
		return nil
	}
	return r.keepPage(ctx, r.cache.target(), p)
}

// Exec changes a row behind the program's back.
func Exec(ctx context.Context, r *Replica, file, statement string, args ...any) error {
	db := r.out
	if file == "cache" {
		db = r.cache.live.db
	}
	_, err := db.ExecContext(ctx, statement, args...)
	return err
}

// Plant writes a record into the shown cache as if it had come from the city.
func Plant(ctx context.Context, r *Replica, rec city.Record, seq int64) error {
	return writeRecord(ctx, r.cache.live.db, stored{Record: rec, seq: seq})
}

// Repaired tells how many records were ever put right.
func Repaired(r *Replica) int64 { return r.checkup.repaired.Load() }

// Unclean tells whether the last run of the program was cut off.
func Unclean(r *Replica) bool { return r.checkup.unclean }

// Tables lists the outbox's tables, and Emptied those that a wipe empties before
// the identity goes.
func Tables(ctx context.Context, r *Replica) ([]string, error) {
	rows, err := r.out.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		out = append(out, "")
		if err := rows.Scan(&out[len(out)-1]); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}

func Emptied() map[string]bool {
	out := map[string]bool{}
	for _, statement := range emptyOutbox {
		out[strings.Fields(statement)[2]] = true
	}
	return out
}

// RoundPlans tells how the outbox answers each query that every round asks.
func RoundPlans(ctx context.Context, r *Replica) (map[string]string, error) {
	out := map[string]string{}
	for _, query := range []string{selectWaiting, selectToCheck, selectPlaced, selectAt, countSent, selectUnsent, countUnsent} {
		rows, err := r.out.QueryContext(ctx, `EXPLAIN QUERY PLAN `+query, make([]any, strings.Count(query, "$"))...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			out[query] += step + "\n"
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ChildrenPlan tells how the cache finds the records of a request.
func ChildrenPlan(ctx context.Context, r *Replica) (plan string, err error) {
	var unused int
	err = r.cache.read(ctx, func(f *cacheFile) error {
		return f.db.QueryRowContext(ctx, `EXPLAIN QUERY PLAN `+selectChildren, "", "").Scan(&unused, &unused, &unused, &plan)
	})
	return plan, err
}

// RowHash is the hash over a row's columns.
func RowHash(columns ...any) []byte { return rowHash(columns...) }
