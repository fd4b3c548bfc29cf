package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/sqlite"
)

// Health is how a city's database and ledger stand, as an operator wants to know.
type Health struct {
	Schema, Program int // version of the database, and the one that this program makes
	Damage          error
	Moved           string // where in PostgreSQL the city lives now, or empty; the rest is not looked at then
	Head            Head
	Newest          time.Time // receipt of the newest act; zero if there is none
	Rewound         string    // why the database cannot be the one that the ledger knows
	LedgerLines     int64
	Backup          time.Time // newest backup that the ledger knows; zero if there is none
	BackupSeq       int64
	// Photos whose bytes are not here hold the safe mark back.
	WaitingPhotos int
	OldestWaiting city.ID // of the first of them
}

// Examine looks at a database without changing anything, also while a server runs
// on it.
func Examine(ctx context.Context, db, ledgerPath string) (Health, error) {
	var h Health
	conn, err := openToRead(ctx, db)
	if err != nil {
		return h, err
	}
	defer conn.Close()
	ledger, err := openLedger(ledgerPath)
	if err != nil {
		return h, err
	}
	h.LedgerLines, h.Backup, h.BackupSeq = ledger.n, ledger.backup.At, ledger.backup.Seq
	if IsPostgres(db) {
		if err := cityIn(ctx, conn); err != nil {
			return h, err
		}
		h.Damage = notRestoring(ctx, conn)
	} else {
		h.Damage = sqlite.Check(ctx, conn, sqlite.Quick)
	}
	if h.Damage != nil {
		return h, nil // what a damaged file says is not worth reading
	}
	if m, err := readMark(ctx, conn); err != nil || m.name == markMoved {
		h.Moved = m.about
		return h, err
	}
	if h.Schema, h.Program, err = schemaVersions(ctx, conn); err != nil {
		return h, err
	}
	return h, sqlite.InReadTx(ctx, conn, func(tx *sql.Tx) error { return h.read(ctx, tx, ledger) })
}

func openToRead(ctx context.Context, db string) (*sql.DB, error) {
	if IsPostgres(db) {
		return open(ctx, db)
	}
	return sqlite.Open(ctx, db, sqlite.Options{ReadOnly: true, MaxConns: 2})
}

func (h *Health) read(ctx context.Context, q querier, l *ledger) error {
	var err error
	if h.Head, err = readHead(ctx, q); err != nil {
		return err
	}
	if h.Rewound, err = rewound(ctx, q, h.Head, l.mark); err != nil {
		return err
	}
	var received string
	err = q.QueryRowContext(ctx, `SELECT received FROM mutation ORDER BY seq DESC LIMIT 1`).Scan(&received)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read the archive: %w", err)
	}
	h.Newest = parseStamp(received)
	// Ids begin with the time at which they were made, so the first is the oldest.
	err = q.QueryRowContext(ctx, `SELECT count(*), coalesce(min(r.id), '') FROM record AS r
		WHERE r.kind = $1 AND r.fields->>'blob' IS NOT NULL AND (r.fields->>'lost_at') IS NULL AND NOT EXISTS (SELECT 1 FROM blob AS b WHERE b.sha256 = r.fields->>'blob' AND b.complete = 1)`, city.KindPhoto).
		Scan(&h.WaitingPhotos, &h.OldestWaiting)
	if err != nil {
		return fmt.Errorf("count the photos: %w", err)
	}
	return nil
}
