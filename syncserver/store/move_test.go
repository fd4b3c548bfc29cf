package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
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

// A move brings every table that is there, and one that a newer schema adds is not
// forgotten. Photos in a bucket stay there; a tablet's sealed persons, an order to
// delete all, half an upload and the office's sessions go on where they were.
func TestMoveCarriesEveryTable(t *testing.T) {
	h, _ := newBucketHall(t, "")
	ctx := context.Background()
	tablet, lost := h.everyTable()
	person := newRequest()
	h.mustAct(system, &city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", Active: true, Version: 2, ShareContact: true}})
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	kiosk.push(kiosk.prepared(resident, person))
	h.mustAct(dispatcher, &city.AssignRequest{Request: person.Request, WorkOrder: city.NewID(), Crew: "trees", Priority: city.PriorityHigh})
	photo, sha := bytesOf("photo ", 20_000)
	if _, err := h.PutBlob(ctx, photo); err != nil {
		t.Fatal(err)
	}
	late, lateSHA := bytesOf("late ", 30_000)
	if err := h.BeginBlob(ctx, tablet.Device.ID, lateSHA, int64(len(late))); err != nil {
		t.Fatal(err)
	}
	if _, err := h.AppendBlob(ctx, lateSHA, 0, late[:100_000]); err != nil {
		t.Fatal(err)
	}
	token, _, err := h.SignIn(ctx, "rosa", "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	had := h.head()
	h.exec(`INSERT INTO reshare (service, writer, after) VALUES ('gone', 'act', 'x')`)
	h.close().open() // and seals it
	h.close()
	if err := h.keys.Save(h.data); err != nil {
		t.Fatal(err)
	}
	here := tables(t, "sqlite3", h.db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	h.db = postgres.New(t)
	moved, err := store.Move(ctx, store.MoveOptions{From: h.data, To: h.db, Now: h.now.get})
	if err != nil {
		t.Fatal(err)
	}
	carried := []string{"schema_version"} // each side has its own
	for _, table := range moved.Tables {
		carried = append(carried, table.Name)
		if table.Rows == 0 {
			t.Errorf("%s had no row: nothing is proven of it", table.Name)
		}
	}
	slices.Sort(carried)
	there := tables(t, "pgx", h.db, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
	if !slices.Equal(carried, here) || !slices.Equal(carried, there) {
		t.Errorf("moved %v\nof %v\nto %v", carried, here, there)
	}

	h.open()
	if now := h.head(); now.Epoch != had.Epoch || now.Seq != had.Seq || now.Safe != had.Safe {
		t.Errorf("the head was %+v and is %+v", had, now)
	}
	seen := false
	for _, f := range tablet.pull(1000) {
		seen = seen || f.Put != nil && f.Put.Kind == city.KindPerson && f.Put.ID == person.Request
	}
	if !seen {
		t.Error("the tablet does not get the person of its job")
	}
	if left, err := h.Departure(ctx, lost.Device.ID); err != nil || left.Ordered.IsZero() || !left.Wiped.IsZero() {
		t.Errorf("the order to delete all: %+v, %v", left, err)
	}
	if who, in, err := h.Session(ctx, token); err != nil || !in || who != "rosa" {
		t.Errorf("signed in as %q, %v", who, err)
	}
	if got, err := h.read(sha); err != nil || !bytes.Equal(got, photo) {
		t.Errorf("the photo has %d bytes, %v", len(got), err)
	}
	have, _, err := h.ResumeBlob(ctx, lateSHA)
	if err != nil || have != 100_000 {
		t.Fatalf("the upload goes on at %d, %v", have, err)
	}
	if _, err := h.AppendBlob(ctx, lateSHA, have, late[have:]); err != nil {
		t.Fatal(err)
	}
	h.verified()
}

// tables gives the names that a query lists, sorted.
func tables(t *testing.T, driver, dsn, query string) (names []string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
