package postgres_test

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/syncserver"
)

// notTaken does a round that is to fail, after which the operator reads why.
func (w *twins) notTaken(s *syncserver.Server, r *replica.Replica, why string) {
	w.t.Helper()
	id := w.report(r)
	if err := r.Step(w.t.Context()); err == nil {
		w.t.Error("the round has succeeded")
	}
	if got := w.state(r, id); got != replica.StateSaved {
		w.t.Error(sim.Violation{Invariant: "nothing is received that is not on the disk", Detail: string(got)})
	}
	for range 3 { // also when it has looked again
		if code, says := health(s); code != http.StatusServiceUnavailable || !strings.Contains(says, why) {
			w.t.Errorf("the operator reads %d %s", code, says)
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// takenAgain waits until a server is well, and brings what waits.
func (w *twins) takenAgain(s *syncserver.Server, r *replica.Replica) {
	w.t.Helper()
	w.soon("the server finds that all is well", func() bool { code, _ := health(s); return code == http.StatusOK })
	w.soon("every act arrives", func() bool { return r.Step(w.t.Context()) == nil && len(w.waiting(r)) == 0 })
	if err := sim.CheckLog(w.t.Context(), s.Store()); err != nil {
		w.t.Error(err)
	}
}

// The database is gone for a while, as when PostgreSQL restarts or a machine fails.
func TestPostgresIsDown(t *testing.T) {
	w := newTwins(t)
	a := w.opened()
	w.settle(a)
	r, _ := w.join(a)
	before, err := a.Store().Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	back := make(chan error, 1)
	go func() { back <- w.db.Crash(3 * time.Second) }()
	w.soon("the server sees that the database is gone", func() bool { code, _ := health(a); return code != http.StatusOK })
	w.notTaken(a, r, "does not answer")
	if err := <-back; err != nil {
		t.Fatal(err)
	}
	w.takenAgain(a, r)
	if now, err := a.Store().Head(t.Context()); err != nil || now.Epoch != before.Epoch {
		t.Errorf("a crash of the database has begun a new epoch, %v", err)
	}
}

// What answers in the database's place is a standby, as in the middle of a failover.
func TestStandbyTakesNothing(t *testing.T) {
	w := newTwins(t)
	a := w.opened()
	w.settle(a)
	r, _ := w.join(a)
	conn := w.operator()
	becomes := func(standby string) {
		t.Helper()
		w.sql(conn, `BEGIN READ WRITE`, `ALTER DATABASE `+conn.Config().Database+` SET default_transaction_read_only = `+standby, `COMMIT`,
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	}
	becomes("on")
	w.soon("the server is connected again", func() bool { _, err := a.Store().Head(t.Context()); return err == nil })
	w.notTaken(a, r, "standby")
	becomes("off")
	w.takenAgain(a, r)
}

// Somebody holds a lock on another table than the head, as who makes an index does.
func TestTableHeldBySomebody(t *testing.T) {
	w := newTwins(t)
	a, b := w.opened(), w.opened()
	w.settle(a)
	r, _ := w.join(a)
	conn := w.operator()
	w.sql(conn, `BEGIN`, `LOCK TABLE mutation IN SHARE MODE`)
	w.notTaken(a, r, "(psql")
	if _, err := b.Store().Head(t.Context()); err != nil {
		t.Errorf("the other server cannot read: %v", err)
	}
	w.sql(conn, `ROLLBACK`)
	w.takenAgain(a, r)
}

// A transaction that somebody leaves open for long holds nobody up, and sees nothing
// of what comes.
func TestLongTransactionElsewhere(t *testing.T) {
	w := newTwins(t)
	a, b := w.opened(), w.opened()
	w.settle(a)
	r, _ := w.join(a)
	conn := w.operator()
	count := func() (n int) {
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM mutation`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	w.sql(conn, `BEGIN ISOLATION LEVEL REPEATABLE READ`)
	was := count()
	for range 5 {
		w.report(r)
		w.takenAgain(b, r)
	}
	if now := count(); now != was {
		t.Errorf("the old transaction sees %d acts, and saw %d", now, was)
	}
	w.sql(conn, `COMMIT`)
	if now := count(); now != was+5 {
		t.Errorf("%d acts, not %d", now, was+5)
	}
}

// What the process that is killed in the middle of a migration opens.
const (
	migrateData = "MIGRATE_DATA"
	migrateDB   = "MIGRATE_DB"
)

// TestMigratesUntilKilled is not a test but the program that the next one kills.
func TestMigratesUntilKilled(t *testing.T) {
	if os.Getenv(migrateDB) == "" {
		t.Skip("runs in a process of its own")
	}
	s, err := syncserver.Open(t.Context(), syncserver.Config{Data: os.Getenv(migrateData), DB: os.Getenv(migrateDB), Now: time.Now, Several: true, Log: quiet})
	if err == nil {
		s.Close()
	}
	t.Fatal("was not killed: ", err)
}

// A first start is killed with signal 9 before each of its migrations is committed:
// nothing half made is left, and the next start makes the rest.
func TestKilledMigration(t *testing.T) {
	w := newTwins(t)
	conn := w.operator()
	w.sql(conn, `CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL)`)
	for version := 1; version <= 3; version++ {
		w.sql(conn, `BEGIN`)
		if _, err := conn.Exec(t.Context(), `INSERT INTO schema_version VALUES ($1, 'held', 'up')`, version); err != nil { // its row waits for this
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestMigratesUntilKilled$")
		cmd.Env = append(os.Environ(), migrateData+"="+w.data, migrateDB+"="+w.db.DSN())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.soon("the migration waits", func() bool {
			var waits bool
			err := conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)`).Scan(&waits)
			return err == nil && waits
		})
		cmd.Process.Kill()
		err := cmd.Wait()
		if cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatal("was not killed: ", err)
		}
		w.sql(conn, `ROLLBACK`)
	}
	s := w.opened()
	w.settle(s)
	r, _ := w.join(s)
	w.report(r)
	w.takenAgain(s, r)
}
