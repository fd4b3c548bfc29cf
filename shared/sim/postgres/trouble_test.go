package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

// operator is somebody with a session of their own on the database.
func (w *twins) operator() *pgx.Conn {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.db.DSN()+" application_name=psql")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func (w *twins) sql(conn *pgx.Conn, statements ...string) {
	w.t.Helper()
	for _, s := range statements {
		if _, err := conn.Exec(w.t.Context(), s); err != nil {
			w.t.Fatal(err)
		}
	}
}

func health(s *syncserver.Server) (int, string) {
	out := httptest.NewRecorder()
	s.Handler().ServeHTTP(out, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	return out.Code, out.Body.String()
}

func (w *twins) state(r *replica.Replica, id city.MutationID) replica.State {
	w.t.Helper()
	it, there, err := r.Item(w.t.Context(), id)
	if err != nil || !there {
		w.t.Fatal(there, err)
	}
	return it.State
}

// Somebody holds the lock that every write needs: nothing is said to be received,
// whoever operates the server reads who it is, and all goes on afterwards.
func TestLockHeldBySomebody(t *testing.T) {
	w := newTwins(t)
	a, b := w.opened(), w.opened()
	w.settle(a)
	r, _ := w.join(a)
	conn := w.operator()
	w.sql(conn, `BEGIN`, `UPDATE sync_head SET turn = turn`)
	id := w.report(r)
	begun := time.Now()
	if err := r.Step(t.Context()); err == nil {
		t.Error("the round has succeeded")
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the device waited %v", took)
	}
	if got := w.state(r, id); got != replica.StateSaved {
		t.Error(sim.Violation{Invariant: "nothing is received that is not on the disk", Detail: string(got)})
	}
	code, says := health(a)
	if code != http.StatusServiceUnavailable || !strings.Contains(says, "psql") || !strings.Contains(says, "held by session") {
		t.Errorf("the operator reads %d %s", code, says)
	}
	if code, _ := health(b); code != http.StatusOK {
		t.Errorf("the other server, which has nothing to write, is called ill: %d", code)
	}
	w.sql(conn, `ROLLBACK`)
	w.soon("the server finds that it can write again", func() bool { code, _ := health(a); return code == http.StatusOK })
	w.step(r)
	if got := w.state(r, id); got == replica.StateSaved {
		t.Errorf("the act is still %s", got)
	}
}

// A session that hangs in the middle of a write is ended by the database, and one
// whose rule is to answer before the disk has it is told otherwise.
func TestSessionsAreSetUp(t *testing.T) {
	w := newTwins(t)
	conn := w.operator()
	w.sql(conn, `ALTER DATABASE `+conn.Config().Database+` SET synchronous_commit = off`)
	s := w.opened()
	for name, want := range map[string]string{"idle_in_transaction_session_timeout": "1min", "lock_timeout": "500ms", "synchronous_commit": "on"} {
		var got string
		if err := s.Store().DB().QueryRowContext(t.Context(), `SELECT current_setting($1)`, name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, not %s (%v)", name, got, want, err)
		}
	}
}

// A start that is cut off while it makes the tables leaves nothing half made.
func TestInterruptedMigration(t *testing.T) {
	w := newTwins(t)
	conn := w.operator()
	w.sql(conn, `CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL)`,
		`BEGIN`, `INSERT INTO schema_version VALUES (2, 'engine', 'under way')`) // the second one waits for this
	ctx, kill := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer kill()
	if s, err := syncserver.Open(ctx, w.config()); err == nil {
		s.Close()
		t.Fatal("the server did not wait for another's migration")
	}
	w.sql(conn, `ROLLBACK`)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			s, err := syncserver.Open(t.Context(), w.config())
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	group.Wait()
	s := w.opened()
	w.settle(s)
	r, _ := w.join(s)
	w.report(r)
	w.step(r)
}

// While the servers are replaced one after the other, an older one works on beside
// a newer database, and starts beside it; until a migration says that it cannot.
func TestRollingUpgrade(t *testing.T) {
	w := newTwins(t)
	a := w.opened()
	w.settle(a)
	r, _ := w.join(a)
	conn := w.operator()
	w.sql(conn, `BEGIN`, `INSERT INTO schema_version SELECT max(version) + 1, 'future', 'x' FROM schema_version`, `ALTER TABLE mutation ADD COLUMN future TEXT NOT NULL DEFAULT ''`,
		`ALTER TABLE device ADD COLUMN future TEXT NOT NULL DEFAULT ''`, `CREATE TABLE future (id TEXT PRIMARY KEY)`, `COMMIT`)
	first := w.report(r)
	w.soon("an older server works on beside a newer database", func() bool { return r.Step(t.Context()) == nil })
	b := w.opened()
	if got := w.state(r, first); got == replica.StateSaved {
		t.Errorf("the act is %s beside a newer database", got)
	}
	if _, err := b.Store().Act(t.Context(), system, city.NewMutationID(), 0, &city.SetCrew{ID: "trees", Crew: city.Crew{Name: "Trees", Department: "parks"}}); err != nil {
		t.Error(err)
	}
	w.sql(conn, `UPDATE sync_head SET needs = 900`)
	second := w.report(r)
	if err := r.Step(t.Context()); err == nil {
		t.Error("an older server has taken an act")
	}
	if got := w.state(r, second); got != replica.StateSaved {
		t.Error(sim.Violation{Invariant: "nothing is received that is not on the disk", Detail: string(got)})
	}
	w.soon("an older server says so", func() bool {
		code, says := health(b)
		return code == http.StatusServiceUnavailable && strings.Contains(says, "too old")
	})
	if _, err := syncserver.Open(t.Context(), w.config()); !errors.Is(err, store.ErrOutdated) {
		t.Errorf("an older program starts: %v", err)
	}
}

// What one server has revoked stays so in a restored database, although only the
// other is started again: they share the ledger. The same when the database is put
// back under servers that go on running.
func TestRevokedStaysRevoked(t *testing.T) {
	for _, running := range []bool{false, true} {
		t.Run(fmt.Sprintf("running %v", running), func(t *testing.T) {
			w := newTwins(t)
			a := w.open()
			w.settle(a)
			r, _ := w.join(a)
			id, _ := r.Identity()
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			if err := w.db.Copy("yesterday"); err != nil {
				t.Fatal(err)
			}
			defer w.db.Forget("yesterday")
			a, b := w.open(), w.open()
			before, err := b.Store().Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Store().Revoke(t.Context(), id.Device); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Store().Act(t.Context(), system, city.NewMutationID(), 0, &city.SetCrew{ID: "trees", Crew: city.Crew{Name: "Trees", Department: "parks"}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1200 * time.Millisecond) // until the ledger has the head
			if !running {
				a.Close()
				b.Close()
			}
			if err := w.db.Restore("yesterday"); err != nil {
				t.Fatal(err)
			}
			if !running {
				b = w.open()
			}
			w.soon("what was revoked stays so", func() bool {
				d, err := b.Store().Device(t.Context(), id.Device)
				head, herr := b.Store().Head(t.Context())
				return err == nil && herr == nil && d.State == store.DeviceRevoked && head.Epoch != before.Epoch
			})
			head, err := b.Store().Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(600 * time.Millisecond) // the other server looks, too
			if again, err := b.Store().Head(t.Context()); err != nil || again.Epoch != head.Epoch {
				t.Errorf("two epochs for one restore, %v", err)
			}
			if running {
				a.Close()
			}
			b.Close()
		})
	}
}
