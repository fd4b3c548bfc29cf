package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cityhall/syncserver/store"
)

// FuzzLedger feeds a damaged ledger. It is read to its end or refused in words, and
// what was read may be written on.
func FuzzLedger(f *testing.F) {
	path := filepath.Join(f.TempDir(), "ledger")
	if err := store.WriteLedger(path, "device-1", "device-2"); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-7])
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "ledger")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := store.WriteLedger(path, "device-3"); errors.Is(err, store.ErrLedger) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if err := store.WriteLedger(path); err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
	})
}
