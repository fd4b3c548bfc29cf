package kiosk_test

import (
	"strings"
	"testing"

	"cityhall/kiosk"
	"cityhall/shared/city"
)

func TestWrongReference(t *testing.T) {
	s := newStage(t)
	s.Track()
	for _, c := range []struct {
		typed, field string
		code         city.Code
	}{
		{"  ", "reference", city.CodeRequired},
		{"K7QM", "reference.short", city.CodeInvalid},
		{"K7QM-4F2Q-9XDT-?", "reference.character", city.CodeInvalid},
		{"0000-0000-0000-1", "reference.check", city.CodeInvalid},
		{strings.Repeat("K7QM", 1200), "reference", city.CodeTooLong},
	} {
		s.SetTyped(c.typed)
		s.Look()
		s.on(kiosk.ScreenTrack)
		if p := s.Problem("reference"); p == nil || p.Code != c.code || p.Field != c.field {
			t.Errorf("%.20q: problem %+v, want %s at %s", c.typed, p, c.code, c.field)
		}
		if s.Typed() != c.typed {
			t.Errorf("%.20q was lost", c.typed)
		}
	}
	s.SetTyped("0000-0000-0000-0")
	s.Look()
	s.on(kiosk.ScreenNotFound)
	if s.AsOf().IsZero() {
		t.Error("not found, and no word about how old the answer is")
	}
	s.Back()
	s.on(kiosk.ScreenTrack)
}

func TestFixedIsShownWithWordsAndTeam(t *testing.T) {
	s := newStage(t)
	r := s.report()
	s.town.Sync(s.rep)
	id := s.records(city.KindRequest)[0].ID
	s.town.Act(&city.CloseRequest{Request: id, Outcome: city.OutcomeFixed, Words: "Taken away."})
	s.Home()
	s.Track()
	s.SetTyped(r.Number)
	s.Look()
	s.on(kiosk.ScreenRequest)
	if s.Found().Request.Status == city.StatusClosed {
		t.Fatal("this kiosk cannot know it yet")
	}
	s.town.Sync(s.rep)
	s.Refresh()
	if f := s.Found(); f.Request.Outcome != city.OutcomeFixed || f.Request.Words != "Taken away." || f.Request.ClosedAt.IsZero() {
		t.Fatalf("found %+v", f.Request)
	}
}
