package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cityhall/shared/basemap"
	"cityhall/shared/sqlite"
)

// ImportMap is the command line of an import of a map of the city's own.
type ImportMap struct {
	File  string `arg:"" optional:"" help:"The MBTiles file, of PNG, JPEG or WebP pictures." type:"existingfile"`
	None  bool   `help:"Go back to the map that is drawn of the city's places."`
	Data  string `help:"Give it to the city in this server's folder; the server may be running. Without it the file is only looked at." env:"CITYHALL_DATA" type:"path"`
	DB    string `help:"PostgreSQL connection string; empty for the embedded SQLite." name:"db" env:"CITYHALL_DB"`
	Blobs string `help:"Where photos are, as the server has it; empty for the folder blobs in -data." env:"CITYHALL_BLOBS"`
}

// ownMap is what the import says of a file.
type ownMap struct {
	MinZoom int        `json:"minzoom"`
	MaxZoom int        `json:"maxzoom"`
	Bounds  [4]float64 `json:"bounds"` // west, south, east, north in degrees
	Bytes   int64      `json:"bytes"`
	Map     string     `json:"map,omitempty"` // its name, once it is the city's
}

// Run looks at the file, tells what is in it as one JSON line and gives it to the
// city. The city's map changes only when all went well.
func (i ImportMap) Run(ctx context.Context, t terminal) error {
	switch {
	case i.None == (i.File != ""):
		return errors.New("say which map: a FILE or --none")
	case i.None && i.Data == "":
		return errors.New("say whose map: --data FOLDER")
	case i.None:
		return i.give(ctx, "", nil)
	}
	folder, err := os.MkdirTemp("", "map")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "map.mbtiles")
	found, err := compactMap(ctx, i.File, path)
	if err != nil {
		return fmt.Errorf("%s: %s", i.File, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if i.Data != "" {
		if err := i.give(ctx, path, &found); err != nil {
			return err
		}
	}
	return json.NewEncoder(t.out).Encode(found)
}

// compactMap checks a map and copies it, compact and in rollback mode, so that
// devices read it without a file beside it. The file itself is not opened as a
// database: that would write beside it if it was last written in WAL mode.
func compactMap(ctx context.Context, file, path string) (ownMap, error) {
	draft := path + ".draft"
	if err := errors.Join(copyFile(file, draft), copyFile(file+"-wal", draft+"-wal")); err != nil {
		return ownMap{}, err
	}
	defer sqlite.Remove(draft)
	db, err := sqlite.Open(ctx, draft, sqlite.Options{MaxConns: 1})
	if err != nil {
		return ownMap{}, fmt.Errorf("%w: %w", basemap.ErrOwn, err)
	}
	defer db.Close()
	if err := sqlite.Backup(ctx, db, path); err != nil {
		return ownMap{}, fmt.Errorf("%w: it is damaged: %w", basemap.ErrOwn, err)
	}
	o, err := basemap.OpenOwn(ctx, path, "")
	if err != nil {
		return ownMap{}, err
	}
	defer o.Close()
	if err := o.Check(ctx); err != nil {
		return ownMap{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return ownMap{}, err
	}
	b := o.Extent()
	found := ownMap{Bytes: info.Size(), Bounds: [4]float64{float64(b.West) / 1e7, float64(b.South) / 1e7, float64(b.East) / 1e7, float64(b.North) / 1e7}}
	found.MinZoom, found.MaxZoom = o.Zooms()
	return found, nil
}

// copyFile copies a file that is there.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// give makes the file, or none, the city's own map.
func (i ImportMap) give(ctx context.Context, path string, found *ownMap) error {
	s, err := Place{Data: i.Data, DB: i.DB, Blobs: i.Blobs}.attach(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if found == nil {
		return s.SetMap(ctx, "", time.Now())
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if found.Map, err = s.PutBlobFile(ctx, f); err != nil {
		return err
	}
	return s.SetMap(ctx, found.Map, time.Now())
}
