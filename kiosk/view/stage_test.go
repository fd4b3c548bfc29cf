package view_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cityhall/kiosk"
	"cityhall/shared/atlas"
	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
	"cityhall/shared/sim/town"
)

// stage is a kiosk in a town that has a dozen services, a map and a past.
type stage struct {
	t       testing.TB
	town    *town.Town
	rep     *replica.Replica
	k       *kiosk.Kiosk
	dir     string
	places  string // file
	cut     bool
	broken  bool
	aged    bool
	numbers map[string]string // of the requests, by the name of their case
}

// newStage makes the town and lets a kiosk join it.
func newStage(t testing.TB) *stage {
	t.Helper()
	s := &stage{t: t, town: town.New(t), numbers: map[string]string{}}
	s.settle()
	s.past()
	s.dir = t.TempDir()
	s.rep = s.open()
	if _, err := s.rep.Enrol(t.Context(), s.town.Enrolment(city.DeviceKiosk, city.ScopePublic), "Lobby"); err != nil {
		t.Fatal(err)
	}
	s.town.Sync(s.rep)
	s.k = kiosk.New(t.Context(), kiosk.Config{Replica: s.rep, Now: s.town.Now, At: "Alder Bay Public Library"})
	t.Cleanup(s.k.Close)
	return s
}

// open makes the kiosk's replica, with a ballast that no disk has room for.
func (s *stage) open() *replica.Replica {
	s.t.Helper()
	rep, err := replica.Open(s.t.Context(), replica.Config{Dir: s.dir, Now: s.town.Now, Version: "test", Transport: s.town, Ballast: 1 << 50})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { rep.Close() })
	return rep
}

func both(en, es string) city.Text { return city.Text{"en": en, "es": es} }

