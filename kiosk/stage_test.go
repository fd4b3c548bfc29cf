package kiosk_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cityhall/kiosk"
	"cityhall/shared/atlas"
	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim/town"
)

const district = town.Harbor

// stage is a kiosk in a town. The test is its screen.
type stage struct {
	*kiosk.Kiosk
	t    testing.TB
	town *town.Town
	rep  *replica.Replica
	dir  string
	log  *slog.Logger
}

func newStage(t testing.TB) *stage {
	t.Helper()
	return stageIn(t, town.New(t), nil)
}

// stageIn is a kiosk that logs, in a town of one's own.
func stageIn(t testing.TB, w *town.Town, log *slog.Logger) *stage {
	t.Helper()
	s := &stage{t: t, town: w, log: log, dir: t.TempDir()}
	path := filepath.Join(t.TempDir(), "places.db")
	street := func(name string, lat int32) atlas.Street {
		return atlas.Street{Name: name, Left: atlas.Range{From: 1, To: 199}, Right: atlas.Range{From: 2, To: 200}, Line: []atlas.Point{{Lat: lat, Lon: -715_100_000}, {Lat: lat, Lon: -715_000_000}}}
	}
	err := atlas.Build(t.Context(), path, atlas.Geography{
		Streets: []atlas.Street{street("Orchard Street", 415_000_000), street("County Road", 415_210_000)},
		Spots: []atlas.Spot{{Sort: atlas.SortLandmark, Name: "Old Library", Kind: "library", At: atlas.Point{Lat: 415_100_000, Lon: -715_050_000}},
			{Sort: atlas.SortPolling, Key: "1", Name: "Harbor School", At: atlas.Point{Lat: 415_050_000, Lon: -715_050_000}}},
		Areas: []atlas.Area{{Kind: atlas.AreaDistrict, Key: string(district), Name: "Harbor", Rings: around()}, {Kind: atlas.AreaPrecinct, Key: "1", Rings: around()},
			{Kind: "collection", Key: "A", Rings: around()}, {Kind: "sweeping", Key: "A", Rings: around()}},
		Schedules: []atlas.Schedule{{Kind: "collection", Key: "A", What: "Trash", Rule: "every Wednesday", Holidays: atlas.HolidaysWeek},
			{Kind: "collection", Key: "A", What: "Recycling", Rule: "every other Wednesday from 2026-01-14"},
			{Kind: "sweeping", Key: "A", Rule: "1st and 3rd Tuesday, April to November", Side: "odd"}, {Kind: "sweeping", Key: "A", Rule: "2nd and 4th Tuesday, April to November", Side: "even"}},
		AsOf: map[string]string{"dates collection": "2026-01-02"},
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sha, err := s.town.Server.Store().PutBlob(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	s.town.Act(&city.SetCity{Settings: city.Settings{Name: "Millbrook", TimeZone: "America/New_York", Languages: []string{"en", "es"}, Phone: "555 0100",
		Calendar:  city.Calendar{Holidays: []string{"2026-03-02"}},
		Districts: []city.District{{ID: district, Name: "Harbor"}, {ID: "hill", Name: "Hill"}},
		Places:    sha, LookupSalt: "bWlsbGJyb29r", PublicURL: "https://millbrook.example/"}})
	s.rep = s.town.Join(s.dir, city.DeviceKiosk, city.ScopePublic)
	t.Cleanup(func() { s.rep.Close() })
	s.town.Sync(s.rep)
	s.Kiosk = kiosk.New(t.Context(), s.config())
	t.Cleanup(s.Close)
	return s
}

func (s *stage) config() kiosk.Config {
	return kiosk.Config{Replica: s.rep, Now: s.town.Now, Log: s.log, At: "old library", Idle: time.Minute, Grace: 20 * time.Second}
}

// on fails the test unless this is on the screen.
func (s *stage) on(want kiosk.Screen) {
	s.t.Helper()
	if got := s.Screen(); got != want {
		s.t.Fatalf("the screen is %q, want %q", got, want)
	}
}

// reopen stops the program and starts it again.
func (s *stage) reopen() {
	s.t.Helper()
	s.Close()
	if err := s.rep.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.rep = s.town.Open(s.dir)
	s.t.Cleanup(func() { s.rep.Close() })
	s.Kiosk = kiosk.New(s.t.Context(), s.config())
	s.t.Cleanup(s.Close)
}

func (s *stage) answer(values ...string) {
	s.Answer(values...)
	s.Next()
}

// toPlace answers the tree's questions.
func (s *stage) toPlace() {
	s.t.Helper()
	s.Report()
	s.ChooseService("fallen-tree")
	s.answer("none")
	s.answer("no")
	s.on(kiosk.ScreenPlace)
}

// at chooses an address.
func (s *stage) at(address string) {
	s.t.Helper()
	s.SetPlaceText(address)
	if len(s.PlaceHits()) == 0 {
		s.t.Fatalf("%q is not found", address)
	}
	s.ChoosePlace(0)
	s.Next()
}

// toCheck fills in a whole report.
func (s *stage) toCheck() {
	s.t.Helper()
	s.toPlace()
	s.at("20 Orchard Street")
	if s.Screen() == kiosk.ScreenNear {
		s.Next()
	}
	s.SetDetails("A trunk across the gate of Ana Canary")
	s.Next()
	s.SetContact(city.Person{Name: "Ana Canary", Email: "ana@canary.example", Phone: "555 010 7777"})
	s.Next()
	s.on(kiosk.ScreenCheck)
}

// report sends one and gives its receipt.
func (s *stage) report() *kiosk.Receipt {
	s.t.Helper()
	s.toCheck()
	s.Next()
	s.on(kiosk.ScreenReceipt)
	return s.Kiosk.Receipt()
}
