package view_test

import (
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/sim/town"
	"cityhall/shared/touch"
)

// has tells whether these words stand on the screen.
func (s *stage) has(words string) bool {
	for _, n := range touch.Walk(s.w.Content()) {
		if strings.Contains(n.Label, words) || strings.Contains(n.Text, words) {
			return true
		}
	}
	return false
}

func (s *stage) wants(words string) {
	s.t.Helper()
	if !s.has(words) {
		s.t.Fatalf("on %s: nothing says %q", s.a.Screen(), words)
	}
}

func (s *stage) fill(key, words string) {
	s.t.Helper()
	if err := touch.Fill(s.w.Content(), s.a.T(key), words); err != nil {
		s.t.Fatal(err)
	}
}

// press presses the first thing whose spoken words contain these.
func (s *stage) press(words string) {
	s.t.Helper()
	for _, n := range touch.Walk(s.w.Content()) {
		if n.Role == "button" && strings.Contains(n.Label, words) {
			if err := touch.Tap(s.w.Content(), n.Label); err != nil {
				s.t.Fatal(err)
			}
			return
		}
	}
	s.t.Fatalf("on %s: nothing to press says %q", s.a.Screen(), words)
}

// TestByFinger does a job from the locked screen to "saved" with taps and keys
// only, without a line, in every window.
func TestByFinger(t *testing.T) {
	for _, sh := range shapes {
		t.Run(sh.name, func(t *testing.T) {
			test.NewTempApp(t)
			s := newStage(t, false)
			s.w.Resize(sh.size)
			s.report("12 Elm Street", "harbor", "fallen-tree", "It blocks the road.", city.AssignRequest{})
			s.Sync(s.r)
			s.photos()
			s.Cut(true)
			for _, digit := range pin {
				s.press(string(digit))
			}
			s.press("Rosa Delgado")
			s.press("12 Elm Street")
			s.wants("It blocks the road.")
			s.tap("field.job.start")
			s.wants("Started")
			s.tap("field.job.finish")
			s.tap("field.finish.check")
			s.wants("Please say whether it is fixed.")
			s.tap("field.outcome.not_fixed")
			s.fill("field.finish.reason", "Needs a crane.")
			s.fill("field.finish.notes", "Closed the lane.")
			s.fill("field.finish.material", "Warning tape")
			s.fill("field.finish.quantity", "20")
			s.tap("field.unit.m")
			s.tap("field.finish.material_add")
			s.wants("20 m · Warning tape")
			s.tap("field.photo.add")
			s.press("IMG_0414.jpg")
			s.press("Add 1 photo")
			s.tap("field.finish.check")
			s.wants("Needs a crane.")
			s.wants("Closed the lane.")
			s.tap("field.check.save")
			s.wants("Saved on this tablet.")
			s.wants("0 of 1 photos sent")
			if s.a.Waiting().Pending == nil {
				t.Error("nothing waits")
			}
		})
	}
}

// TestLanguageAndProblem changes the language while a problem stands there.
func TestLanguageAndProblem(t *testing.T) {
	test.NewTempApp(t)
	s := newStage(t, false)
	s.started()
	s.a.OpenFinish()
	s.a.Check()
	p := s.a.Prefs()
	p.Language = "es"
	s.a.SetPrefs(p)
	s.wants("Diga si quedó arreglado.")
}

// TestMonkeyOnTheGlass taps whatever can be tapped.
func TestMonkeyOnTheGlass(t *testing.T) {
	test.NewTempApp(t)
	s := newStage(t, false)
	s.settled()
	s.photos()
	rounds := 250
	if testing.Short() {
		rounds = 60
	}
	const seed = 11
	r := rand.New(rand.NewPCG(seed, seed))
	for range rounds {
		if s.a.Screen() == fieldapp.ScreenUnlock {
			s.Wait(time.Hour)
			s.a.Unlock(pin)
		}
		var labels []string
		for _, n := range touch.Walk(s.w.Content()) {
			if (n.Role == "button" || n.Role == "radio" || n.Role == "checkbox") && !n.Disabled {
				labels = append(labels, n.Label)
			}
		}
		if len(labels) == 0 {
			t.Fatalf("seed %d: a dead end on %s", seed, s.a.Screen())
		}
		_ = touch.Tap(s.w.Content(), labels[r.IntN(len(labels))]) // what lies below a dialog cannot be tapped
	}
}

