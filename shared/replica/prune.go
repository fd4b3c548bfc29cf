package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"cityhall/shared/sqlite"
)

// What of the acts that are safe is kept for people to look at.
const (
	keepSafeFor   = 90 * 24 * time.Hour // by the server's clock
	keepSafeCount = 5000
	pruneEvery    = time.Hour
	pruneBatch    = 200
)

// selectOld reads acts that are safe by their place ($1) behind pos $2 that were
// made before $3 or have $4 newer ones after them.
const selectOld = `SELECT ` + entryColumns + ` FROM entry WHERE state = 'received' AND damaged = 0 AND seq <= $1 AND pos > $2 AND (at < $3 OR
	pos <= (SELECT pos FROM entry WHERE state = 'received' AND seq <= $1 ORDER BY pos DESC LIMIT 1 OFFSET $4)) ORDER BY pos LIMIT $5`

// prune forgets acts past the retention, with their photos, so that a device does
// not fill up in years. Only what is safe goes: echoed, in a verified backup,
// photos included, and with nothing left to decide. It runs at the end of a
// round, when the server has told its time and every act was compared with its
// echo.
func (r *Replica) prune(ctx context.Context) error {
	now := r.serverTime()
	if since := now.Sub(r.pruned); !r.pruned.IsZero() && since >= 0 && since < pruneEvery {
		return nil
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	settled := false
	if err := r.cache.read(ctx, func(f *cacheFile) error { settled = f.at.Load().settled; return nil }); err != nil || !settled {
		return err
	}
	forgot := 0
	for last := int64(0); ; {
		old, err := r.load(ctx, r.out, selectOld, r.safeSeq(), last, now.Add(-r.cfg.KeepSafe).UnixMilli(), keepSafeCount, pruneBatch)
		if err != nil {
			return err
		}
		if len(old) == 0 {
			break
		}
		last = old[len(old)-1].pos
		n, err := r.forget(ctx, old)
		if err != nil {
			return explain(err)
		}
		forgot += n
	}
	r.pruned = now
	if forgot > 0 {
		r.cfg.Log.Info("safe acts forgotten", "acts", forgot)
		r.changed()
	}
	return nil
}

// forget deletes those of the acts that are safe, then the photos that no other
// act names. A power cut in between leaves a file too many and never one too few.
func (r *Replica) forget(ctx context.Context, old []entry) (int, error) {
	var safe []entry
	for i := range old {
		it, err := r.item(ctx, &old[i])
		if err != nil {
			return 0, err
		}
		if it.State == StateSafe {
			safe = append(safe, old[i])
		}
	}
	var photos []string
	err := sqlite.InTx(ctx, r.out, func(tx *sql.Tx) error {
		for i := range safe {
			if _, err := tx.ExecContext(ctx, `DELETE FROM entry WHERE pos = $1`, safe[i].pos); err != nil {
				return fmt.Errorf("forget an act: %w", err)
			}
		}
		for i := range safe {
			for _, sha := range safe[i].blobs {
				gone, err := forgetBlob(ctx, tx, sha)
				if err != nil {
					return err
				}
				if gone {
					photos = append(photos, sha)
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, sha := range photos {
		if err := os.Remove(r.ownPath(sha)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("forget a photo: %w", err)
		}
	}
	return len(safe), nil
}

// forgetBlob deletes a photo's row unless another act names it.
func forgetBlob(ctx context.Context, tx *sql.Tx, sha string) (bool, error) {
	var others int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM entry WHERE instr(blobs, $1) > 0`, sha).Scan(&others); err != nil {
		return false, fmt.Errorf("forget a photo: %w", err)
	}
	if others > 0 {
		return false, nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM blob WHERE sha256 = $1`, sha); err != nil {
		return false, fmt.Errorf("forget a photo: %w", err)
	}
	return true, nil
}
