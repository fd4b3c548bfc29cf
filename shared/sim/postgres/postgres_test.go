package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"cityhall/shared/sim/postgres"
)

func TestMain(m *testing.M) { postgres.Main(m) }

func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), postgres.New(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	one, two := connect(t), connect(t)
	if _, err := one.Exec(t.Context(), "CREATE TABLE tree AS SELECT 'Ñandú 🌳' AS street"); err != nil {
		t.Fatal(err)
	}
	var street string
	if err := one.QueryRow(t.Context(), "SELECT street FROM tree").Scan(&street); err != nil || street != "Ñandú 🌳" {
		t.Errorf("read %q, %v", street, err)
	}
	if _, err := two.Exec(t.Context(), "SELECT 1 FROM tree"); err == nil {
		t.Error("the second database sees the first one's table")
	}
}

func TestServerIsReachedByItsSocketOnly(t *testing.T) {
	conn := connect(t)
	var addresses, fsync string
	if err := conn.QueryRow(t.Context(), "SELECT current_setting('listen_addresses'), current_setting('fsync')").Scan(&addresses, &fsync); err != nil {
		t.Fatal(err)
	}
	if addresses != "" || fsync != "off" {
		t.Errorf("the server listens on %q with fsync %s", addresses, fsync)
	}
}
