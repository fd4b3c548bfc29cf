package sqlite

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

var errCheckpointBusy = errors.New("a reader or writer kept the log from being emptied")

// DamageError lists what Check found wrong in a file.
type DamageError struct{ Problems []string }

func (e *DamageError) Error() string {
	return fmt.Sprintf("database damaged: %d problem(s), first: %s", len(e.Problems), strings.TrimSpace(e.Problems[0]))
}

// IsFull reports that there was no room: the disk, a quota or a page limit.
// Nothing of the transaction was kept; it may succeed when room is made.
func IsFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return true
	}
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrFull || e.ExtendedCode == sqlite3.ErrIoErrSHMSize)
}

// IsCorrupt reports that the file's content is damaged or not a database at
// all, as seen by a statement, by Open or by Check.
func IsCorrupt(err error) bool {
	var damage *DamageError
	if errors.As(err, &damage) || errors.Is(err, ErrNotDatabase) {
		return true
	}
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB ||
		e.ExtendedCode == sqlite3.ErrIoErrShortRead)
}

// IsBusy reports that another connection held the lock for longer than the
// busy timeout; the same call may succeed later.
func IsBusy(err error) bool {
	if errors.Is(err, errCheckpointBusy) {
		return true
	}
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

// IsConstraint reports that a unique, check, not-null or foreign-key rule
// refused the statement.
func IsConstraint(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrConstraint
}

// IsDisk reports that the disk failed to do what it was asked for, other than for
// want of room; the same call may succeed later, or never again.
func IsDisk(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrIoErr && !IsFull(err)
}

// explain puts Open's reason in front of what SQLite said.
func explain(err error, path string) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case sqlite3.ErrNotADB:
		return fmt.Errorf("%w: %w", ErrNotDatabase, err)
	case sqlite3.ErrReadonly:
		if f, writes := os.OpenFile(path, os.O_RDWR, 0); writes == nil && int(e.ExtendedCode) == int(e.Code) {
			f.Close() // the header calls it a format of the future
			return fmt.Errorf("%w: %w", ErrNotDatabase, err)
		}
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	case sqlite3.ErrCantOpen, sqlite3.ErrPerm:
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	return err
}
