package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "time/tzdata" // a server without zone files still knows the city's time

	"cityhall/cmd/flags"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

// Config is the command line. Every flag can be given as CITYHALL_NAME too.
type Config struct {
	Data  string     `help:"Folder of the server's keys, photos and, unless -db says otherwise, database." default:"data" env:"CITYHALL_DATA" type:"path"`
	Addr  string     `help:"Address to listen on; port 0 takes a free one." default:"127.0.0.1:8080" env:"CITYHALL_ADDR"`
	Blobs string     `help:"Where photos are: a folder, or s3://bucket/prefix?endpoint=https://…&region=… with keys from the environment as for any S3 tool; empty for the folder blobs in -data." env:"CITYHALL_BLOBS"`
	DB    string     `help:"PostgreSQL connection string; empty for the embedded SQLite." name:"db" env:"CITYHALL_DB"`
	Log   slog.Level `help:"Least important message to log: debug, info, warn or error." default:"info" env:"CITYHALL_LOG"`

	MinPull int `help:"Oldest version of pulls that devices may read; older ones are told to update and go on sending." default:"1" name:"min-pull" env:"CITYHALL_MIN_PULL"`

	Backup         string        `help:"Folder of backups, best on another disk; empty makes none." env:"CITYHALL_BACKUP" type:"path"`
	BackupEvery    time.Duration `help:"Time between backups." default:"1h" env:"CITYHALL_BACKUP_EVERY"`
	Proof          string        `help:"PostgreSQL server on which a dump is restored to prove it; empty takes the city's own." env:"CITYHALL_PROOF"`
	BackupKeep     int           `help:"Newest backups to keep; 0 keeps all." default:"48" env:"CITYHALL_BACKUP_KEEP"`
	PassphraseFile string        `help:"File with the passphrase that the keys in backups are wrapped under; without it, CITYHALL_PASSPHRASE." env:"CITYHALL_PASSPHRASE_FILE" type:"path"`
}

// backups is the plan that the command line asks for.
func (c Config) backups() (syncserver.BackupPlan, error) {
	if c.Backup == "" {
		return syncserver.BackupPlan{}, nil
	}
	passphrase, err := flags.Passphrase(c.PassphraseFile)
	return syncserver.BackupPlan{Every: c.BackupEvery,
		BackupOptions: store.BackupOptions{To: c.Backup, Passphrase: passphrase, Keep: c.BackupKeep, Proof: c.Proof, Program: flags.Version()}}, err
}

func main() {
	var c Config
	flags.Parse(&c, "syncserver", "The city's server. Prints one line of JSON with its address once it listens.")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, c, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "syncserver:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. It writes {"listening": "host:port"} to out as soon
// as requests are answered.
func run(ctx context.Context, c Config, out, logs io.Writer) error {
	log := slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: c.Log}))
	plan, err := c.backups()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("%w (is another server running? choose another address with -addr)", err)
	}
	defer l.Close()
	s, err := syncserver.Open(ctx, syncserver.Config{Data: c.Data, DB: c.DB, Blobs: c.Blobs, MinPull: c.MinPull, Backups: plan, Now: time.Now, Several: true, Log: log})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(map[string]string{"listening": l.Addr().String()}); err != nil {
		return err
	}
	log.Info("listening", "addr", l.Addr().String())
	err = s.Serve(ctx, l)
	if cerr := s.Close(); err == nil {
		err = cerr
	}
	return err
}
