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
