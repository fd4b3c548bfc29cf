package store

import (
	"testing"
	"time"

	"cityhall/shared/city"
)

// SelectToArchive is what the sweep looks for every minute.
const SelectToArchive = selectToArchive

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

// WriteLedger opens a ledger and notes that devices were revoked.
func WriteLedger(path string, devices ...city.DeviceID) error {
	l, err := openLedger(path)
	if err != nil {
		return err
	}
	for _, d := range devices {
		if err := l.append(ledgerLine{Kind: lineRevoke, Device: d}); err != nil {
			return err
		}
	}
	return nil
}

// SelectChildren is how the records of a request are found, SelectRecords how many are.
const SelectChildren = selectChildren

var SelectRecords = selectRecords

// LockHeadPostgres is how the writer begins.
const LockHeadPostgres = lockHeadPostgres
