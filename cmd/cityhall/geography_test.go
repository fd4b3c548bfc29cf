package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
	"cityhall/shared/demo"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

// TestGeographyOfARunningCity imports a city's geography anew while its server
// runs, and asks the file as an operator does.
func TestGeographyOfARunningCity(t *testing.T) {
	root := t.TempDir()
	folder, data, out := filepath.Join(root, "geography"), filepath.Join(root, "server"), filepath.Join(root, "new.db")
	alderBend := demo.New(1, time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC))
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := demo.Publish(alderBend.Geography, folder); err != nil {
		t.Fatal(err)
	}
	server, err := syncserver.Open(t.Context(), syncserver.Config{Data: data, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	first := store.Dated{ID: city.NewMutationID(), At: time.Now(), Act: &city.SetCity{Settings: alderBend.Settings}}
	if err := server.Store().Import(t.Context(), []store.Dated{first}); err != nil {
		t.Fatal(err)
	}
	officials := filepath.Join(folder, "officials.csv")
	raw, err := os.ReadFile(officials)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(officials, []byte(strings.Replace(string(raw), "Rosa Delgado", "Nina Petrov", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	report := cityhall(t, "", true, "import", "geography", folder, "-out", out, "-data", data)
	if !strings.Contains(report, `"file":"streets.geojson"`) || strings.Contains(report, "dropped") {
		t.Errorf("the report: %s", report)
	}
	places, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(places)
	named := func() string {
		settings, err := city.LoadSettings(server.Store().View(t.Context()))
		if err != nil || settings.Name != alderBend.Settings.Name {
			t.Fatalf("%+v %v", settings, err)
		}
		return settings.Places
	}
	if got := named(); got != hex.EncodeToString(sum[:]) {
		t.Errorf("the city names %s", got)
	}
	var m atlas.Match
	found := cityhall(t, "", true, "find", "-places", out, "-limit", "1", "120 mapel ave")
	if err := json.Unmarshal([]byte(found), &m); err != nil || m.Label != "120 Maple Avenue, The Meadows" || !m.Estimated {
		t.Errorf("%s: %v", found, err)
	}
	here := cityhall(t, "", true, "here", "-places", out, "-on", "2026-11-23", "-holidays", "2026-11-26", "46.3001", "--", "-69.3055")
	var h atlas.Here
	if err := json.Unmarshal([]byte(here), &h); err != nil || !strings.Contains(here, `"value":"Nina Petrov","as_of":"2026-10-01"`) || !strings.Contains(here, `"what":"Trash","next":"2026-11-23"`) || len(h.Polling) != 1 || h.Polling[0].Name != "City Hall" {
		t.Errorf("%s: %v", here, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "streets.geojson"), []byte(`{"type":"FeatureCollection","features":[{"ty`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := cityhall(t, "", false, "import", "geography", folder, "-data", data); !strings.Contains(out, "streets.geojson") || !strings.Contains(out, "cut off") {
		t.Errorf("a file that was cut off: %s", out)
	}
	if got := named(); got != hex.EncodeToString(sum[:]) {
		t.Errorf("a refused import has changed the city's places to %s", got)
	}
	cityhall(t, "", true, "verify", "-data", data)
}
