package store_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"cityhall/shared/sim/postgres"
	"cityhall/syncserver/store"
)

// TestChildrenAreFoundByTheirParent: an act costs the same in a city of ten requests
// and of a million.
func TestChildrenAreFoundByTheirParent(t *testing.T) {
	f := newFixture(t, filepath.Join(t.TempDir(), "city.db"))
	var unused int
	var plan string
	row := f.DB().QueryRowContext(t.Context(), `EXPLAIN QUERY PLAN `+store.SelectChildren, "", "")
	if err := row.Scan(&unused, &unused, &unused, &plan); err != nil || !strings.Contains(plan, "INDEX record_by_parent") {
		t.Error(plan, err)
	}
}

// TestRecordsAreFoundByTheirNames: those that a push names are not looked for in the
// whole city, on PostgreSQL also when its statistics say that the city is empty.
func TestRecordsAreFoundByTheirNames(t *testing.T) {
	for _, e := range []struct{ name, db, first, explain, wants string }{
		{"sqlite", filepath.Join(t.TempDir(), "city.db"), `SELECT 1`, `EXPLAIN QUERY PLAN `, "record USING INDEX sqlite_autoindex_record_1 (kind=? AND id=?)"},
		{"postgres", postgres.New(t), store.LockHeadPostgres, `EXPLAIN `, "Index Scan using record_pkey on record"},
	} {
		tx, err := newFixture(t, e.db).DB().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		if _, err := tx.Exec(e.first); err != nil {
			t.Fatal(err)
		}
		names := make([]any, strings.Count(store.SelectRecords, "$"))
		for i := range names {
			names[i] = "request"
		}
		rows, err := tx.Query(e.explain+store.SelectRecords, names...)
		if err != nil {
			t.Fatal(err)
		}
		if plan := lastColumns(t, rows); strings.Contains(plan, "SCAN record") || strings.Contains(plan, "Merge") || !strings.Contains(plan, e.wants) {
			t.Errorf("%s: %s", e.name, plan)
		}
	}
}

// lastColumns gives the last column of all rows, a line each.
func lastColumns(t *testing.T, rows *sql.Rows) string {
	t.Helper()
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	into := make([]any, len(columns))
	for i := range into {
		into[i] = new(any)
	}
	var line string
	into[len(into)-1] = &line
	var all strings.Builder
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all.String()
}
