package kiosk_test

import (
	"testing"

	"cityhall/kiosk"
	"cityhall/shared/city"
)

// atLibrary is where the stage's kiosk stands.
var atLibrary = city.Place{Lat: 415_100_000, Lon: -715_050_000}

// point moves the pin and takes the place.
func (s *stage) point(lat, lon int32) {
	s.t.Helper()
	s.PointOnMap()
	s.on(kiosk.ScreenPoint)
	s.MovePin(lat, lon)
	s.Next()
	s.on(kiosk.ScreenPlace)
}

// TestPointOnMap picks a place on the map: it begins where the kiosk stands, takes
// the address near the pin, and says when that is outside the city.
func TestPointOnMap(t *testing.T) {
	s := newStage(t)
	s.toPlace()
	s.PointOnMap()
	s.on(kiosk.ScreenPoint)
	if at := s.Pin().Place; at.Lat != atLibrary.Lat || at.Lon != atLibrary.Lon || at.Landmark != "Old Library" || !s.Pin().Near {
		t.Fatalf("the map begins at %+v", s.Pin())
	}
	s.Back()
	s.on(kiosk.ScreenPlace)
	if _, ok := s.ChosenPlace(); ok {
		t.Fatal("Back takes the place")
	}
	s.point(415_000_300, -715_090_000)
	spot, _ := s.ChosenPlace()
	if spot.Place.Address != "21 Orchard Street" || !spot.Near || spot.Outside || spot.Place.District != district {
		t.Fatalf("chosen %+v", spot)
	}
	s.SetPlaceDetail("behind the gate")
	if p := s.Place(); p.Lat != 415_000_300 || p.Lon != -715_090_000 || p.Detail != "behind the gate" || p.Address != "21 Orchard Street" {
		t.Fatalf("place %+v", p)
	}
	s.point(415_300_000, -715_050_000)
	if spot, _ = s.ChosenPlace(); !spot.Outside || spot.Place.Line() != "" || spot.Place.District != "" {
		t.Fatalf("outside: %+v", spot)
	}
	s.Next()
	s.on(kiosk.ScreenDetails)
	s.Next()
	s.Next()
	s.on(kiosk.ScreenCheck)
	s.Next()
	s.on(kiosk.ScreenReceipt)
	s.town.Sync(s.rep)
	if got := s.records(city.KindRequest); len(got) != 1 {
		t.Fatalf("%d reports arrived", len(got))
	}
}

// TestAdjustOnMap moves the pin of an address: a little keeps its name, far away is
// another place. What was written without the map keeps its words wherever it is put.
func TestAdjustOnMap(t *testing.T) {
	s := newStage(t)
	s.toPlace()
	s.SetPlaceText("20 Orchard Street")
	s.ChoosePlace(0)
	house, _ := s.ChosenPlace()
	for _, far := range []int32{2_000, 4_000, 2_500, 0} { // up to 45 m
		s.point(house.Place.Lat+far, house.Place.Lon)
		spot, _ := s.ChosenPlace()
		if spot.Place.Address != "20 Orchard Street" || spot.Near || spot.Place.Lat != house.Place.Lat+far {
			t.Fatalf("%d away: %+v", far, spot)
		}
	}
	s.point(house.Place.Lat, house.Place.Lon+40_000)
	if spot, _ := s.ChosenPlace(); spot.Place.Address != "100 Orchard Street" || !spot.Near {
		t.Fatalf("far away: %+v", spot)
	}
	s.point(house.Place.Lat, house.Place.Lon)
	if spot, _ := s.ChosenPlace(); !spot.Near {
		t.Fatalf("the name that was given up is back: %+v", spot)
	}
	s.AnotherPlace()
	s.SetPlaceText("behind the mill")
	s.AsWritten()
	s.point(415_000_300, -715_020_000)
	if spot, _ := s.ChosenPlace(); spot.Place.Address != "behind the mill" || spot.Near || !spot.Place.OnMap() {
		t.Fatalf("as written: %+v", spot)
	}
}

