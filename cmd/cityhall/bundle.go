package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"cityhall/syncserver"
)

// Bundle is the command line for devices that have no line.
type Bundle struct {
	Import BundleImport `cmd:"" help:"Take in what a device has saved to a USB stick, and write the answer beside it."`
}

// BundleImport is the command line of an import.
type BundleImport struct {
	Place
	File string `arg:"" help:"The device's file, on the stick." type:"existingfile"`
}

// Run imports one file and says what was in it.
func (b BundleImport) Run(ctx context.Context, t terminal) error {
	s, err := b.attach(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	desk := syncserver.Desk{Store: s, Keys: s.Keys(), Now: time.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	done, err := desk.Import(ctx, b.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "from %s: %d acts, %d of them new, %d refused; %d photos\n", done.Device.Name, done.Acts, done.New, done.Refused, done.Photos)
	if done.Revoked {
		fmt.Fprintln(t.out, "This device was revoked: its acts are not applied, and wait for staff in the reviews.")
	}
	fmt.Fprintf(t.out, "answer: %s\nTake the stick back to the device: it shows as received what this file tells it.\n", done.Answer)
	return nil
}
