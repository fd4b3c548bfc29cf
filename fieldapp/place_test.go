package fieldapp_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/sim/town"
)

// placed is a tablet in a city that is on the map; it stands nowhere yet.
func placed(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.OnMap()
	s.sync()
	s.sync()
	return s
}

// work is a job of the tree crew at an address.
func (s *stage) work(address string, job city.AssignRequest) city.ID {
	s.t.Helper()
	_, order := s.Report(town.Trees, s.fallen(s.House(address)), job)
	return order
}

// other is a request that nobody has yet.
func (s *stage) other(address string) city.ID {
	s.t.Helper()
	act := s.fallen(s.House(address))
	act.Request = city.NewID()
	s.Act(&act)
	return act.Request
}

func (s *stage) fallen(at city.Place) city.FileRequest {
	return city.FileRequest{Service: "fallen-tree", Version: 1, Answers: city.Answers{"blocking": {"none"}, "wires": {"no"}}, Place: at, Description: "A branch."}
}

// stand puts the tablet at an address.
func (s *stage) stand(address string, within float64) {
	s.t.Helper()
	p := s.House(address)
	s.fix = fieldapp.Fix{Lat: p.Lat, Lon: p.Lon, Within: within, At: s.Now()}
	s.a.Tick()
}

func (s *stage) order() string {
	var out []string
	for _, j := range s.a.Jobs() {
		out = append(out, j.Where)
	}
	return strings.Join(out, ", ")
}

// TestNearestJobFirst sorts by distance, says from where, and does not jump when
// the crew walks about.
func TestNearestJobFirst(t *testing.T) {
	s := placed(t)
	s.work("120 Maple Avenue", city.AssignRequest{})
	s.work("700 Main Street", city.AssignRequest{DueAt: s.Now().Add(time.Hour)})
	s.work("421 Mill Road", city.AssignRequest{})
	s.Report(town.Trees, s.fallen(city.Place{Detail: "somewhere"}), city.AssignRequest{})
	s.sync()
	s.signIn()
	s.a.SetOrder(fieldapp.ByDistance)
	if j := s.a.Jobs()[0]; j.Measured || !strings.Contains(s.a.Measured(), "No satellite position") {
		t.Errorf("without a position: %+v, %q", j, s.a.Measured())
	}
	s.stand("130 Maple Avenue", 5)
	if got := s.order(); got != "120 Maple Avenue, 700 Main Street, 421 Mill Road, somewhere" && got != "120 Maple Avenue, 421 Mill Road, 700 Main Street, somewhere" {
		t.Errorf("at Maple Avenue: %s", got)
	}
	if j := s.a.Jobs()[0]; !j.Measured || j.Metres > 60 || j.Metres < 5 {
		t.Errorf("%d m away, %t", j.Metres, j.Measured)
	}
	s.stand("425 Mill Road", 5)
	if got := s.order(); !strings.HasPrefix(got, "421 Mill Road, ") || !strings.HasSuffix(got, ", somewhere") {
		t.Errorf("at Mill Road: %s", got)
	}
	metres := s.a.Jobs()[0].Metres
	s.stand("435 Mill Road", 5)
	if got := s.a.Jobs()[0].Metres; got != metres {
		t.Errorf("after a few steps the list says %d m, before %d", got, metres)
	}
	if f, fresh := s.a.Here(); !fresh || f.Lat != s.House("435 Mill Road").Lat {
		t.Errorf("here is %+v, %t", f, fresh)
	}
	s.Wait(10 * time.Minute)
	s.a.Activity()
	s.a.Tick()
	if _, fresh := s.a.Here(); fresh || !strings.Contains(s.a.Measured(), "was today 09:00") {
		t.Errorf("fresh %t after ten minutes, %q", fresh, s.a.Measured())
	}
	s.fix.At = s.Now().Add(time.Hour) // the clock was set back
	s.a.Tick()
	if _, fresh := s.a.Here(); fresh {
		t.Error("a fix of the future is fresh")
	}
}

