package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Backup writes a consistent copy of db to toPath, while others read and write.
// The copy is one read snapshot, compacted, so it holds no deleted content. It
// is written beside its place, reopened and checked, synced, and only then
// renamed: toPath either stays as it was or is a whole, readable copy.
func Backup(ctx context.Context, db *sql.DB, toPath string) error {
	part := toPath + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("back up to %s: %w", toPath, err)
	}
	if err := backup(ctx, db, part); err != nil {
		os.Remove(part)
		return fmt.Errorf("back up to %s: %w", toPath, err)
	}
	if err := Replace(part, toPath); err != nil {
		os.Remove(part)
		return fmt.Errorf("back up to %s: %w", toPath, err)
	}
	return nil
}

func backup(ctx context.Context, db *sql.DB, part string) error {
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	f.Close() // VACUUM INTO accepts an empty file, which gives the copy its mode
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, part); err != nil {
		return explain(err, part)
	}
	if err := syncFile(part); err != nil {
		return err
	}
	copied, err := Open(ctx, part, Options{ReadOnly: true, MaxConns: 1})
	if err != nil {
		return err
	}
	defer copied.Close()
	return Check(ctx, copied, Full)
}

// Replace puts the finished, closed database newPath in the place of path, which
// nobody may have open. What the old file left in its log is removed first: SQLite
// would replay it into the new one. The swap is on the disk on return.
func Replace(newPath, path string) error {
	if err := syncFile(newPath); err != nil {
		return err
	}
	if info, err := os.Stat(newPath + "-wal"); err == nil && info.Size() > 0 {
		return fmt.Errorf("replace %s: %s is still open or was not closed cleanly", path, newPath)
	}
	if err := removeAll(path+"-wal", path+"-shm", newPath+"-wal", newPath+"-shm"); err != nil {
		return err
	}
	if err := os.Rename(newPath, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// Remove deletes the closed database at path together with its log; it is no
// error if there is none.
func Remove(path string) error {
	if err := removeAll(path, path+"-wal", path+"-shm"); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func removeAll(paths ...string) error {
	for _, p := range paths {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return f.Close()
}

// syncFolder makes creations and renames in a folder survive a power cut.
// Windows cannot sync a folder and journals renames by itself.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
