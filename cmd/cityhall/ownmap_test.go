package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/demo"
	"cityhall/shared/sqlite"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

// mbtiles writes a map file that other programs could have made: in WAL mode, and
// of one tile in the middle of the demo's city.
func mbtiles(t *testing.T, path, format string, tile []byte) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, args := range map[string][]any{
		`CREATE TABLE metadata (name TEXT, value TEXT)`:                                                  nil,
		`CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB)`: nil,
	} {
		if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO metadata VALUES ('format', $1), ('bounds', '-69.4,46.2,-69.2,46.4')`, format); err != nil {
		t.Fatal(err)
	}
	// At zoom 12 City Hall is in tile 1259/1452, counted from the north.
	if _, err := db.ExecContext(t.Context(), `INSERT INTO tiles VALUES (12, 1259, $1, $2)`, 1<<12-1-1452, tile); err != nil {
		t.Fatal(err)
	}
}

// TestOwnMapOfARunningCity gives a city a map of its own while its server runs,
// which shows it to browsers, and takes it back.
func TestOwnMapOfARunningCity(t *testing.T) {
	root := t.TempDir()
	data, file := filepath.Join(root, "server"), filepath.Join(root, "city.mbtiles")
	clock := time.Now()
	server, err := syncserver.Open(t.Context(), syncserver.Config{Data: data, Now: func() time.Time { return clock }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	alderBend := demo.New(1, time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC))
	first := store.Dated{ID: city.NewMutationID(), At: clock, Act: &city.SetCity{Settings: alderBend.Settings}}
	if err := server.Store().Import(t.Context(), []store.Dated{first}); err != nil {
		t.Fatal(err)
	}
	img := image.NewRGBA(image.Rect(0, 0, 256, 256))
	for i := 0; i < len(img.Pix); i += 4 {
		copy(img.Pix[i:], []byte{200, 30, 90, 255})
	}
	var tile bytes.Buffer
	if err := png.Encode(&tile, img); err != nil {
		t.Fatal(err)
	}
	mbtiles(t, file, "png", tile.Bytes())
	settings := func() city.Settings {
		s, err := city.LoadSettings(server.Store().View(context.Background()))
		if err != nil || s.Name != alderBend.Settings.Name || s.Places != alderBend.Settings.Places {
			t.Fatalf("%+v %v", s, err)
		}
		return s
	}
	shown := func() (int, color.Color) {
		clock = clock.Add(time.Minute)
		w := httptest.NewRecorder()
		server.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/tiles/dark/12/1259/1452.png", nil))
		got, err := png.Decode(w.Body)
		if err != nil {
			return w.Code, nil
		}
		return w.Code, got.At(128, 128)
	}

	if out := cityhall(t, "", true, "import", "map", file); !strings.Contains(out, `"minzoom":12,"maxzoom":12,"bounds":[-69.4,46.2,-69.2,46.4]`) || settings().Map != "" {
		t.Errorf("only to look at it: %s", out)
	}
	out := cityhall(t, "", true, "import", "map", file, "-data", data)
	var said struct{ Map string }
	if err := json.Unmarshal([]byte(out), &said); err != nil || said.Map == "" || settings().Map != said.Map {
		t.Errorf("%s: the city names %q", out, settings().Map)
	}
	if code, c := shown(); code != http.StatusOK || c != (color.RGBA{200, 30, 90, 255}) {
		t.Errorf("browsers see %d %v", code, c)
	}

	vectors := filepath.Join(root, "vectors.mbtiles")
	mbtiles(t, vectors, "pbf", []byte{0x1f, 0x8b, 8, 0})
	if out := cityhall(t, "", false, "import", "map", vectors, "-data", data); !strings.Contains(out, "vectors.mbtiles") || !strings.Contains(out, "export it as pictures") {
		t.Errorf("vectors: %s", out)
	}
	for _, wrong := range [][]string{{}, {file, "--none", "-data", data}, {"--none"}} {
		cityhall(t, "", false, append([]string{"import", "map"}, wrong...)...)
	}
	if settings().Map != said.Map {
		t.Error("a refused import has changed the city's map")
	}
	cityhall(t, "", true, "import", "map", "--none", "-data", data)
	if settings().Map != "" {
		t.Errorf("the city still names %s", settings().Map)
	}
	if code, _ := shown(); code != http.StatusNotFound {
		t.Errorf("without any map: %d", code)
	}
	cityhall(t, "", true, "verify", "-data", data)
}