// TestReach asks about reports as far away as fits what they are about.
func TestReach(t *testing.T) {
	s := newStage(t)
	file := func(service city.ID, lon int32) {
		s.town.Report(trees, city.FileRequest{Service: service, Version: 1, Place: city.Place{Lat: 415_000_000, Lon: lon}, Answers: city.Answers{"blocking": {"none"}, "wires": {"no"}}}, city.AssignRequest{})
	}
	file("fallen-tree", -715_090_000+13_000) // 108 m
	file("light", -715_090_000+13_000)
	s.town.Sync(s.rep)
	s.Refresh()
	for service, want := range map[city.ID]int{"fallen-tree": 1, "light": 0} {
		s.Reset()
		s.Report()
		s.ChooseService(service)
		for s.Screen() == kiosk.ScreenQuestion {
			s.answer(map[string]string{"blocking": "none", "wires": "no"}[s.question()])
		}
		s.point(415_000_000, -715_090_000)
		s.Next()
		if got := len(s.Nearby()); got != want {
			t.Errorf("%s: %d reports are near, want %d", service, got, want)
		}
	}
}

func (s *stage) question() string {
	q, _ := s.Question()
	return q.ID
}

// TestPlacesGoUnderAHand: the city withdraws its places while somebody points at one.
// What they pointed at counts, and they go on.
func TestPlacesGoUnderAHand(t *testing.T) {
	s := newStage(t)
	s.toPlace()
	s.PointOnMap()
	settings := s.Settings()
	settings.Places = ""
	s.town.Act(&city.SetCity{Settings: settings})
	s.town.Sync(s.rep)
	s.Refresh()
	s.on(kiosk.ScreenPoint)
	s.Next()
	s.on(kiosk.ScreenPlace)
	if p := s.Place(); p.Lat != atLibrary.Lat || p.Lon != atLibrary.Lon {
		t.Fatalf("place %+v", p)
	}
	s.Next()
	s.on(kiosk.ScreenDetails)
}

// TestLateAnswers lets what was looked up come back in the wrong order: what the
// screen shows belongs to the last place that was pointed at or asked for.
func TestLateAnswers(t *testing.T) {
	s := newStage(t)
	var late []func()
	config := s.config()
	config.Async = func(work func() func()) { late = append(late, work()) }
	s.Close()
	s.Kiosk = kiosk.New(t.Context(), config)
	t.Cleanup(s.Close)
	come := func() {
		for i := len(late) - 1; i >= 0; i-- {
			late[i]()
		}
		late = nil
	}
	s.toPlace()
	s.PointOnMap()
	s.MovePin(415_000_300, -715_090_000)
	s.MovePin(415_000_300, -715_020_000)
	come()
	if got := s.Pin().Place; got.Lon != -715_020_000 || got.Address != "159 Orchard Street" {
		t.Fatalf("under the pin is %+v", got)
	}
	s.Home()
	s.MyAddress()
	s.SetPlaceText("20 orchard st")
	come()
	s.ChoosePlace(0)
	s.Back()
	s.MyAddress()
	come()
	s.on(kiosk.ScreenAddress)
	if s.Concerns() != nil {
		t.Fatal("what was asked for before is shown")
	}
	s.Next()
	s.SetPlaceText("20 orchard st")
	s.Home()
	come()
	s.on(kiosk.ScreenHome)
	s.clean()
}

// TestNoMap has no places: one says where it is in words, and no way leads nowhere.
func TestNoMap(t *testing.T) {
	s := newStage(t)
	settings := s.Settings()
	settings.Places = ""
	s.town.Act(&city.SetCity{Settings: settings})
	s.town.Sync(s.rep)
	s.Refresh()
	s.MyAddress()
	s.on(kiosk.ScreenHome)
	s.toPlace()
	s.PointOnMap()
	s.on(kiosk.ScreenPlace)
	if s.CanPoint() || s.CanSearch() {
		t.Fatal("there is a map of nothing")
	}
}
