package sqlite

import (
	"context"

	"github.com/mattn/go-sqlite3"
)

// SplitStatements is tested by itself: a wrong cut would show only much later.
var SplitStatements = splitStatements

// VerifyDriverDefaults opens path with the journal set as the driver's users do,
// and applies the check that Open applies.
func VerifyDriverDefaults(_ context.Context, path, dataSource string, o Options) error {
	driver := &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		for _, s := range settings(o) {
			if s.name == "journal_mode" || s.name == "synchronous" || s.set == "" {
				continue
			}
			if _, err := c.Exec(s.set, nil); err != nil {
				return err
			}
		}
		return verify(c, o)
	}}
	c, err := driver.Open(fileURI(path) + "?" + dataSource)
	if err == nil {
		c.Close()
	}
	return err
}