// TestGolden holds the look of six screens.
func TestGolden(t *testing.T) {
	if testing.Short() {
		t.Skip("draws six large pictures")
	}
	for name, shape := range map[string]shape{"jobs": shapes[2], "job-started": shapes[0], "finish-filled": shapes[1], "waiting-attention": shapes[2],
		"jobs-map": shapes[2], "find-named": shapes[1]} {
		t.Run(name, func(t *testing.T) {
			test.NewTempApp(t)
			s := newStage(t, false)
			s.w.Resize(shape.size)
			for _, sc := range scenes {
				if sc.name == name {
					sc.play(s)
				}
			}
			compare(t, filepath.Join("testdata", name+".png"), s.hideNumbers())
		})
	}
}

// hideNumbers draws the screen without what differs from run to run: the public
// number follows from a random id.
func (s *stage) hideNumbers() image.Image {
	picture := s.w.Canvas().Capture()
	out := image.NewRGBA(picture.Bounds())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, picture.At(x, y))
		}
	}
	p := s.a.Page()
	if p == nil {
		return out
	}
	for _, n := range touch.Walk(s.w.Content()) {
		if n.Text == p.Number || n.Label == p.Number {
			for y := range int(n.Rect.H) {
				for x := range int(n.Rect.W) {
					out.Set(int(n.Rect.X)+x, int(n.Rect.Y)+y, s.v.Shell().Kit().Pal.Surface)
				}
			}
		}
	}
	return out
}

// compare allows for the noise of glyph edges between machines.
func compare(t *testing.T, path string, got image.Image) {
	t.Helper()
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, got)
		return
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds() != got.Bounds() {
		t.Fatalf("%v, want %v", got.Bounds(), want.Bounds())
	}
	different := 0
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			if far(want, got, x, y) {
				different++
			}
		}
	}
	if all := want.Bounds().Dx() * want.Bounds().Dy(); different*200 > all {
		failed := filepath.Join("testdata", "failed", filepath.Base(path))
		if err := os.MkdirAll(filepath.Dir(failed), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, failed, got)
		t.Errorf("%.2f %% of the pixels differ; see %s, or run with -update", 100*float64(different)/float64(all), failed)
	}
}

func far(a, b image.Image, x, y int) bool {
	ar, ag, ab, _ := a.At(x, y).RGBA()
	br, bg, bb, _ := b.At(x, y).RGBA()
	d := func(p, q uint32) int { return max(int(p)-int(q), int(q)-int(p)) }
	return max(d(ar, br), d(ag, bg), d(ab, bb)) > 0x2000
}

// TestManyWaiting is a long day without a line.
func TestManyWaiting(t *testing.T) {
	if testing.Short() {
		t.Skip("records some hundred acts")
	}
	test.NewTempApp(t)
	s := newStage(t, false)
	s.busy()
	s.Cut(true)
	s.a.OpenJob(s.jobs["12 Elm Street"])
	for range 60 {
		s.a.OpenNote()
		s.a.SetNote("One more thing.")
		s.a.SaveNote()
	}
	s.a.OpenWaiting()
	if n := len(s.a.Waiting().Pending); n != 60 {
		t.Fatalf("%d wait", n)
	}
	s.w.Resize(fyne.NewSize(480, 900))
	s.wants("60 things wait to be sent")
}

// BenchmarkMapOfJobs is what the page of 1,000 jobs on the map costs when it is
// built again.
func BenchmarkMapOfJobs(b *testing.B) {
	test.NewTempApp(b)
	s := newStage(b, false)
	s.placed()
	for i := range 1000 {
		at := s.House("120 Maple Avenue")
		at.Lat, at.Lon = at.Lat+int32(i%40*4000), at.Lon+int32(i/40*6000)
		s.Report(town.Trees, s.found("fallen-tree", at), city.AssignRequest{DueAt: s.Now().Add(time.Hour)})
	}
	s.Sync(s.r)
	s.signIn()
	for name, on := range map[string]bool{"list": false, "map": true} {
		b.Run(name, func(b *testing.B) {
			s.a.ShowMap(on)
			for b.Loop() {
				s.v.Shell().Rebuild()
			}
		})
	}
}
