package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cityhall/shared/basemap"
	"cityhall/shared/city"
	"cityhall/shared/protocol"
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
	// The copy is compact and in rollback mode: devices read it without a file beside it.
	path := filepath.Join(folder, "map.mbtiles")
	found, err := i.copy(ctx, path)
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

// copy checks the file and copies it.
func (i ImportMap) copy(ctx context.Context, path string) (ownMap, error) {
	o, err := basemap.OpenOwn(ctx, i.File, "")
	if err != nil {
		return ownMap{}, err
	}
	defer o.Close()
	if err := o.Check(ctx); err != nil {
		return ownMap{}, err
	}
	db, err := sqlite.Open(ctx, i.File, sqlite.Options{ReadOnly: true, MaxConns: 1})
	if err != nil {
		return ownMap{}, err
	}
	defer db.Close()
	if err := sqlite.Backup(ctx, db, path); err != nil {
		return ownMap{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return ownMap{}, err
	}
	if info.Size() > protocol.MaxMap {
		return ownMap{}, fmt.Errorf("it has %d MiB of at most %d; leave out its nearest zooms", info.Size()>>20, protocol.MaxMap>>20)
	}
	b := o.Extent()
	found := ownMap{Bytes: info.Size(), Bounds: [4]float64{float64(b.West) / 1e7, float64(b.South) / 1e7, float64(b.East) / 1e7, float64(b.North) / 1e7}}
	found.MinZoom, found.MaxZoom = o.Zooms()
	return found, nil
}

// give makes the file, or none, the city's own map.
func (i ImportMap) give(ctx context.Context, path string, found *ownMap) error {
	s, err := Place{Data: i.Data, DB: i.DB, Blobs: i.Blobs}.attach(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if found != nil {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if found.Map, err = s.PutBlobFile(ctx, f); err != nil {
			return err
		}
	}
	return changeCity(ctx, s, func(c *city.Settings) {
		c.Map = ""
		if found != nil {
			c.Map = found.Map
		}
	})
}
