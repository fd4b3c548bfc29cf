package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"cityhall/shared/keys"
	"cityhall/syncserver/store"
)

// Doctor is the command line of a check-up.
type Doctor struct{ Place }

// grade says how bad a finding is.
type grade string

const (
	fine grade = "ok"
	warn grade = "warn"
	fail grade = "FAIL"
)

// finding is one line of the doctor's: what was looked at, how it is, what to do.
type finding struct {
	grade      grade
	what, hint string
}

// Bounds of what is still fine.
const (
	enoughDisk  = 5 << 30
	hardlyDisk  = 500 << 20
	backupLate  = 26 * time.Hour
	clockSlack  = 2 * time.Minute
	manyWaiting = 100
)

// Run prints one line for each thing it looks at, and fails if one is bad.
func (d Doctor) Run(ctx context.Context, t terminal) error {
	found := append(d.folder(time.Now()), d.store(ctx))
	h, err := store.Examine(ctx, d.database(), filepath.Join(d.Data, "ledger"))
	if err != nil {
		found = append(found, finding{fail, "database: " + err.Error(), `if it cannot be put right, restore a backup with "cityhall restore"`})
	} else {
		found = append(found, examined(h, time.Now())...)
	}
	bad := 0
	for _, f := range found {
		line := fmt.Sprintf("%-4s  %s", f.grade, f.what)
		if f.hint != "" {
			line += " - " + f.hint
		}
		fmt.Fprintln(t.out, line)
		if f.grade == fail {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d checks failed", bad)
	}
	return nil
}

// folder looks at the files themselves.
func (d Doctor) folder(now time.Time) []finding {
	var out []finding
	if err := store.Restoring(d.Data); err != nil {
		out = append(out, finding{fail, err.Error(), ""})
	}
	out = append(out, d.permissions(), d.keyFile(), d.disk())
	if now.Year() < 2026 {
		out = append(out, finding{fail, "clock: it says " + now.Format(time.DateTime), "set the clock; devices' signatures are refused with a wrong one"})
	}
	return out
}

func (d Doctor) permissions() finding {
	for _, name := range []string{".", "city.db", "ledger", "blobs"} {
		path := filepath.Join(d.Data, name)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) && name != "." {
			continue
		}
		if err != nil {
			return finding{fail, "permissions: " + err.Error(), "name the server's folder with -data"}
		}
		if info.Mode().Perm()&0o077 != 0 && (name == "." || !info.IsDir()) {
			return finding{warn, "permissions: others may look into " + path, "chmod go= it"}
		}
	}
	return finding{fine, "permissions: only the server's user can look into " + d.Data, ""}
}

func (d Doctor) keyFile() finding {
	path := filepath.Join(d.Data, "server-keys.json")
	if _, err := os.Stat(path); err != nil {
		return finding{fail, "keys: " + err.Error(), "restore a backup: without the keys no device can be served"}
	}
	if _, err := keys.OpenServerKeys(d.Data, nil); err != nil {
		return finding{fail, "keys: " + err.Error(), "restore the file from a backup"}
	}
	return finding{fine, "keys: they can be read", ""}
}

// store looks whether photos can be read and written where they are.
func (d Doctor) store(ctx context.Context) finding {
	if err := store.LookAtBlobs(ctx, d.photos()); err != nil {
		return finding{fail, "photos: " + err.Error(), "devices keep their photos and try again until this is put right: address, keys, bucket"}
	}
	return finding{fine, "photos: their store can be read and written", ""}
}

func (d Doctor) disk() finding {
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.Data, &s); err != nil {
		return finding{warn, "disk: " + err.Error(), ""}
	}
	free := int64(s.Bavail) * int64(s.Bsize)
	text := fmt.Sprintf("disk: %.1f GB free", float64(free)/1e9)
	switch {
	case free < hardlyDisk:
		return finding{fail, text, "make room: without it the server takes nothing more in"}
	case free < enoughDisk:
		return finding{warn, text, "make room soon"}
	}
	return finding{fine, text, ""}
}

// examined judges what the database and the ledger say.
func examined(h store.Health, now time.Time) []finding {
	if h.Damage != nil {
		return []finding{{fail, "database: " + h.Damage.Error(), `keep the folder; see "cityhall verify" and "cityhall restore"`}}
	}
	if h.Moved != "" {
		return []finding{{fine, "database: it has moved to PostgreSQL, " + h.Moved, "start the server with -db; this folder keeps its keys, photos and ledger"}}
	}
	out := []finding{{fine, fmt.Sprintf(`database: sound, %d changes ("cityhall verify" looks at each)`, h.Head.Seq), ""}}
	switch {
	case h.Schema > h.Program:
		out = append(out, finding{fail, fmt.Sprintf("schema: %d, this program knows %d", h.Schema, h.Program), "install the newer program"})
	case h.Schema < h.Program:
		out = append(out, finding{warn, fmt.Sprintf("schema: %d of %d", h.Schema, h.Program), "the server migrates it at its next start; make a backup before"})
	default:
		out = append(out, finding{fine, fmt.Sprintf("schema: %d, the newest", h.Schema), ""})
	}
	switch {
	case h.Rewound != "":
		out = append(out, finding{warn, "ledger: " + h.Rewound, "the database was put back; the server begins a new epoch at its next start, and devices put back the rest"})
	case h.LedgerLines == 0:
		out = append(out, finding{warn, "ledger: there is none", "the server makes one at its start; if there was one, put it back first"})
	default:
		out = append(out, finding{fine, fmt.Sprintf("ledger: it fits the database, %d lines", h.LedgerLines), ""})
	}
	if ahead := h.Newest.Sub(now); ahead > clockSlack {
		out = append(out, finding{warn, fmt.Sprintf("clock: the newest act was received %s from now", ahead.Round(time.Second)), "the clock was or is wrong: check it"})
	} else {
		out = append(out, finding{fine, "clock: " + now.Format(time.RFC3339) + ", after the newest act", ""})
	}
	return append(out, backups(h, now), photos(h))
}

func backups(h store.Health, now time.Time) finding {
	const hint = `"cityhall backup", or start the server with -backup`
	if h.Backup.IsZero() {
		return finding{warn, "backup: there has never been one", hint}
	}
	age := now.Sub(h.Backup).Round(time.Minute)
	text := fmt.Sprintf("backup: %s ago, %d changes since, safe up to %d", age, h.Head.Seq-h.BackupSeq, h.Head.Safe)
	if age > backupLate || age < -clockSlack {
		return finding{warn, text, hint}
	}
	return finding{fine, text, ""}
}

func photos(h store.Health) finding {
	if h.WaitingPhotos == 0 {
		return finding{fine, "photos: all have arrived", ""}
	}
	f := finding{fine, fmt.Sprintf("photos: %d have not arrived yet, the oldest is photo %s", h.WaitingPhotos, h.OldestWaiting),
		"devices keep what came after it until it is here and backed up"}
	if h.WaitingPhotos > manyWaiting {
		f.grade = warn
	}
	return f
}
