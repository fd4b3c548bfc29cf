package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"cityhall/cmd/flags"
	"cityhall/shared/keys"
	"cityhall/syncserver/store"
)

// Backup is the command line of a backup.
type Backup struct {
	Data           string `help:"The server's folder. The server may be running." required:"" env:"CITYHALL_DATA" type:"path"`
	To             string `help:"Folder of all backups, best on another disk." required:"" type:"path"`
	Keep           int    `help:"Newest backups to keep; 0 keeps all." default:"0"`
	PassphraseFile string `help:"File with the passphrase that the server's keys are wrapped under; without it, CITYHALL_PASSPHRASE." type:"path"`
}

// Run makes one backup and says what is in it.
func (b Backup) Run(ctx context.Context, t terminal) error {
	passphrase, err := flags.Passphrase(b.PassphraseFile)
	if err != nil {
		return err
	}
	s, err := attach(ctx, b.Data, "")
	if err != nil {
		return err
	}
	defer s.Close()
	done, err := s.Backup(ctx, store.BackupOptions{To: b.To, Passphrase: passphrase, Keep: b.Keep, Program: flags.Version()})
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s\n  %d changes, %d records, %d acts, %d photos and other blobs (%d bytes), verified\n",
		done.Path, done.Log.Changes, done.Log.Records, done.Log.Mutations, done.Blobs, done.Bytes)
	if done.Waiting > 0 {
		fmt.Fprintf(t.out, "  safe up to %d of %d: %d photos have not arrived from their devices yet\n", done.Safe, done.Seq, done.Waiting)
	}
	for _, f := range done.Absent {
		fmt.Fprintf(t.err, "  not in the backup: %s\n", f)
	}
	if len(done.Absent) > 0 {
		return fmt.Errorf("%d blobs are damaged or gone on the server; all else is in the backup", len(done.Absent))
	}
	return nil
}

// attach opens the city in a folder, or on db, beside the server if one is running.
func attach(ctx context.Context, data, db string) (*store.Store, error) {
	if db == "" {
		db = filepath.Join(data, "city.db")
	}
	if store.IsPostgres(db) {
		return attachTo(ctx, data, db)
	}
	if _, err := os.Stat(db); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no city in %s (no file city.db)", data)
	} else if err != nil {
		return nil, err
	}
	return attachTo(ctx, data, db)
}

func attachTo(ctx context.Context, data, db string) (*store.Store, error) {
	if err := store.Restoring(data); err != nil {
		return nil, err
	}
	k, err := keys.OpenServerKeys(data, nil)
	if err != nil {
		return nil, err
	}
	return store.Attach(ctx, store.Config{DB: db, Blobs: filepath.Join(data, "blobs"), Ledger: filepath.Join(data, "ledger"), Keys: k,
		Now: time.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
}