// TestMoving tells the map of the tablet's steps, and of nothing else.
func TestMoving(t *testing.T) {
	s := placed(t)
	s.signIn()
	moved := func() int {
		n := 0
		for _, m := range s.moves {
			if m == fieldapp.Moved {
				n++
			}
		}
		s.moves = nil
		return n
	}
	s.stand("120 Maple Avenue", 5)
	if n := moved(); n != 1 {
		t.Errorf("the first fix was told %d times", n)
	}
	for range 5 {
		s.Wait(time.Second)
		s.stand("120 Maple Avenue", 5)
	}
	if n := moved(); n != 0 {
		t.Errorf("standing still was told %d times", n)
	}
	s.stand("130 Maple Avenue", 5)
	s.Wait(time.Minute)
	s.a.Tick()
	if n := moved(); n != 2 {
		t.Errorf("a step and silence were told %d times", n)
	}
}

// begin opens a finding about a fallen tree.
func (s *stage) begin() {
	s.t.Helper()
	s.a.OpenFind()
	s.a.ChooseService()
	s.a.PickService("fallen-tree")
	s.a.SetFind(func(f *fieldapp.Finding) {
		f.Answers["blocking"], f.Answers["wires"], f.Words = []string{"none"}, []string{"no"}, "Another branch."
	})
}

// TestWhereIAm takes the satellites' word with its accuracy, and takes that back
// when the place is another.
func TestWhereIAm(t *testing.T) {
	s := placed(t)
	s.signIn()
	s.begin()
	s.a.FindHere()
	if s.a.Finding().Place.OnMap() {
		t.Fatal("a place without a position")
	}
	s.stand("120 Maple Avenue", 7.2)
	s.a.FindHere()
	f := s.a.Finding()
	if want := s.House("120 Maple Avenue"); f.Place.Lat != want.Lat || f.Place.Lon != want.Lon || f.Place.Address != "120 Maple Avenue" || f.Place.District != want.District {
		t.Errorf("%+v, want %+v", f.Place, want)
	}
	if f.Within != 7.2 || f.Place.Detail != "Placed by satellite, give or take 8 m." {
		t.Errorf("%g m, %q", f.Within, f.Place.Detail)
	}
	s.restart()
	s.signIn()
	s.a.OpenFind()
	s.a.PickPlace(s.a.Places("57 Library Lane")[0].Place)
	if f := s.a.Finding(); f.Within != 0 || f.Place.Detail != "" || f.Place.Address != "57 Library Lane" {
		t.Errorf("%+v still speaks of satellites", f)
	}
	s.a.SetFind(func(f *fieldapp.Finding) { f.Place.Detail = "at the gate" })
	s.stand("120 Maple Avenue", 7.2)
	s.a.FindHere()
	if d := s.a.Finding().Place.Detail; d != "at the gate" {
		t.Errorf("what was typed became %q", d)
	}
	s.Wait(time.Minute)
	s.a.Tick()
	s.a.OpenWhere()
	s.a.TakePin(464_000_000, -693_000_000)
	if f := s.a.Finding(); !f.Outside || f.Place.Address != "" {
		t.Errorf("%+v is not outside the city", f)
	}
	s.a.FileFinding()
	s.on(fieldapp.ScreenJobs)
}

