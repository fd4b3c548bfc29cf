package disk_test

import (
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"cityhall/shared/sim"
	"cityhall/shared/sim/disk"
)

var (
	cuts     = flag.Int("cuts", 1000, "power cuts of the outbox; the server gets a quarter of them")
	flips    = flag.Int("flips", 500, "flipped bits, half of them in a device's files and half in a server's")
	variants = flag.Int("variants", 1, "times four scripts, in each of which every operation fails")
	oneSeed  = flag.Uint64("seed", 1, "begin with this seed")
)

func folder(t *testing.T) string {
	t.Helper()
	dir, err := sim.Folder("disk-*")
	if err != nil {
		t.Error(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func watched(t *testing.T, dir string, seed uint64) *disk.Disk {
	t.Helper()
	d, err := disk.New(dir, seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// lostRows cuts the power in the middle of insertions, and gives how many rows
// that were acknowledged have been lost.
func lostRows(t *testing.T, n int, settings string) int {
	t.Helper()
	lost := 0
	for seed := range uint64(n) {
		dir := folder(t)
		d := watched(t, dir, seed+1)
		rng := rand.New(rand.NewPCG(seed, 7))
		source := "file:" + filepath.Join(dir, "a.db") + "?_journal=WAL" + settings
		db, err := sql.Open("sqlite3", source)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(`CREATE TABLE t (n INTEGER PRIMARY KEY, words TEXT)`); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
			t.Fatal(err)
		}
		d.CutAt(1 + rng.IntN(60))
		acknowledged := 0
		for !d.Cut() {
			if _, err := db.Exec(`INSERT INTO t VALUES ($1, $2)`, acknowledged+1, fmt.Sprintf("%0*d", rng.IntN(9000), 1)); err == nil {
				acknowledged++
			}
		}
		db.Close() // fails, as all does without power
		if err := d.Settle(); err != nil {
			t.Fatal(err)
		}
		if db, err = sql.Open("sqlite3", source); err != nil {
			t.Fatal(err)
		}
		var there int
		var sound string
		if err := db.QueryRow(`SELECT count(*) FROM t WHERE n <= $1`, acknowledged).Scan(&there); err != nil {
			t.Fatalf("seed %d: %v", seed+1, err)
		}
		if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&sound); err != nil || sound != "ok" {
			t.Fatalf("seed %d: %s %v", seed+1, sound, err)
		}
		db.Close()
		d.Close()
		lost += acknowledged - there
	}
	return lost
}

// A disk that loses nothing would prove nothing.
func TestNormalLosesAndFullDoesNot(t *testing.T) {
	n := 60
	normal, whole := lostRows(t, n, ""), lostRows(t, n, "&_sync=FULL")
	t.Logf("%d cuts each: %d acknowledged rows lost with NORMAL, %d with FULL", n, normal, whole)
	if normal == 0 {
		t.Error("with synchronous=NORMAL nothing was lost: the disk simulates no cache")
	}
	if whole != 0 {
		t.Errorf("with synchronous=FULL %d acknowledged rows were lost", whole)
	}
}
