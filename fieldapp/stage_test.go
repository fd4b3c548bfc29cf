package fieldapp_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim/town"
)

// stage is a tablet of the tree crew in a town.
type stage struct {
	*town.Town
	t        testing.TB
	dir      string
	pictures string
	r        *replica.Replica
	a        *fieldapp.App
	moves    []fieldapp.Move
	later    func(f func()) // nil: what is done in the background is done at once
	fix      fieldapp.Fix   // zero: the receiver has heard nothing
}

const pin = "246810"

// newStage enrols a tablet and opens the app, locked.
func newStage(t testing.TB) *stage {
	t.Helper()
	s := &stage{Town: town.New(t), t: t, dir: t.TempDir(), pictures: t.TempDir()}
	s.r = s.Join(s.dir, city.DeviceTablet, city.ScopePublic, city.ScopeCrew(town.Trees))
	t.Cleanup(func() { s.r.Close() })
	s.open()
	return s
}

func (s *stage) open() {
	s.t.Helper()
	a, err := fieldapp.Open(s.t.Context(), fieldapp.Config{Replica: s.r, Pictures: s.pictures, Tiles: filepath.Join(s.dir, "tiles"), Language: "en", PIN: pin, Now: s.Now,
		Background: func(f func()) {
			if s.later != nil {
				s.later(f)
				return
			}
			f()
		},
		Position: func() (fieldapp.Fix, bool) { return s.fix, s.fix != fieldapp.Fix{} }})
	if err != nil {
		s.t.Fatal(err)
	}
	s.a = a
	a.Changed = func(m fieldapp.Move) { s.moves = append(s.moves, m) }
}

// restart is a kill: what was not on disk is gone.
func (s *stage) restart() {
	s.t.Helper()
	if err := s.r.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.r = s.Open(s.dir)
	s.open()
}

// signIn unlocks the tablet for Rosa.
func (s *stage) signIn() *stage {
	s.t.Helper()
	s.a.Unlock(pin)
	if s.a.Screen() == fieldapp.ScreenWho {
		s.a.Work(s.a.People()[0])
	}
	s.on(fieldapp.ScreenJobs)
	return s
}

func (s *stage) on(want fieldapp.Screen) {
	s.t.Helper()
	if got := s.a.Screen(); got != want {
		s.t.Fatalf("screen %q, want %q; problem %q", got, want, s.a.Problem())
	}
}

// sync brings the tablet up to date.
func (s *stage) sync() {
	s.t.Helper()
	s.Sync(s.r)
	s.a.Refresh()
}

// tree reports a fallen tree and gives it to the tree crew.
func (s *stage) tree(address string, job city.AssignRequest) (request, order city.ID) {
	s.t.Helper()
	return s.Report(town.Trees, city.FileRequest{Service: "fallen-tree", Version: 1,
		Answers:     city.Answers{"blocking": {"road"}, "wires": {"no"}, "lanes": {"2"}},
		Place:       city.Place{Address: address, District: town.Harbor, Detail: "behind the bus stop"},
		Description: "The trunk lies across both lanes. 🌳", Person: city.Person{Name: "Ana Ruiz", Phone: "555 0134"}}, job)
}

// picture leaves a file in the camera's folder.
func (s *stage) picture(name string, minutesAgo int) string {
	s.t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 400, 300))
	for i := range img.Pix {
		img.Pix[i] = byte(i * len(name))
	}
	img.Set(minutesAgo%400, 0, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		s.t.Fatal(err)
	}
	return s.file(name, b.Bytes(), minutesAgo)
}

func (s *stage) file(name string, data []byte, minutesAgo int) string {
	s.t.Helper()
	path := filepath.Join(s.pictures, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	at := s.Now().Add(-time.Duration(minutesAgo) * time.Minute)
	if err := os.Chtimes(path, at, at); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// shown tells whether a fact with these words is among them.
func shown(facts []fieldapp.Fact, value string) bool {
	for _, f := range facts {
		if f.Value == value {
			return true
		}
	}
	return false
}
