package view_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"cityhall/fieldapp"
	"cityhall/fieldapp/view"
	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim/town"
	"cityhall/shared/touch"
)

const pin = "246810"

// stage is the app in a window without a display, on a tablet of a town.
type stage struct {
	*town.Town
	t        testing.TB
	a        *fieldapp.App
	v        *view.View
	w        fyne.Window
	r        *replica.Replica
	pictures string
	sticks   []string           // that are plugged in
	metered  bool               // the line costs by the megabyte
	tiles    touch.Tiles        // nil: the map is plain ground
	fix      fieldapp.Fix       // zero: the receiver has heard nothing
	jobs     map[string]city.ID // orders by address
	requests map[string]city.ID
}

// newStage is a tablet that has joined, with a PIN, locked. fresh leaves it
// without a city.
func newStage(t testing.TB, fresh bool) *stage {
	t.Helper()
	s := &stage{Town: town.New(t), t: t, pictures: t.TempDir(), jobs: map[string]city.ID{}, requests: map[string]city.ID{}}
	cfg := fieldapp.Config{Sticks: func() ([]string, error) { return s.sticks, nil }, Pictures: s.pictures, Language: "en", PIN: pin, Now: s.Now,
		Position: func() (fieldapp.Fix, bool) { return s.fix, s.fix != fieldapp.Fix{} }}
	s.open()
	if fresh {
		cfg.PIN = ""
	} else if _, err := s.r.Enrol(t.Context(), s.Enrolment(city.DeviceTablet, city.ScopePublic, city.ScopeCrew(town.Trees)), "Device"); err != nil {
		t.Fatal(err)
	} else {
		s.Sync(s.r)
	}
	cfg.Replica = s.r
	a, err := fieldapp.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.a = a
	// Fyne reads the clock of its caches only when something is painted: without
	// this, what is built after a minute of tests that paint nothing is too old at
	// its first picture.
	test.NewTempWindow(t, nil).Canvas().Capture()
	s.v = view.New(a, view.Config{Device: touch.Tablet(), ReduceMotion: true, Now: s.Now, Tiles: func() touch.Tiles { return s.tiles }})
	s.w = test.NewTempWindow(t, nil)
	s.v.Mount(s.w)
	s.w.Resize(fyne.NewSize(1280, 800))
	return s
}

// open makes the tablet's replica, with a ballast that no disk has room for.
func (s *stage) open() {
	s.t.Helper()
	r, err := replica.Open(s.t.Context(), replica.Config{Dir: s.t.TempDir(), Now: s.Now, Version: "test", Transport: s.Town,
		Metered: func() bool { return s.metered }, Ballast: 1 << 50})
	if err != nil {
		s.t.Fatal(err)
	}
	s.r = r
	s.t.Cleanup(func() { r.Close() })
}

// signIn unlocks for Rosa.
func (s *stage) signIn() {
	s.a.Unlock(pin)
	s.a.Work(s.a.People()[0])
}

func (s *stage) report(address string, district city.ID, service city.ID, words string, job city.AssignRequest) {
	s.t.Helper()
	act := city.FileRequest{Service: service, Version: 1, Place: city.Place{Address: address, District: district}, Description: words}
	if service == "fallen-tree" {
		act.Answers = city.Answers{"blocking": {"road"}, "wires": {"no"}, "lanes": {"2"}}
		act.Place.Detail = "Behind the bus stop, on the river side"
		act.Person = city.Person{Name: "Ana Ruiz", Phone: "555 0134"}
	}
	s.requests[address], s.jobs[address] = s.Report(town.Trees, act, job)
}

