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

	"cityhall/shared/keys"
	"cityhall/syncserver/store"
)

// Place is where a city is kept: what syncserver is started with.
type Place struct {
	Data  string `help:"The server's folder. The server may be running." required:"" env:"CITYHALL_DATA" type:"path"`
	DB    string `help:"PostgreSQL connection string; empty for the embedded SQLite." name:"db" env:"CITYHALL_DB"`
	Blobs string `help:"Where photos are: a folder, or s3://bucket/prefix?endpoint=…&region=…; empty for the folder blobs in -data." env:"CITYHALL_BLOBS"`
}

// database is the address of the database.
func (p Place) database() string {
	if p.DB != "" {
		return p.DB
	}
	return filepath.Join(p.Data, "city.db")
}

// photos is the address of the photos.
func (p Place) photos() string {
	if p.Blobs != "" {
		return p.Blobs
	}
	return filepath.Join(p.Data, "blobs")
}

// attach opens the city, beside the server if one is running.
func (p Place) attach(ctx context.Context) (*store.Store, error) {
	there := p.database()
	if p.DB != "" {
		there = filepath.Join(p.Data, "server-keys.json") // never made anew beside a city
	}
	if _, err := os.Stat(there); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no city in %s (no file %s)", p.Data, filepath.Base(there))
	} else if err != nil {
		return nil, err
	}
	if err := store.Restoring(p.Data); err != nil {
		return nil, err
	}
	k, err := keys.OpenServerKeys(p.Data, nil)
	if err != nil {
		return nil, err
	}
	return store.Attach(ctx, store.Config{DB: p.database(), Blobs: p.photos(), Ledger: filepath.Join(p.Data, "ledger"), Keys: k,
		Now: time.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
}
