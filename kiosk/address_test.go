package kiosk_test

import (
	"testing"
	"time"

	"cityhall/kiosk"
	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// concerns types an address and looks it up.
func (s *stage) concerns(address string) *kiosk.Concerns {
	s.t.Helper()
	if s.Screen() == kiosk.ScreenHome {
		s.MyAddress()
	}
	s.on(kiosk.ScreenAddress)
	s.SetPlaceText(address)
	s.Next()
	s.on(kiosk.ScreenHere)
	return s.Concerns()
}

func dates(c *kiosk.Concerns, kind string) (out []string) {
	for _, a := range c.Here.Areas {
		for _, d := range a.Dates {
			if a.Kind == kind {
				out = append(out, d.What+" "+d.Next+" "+d.AsOf)
			}
		}
	}
	return out
}

// TestMyAddress is the third journey: all that concerns an address, without a line
// and with the city's holidays, for the side of the street that one lives on.
func TestMyAddress(t *testing.T) {
	s := newStage(t)
	s.town.Report(trees, city.FileRequest{Service: "fallen-tree", Version: 1, Place: city.Place{Lat: 415_000_000, Lon: -715_090_000}, Answers: city.Answers{"blocking": {"none"}, "wires": {"no"}}}, city.AssignRequest{})
	s.town.Report(trees, city.FileRequest{Service: "light", Version: 1, Place: city.Place{Lat: 415_000_000, Lon: -715_088_000}}, city.AssignRequest{})
	s.town.Report(trees, city.FileRequest{Service: "light", Version: 1, Place: city.Place{Lat: 415_000_000, Lon: -715_010_000}}, city.AssignRequest{})
	s.town.Sync(s.rep)
	s.Refresh()
	s.town.Cut(true)
	c := s.concerns("20 orchard st") // it is Monday, March 2, 2026, a holiday
	if got := dates(c, "collection"); len(got) != 2 || got[0] != "Trash 2026-03-05 2026-01-02" || got[1] != "Recycling 2026-03-11 2026-01-02" {
		t.Errorf("collection %q", got)
	}
	if got := dates(c, "sweeping"); len(got) != 1 || got[0] != " 2026-04-14 " {
		t.Errorf("sweeping of the even side %q", got)
	}
	if len(c.Here.Polling) != 1 || c.Here.Polling[0].Name != "Harbor School" || len(c.Here.Nearest) != 1 || c.Here.Nearest[0].Kind != "library" {
		t.Errorf("polling %+v nearest %+v", c.Here.Polling, c.Here.Nearest)
	}
	if len(c.Near) != 2 || c.Near[0].Request.Service != "fallen-tree" || !c.Sure || c.Today.Format(time.DateOnly) != "2026-03-02" || !c.Hit.Estimated {
		t.Errorf("near %+v, sure %v, today %v", c.Near, c.Sure, c.Today)
	}
	s.Follow(c.Near[1].ID)
	s.on(kiosk.ScreenRequest)
	s.Back()
	s.on(kiosk.ScreenHere)
	s.Back()
	s.on(kiosk.ScreenAddress)
	if c = s.concerns("21 orchard st"); len(dates(c, "sweeping")) != 1 || dates(c, "sweeping")[0] != " 2026-04-07 " {
		t.Errorf("sweeping of the odd side %q", dates(c, "sweeping"))
	}
	s.Back()
	if c = s.concerns("999 orchard st"); !c.Hit.NoNumber || c.Hit.To != 200 || len(dates(c, "sweeping")) != 2 {
		t.Errorf("no such number: %+v", c.Hit)
	}
	s.Back()
	if c = s.concerns("2 county road"); !c.Here.Outside || len(c.Here.Areas) != 0 {
		t.Errorf("outside: %+v", c.Here)
	}
	s.Next()
	s.on(kiosk.ScreenHome)
}

// TestAddressNotFound says so at the field, and goes on when it is mended.
func TestAddressNotFound(t *testing.T) {
	s := newStage(t)
	s.MyAddress()
	for typed, want := range map[string]city.Code{"": city.CodeRequired, "77 Nowhere Boulevard": city.CodeUnknown} {
		s.SetPlaceText(typed)
		s.Next()
		s.on(kiosk.ScreenAddress)
		if p := s.Problem("address"); p == nil || p.Code != want {
			t.Errorf("%q: problem %+v", typed, p)
		}
	}
	s.concerns("20 orchard st")
}

// TestUnsureDay: a kiosk that has not heard from the city since its start says that
// its day may be wrong; one whose clock the city has found wrong knows the day.
func TestUnsureDay(t *testing.T) {
	s := newStage(t)
	s.town.Wait(time.Hour)
	s.town.Cut(true)
	s.reopen()
	if c := s.concerns("20 orchard st"); c.Sure {
		t.Fatal("it is sure of a day that nobody has told it")
	}
	s.town.Cut(false)
	s.town.Sync(s.rep)
	s.Back()
	if c := s.concerns("20 orchard st"); !c.Sure {
		t.Fatal("it is not sure although the city has answered")
	}
}

// TestAddressIsForgotten looks for what was typed once the person has gone, in
// memory and in the kiosk's files.
func TestAddressIsForgotten(t *testing.T) {
	s := newStage(t)
	s.concerns("20 Orchard Street")
	if !s.holds("20 Orchard") {
		t.Fatal("the search for traces finds none where there are some")
	}
	s.town.Wait(81 * time.Second)
	s.Tick()
	s.on(kiosk.ScreenHome)
	s.clean()
	if s.Concerns() != nil || s.PlaceText() != "" {
		t.Fatal("the next person is shown the last one's address")
	}
}

// around is the whole of the stage's city.
func around() [][]atlas.Point {
	return [][]atlas.Point{{{Lat: 414_900_000, Lon: -715_200_000}, {Lat: 414_900_000, Lon: -714_900_000}, {Lat: 415_200_000, Lon: -714_900_000}, {Lat: 415_200_000, Lon: -715_200_000}}}
}
