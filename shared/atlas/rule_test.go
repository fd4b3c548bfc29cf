package atlas_test

import (
	"context"
	"testing"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// TestRules counts from Monday, 23 November 2026. Thursday is a holiday, and so
// are Christmas (a Friday) and Tuesday, 8 December.
func TestRules(t *testing.T) {
	calendar := city.Calendar{Holidays: []string{"2026-11-26", "2026-12-08", "2026-12-25"}}
	for _, c := range []struct{ rule, holidays, from, next string }{
		{"every Monday", "", "2026-11-23", "2026-11-23"},
		{"Mondays", "", "2026-11-24", "2026-11-30"},
		{"Tue & Fri", "", "2026-11-25", "2026-11-27"},
		{"every 2nd and 4th Tuesday", "", "2026-11-23", "2026-11-24"},
		{"every 2nd and 4th Tuesday", "", "2026-11-25", "2026-12-08"},
		{"every 2nd and 4th Tuesday", "skip", "2026-11-25", "2026-12-22"},
		{"every 2nd and 4th Tuesday", "day", "2026-11-25", "2026-12-09"},
		{"every Friday", "week", "2026-11-23", "2026-11-28"},
		{"every Friday", "week", "2026-11-28", "2026-11-28"},
		{"every Wednesday", "week", "2026-11-23", "2026-11-25"},
		{"every Thursday", "week", "2026-11-26", "2026-11-27"},
		{"last Friday of the month", "", "2026-11-28", "2026-12-25"},
		{"last Friday of the month", "skip", "2026-11-28", "2027-01-29"},
		{"5th Monday", "", "2026-11-23", "2026-11-30"},
		{"5th Monday", "", "2026-12-01", "2027-03-29"},
		{"every other Wednesday from 2026-11-18", "", "2026-11-23", "2026-12-02"},
		{"every 3 weeks on Wednesday, starting 2026-11-04", "", "2026-11-23", "2026-11-25"},
		{"1st and 3rd Monday, April to November", "", "2026-11-23", "2027-04-05"},
		{"Mondays, December through March", "", "2026-11-23", "2026-12-07"},
		{"daily", "", "2026-11-23", "2026-11-23"},
		{"every Monday from 2030-01-01", "", "2026-11-23", ""},
	} {
		rule, err := atlas.ParseRule(c.rule)
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		from, err := time.Parse(time.DateOnly, c.from)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if next, ok := rule.Next(from.Add(23*time.Hour), c.holidays, calendar); ok {
			got = next.Format(time.DateOnly)
		}
		if got != c.next {
			t.Errorf("%s, holidays %q, from %s: %s, want %s", c.rule, c.holidays, c.from, got, c.next)
		}
	}
	for _, bad := range []string{"", "sometimes", "every", "2nd", "every 2nd Tuesdye", "the monkeys", "every other Friday", "every 99 weeks on Monday", "2nd Monday every 3 weeks from 2026-01-01", "daily Monday", "mo"} {
		if _, err := atlas.ParseRule(bad); err == nil {
			t.Errorf("%q passes for a rule", bad)
		}
	}
}

// TestDatesDoNotHangOnTheClock asks at times that no city has.
func TestDatesDoNotHangOnTheClock(t *testing.T) {
	rule, err := atlas.ParseRule("every 2nd and 4th Tuesday")
	if err != nil {
		t.Fatal(err)
	}
	for _, year := range []int{1, 1970, 2106, 9999} {
		if next, ok := rule.Next(time.Date(year, 3, 1, 0, 0, 0, 0, time.UTC), "week", city.Calendar{}); !ok || next.Weekday() != time.Tuesday {
			t.Errorf("in %d: %v", year, next)
		}
	}
}

func TestHere(t *testing.T) {
	square := [][]atlas.Point{{{420_000_000, -710_000_000}, {420_000_000, -709_900_000}, {420_100_000, -709_900_000}, {420_100_000, -710_000_000}}}
	hole := append([][]atlas.Point{}, square[0], []atlas.Point{{420_010_000, -709_990_000}, {420_020_000, -709_990_000}, {420_020_000, -709_980_000}, {420_010_000, -709_980_000}})
	a := open(t, atlas.Geography{
		Streets: []atlas.Street{{Name: "Elm Street", Left: atlas.Range{From: 1, To: 99}, Right: atlas.Range{From: 2, To: 100}, Line: []atlas.Point{{420_050_000, -710_000_000}, {420_050_000, -709_900_000}}}},
		Areas: []atlas.Area{{Kind: atlas.AreaDistrict, Key: "center", Name: "Center", Rings: square}, {Kind: atlas.AreaPrecinct, Key: "1-1", Name: "1-1", Rings: square},
			{Kind: "sweeping", Key: "G", Name: "G", Rings: hole}, {Kind: atlas.AreaPark, Name: "Elm Park", Rings: square}},
		Spots: []atlas.Spot{{Sort: atlas.SortLandmark, Kind: "library", Name: "North Library", At: atlas.Point{Lat: 420_090_000, Lon: -709_950_000}},
			{Sort: atlas.SortLandmark, Kind: "library", Name: "Far Library", At: atlas.Point{Lat: 421_090_000, Lon: -709_950_000}},
			{Sort: atlas.SortPolling, Key: "1-1", Name: "Fire House", At: atlas.Point{Lat: 420_060_000, Lon: -709_950_000}}},
		Facts:     []atlas.Fact{{Kind: atlas.AreaPrecinct, Key: "1-1", Name: "council_member", Value: "Rosa Delgado"}},
		Schedules: []atlas.Schedule{{Kind: "sweeping", Key: "G", Rule: "1st Tuesday", Side: "odd"}, {Kind: "sweeping", Key: "G", Rule: "2nd Tuesday", Side: "even", Holidays: "skip"}},
		AsOf:      map[string]string{"sweeping": "2026-01-02", "dates sweeping": "2026-03-04", "facts precinct": "2026-05-06", "library": "2026-07-08", "polling": "2026-09-10"},
	})
	ctx := context.Background()
	at := func(p city.Place) atlas.Here {
		h, err := a.Here(ctx, p, day, city.Calendar{Holidays: []string{"2026-12-08"}})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := at(city.Place{Lat: 420_051_000, Lon: -709_950_500})
	if h.Place.Address != "51 Elm Street" && h.Place.Address != "49 Elm Street" || !h.Estimated || h.Place.District != "center" {
		t.Errorf("%+v", h.Place)
	}
	if len(h.Areas) != 3 || h.Areas[1].Facts[0] != (atlas.HereFact{Name: "council_member", Value: "Rosa Delgado", AsOf: "2026-05-06"}) || h.Areas[2].AsOf != "2026-01-02" {
		t.Errorf("%+v", h.Areas)
	}
	if d := h.Areas[2].Dates; len(d) != 1 || d[0] != (atlas.HereDate{Next: "2026-12-01", Rule: "1st Tuesday", Side: "odd", AsOf: "2026-03-04"}) {
		t.Errorf("the odd side: %+v", d)
	}
	if len(h.Polling) != 1 || h.Polling[0].Name != "Fire House" || h.Polling[0].AsOf != "2026-09-10" || h.Polling[0].Metres < 90 || h.Polling[0].Metres > 110 {
		t.Errorf("%+v", h.Polling)
	}
	if len(h.Nearest) != 1 || h.Nearest[0].Name != "North Library" || h.Nearest[0].AsOf != "2026-07-08" {
		t.Errorf("%+v", h.Nearest)
	}
	even := at(city.Place{Lat: 420_049_000, Lon: -709_950_000, Address: "50 Elm Street"})
	if d := even.Areas[2].Dates; len(d) != 1 || d[0].Next != "2027-01-12" || even.Estimated {
		t.Errorf("the even side, with a holiday: %+v", d)
	}
	if in := at(city.Place{Lat: 420_015_000, Lon: -709_985_000}); len(in.Areas) != 2 {
		t.Errorf("in the hole: %+v", in.Areas)
	}
	if sea := at(city.Place{Lat: 1, Lon: 1}); len(sea.Areas) != 0 || sea.Place.Address != "" {
		t.Errorf("in the sea: %+v", sea)
	}
	if _, err := a.Here(ctx, city.Place{Address: "nowhere"}, day, city.Calendar{}); err == nil {
		t.Error("a place that is not on the map has something around it")
	}
}
