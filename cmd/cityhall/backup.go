package main

import (
	"context"
	"fmt"

	"cityhall/cmd/flags"
	"cityhall/syncserver/store"
)

// Backup is the command line of backups.
type Backup struct {
	Make   MakeBackup   `cmd:"" default:"withargs" help:"Copy a city to another disk, while its server runs."`
	Attest AttestBackup `cmd:"" help:"Prove a copy of the PostgreSQL database that your own tool has restored, and keep the rest of a backup beside it."`
}

// MakeBackup is the command line of a backup.
type MakeBackup struct {
	Place
	backupTo
	Proof string `help:"PostgreSQL server on which the dump is restored to prove it; empty takes the city's own." env:"CITYHALL_PROOF"`
}

// AttestBackup is the command line of what proves the operator's own copies.
type AttestBackup struct {
	Place
	backupTo
	Copy string `help:"Address of the restored copy, postgres://…; it is only read." required:""`
}

// backupTo says where a backup goes.
type backupTo struct {
	To             string `help:"Folder of all backups, best on another disk." required:"" type:"path"`
	Keep           int    `help:"Newest backups to keep; 0 keeps all." default:"0"`
	PassphraseFile string `help:"File with the passphrase that the server's keys are wrapped under; without it, CITYHALL_PASSPHRASE." type:"path"`
}

// Run makes one backup and says what is in it.
func (b MakeBackup) Run(ctx context.Context, t terminal) error {
	return b.make(ctx, t, b.Place, store.BackupOptions{Proof: b.Proof})
}

// Run reads the copy and says how far it makes the city's acts safe.
func (a AttestBackup) Run(ctx context.Context, t terminal) error {
	return a.make(ctx, t, a.Place, store.BackupOptions{Copy: a.Copy})
}

func (b backupTo) make(ctx context.Context, t terminal, p Place, o store.BackupOptions) error {
	var err error
	o.To, o.Keep, o.Program = b.To, b.Keep, flags.Version()
	if o.Passphrase, err = flags.Passphrase(b.PassphraseFile); err != nil {
		return err
	}
	s, err := p.attach(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	done, err := s.Backup(ctx, o)
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
