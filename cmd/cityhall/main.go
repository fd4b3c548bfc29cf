package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	_ "time/tzdata" // a machine without zone files still knows the city's time

	"cityhall/cmd/flags"
)

// Config is the command line.
type Config struct {
	Demo    Demo    `cmd:"" help:"Start a demo city: its server, a kiosk and a field app."`
	Backup  Backup  `cmd:"" help:"Copy a city to another disk, while its server runs, or prove a copy of your own tool."`
	Restore Restore `cmd:"" help:"Bring a city back from a backup into an empty folder."`
	Blobs   Blobs   `cmd:"" help:"Move photos between a folder and a bucket."`
	Move    Move    `cmd:"" help:"Move a city from SQLite to PostgreSQL, while its server does not run."`
	Verify  Verify  `cmd:"" help:"Read all that a city holds and name what is damaged."`
	Bundle  Bundle  `cmd:"" help:"Exchange with a device that has no line, by USB stick."`
	Load    Load    `cmd:"" help:"Play thousands of devices against a server and print what it took, as one line of JSON."`
	Doctor  Doctor  `cmd:"" help:"Look at a server's folder and say what to do, a line each."`
}

// terminal is where a command speaks: out for results, err for the rest.
type terminal struct{ out, err io.Writer }

func main() {
	var c Config
	k := flags.Parse(&c, "cityhall", "The whole city on one machine, and its administration.")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(terminal{out: os.Stdout, err: os.Stderr}); err != nil {
		fmt.Fprintln(os.Stderr, "cityhall:", err)
		os.Exit(1)
	}
}