// TestPointing begins where it makes sense and takes what is under the pin.
func TestPointing(t *testing.T) {
	s := placed(t)
	order := s.work("421 Mill Road", city.AssignRequest{})
	s.sync()
	s.signIn()
	pin := func() city.Place {
		t.Helper()
		s.a.OpenFind()
		s.a.OpenWhere()
		s.on(fieldapp.ScreenWhere)
		return s.a.Pin().Place
	}
	if p := pin(); p.Lat < 462_900_000 || p.Lat > 463_100_000 {
		t.Errorf("the pin begins at %+v, not in the middle of the city", p)
	}
	s.a.Home()
	s.a.OpenJob(order)
	s.a.StartVisit()
	s.a.Home()
	if p := pin(); p.Address != "421 Mill Road" {
		t.Errorf("with a job in hand the pin begins at %+v", p)
	}
	s.stand("120 Maple Avenue", 5)
	s.a.Home()
	if p := pin(); p.Address != "120 Maple Avenue" {
		t.Errorf("with a position the pin begins at %+v", p)
	}
	at := s.House("57 Library Lane")
	s.a.MovePin(at.Lat, at.Lon)
	if p := s.a.Pin().Place; p.Address != "57 Library Lane" || p.District != "old-town" {
		t.Errorf("the pin is at %+v", p)
	}
	s.a.TakePin(at.Lat, at.Lon)
	s.on(fieldapp.ScreenFind)
	if p := s.a.Finding().Place; p.Address != "57 Library Lane" || p.Lat != at.Lat {
		t.Errorf("taken: %+v", p)
	}
}

// TestNamedAsset lets a finding name the hydrant that it is about, by its number
// or because it stands there.
func TestNamedAsset(t *testing.T) {
	s := placed(t)
	s.signIn()
	s.begin()
	found := s.a.Places("hydrant H-0801")
	if len(found) == 0 || found[0].Line() != "Hydrant H-0801" {
		t.Fatalf("found %+v", found)
	}
	s.a.PickPlace(found[0].Place)
	near := s.a.Nameable()
	if len(near) == 0 || near[0].Title() != "Hydrant H-0801" || !s.a.Names(near[0]) {
		t.Fatalf("near it stand %+v", near)
	}
	s.a.NameAsset(near[0])
	if s.a.Finding().Place.Landmark != "" {
		t.Error("the name cannot be taken back")
	}
	s.a.NameAsset(near[0])
	s.a.FileFinding()
	s.on(fieldapp.ScreenJobs)
	s.sync()
	recs, err := s.r.Records(t.Context(), city.KindRequest)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(recs, func(r city.Record) bool { return strings.Contains(string(r.Fields["place"]), "Hydrant H-0801") }) {
		t.Error("the city does not hear which hydrant it is")
	}
	s.a.OpenNear()
	at := s.House("121 Maple Avenue")
	s.a.ShowAssets(at.Lat, at.Lon)
	all := s.a.Assets()
	if len(all) == 0 || s.a.NoAssets() != "" {
		t.Fatalf("no assets, %q", s.a.NoAssets())
	}
	s.a.ReportAsset(all[0])
	s.on(fieldapp.ScreenFind)
	if !s.a.Names(all[0]) {
		t.Errorf("the finding is about %+v", s.a.Finding().Place)
	}
}

