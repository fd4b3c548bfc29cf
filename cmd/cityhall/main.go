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
	Demo Demo `cmd:"" help:"Start a demo city: its server, a kiosk and a field app."`
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
