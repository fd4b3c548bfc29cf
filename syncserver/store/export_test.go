package store

import (
	"testing"
	"time"
)

// FillLedger brings a ledger to the length at which it is shortened.
func FillLedger(t *testing.T, path string) {
	t.Helper()
	l, err := openLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := make([]ledgerLine, compactLines-1-l.n)
	for i := range lines {
		lines[i] = l.mark
		lines[i].At = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	}
	if err := l.append(lines...); err != nil {
		t.Fatal(err)
	}
}