// TestTwins are the open ones of the service that are near enough.
func TestTwins(t *testing.T) {
	s := placed(t)
	own := s.work("131 Maple Avenue", city.AssignRequest{})
	strange, far := s.other("120 Maple Avenue"), s.other("340 Maple Avenue")
	pothole := city.FileRequest{Request: city.NewID(), Service: "pothole", Version: 1, Place: s.House("118 Maple Avenue")}
	s.Act(&pothole)
	s.sync()
	s.signIn()
	s.begin()
	if len(s.a.Twins()) != 0 {
		t.Error("twins of a finding without a place")
	}
	s.a.PickPlace(s.House("118 Maple Avenue"))
	twins := s.a.Twins()
	if len(twins) != 2 || twins[0].ID != strange || twins[0].Metres > twins[1].Metres {
		t.Fatalf("%d twins: %+v; not %s", len(twins), twins, far)
	}
	s.a.OpenRequest(strange)
	s.on(fieldapp.ScreenRequest)
	s.Act(&city.CloseRequest{Request: strange, Outcome: city.OutcomeFixed})
	s.sync()
	if _, open := s.a.Looking(); open {
		t.Error("a request that was closed is still open")
	}
	s.a.Back()
	s.on(fieldapp.ScreenFind)
	if got := s.a.Twins(); len(got) != 1 {
		t.Fatalf("after one was closed: %+v", got)
	}
	s.a.OpenRequest(s.a.Twins()[0].ID)
	s.a.SameAs(s.a.Twins()[0].ID)
	s.on(fieldapp.ScreenNote)
	if s.a.NoteText() != "Another branch." || s.a.Page().ID != own {
		t.Errorf("the words of the finding became %q about %s", s.a.NoteText(), s.a.Page().ID)
	}
	if len(s.a.Waiting().Pending) != 0 {
		t.Error("something was sent")
	}
	s.restart()
	s.signIn()
	if d := s.a.Waiting().Drafts; len(d) != 1 || d[0].Job != own {
		t.Errorf("drafts after a kill: %+v", d)
	}
	s.begin()
	if w := s.a.Finding().Place; w.OnMap() {
		t.Errorf("the finding that was given up is back at %+v", w)
	}
	s.a.PickPlace(s.House("118 Maple Avenue"))
	s.a.OpenNearFind()
	s.on(fieldapp.ScreenNear)
	s.a.OpenRequest(s.a.Twins()[0].ID)
	s.on(fieldapp.ScreenRequest) // the crew's own, too: it may be the same
}

// TestNearHere shows what is open to anybody, leads to the crew's own jobs, and
// leaves nothing in memory when the tablet locks.
func TestNearHere(t *testing.T) {
	s := placed(t)
	own, strange := s.work("131 Maple Avenue", city.AssignRequest{}), s.other("120 Maple Avenue")
	s.sync()
	s.signIn()
	s.a.OpenNear()
	if at, _, _ := s.a.NearFrom(); at.OnMap() {
		t.Errorf("without a position it begins at %+v", at)
	}
	all, read := s.a.OpenRequests()
	if !read || len(all) != 2 {
		t.Fatalf("%d open, %t", len(all), read)
	}
	later := s.other("700 Main Street")
	s.sync()
	if all, _ := s.a.OpenRequests(); !slices.ContainsFunc(all, func(n fieldapp.Near) bool { return n.ID == later }) {
		t.Error("what comes in meanwhile is not shown")
	}
	s.a.OpenRequest(strange)
	s.on(fieldapp.ScreenRequest)
	if r, ok := s.a.Looking(); !ok || s.a.RequestStatus(r) != "With the office" {
		t.Errorf("%+v, %t", r, ok)
	}
	s.a.Back()
	job, _ := s.a.JobOf(s.requestOf(own))
	s.a.OpenRequest(job.Request)
	s.on(fieldapp.ScreenJob)
	s.a.OpenNearJob()
	if at, focus, _ := s.a.NearFrom(); at.Address != "131 Maple Avenue" || focus != job.Request {
		t.Errorf("the job's map begins at %+v, %s", at, focus)
	}
	s.a.Lock()
	s.signIn()
	if all, read := s.a.OpenRequests(); read || len(all) > 0 {
		t.Errorf("%d requests are kept while nothing shows them", len(all))
	}
}

func (s *stage) requestOf(order city.ID) city.ID {
	s.t.Helper()
	for _, j := range s.a.Jobs() {
		if j.ID == order {
			return j.Request
		}
	}
	s.t.Fatalf("no job %s", order)
	return ""
}