// busy is a crew's ordinary morning.
func (s *stage) busy() {
	now := s.Now()
	s.report("12 Elm Street", town.Harbor, "fallen-tree", "A big maple came down in the storm. The trunk lies across both lanes and the bus cannot pass.",
		city.AssignRequest{Priority: city.PriorityUrgent, DueAt: now.Add(8 * time.Hour), Instruction: "Bring the long saw. Close the right lane first."})
	s.report("3 Canal Row", town.Harbor, "fallen-tree", "A branch hangs over the sidewalk.", city.AssignRequest{DueAt: now.Add(-20 * time.Hour)})
	s.report("88 Orchard Avenue", town.Mill, "fallen-tree", "", city.AssignRequest{Priority: city.PriorityHigh, DueAt: now.Add(30 * time.Hour)})
	s.report("Mill Road 241, corner of Upper Quarry Street", town.Mill, "pothole", "Deep hole beside the tree pit.", city.AssignRequest{DueAt: now.Add(100 * time.Hour)})
	s.report("7 Station Square", town.Harbor, "light", "", city.AssignRequest{Priority: city.PriorityLow})
	s.Sync(s.r)
	s.signIn()
}

// shut is the first job, left alone for a while.
func (s *stage) shut() {
	s.busy()
	s.a.OpenJob(s.jobs["12 Elm Street"])
	s.Wait(3 * time.Minute)
	s.a.Tick()
}

// started is the first job, with work begun half an hour ago.
func (s *stage) started() {
	s.busy()
	s.a.OpenJob(s.jobs["12 Elm Street"])
	s.a.StartVisit()
	s.Wait(35 * time.Minute)
}

// filled is its form with everything on it, the cable out.
func (s *stage) filled() {
	s.started()
	s.Cut(true)
	s.a.OpenFinish()
	s.a.Set(func(f *fieldapp.Form) {
		f.Outcome, f.Notes = city.OutcomeFixed, "Trunk cut into pieces and taken to the yard. The stump is left for the grinder."
		f.Materials = []city.Material{{Name: "Chain oil", Quantity: "0.5 l"}, {Name: "Warning tape", Quantity: "20 m"}}
	})
	s.photos()
	s.a.OpenPictures()
	all := s.a.Picking().All
	s.a.PickPicture(all[len(all)-1].Path)
	s.a.SetStage("after")
	s.a.PickPicture(all[0].Path)
	s.a.TakePictures()
}

// photos leaves pictures in the camera's folder.
func (s *stage) photos() {
	for i, name := range []string{"IMG_0412.jpg", "IMG_0413.jpg", "IMG_0414.jpg"} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, landscape(i), nil); err != nil {
			s.t.Fatal(err)
		}
		s.file(name, b.Bytes(), 30-10*i)
	}
}

func (s *stage) file(name string, data []byte, minutesAgo int) {
	path := filepath.Join(s.pictures, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	at := s.Now().Add(-time.Duration(minutesAgo) * time.Minute)
	if err := os.Chtimes(path, at, at); err != nil {
		s.t.Fatal(err)
	}
}

// landscape is sky, road, and a tree that lies or has gone.
func landscape(i int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for y := range 480 {
		for x := range 640 {
			c := color.RGBA{uint8(150 + y/6), uint8(190 + y/10), 230, 255}
			if y > 300 {
				c = color.RGBA{90, 92, 96, 255}
				if y > 380 && y < 392 && x/60%2 == 0 {
					c = color.RGBA{235, 230, 210, 255}
				}
			} else if y > 270 {
				c = color.RGBA{96, 128, 80, 255}
			}
			if i < 2 && y > 290+x/20 && y < 330+x/20 && x > 60 && x < 560 {
				c = color.RGBA{104, 72, 44, 255}
			}
			if dx, dy := x-500, y-300; i < 2 && dx*dx+dy*dy < 5200 {
				c = color.RGBA{58, uint8(110 + (x*y)%24), 52, 255}
			}
			img.Set(x, y, c)
		}
	}
	return img
}

// tap presses what has these words, as a finger would.
func (s *stage) tap(key string, args ...any) {
	s.t.Helper()
	if err := touch.Tap(s.w.Content(), s.a.T(key, args...)); err != nil {
		s.t.Fatal(err)
	}
}