// settle gives the town its name, its map and its services.
func (s *stage) settle() {
	s.places = filepath.Join(s.t.TempDir(), "places.db")
	square := []atlas.Point{{Lat: 414_900_000, Lon: -715_200_000}, {Lat: 414_900_000, Lon: -714_900_000}, {Lat: 415_100_000, Lon: -714_900_000}, {Lat: 415_100_000, Lon: -715_200_000}}
	err := atlas.Build(s.t.Context(), s.places, atlas.Geography{
		Streets: []atlas.Street{
			{Name: "Orchard Street", Left: atlas.Range{From: 1, To: 199}, Right: atlas.Range{From: 2, To: 200}, Line: []atlas.Point{{Lat: 415_000_000, Lon: -715_100_000}, {Lat: 415_000_000, Lon: -715_000_000}}},
			{Name: "Orchard Lane", Left: atlas.Range{From: 1, To: 39}, Right: atlas.Range{From: 2, To: 40}, Line: []atlas.Point{{Lat: 415_010_000, Lon: -715_100_000}, {Lat: 415_010_000, Lon: -715_080_000}}},
			{Name: "Bay Street", Class: 1, Line: []atlas.Point{{Lat: 414_985_000, Lon: -715_150_000}, {Lat: 414_985_000, Lon: -714_980_000}}},
			{Name: "Mill Lane", Line: []atlas.Point{{Lat: 415_018_000, Lon: -715_110_000}, {Lat: 415_018_000, Lon: -715_030_000}}},
			{Name: "First Avenue", Line: []atlas.Point{{Lat: 414_960_000, Lon: -715_097_000}, {Lat: 415_022_000, Lon: -715_097_000}}},
			{Name: "Second Avenue", Class: 1, Line: []atlas.Point{{Lat: 414_950_000, Lon: -715_075_000}, {Lat: 415_035_000, Lon: -715_075_000}}},
			{Name: "Third Avenue", Line: []atlas.Point{{Lat: 414_960_000, Lon: -715_033_000}, {Lat: 415_022_000, Lon: -715_033_000}}},
			{Name: "County Road", Left: atlas.Range{From: 1, To: 39}, Right: atlas.Range{From: 2, To: 40}, Line: []atlas.Point{{Lat: 415_110_000, Lon: -715_100_000}, {Lat: 415_110_000, Lon: -715_080_000}}},
		},
		Spots: []atlas.Spot{
			{Sort: atlas.SortLandmark, Name: "Orchard Park playground", Kind: "park", At: atlas.Point{Lat: 415_005_000, Lon: -715_050_000}, Address: "80 Orchard Street"},
			{Sort: atlas.SortLandmark, Name: "Alder Bay Public Library", Kind: "library", At: atlas.Point{Lat: 415_030_000, Lon: -715_000_000}, Address: "4 Library Square", Phone: "(555) 010-0340"},
			{Sort: atlas.SortPolling, Key: "2-1", Name: "Harbor School", At: atlas.Point{Lat: 415_020_000, Lon: -715_060_000}, Address: "31 School Lane", Note: "Enter from the yard"},
		},
		Areas: []atlas.Area{
			{Kind: atlas.AreaDistrict, Key: string(town.Harbor), Name: "Harbor", Rings: [][]atlas.Point{square}}, {Kind: atlas.AreaCity, Name: "Alder Bay", Rings: [][]atlas.Point{square}},
			{Kind: atlas.AreaPark, Name: "Orchard Park", Rings: [][]atlas.Point{{{Lat: 415_002_000, Lon: -715_065_000}, {Lat: 415_002_000, Lon: -715_038_000}, {Lat: 415_015_000, Lon: -715_038_000}, {Lat: 415_015_000, Lon: -715_065_000}}}},
			{Kind: atlas.AreaWater, Name: "Alder Bay", Rings: [][]atlas.Point{{{Lat: 414_900_000, Lon: -715_200_000}, {Lat: 414_900_000, Lon: -714_900_000}, {Lat: 414_957_000, Lon: -714_900_000}, {Lat: 414_948_000, Lon: -715_060_000}, {Lat: 414_958_000, Lon: -715_200_000}}}},
			{Kind: atlas.AreaPrecinct, Key: "2-1", Name: "Precinct 2-1", Rings: [][]atlas.Point{square}},
			{Kind: "collection", Key: "B", Name: "Round B", Rings: [][]atlas.Point{square}}, {Kind: "sweeping", Key: "B", Name: "Round B", Rings: [][]atlas.Point{square}},
		},
		Facts: []atlas.Fact{{Kind: atlas.AreaPrecinct, Key: "2-1", Name: "council_member", Value: "Ingrid Larsen-Montgomery"}, {Kind: atlas.AreaPrecinct, Key: "2-1", Name: "council_phone", Value: "(555) 010-0177"}},
		Schedules: []atlas.Schedule{
			{Kind: "collection", Key: "B", What: "Trash", Rule: "every Thursday", Holidays: atlas.HolidaysWeek}, {Kind: "collection", Key: "B", What: "Recycling", Rule: "every other Thursday from 2026-01-08"},
			{Kind: "collection", Key: "B", What: "Christmas trees", Rule: "every Friday, January"},
			{Kind: "sweeping", Key: "B", Rule: "1st and 3rd Tuesday, April to November", Side: "odd"}, {Kind: "sweeping", Key: "B", Rule: "2nd and 4th Tuesday, April to November", Side: "even"},
		},
		AsOf: map[string]string{"district": "2026-01-15", "precinct": "2026-01-15", "facts precinct": "2026-02-03", "dates collection": "2026-01-02", "dates sweeping": "2026-01-02", "library": "2025-11-30", "polling": "2026-01-15"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	data, err := os.ReadFile(s.places)
	if err != nil {
		s.t.Fatal(err)
	}
	sha, err := s.town.Server.Store().PutBlob(s.t.Context(), data)
	if err != nil {
		s.t.Fatal(err)
	}
	s.town.Act(&city.SetCity{Settings: city.Settings{Name: "City of Alder Bay", TimeZone: "America/New_York", Languages: []string{"en", "es"}, Phone: "(555) 010-0311",
		Places: sha, LookupSalt: "YWxkZXItYmF5LXNhbHQ", PublicURL: "https://alderbay.example", Districts: []city.District{{ID: town.Harbor, Name: "Harbor"}}}})
	for _, svc := range services() {
		s.town.Act(svc)
	}
	s.town.Act(&city.SetNotice{ID: "hydrants", Notice: city.Notice{Department: "water", From: "2026-03-01", Until: "2026-03-09", Districts: []city.ID{town.Harbor},
		Title: both("Hydrants are flushed", "Limpieza de hidrantes y desinfección de las tuberías principales"),
		Words: both("Your water may be brown for a while. It is safe.\nRun the cold tap until it is clear.", "El agua puede salir turbia por un rato. No es peligrosa.\nDeje correr el agua fría hasta que salga clara.")}})
	s.town.Act(&city.SetNotice{ID: "parade", Notice: city.Notice{Department: "streets", From: "2026-03-07", Until: "2026-03-07", Title: both("Bay Street is closed for the parade", "Bay Street estará cerrada por el desfile"),
		Words: both("From 8 am to 2 pm. Buses stop on Second Avenue.", "De 8 a. m. a 2 p. m. Los autobuses paran en Second Avenue.")}})
}

// act is an act of somebody other than the city's programs.
func (s *stage) act(actor city.Actor, act city.Act) {
	s.t.Helper()
	head, err := s.town.Server.Store().Head(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.town.Server.Store().Act(s.t.Context(), actor, city.NewMutationID(), head.Seq, act); err != nil {
		s.t.Fatalf("%s: %v", act.Type(), err)
	}
}

// past is a request in each state that a resident can meet.
func (s *stage) past() {
	at := func(i int32) city.Place {
		return city.Place{Lat: 415_000_000, Lon: -715_094_000 + i*6_000, Address: "20 Orchard Street", District: town.Harbor}
	}
	file := func(name string, i int32) (request, order city.ID) {
		request, order = s.town.Report(town.Trees, city.FileRequest{Service: "tree", Version: 1, Place: at(i), Answers: city.Answers{"where": {"park"}, "danger": {"no"}}},
			city.AssignRequest{})
		s.numbers[name] = request.Number()
		return request, order
	}
	received := &city.FileRequest{Request: city.NewID(), Service: "tree", Version: 1, Place: at(0), Answers: city.Answers{"where": {"street"}, "danger": {"no"}}}
	s.town.Act(received)
	s.numbers["received"] = received.Request.Number()
	typed := &city.FileRequest{Request: city.NewID(), Service: "tree", Version: 1, Place: city.Place{Address: "behind Ana's house", District: town.Harbor},
		Answers: city.Answers{"where": {"street"}, "danger": {"no"}}}
	s.town.Act(typed)
	s.numbers["typed"] = typed.Request.Number()
	crew := city.Actor{Kind: city.ActorCrew, ID: "rosa", Name: "Rosa Delgado", Crew: town.Trees}
	_, order := file("working", 1)
	s.town.Wait(26 * time.Hour)
	s.act(crew, &city.StartVisit{Visit: city.NewID(), WorkOrder: order})
	fixed, order := file("fixed", 2)
	visit, photo := city.NewID(), city.NewID()
	sha, err := s.town.Server.Store().PutBlob(s.t.Context(), meadow())
	if err != nil {
		s.t.Fatal(err)
	}
	s.act(crew, &city.StartVisit{Visit: visit, WorkOrder: order})
	s.act(crew, &city.AddPhoto{Photo: photo, Request: fixed, Visit: visit, Blob: sha, Stage: "after", Caption: "The street is free again"})
	s.act(crew, &city.FinishVisit{Visit: visit, WorkOrder: order, Outcome: city.OutcomeFixed})
	s.town.Act(&city.ApproveWork{Request: fixed, WorkOrder: order, Words: "We cut the tree up and took it away. A new one is planted in spring.", Photos: []city.ID{photo}})
	notours, _ := file("notours", 3)
	s.town.Act(&city.CloseRequest{Request: notours, Outcome: city.OutcomeNotOurs, Owner: "Bay Electric"})
	twice, _ := file("duplicate", 4)
	s.town.Act(&city.CloseRequest{Request: twice, Outcome: city.OutcomeDuplicate, DuplicateOf: received.Request})
	s.town.Wait(20 * time.Hour)
}

// meadow is a small picture.
func meadow() []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 400, 260))
	for y := range 260 {
		for x := range 400 {
			img.Set(x, y, color.NRGBA{R: uint8(200 - y/2), G: uint8(215 - y/5), B: uint8(235 - y*3/5 - x/20), A: 255})
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // into memory
	return b.Bytes()
}

// offline cuts the line and lets the kiosk notice.
func (s *stage) offline() {
	s.cut = true
	s.town.Cut(true)
	s.town.Wait(3 * time.Hour)
	_ = s.rep.Step(context.WithoutCancel(s.t.Context())) // fails, as it should
	s.k.Refresh()
}

// old makes this program too old for what the city writes.
func (s *stage) old() {
	s.aged = true
	s.town.Watch = func(r *http.Request) { r.Header.Set(protocol.VersionHeader, "0") }
	_ = s.rep.Step(context.WithoutCancel(s.t.Context())) // is told so
	s.k.Refresh()
}

// full lets the kiosk notice that its disk has no room left.
func (s *stage) full() {
	ctx, stop := context.WithCancel(s.t.Context())
	defer stop()
	go func() { _ = s.rep.Run(ctx) }() // ends with ctx
	for {
		sum, err := s.rep.Summary(ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		if sum.Full {
			break
		}
		time.Sleep(time.Millisecond)
	}
	s.k.Refresh()
}

// fresh brings the line and the disk back and lets the next person begin.
func (s *stage) fresh() {
	s.t.Helper()
	if s.cut {
		s.cut = false
		s.town.Cut(false)
		s.town.Sync(s.rep)
	}
	if s.aged {
		s.aged, s.town.Watch = false, nil
		s.town.Sync(s.rep)
	}
	if s.broken {
		s.broken = false
		s.town.Outbox(s.dir, `DROP TRIGGER broken`)
	}
	s.k.Reset()
	s.k.Refresh()
}

// deliver sends what waits and lets the kiosk hear of it.
func (s *stage) deliver() {
	s.town.Sync(s.rep)
	s.k.Refresh()
}

// breakDisk makes the kiosk's outbox refuse every act, as a broken disk does.
func (s *stage) breakDisk() {
	s.t.Helper()
	s.broken = true
	s.town.Outbox(s.dir, `CREATE TRIGGER broken BEFORE INSERT ON entry BEGIN SELECT RAISE(FAIL, 'the disk is broken'); END`)
}