// draw has a piece of the map drawn and kept.
func (s *stage) draw() {
	s.t.Helper()
	s.a.Tiles().Tile(look.MapTile{Z: 10, X: 314, Y: 362, Scale: 1})
	for range 2000 {
		if _, err := os.Stat(filepath.Join(s.dir, "tiles")); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.t.Fatal("no map was drawn")
}

// onMaps are the presses of the maps, for the monkey.
func (s *stage) onMaps(r *rand.Rand) []func() {
	point := func() (lat, lon int32) { return 462_900_000 + r.Int32N(200_000), -693_100_000 + r.Int32N(200_000) }
	return []func(){
		s.a.OpenNear, s.a.OpenNearJob, s.a.OpenNearFind, s.a.OpenWhere, func() { s.a.OpenFind(); s.a.OpenWhere() }, s.a.FindHere, func() { s.a.ShowMap(r.IntN(2) == 0) },
		func() { s.a.MovePin(point()) }, func() { s.a.TakePin(point()) }, func() { s.a.ShowAssets(point()) },
		func() { s.stand([]string{"120 Maple Avenue", "421 Mill Road"}[r.IntN(2)], 5) },
		func() {
			if l := s.a.Assets(); len(l) > 0 && s.a.Screen() == fieldapp.ScreenNear {
				s.a.ReportAsset(l[r.IntN(len(l))])
			}
		},
		func() {
			if l := s.a.Nameable(); len(l) > 0 {
				s.a.NameAsset(l[r.IntN(len(l))])
			}
		},
		func() {
			s.a.OpenNear()
			if all, _ := s.a.OpenRequests(); len(all) > 0 {
				s.a.OpenRequest(all[r.IntN(len(all))].ID)
			}
		},
		func() {
			if o, ok := s.a.Looking(); ok && r.IntN(3) == 0 {
				s.a.SameAs(o.ID)
			}
		},
	}
}

// TestManyJobs are read away from the screen's goroutine, and what the crew does
// itself shows at once all the same.
func TestManyJobs(t *testing.T) {
	if testing.Short() {
		t.Skip("reports hundreds of jobs")
	}
	s := newStage(t)
	const many = 310
	var order city.ID
	for i := range many {
		_, order = s.Report(town.Trees, s.fallen(city.Place{Address: fmt.Sprint(i+1, " Elm Street"), Lat: 463_000_000 + int32(i), Lon: -693_000_000}), city.AssignRequest{})
	}
	s.sync()
	var later []func()
	s.later = func(f func()) { later = append(later, f) }
	s.open()
	s.a.Unlock(pin)
	later[0]()
	s.a.Work(s.a.People()[0])
	later = nil
	s.a.OpenJob(order)
	s.a.StartVisit()
	if s.a.Page().State != city.JobStarted || s.a.Jobs()[0].ID != order {
		t.Errorf("the visit that was started shows as %s; first in the list is %s", s.a.Page().State, s.a.Jobs()[0].Where)
	}
	s.Report(town.Trees, s.fallen(city.Place{Address: "999 Elm Street"}), city.AssignRequest{})
	s.sync()
	if n := len(s.a.Jobs()); n != many || len(later) != 1 {
		t.Fatalf("%d jobs, %d readings at once", n, len(later))
	}
	for len(later) > 0 { // the reading that was begun first, and the one that has all
		f := later[0]
		later = later[1:]
		f()
	}
	if jobs := s.a.Jobs(); len(jobs) != many+1 || jobs[0].ID != order {
		t.Errorf("%d jobs in the end, the first is %s", len(jobs), jobs[0].Where)
	}
}

// BenchmarkThousandJobs is what each change of the tablet's copy costs the screen
// with 1,000 jobs of one crew, and what reading them costs beside it.
func BenchmarkThousandJobs(b *testing.B) {
	s := newStage(b)
	for i := range 1000 {
		s.Report(town.Trees, s.fallen(city.Place{Address: fmt.Sprint(i, " Elm Street"), Lat: 463_000_000 + int32(i), Lon: -693_000_000}), city.AssignRequest{})
	}
	s.sync()
	s.signIn()
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			s.a.Refresh()
		}
	})
	b.Run("screen", func(b *testing.B) {
		s.later = func(func()) {}
		for b.Loop() {
			s.a.Refresh()
		}
	})
}
