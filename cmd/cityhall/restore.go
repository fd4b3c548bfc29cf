package main

import (
	"context"
	"fmt"
	"time"

	"cityhall/cmd/flags"
	"cityhall/syncserver/store"
)

// Restore is the command line of a restore.
type Restore struct {
	From           string `help:"A backup's folder, or the folder of all backups: then the newest." required:"" type:"existingdir"`
	Data           string `help:"Folder to restore into: new or empty, at most with the old ledger in it." required:"" env:"CITYHALL_DATA" type:"path"`
	DB             string `help:"Empty PostgreSQL database to restore into, for a backup of one; of an attested backup, the copy that your own tool has restored." name:"db" env:"CITYHALL_DB"`
	Blobs          string `help:"Where photos go: a folder, or s3://bucket/prefix?endpoint=…&region=…; empty for the folder blobs in -data." env:"CITYHALL_BLOBS"`
	PassphraseFile string `help:"File with the passphrase of the backup; without it, CITYHALL_PASSPHRASE." type:"path"`
}

// Run restores and says what came back.
func (r Restore) Run(ctx context.Context, t terminal) error {
	passphrase, err := flags.Passphrase(r.PassphraseFile)
	if err != nil {
		return err
	}
	done, err := store.Restore(ctx, store.RestoreOptions{From: r.From, Data: r.Data, DB: r.DB, Blobs: r.Blobs, Passphrase: passphrase, Now: time.Now})
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "restored %s, made %s, into %s\n  %d changes, %d records, %d acts, %d photos and other blobs, verified\n",
		done.Path, done.Created.Local().Format(time.DateTime), r.Data, done.Log.Changes, done.Log.Records, done.Log.Mutations, done.Blobs-len(done.Damaged))
	for _, f := range done.Damaged {
		fmt.Fprintf(t.out, "  damaged in the backup: %s; devices that still hold it are asked for it again\n", f)
	}
	fmt.Fprintf(t.out, "Start the server: syncserver -data %s%s\nDevices put back what they have done since by themselves. Enrolment codes that were not used yet are void.\n", r.Data, r.more())
	return nil
}

// more is what else the server is started with. The address of a database may hold a
// password, so it is not repeated.
func (r Restore) more() string {
	var out string
	if r.DB != "" {
		out += " -db (as here)"
	}
	if r.Blobs != "" {
		out += " -blobs " + r.Blobs
	}
	return out
}
