package kiosk_test

import (
	"slices"
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

// TestNoticesOfAnAddress: those of its district and of the whole city, as long as they
// concern anybody, also without a line.
func TestNoticesOfAnAddress(t *testing.T) {
	s := newStage(t)
	tell := func(id city.ID, from, until string, districts ...city.ID) *city.SetNotice {
		words := city.Text{"en": string(id)}
		a := &city.SetNotice{ID: id, Notice: city.Notice{Title: words, Words: words, Department: "water", From: from, Until: until, Districts: districts}}
		s.town.Act(a)
		return a
	}
	tell("next-week", "2026-03-09", "2026-03-20")
	here := tell("here", "2026-03-01", "2026-03-02", district)
	tell("elsewhere", "2026-03-01", "2026-03-20", "hill")
	tell("over", "2026-02-01", "2026-03-01")
	tell("far-ahead", "2026-03-10", "2026-03-20")
	s.town.Sync(s.rep)
	s.town.Cut(true)
	titles := func(address string) (out []string) {
		for _, n := range s.concerns(address).Notices {
			out = append(out, n.Title.In("es"))
		}
		return out
	}
	if got := titles("20 orchard st"); !slices.Equal(got, []string{"here", "next-week"}) {
		t.Errorf("told of %q", got)
	}
	s.Back()
	if got := titles("2 county road"); len(got) > 0 {
		t.Errorf("outside the city told of %q", got)
	}
	s.Back()
	s.town.Cut(false)
	here.Notice.Withdrawn = true
	s.town.Act(here)
	s.town.Sync(s.rep)
	if got := titles("20 orchard st"); !slices.Equal(got, []string{"next-week"}) {
		t.Errorf("after one was taken back, told of %q", got)
	}
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
