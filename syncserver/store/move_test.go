package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/sim/postgres"
	"cityhall/syncserver/store"
)

// movable is a city in a server's folder, whose server has ended.
func movable(t *testing.T) (f *fixture, dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Run("city", func(t *testing.T) { // at whose end its server ends
		f = newFixture(t, filepath.Join(dir, "city.db"))
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		kiosk.push(kiosk.prepared(resident, newRequest()))
	})
	if err := f.keys.Save(dir); err != nil {
		t.Fatal(err)
	}
	return f, dir
}

func (f *fixture) move(dir, to string) (store.Moved, error) {
	return store.Move(context.Background(), store.MoveOptions{From: dir, To: to, Now: f.now.get})
}

func execute(t *testing.T, driver, dsn, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatal(err)
	}
}

func TestMoveGoesIntoNothingThatIsThere(t *testing.T) {
	f, dir := movable(t)
	other, otherDir := movable(t)
	taken := postgres.New(t)
	if _, err := other.move(otherDir, taken); err != nil {
		t.Fatal(err)
	}
	if _, err := f.move(dir, taken); !errors.Is(err, store.ErrTarget) {
		t.Errorf("into another city: %v", err)
	}
	strange := postgres.New(t)
	execute(t, "pgx", strange, `CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL)`)
	execute(t, "pgx", strange, `INSERT INTO schema_version VALUES (9999, 'moving', 'another key')`)
	if _, err := f.move(dir, strange); !errors.Is(err, store.ErrTarget) {
		t.Errorf("into another city's unfinished move: %v", err)
	}
	s, err := store.Open(context.Background(), store.Config{DB: f.db, Blobs: filepath.Join(dir, "blobs"), Keys: f.keys, Now: f.now.get, Log: quiet})
	if err != nil {
		t.Fatalf("the city that could not move is not served: %v", err)
	}
	s.Close()
	for _, to := range []string{"", "city.db", "postgres://127.0.0.1:1/none?connect_timeout=1"} {
		if _, err := f.move(dir, to); err == nil {
			t.Errorf("moved to %q", to)
		}
	}
}

func TestDamagedCityStaysWhereItIs(t *testing.T) {
	f, dir := movable(t)
	execute(t, "sqlite3", f.db, `UPDATE change SET id = 'other' WHERE seq = 3`)
	to := postgres.New(t)
	if _, err := f.move(dir, to); err == nil {
		t.Fatal("a damaged city has moved")
	}
	if _, err := store.Attach(context.Background(), store.Config{DB: to, Blobs: dir, Keys: f.keys, Now: f.now.get, Log: quiet}); !errors.Is(err, store.ErrMoving) {
		t.Errorf("what was copied of it is served: %v", err)
	}
}

// A move that was killed between its last steps is finished by the next, and one
// that is finished stays so.
func TestMoveIsFinishedOnce(t *testing.T) {
	f, dir := movable(t)
	to := postgres.New(t)
	first, err := f.move(dir, to)
	if err != nil || first.Copied == 0 {
		t.Fatal(first, err)
	}
	if err := os.Remove(filepath.Join(dir, "ledger")); err != nil {
		t.Fatal(err)
	}
	execute(t, "pgx", to, `INSERT INTO schema_version VALUES (9999, 'moving', $1)`, f.keys.Identity.Public().String())
	if again, err := f.move(dir, to); err != nil || again.Copied != 0 || len(again.Tables) != len(first.Tables) {
		t.Fatalf("finished by a second run: %+v, %v", again, err)
	}
	s, err := store.Open(context.Background(), store.Config{DB: to, Blobs: filepath.Join(dir, "blobs"), Ledger: filepath.Join(dir, "ledger"), Keys: f.keys, Now: f.now.get, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateEnrolment(context.Background(), city.DeviceKiosk, "New", nil, 1e9); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if again, err := f.move(dir, to); err != nil || again.Copied != 0 || len(again.Tables) != 0 {
		t.Errorf("a third run: %+v, %v", again, err)
	}
	if _, err := f.move(dir, postgres.New(t)); !errors.Is(err, store.ErrMoved) {
		t.Errorf("to a second place: %v", err)
	}
	health, err := store.Examine(context.Background(), f.db, filepath.Join(dir, "ledger"))
	if err != nil || health.Moved != first.To {
		t.Errorf("the doctor sees %+v, %v", health, err)
	}
}
