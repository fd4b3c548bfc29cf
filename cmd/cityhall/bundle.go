package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"cityhall/shared/replica"
	"cityhall/shared/sqlite"
	"cityhall/syncserver"
)

// Bundle is the command line for devices that have no line.
type Bundle struct {
	Import BundleImport `cmd:"" help:"Take in what a device has saved to a USB stick, and write the answer beside it."`
	Export BundleExport `cmd:"" help:"On a device whose app is stopped, such as a kiosk: save to a stick what the city has not confirmed."`
	Answer BundleAnswer `cmd:"" help:"On that device, with its app stopped: read the city's answer from the stick."`
}

// DeviceFolder is where a device keeps its data. Its app must not run meanwhile.
type DeviceFolder struct {
	Device string `help:"The device's folder: what its kiosk or field app is started with as -data." required:"" type:"existingdir"`
}

// open opens the device; close ends it and lets its app in again.
func (d DeviceFolder) open(ctx context.Context) (rep *replica.Replica, close func() error, err error) {
	if _, err := os.Stat(filepath.Join(d.Device, "outbox.db")); err != nil {
		return nil, nil, fmt.Errorf("there is no device in %s: %w", d.Device, err)
	}
	alone, err := replica.Occupy(d.Device)
	if errors.Is(err, sqlite.ErrInUse) {
		return nil, nil, fmt.Errorf("stop the device's app first: %w", err)
	}
	if err != nil {
		return nil, nil, err
	}
	rep, err = replica.Open(ctx, replica.Config{Dir: d.Device, Now: time.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		return nil, nil, errors.Join(err, alone.Close())
	}
	return rep, func() error { return errors.Join(rep.Close(), alone.Close()) }, nil
}

// BundleExport is the command line of an export.
type BundleExport struct {
	DeviceFolder
	To string `arg:"" help:"The stick's folder." type:"existingdir"`
}

// Run saves one file and says what is in it. What a kiosk has sealed stays sealed.
func (b BundleExport) Run(ctx context.Context, t terminal) error {
	rep, end, err := b.open(ctx)
	if err != nil {
		return err
	}
	made, err := rep.ExportBundle(ctx, b.To)
	if err := errors.Join(err, end()); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s: %d acts, %d photos\n", made.Path, made.Acts, made.Photos)
	if made.Left > 0 {
		fmt.Fprintf(t.out, "%d acts and photos did not fit: they go with the next one.\n", made.Left)
	}
	fmt.Fprintln(t.out, `Nothing counts as received before the answer is read here ("cityhall bundle answer").`)
	return nil
}

// BundleAnswer is the command line for the answer.
type BundleAnswer struct {
	DeviceFolder
	File string `arg:"" help:"The answer, on the stick." type:"existingfile"`
}

// Run reads it and says what still waits.
func (b BundleAnswer) Run(ctx context.Context, t terminal) error {
	rep, end, err := b.open(ctx)
	if err != nil {
		return err
	}
	err = rep.ImportAnswer(ctx, b.File)
	left, counted := rep.Summary(ctx)
	if err := errors.Join(err, counted, end()); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "The answer is read. The city has yet to confirm %d acts.\n", left.Pending)
	return nil
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
