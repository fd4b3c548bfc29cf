package sqlite

import (
	"errors"
	"fmt"
	"os"
)

// ErrInUse means a database that another program works with.
var ErrInUse = errors.New("the database is in use by another program")

// Occupy says that a program works with a database; alone, that no other may. It
// lasts until the file is closed. The lock is beside the database, since closing any
// handle of the file itself would drop SQLite's own locks.
func Occupy(db string, alone bool) (*os.File, error) {
	f, err := os.OpenFile(db+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	got := false
	if alone {
		got, err = Lock(f, false)
	} else {
		got, err = Share(f)
	}
	if err == nil && !got {
		err = fmt.Errorf("%w: %s", ErrInUse, db)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
