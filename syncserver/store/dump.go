package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"sync"

	"cityhall/shared/sqlite"
)

// dumpAndProve dumps the database to a file in one snapshot, restores the dump
// into a database of its own and opens that: what is verified next is the dump and
// not what it was made of. The function drops the proof again.
func (s *Store) dumpAndProve(ctx context.Context, o BackupOptions, path string) (*sql.DB, func() error, error) {
	if err := s.checkTools(ctx); err != nil {
		return nil, nil, err
	}
	head, err := s.dump(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	server := o.Proof
	if server == "" {
		server = s.dsn
	}
	name := s.proofName()
	if err := dropProof(ctx, server, name); err != nil {
		return nil, nil, err
	}
	if err := makeProof(ctx, server, name); err != nil {
		return nil, nil, err
	}
	drop := func() error { return dropProof(context.WithoutCancel(ctx), server, name) }
	db, shut, err := proveDump(ctx, withDatabase(server, name), path, head)
	if err != nil {
		return nil, nil, errors.Join(err, drop())
	}
	return db, sync.OnceValue(func() error { return errors.Join(shut(), drop()) }), nil
}

// dump writes the database as it stands at one head, and gives that.
func (s *Store) dump(ctx context.Context, path string) (Head, error) {
	var head Head
	err := sqlite.InReadTx(ctx, s.db, func(tx *sql.Tx) error {
		// The session waits while pg_dump reads, however long that takes.
		if _, err := tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
			return fmt.Errorf("hold the snapshot: %w", err)
		}
		var err error
		if head, err = readHead(ctx, tx); err != nil {
			return err
		}
		var snapshot string
		if err := tx.QueryRowContext(ctx, `SELECT pg_export_snapshot()`).Scan(&snapshot); err != nil {
			return fmt.Errorf("export the snapshot: %w", err)
		}
		return pgToFile(ctx, s.dsn, path, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--no-unlogged-table-data", "--snapshot="+snapshot)
	})
	return head, err
}

// proveDump restores a dump and opens the database if it ends where the dump was made.
func proveDump(ctx context.Context, dsn, path string, head Head) (*sql.DB, func() error, error) {
	if err := restoreDump(ctx, dsn, path); err != nil {
		return nil, nil, err
	}
	db, shut, err := openCopy(ctx, dsn)
	if err != nil {
		return nil, nil, err
	}
	got, err := readHead(ctx, db)
	if err == nil && (got.Epoch != head.Epoch || got.Seq != head.Seq || string(got.Hash) != string(head.Hash)) {
		err = fmt.Errorf("the dump was made at %d, and what was restored of it ends at %d: it is no backup", head.Seq, got.Seq)
	}
	if err != nil {
		return nil, nil, errors.Join(err, shut())
	}
	return db, shut, nil
}

// restoreDump restores all of a dump or nothing.
func restoreDump(ctx context.Context, dsn, path string) error {
	return pgRun(ctx, dsn, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", path)
}

// openCopy opens a database that is only read.
func openCopy(ctx context.Context, dsn string) (*sql.DB, func() error, error) {
	if !IsPostgres(dsn) {
		return nil, nil, fmt.Errorf("the copy is named by its address, postgres://…, and not by %q", dsn)
	}
	db, err := open(ctx, dsn)
	if err != nil {
		return nil, nil, err
	}
	return db, sync.OnceValue(db.Close), nil
}

// proofName is the name of the database in which this city's dumps are proven: it
// is the same each time, so that what a crash leaves is found and dropped.
func (s *Store) proofName() string {
	id := s.keys.Identity.Public()
	sum := sha256.Sum256(id[:])
	return "cityhall_proof_" + hex.EncodeToString(sum[:8])
}

func makeProof(ctx context.Context, server, name string) error {
	err := pgAdmin(ctx, server, "createdb", "--template=template0", "--encoding=UTF8", "--locale=C", name)
	if err != nil {
		return fmt.Errorf(`make the database in which the dump is proven: %w (the role needs CREATEDB there: "ALTER ROLE name CREATEDB", or name another server with -proof)`, err)
	}
	return nil
}

func dropProof(ctx context.Context, server, name string) error {
	if err := pgAdmin(ctx, server, "dropdb", "--if-exists", "--force", name); err != nil {
		return fmt.Errorf("drop the database in which the dump is proven: %w", err)
	}
	return nil
}

// backupTries is how often a backup asks for its lock, every tenth of a second:
// PostgreSQL lets go of one when the connection ends, but only once it has noticed.
const backupTries = 30

// backupAlone keeps other servers' backups of the same PostgreSQL database out.
func (s *Store) backupAlone(ctx context.Context) (func(), error) {
	if !s.postgres {
		return func() {}, nil
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte("cityhall backup"))
	key := int64(binary.BigEndian.Uint64(sum[:]))
	var got bool
	for range backupTries {
		err = conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&got)
		if got || err != nil {
			break
		}
		if _, err = conn.ExecContext(ctx, `SELECT pg_sleep(0.1)`); err != nil {
			break
		}
	}
	if err == nil && !got {
		err = ErrBackupBusy
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, key); err != nil {
			s.log.Warn("the backup's lock is kept until its connection ends", "err", err)
		}
		conn.Close()
	}, nil
}

var passwordWord = regexp.MustCompile(`(^|\s)password\s*=\s*('(?:[^'\\]|\\.)*'|\S*)`)

// withoutPassword gives an address that may stand on a command line.
func withoutPassword(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return passwordWord.ReplaceAllString(dsn, "$1")
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	q := u.Query()
	q.Del("password")
	u.RawQuery = q.Encode()
	return u.String()
}

// withDatabase gives the address of another database on the same server.
func withDatabase(dsn, name string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return dsn + " dbname=" + name // the last one counts
	}
	q := u.Query()
	q.Del("dbname")
	u.Path, u.RawQuery = "/"+name, q.Encode()
	return u.String()
}
