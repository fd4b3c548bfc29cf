package store_test

import (
	"path/filepath"
	"strings"
	"testing"

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
// whole city.
func TestRecordsAreFoundByTheirNames(t *testing.T) {
	f := newFixture(t, filepath.Join(t.TempDir(), "city.db"))
	rows, err := f.DB().QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+store.SelectRecords, make([]any, strings.Count(store.SelectRecords, "$"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	plan := ""
	for rows.Next() {
		var unused int
		var line string
		if err := rows.Scan(&unused, &unused, &unused, &line); err != nil {
			t.Fatal(err)
		}
		plan += line + "\n"
	}
	if strings.Contains(plan, "SCAN record") || !strings.Contains(plan, "record USING INDEX sqlite_autoindex_record_1 (kind=? AND id=?)") {
		t.Error(plan, rows.Err())
	}
}
