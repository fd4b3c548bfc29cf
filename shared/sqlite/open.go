package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// defaultConns is the pool size where Options says nothing: one writer at a
// time (SQLite's rule) and a few readers beside it.
const defaultConns = 4

// Reasons why Open refuses. Errors returned by Open wrap one of them where it
// applies, beside what the system said.
var (
	ErrUnwritable  = errors.New("the folder or file cannot be written")
	ErrMissing     = errors.New("there is no such database file")
	ErrNotDatabase = errors.New("the file is not a SQLite database")
	ErrPragma      = errors.New("the database does not run with the settings it was asked for")
)

// Options say how a file is opened. The zero value is right for most.
type Options struct {
	// ReadOnly opens an existing file that this program never writes.
	ReadOnly bool
	// SecureDelete overwrites deleted content with zeros.
	SecureDelete bool
	// MaxConns bounds the pool; 0 means 4.
	MaxConns int
	// Exclusive keeps the file locked by one connection for as long as it is
	// open. File systems without shared memory can keep a WAL only this way.
	Exclusive bool
	// VFS names a registered SQLite file system; empty means the system's own.
	// With one given, Open neither creates nor inspects files itself.
	VFS string
}

// Open opens the database file at path, creating it (mode 0600) unless
// ReadOnly. The folder must exist. It returns only when one connection has been
// opened, verified and used; close the result with Close.
func Open(ctx context.Context, path string, o Options) (*sql.DB, error) {
	if o.VFS == "" {
		if err := prepareFile(path, o.ReadOnly); err != nil {
			return nil, fmt.Errorf("open database %s: %w", path, err)
		}
	}
	db := sql.OpenDB(newConnector(path, o))
	conns := o.MaxConns
	if conns <= 0 {
		conns = defaultConns
	}
	if o.Exclusive {
		conns = 1
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	if err := probe(ctx, db, o.ReadOnly); err != nil {
		db.Close()
		return nil, fmt.Errorf("open database %s: %w", path, explain(err, path))
	}
	return db, nil
}

// prepareFile makes sure of a file with the right mode before SQLite would
// create one with the process's umask, and finds out early why it cannot.
func prepareFile(path string, readOnly bool) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%w: it is a folder", ErrNotDatabase)
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist) && readOnly:
		return ErrMissing
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// probe opens a connection, reads the schema and takes the write lock once, so
// that a file that cannot be used fails at start and not at the first tap.
func probe(ctx context.Context, db *sql.DB, readOnly bool) error {
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return err
	}
	if readOnly {
		return nil
	}
	err := InTx(ctx, db, func(*sql.Tx) error { return nil })
	if IsBusy(err) {
		return nil // somebody else writes just now, so it is writable
	}
	return err
}

// dataSource is the driver's connection string. The journal mode is set in the
// connection hook instead: with an exclusive lock it must follow the lock mode,
// and the driver would set it before.
func dataSource(path string, o Options) string {
	q := url.Values{}
	q.Set("_timeout", busyTimeoutMillis)
	q.Set("_sync", "FULL")
	q.Set("_fk", "1")
	q.Set("_txlock", "immediate")
	if o.ReadOnly {
		q.Set("mode", "ro")
		q.Set("_query_only", "1")
		q.Set("_txlock", "deferred")
	}
	if o.SecureDelete {
		q.Set("_secure_delete", "on")
	}
	if o.Exclusive {
		q.Set("_locking", "EXCLUSIVE")
	}
	if o.VFS != "" {
		q.Set("vfs", o.VFS)
	}
	return fileURI(path) + "?" + q.Encode()
}

// fileURI writes a path as SQLite's file: URI, so that '?', '#' and '%' in
// folder names stay part of the name.
func fileURI(path string) string {
	slashed := filepath.ToSlash(filepath.Clean(path))
	if filepath.VolumeName(path) != "" && !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	return "file:" + (&url.URL{Path: slashed}).EscapedPath()
}
