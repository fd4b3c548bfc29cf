package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
)

// InTx runs do in one write transaction and commits if it returns nil. On an
// error or a panic everything is rolled back. Only a nil result means that the
// work is on the disk.
func InTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	return inTx(ctx, db, nil, do)
}

// InReadTx runs do on one unchanging snapshot, without the write lock. A write
// in it fails.
func InReadTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	return inTx(ctx, db, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, do)
}

func inTx(ctx context.Context, db *sql.DB, o *sql.TxOptions, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, o)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // without effect after Commit
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// checkpointMillis is how long a checkpoint waits for readers. Nobody can write
// meanwhile, so it is short.
const checkpointMillis = "200"

// Checkpoint moves the whole write-ahead log into the database file and
// truncates it, so that no deleted content lingers there. A reader on an old
// snapshot prevents it; IsBusy tells.
func Checkpoint(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout = "+checkpointMillis); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	defer func() {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA busy_timeout = "+busyTimeoutMillis); err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // nobody gets it with the short wait
		}
	}()
	var busy, frames, moved int
	if err := conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if busy != 0 {
		return fmt.Errorf("checkpoint: %w", errCheckpointBusy)
	}
	return nil
}
