package fieldapp_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"cityhall/shared/city"
	"cityhall/syncserver"
)

// office carries what is on a stick to the city and back.
func (s *stage) office(stick string) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(stick, "*.cityhall-bundle"))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("nothing was saved: %v", err)
	}
	desk := syncserver.Desk{Store: s.Server.Store(), Keys: s.Server.Keys(), Now: s.Now, Log: slog.New(slog.DiscardHandler)}
	if _, err := desk.Import(s.t.Context(), files[len(files)-1]); err != nil {
		s.t.Fatal(err)
	}
}

// A tablet without a line gets its note to the city, and the city's word back, by
// a stick that somebody carries.
func TestStickInsteadOfALine(t *testing.T) {
	s := newStage(t)
	_, order := s.tree("12 Elm Street", city.AssignRequest{Priority: city.PriorityNormal})
	s.sync()
	s.signIn()
	s.Cut(true)
	s.a.OpenJob(order)
	s.a.OpenNote()
	s.a.SetNote("Dog in the yard.")
	s.a.SaveNote()
	s.a.OpenWaiting()
	stick := t.TempDir()
	says := func(key string, args ...any) {
		t.Helper()
		if want := s.a.T(key, args...); s.a.Problem() != want && s.a.Notice() != want {
			t.Fatalf("it says %q and %q, want %q", s.a.Problem(), s.a.Notice(), want)
		}
	}
	s.a.ReadFromStick(stick)
	says("field.stick.no_answer")
	s.a.SaveToStick(filepath.Join(stick, "pulled out"))
	says("field.stick.failed")
	s.a.SaveToStick(stick)
	says("field.stick.saved", "name", filepath.Base(stick))
	if n := len(s.a.Waiting().Pending); n != 1 {
		t.Errorf("%d wait after saving", n)
	}
	s.office(stick)
	s.a.ReadFromStick(stick)
	says("field.stick.done")
	if w := s.a.Waiting(); len(w.Pending) != 0 || len(w.Recent) != 1 {
		t.Errorf("after the answer %d wait, %d have arrived", len(w.Pending), len(w.Recent))
	}
	s.a.ReadFromStick(stick)
	says("field.stick.old")
}
