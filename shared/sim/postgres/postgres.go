package postgres

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	shared = sync.OnceValues(startCluster)
	used   atomic.Bool
	sure   atomic.Bool
	count  atomic.Int64
)

// New makes an empty database for one test and is its address, as pgx and
// database/sql's pgx driver read it. The server starts with the first call and
// goes on for later ones. Without PostgreSQL's programs the test fails where CI
// is true and is skipped elsewhere; under -short it is skipped.
func New(t testing.TB) (dsn string) {
	t.Helper()
	return NewDatabase(t).DSN()
}

// Database is one test's database. It can be copied and put back while nobody is
// connected to it.
type Database struct {
	c    *cluster
	name string
}

// DSN is its address.
func (d *Database) DSN() string { return d.c.dsn(d.name) }

// Crash ends the server of all databases without a checkpoint and starts it again
// after away. Nothing else may use it meanwhile but what is to bear it.
func (d *Database) Crash(away time.Duration) error { return d.c.crash(away) }

// Copy keeps the database as it is now under a name.
func (d *Database) Copy(name string) error {
	return d.c.run("postgres", fmt.Sprintf("CREATE DATABASE %s_%s TEMPLATE %s", d.name, name, d.name))
}

// Restore puts a copy in the database's place.
func (d *Database) Restore(name string) error {
	if err := d.c.run("postgres", "DROP DATABASE "+d.name+" WITH (FORCE)"); err != nil {
		return err
	}
	return d.c.run("postgres", fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s_%s", d.name, d.name, name))
}

// MoveTo brings the database's tables into a folder, as a tablespace does. Nobody may
// be connected to it.
func (d *Database) MoveTo(dir string) error {
	if d.c.account != nil {
		if err := os.Chown(dir, int(d.c.account.Uid), int(d.c.account.Gid)); err != nil {
			return err
		}
	}
	if err := d.c.run("postgres", fmt.Sprintf("CREATE TABLESPACE %s_elsewhere LOCATION '%s'", d.name, dir)); err != nil {
		return err
	}
	return d.c.run("postgres", fmt.Sprintf("ALTER DATABASE %s SET TABLESPACE %s_elsewhere", d.name, d.name))
}

// MoveBack undoes MoveTo.
func (d *Database) MoveBack() error {
	if err := d.c.run("postgres", fmt.Sprintf("ALTER DATABASE %s SET TABLESPACE pg_default", d.name)); err != nil {
		return err
	}
	return d.c.run("postgres", fmt.Sprintf("DROP TABLESPACE %s_elsewhere", d.name))
}

// Forget drops a copy.
func (d *Database) Forget(name string) error {
	return d.c.run("postgres", fmt.Sprintf("DROP DATABASE %s_%s WITH (FORCE)", d.name, name))
}

// Durable makes the server write as PostgreSQL does on its own, for measuring what
// that costs. It has to be called before the first New.
func Durable() { sure.Store(true) }

// NewDatabase is New for a test that copies its database.
func NewDatabase(t testing.TB) *Database {
	t.Helper()
	if testing.Short() {
		t.Skip("a database server is not part of the short tests")
	}
	used.Store(true)
	c, err := shared()
	if errors.Is(err, errAbsent) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("PostgreSQL: %v", err)
	}
	database := fmt.Sprintf("test_%d", count.Add(1))
	if err := c.run("postgres", "CREATE DATABASE "+database+" TEMPLATE template0"); err != nil {
		t.Fatalf("make a database: %v", err)
	}
	t.Cleanup(func() {
		if err := c.run("postgres", "DROP DATABASE "+database+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the database: %v", err)
		}
	})
	return &Database{c: c, name: database}
}

// Main runs a package's tests and then stops the server, if one was started.
// A package that calls New has this line:
//
//	func TestMain(m *testing.M) { postgres.Main(m) }
func Main(m *testing.M) {
	code := m.Run()
	if used.Load() {
		if c, err := shared(); err == nil {
			if err := c.stop(); err != nil {
				fmt.Fprintf(os.Stderr, "stop PostgreSQL: %v\n", err)
				code = 1
			}
		}
	}
	os.Exit(code)
}
