package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/atlas/survey"
	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

// Import is the command line of what is brought into a city.
type Import struct {
	Geography ImportGeography `cmd:"" help:"Make the places database of a folder of GeoJSON and CSV files."`
	Map       ImportMap       `cmd:"" help:"Show a map of the city's own, an MBTiles file of pictures, instead of one drawn of its places."`
}

// ImportGeography is the command line of an import of a city's geography.
type ImportGeography struct {
	Folder  string `arg:"" help:"Folder of the files; geography.map in it says what they are." type:"existingdir"`
	Mapping string `help:"The mapping, if it is not in the folder." type:"existingfile"`
	Out     string `help:"Write the places file here." type:"path"`
	Data    string `help:"Give it to the city in this server's folder; the server may be running." env:"CITYHALL_DATA" type:"path"`
	DB      string `help:"PostgreSQL connection string; empty for the embedded SQLite." name:"db" env:"CITYHALL_DB"`
	Blobs   string `help:"Where photos are, as the server has it; empty for the folder blobs in -data." env:"CITYHALL_BLOBS"`
}

// Run imports the folder. The report goes to out as JSON lines, a file each, and
// the progress to err. The city's places change only when all went well.
func (i ImportGeography) Run(ctx context.Context, t terminal) error {
	if i.Out == "" && i.Data == "" {
		return errors.New("say where the places go: --out FILE, --data FOLDER or both")
	}
	out := i.Out
	if out == "" {
		folder, err := os.MkdirTemp("", "places")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		out = filepath.Join(folder, "places.db")
	}
	report, err := survey.Import(ctx, survey.Options{Folder: i.Folder, Mapping: i.Mapping, Out: out, Now: time.Now(), Progress: func(file string, features int) {
		fmt.Fprintf(t.err, "  %s: %d\n", file, features)
	}})
	lines := json.NewEncoder(t.out)
	for _, f := range report.Files {
		if err := lines.Encode(f); err != nil {
			return err
		}
	}
	if err != nil || i.Data == "" {
		return err
	}
	s, err := Place{Data: i.Data, DB: i.DB, Blobs: i.Blobs}.attach(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	raw, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	return givePlaces(ctx, s, raw)
}

// givePlaces makes a places file the city's own. Devices that listen are told within
// half a minute, and use what they have until it has come whole.
func givePlaces(ctx context.Context, s *store.Store, places []byte) error {
	sha, err := s.PutBlob(ctx, places)
	if err != nil {
		return err
	}
	return s.SetPlaces(ctx, sha, time.Now())
}

// Find is the command line of a search of a places file.
type Find struct {
	Places string `help:"The places file." required:"" type:"existingfile"`
	Limit  int    `help:"Matches to show." default:"5"`
	Text   string `arg:"" help:"What somebody types: \"120 maple ave\"."`
}

// Run prints what is found, best first, a match a line.
func (f Find) Run(ctx context.Context, t terminal) error {
	a, err := atlas.Open(ctx, f.Places)
	if err != nil {
		return err
	}
	defer a.Close()
	found, err := a.Search(ctx, f.Text, f.Limit)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(t.out)
	for _, m := range found {
		if err := lines.Encode(m); err != nil {
			return err
		}
	}
	return nil
}

// HereAt is the command line of what concerns a point.
type HereAt struct {
	Places   string   `help:"The places file." required:"" type:"existingfile"`
	On       string   `help:"The day from which the next dates count, 2006-01-02; today without it."`
	Holidays []string `help:"Days, 2006-01-02, that move dates."`
	Lat      float64  `arg:"" help:"Latitude in degrees."`
	Lon      float64  `arg:"" help:"Longitude in degrees. Write -- before a negative first number."`
}

// Run prints what is here as one line.
func (h HereAt) Run(ctx context.Context, t terminal) error {
	if math.Abs(h.Lat) > 90 || math.Abs(h.Lon) > 180 {
		return errors.New("latitude and longitude are degrees, latitude first")
	}
	now := time.Now()
	if h.On != "" {
		var err error
		if now, err = time.Parse(time.DateOnly, h.On); err != nil {
			return errors.New("--on: a day is written 2006-01-02")
		}
	}
	a, err := atlas.Open(ctx, h.Places)
	if err != nil {
		return err
	}
	defer a.Close()
	at := city.Place{Lat: int32(math.Round(h.Lat * 1e7)), Lon: int32(math.Round(h.Lon * 1e7))}
	here, err := a.Here(ctx, at, now, city.Calendar{Holidays: h.Holidays})
	if err != nil {
		return err
	}
	return json.NewEncoder(t.out).Encode(here)
}
