package kiosk_test

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"cityhall/kiosk"
	"cityhall/shared/city"
)

var machineSteps = flag.Int("machine", 50_000, "how many taps the monkey makes, half of them by a known seed")

// taps are all that a person can do, with arguments that make little sense.
func taps(s *stage, r *rand.Rand) []func() {
	texts := []string{"", " ", "20 orch", "sofa 🛋", "-7", "سلام", "ana@example.org", "K7QM", "0000-0000-0000-0", "555 010 7777"}
	text := func() string { return texts[r.IntN(len(texts))] }
	service := func() city.ID { return []city.ID{"fallen-tree", "pothole", "light", "old", "none"}[r.IntN(5)] }
	part := func() string {
		return []string{kiosk.PartService, kiosk.PartAnswers, kiosk.PartPlace, kiosk.PartDetails, kiosk.PartContact, kiosk.PartAnswers + ".wires", "x"}[r.IntN(7)]
	}
	answer := func() string { return []string{"road", "none", "yes", "no", "2", "x"}[r.IntN(6)] }
	follow := func() {
		if near := s.Nearby(); len(near) > 0 {
			s.Follow(near[r.IntN(len(near))].ID)
		}
	}
	return []func(){
		s.Next, s.Next, s.Next, s.Next, s.Back, s.Report, s.Track, s.Look, s.Anonymous, s.AsWritten, s.AnotherPlace, s.NextTextSize, s.ToggleContrast, s.OpenOther,
		follow, s.Refresh, func() { s.ChooseService(service()) }, func() { s.ChooseService("fallen-tree") }, func() { s.Answer(answer()) }, func() { s.Answer("none") },
		func() { s.Answer("no") }, func() { s.Answer(text(), answer()) }, func() { s.SetPlaceText(text()) }, func() { s.ChoosePlace(r.IntN(4) - 1) },
		func() { s.SetByWords(r.IntN(2) == 0) }, func() { s.SetPlaceWords(text()) }, func() { s.SetPlaceDetail(text()) }, func() { s.SetDetails(text()) },
		func() { s.SetContact(city.Person{Email: text(), Phone: text(), Name: text()}) }, func() { s.Edit(part()) }, func() { s.SetTyped(text()) },
		func() { s.SetServiceQuery(text()) }, func() { s.SetGroup(text()) }, func() { s.ReportGroup("trees") },
		s.PointOnMap, s.MyAddress, func() { s.MovePin(415_000_000+int32(r.IntN(400_000)), -715_100_000+int32(r.IntN(200_000))) },
		func() { s.MyAddress(); s.SetPlaceText(text()); s.Next() }, func() { s.MyAddress(); s.SetPlaceText("20 orch"); s.Next() },
		func() { s.MovePin(int32(r.Uint32()), int32(r.Uint32())) },
		func() { s.SetLanguage([]string{"en", "es"}[r.IntN(2)]) }, func() { s.town.Wait(time.Duration(r.IntN(40)) * time.Second); s.Tick() },
	}
}

// TestMonkey taps at random: once by a seed that is known to come everywhere, and
// once by a new one. Nothing may break, no screen may be a dead end, and what the
// city gets is what there were receipts for.
func TestMonkey(t *testing.T) {
	count := max(*machineSteps/2, 3_000) // fewer do not come everywhere
	if testing.Short() {
		count = 3_000
	}
	seen := monkey(t, 7, count)
	for _, screen := range []kiosk.Screen{kiosk.ScreenHome, kiosk.ScreenQuestion, kiosk.ScreenPlace, kiosk.ScreenPoint, kiosk.ScreenAddress, kiosk.ScreenHere, kiosk.ScreenContact, kiosk.ScreenReceipt} {
		if seen[screen] == 0 {
			t.Errorf("%d taps never led to %q: %v", count, screen, seen)
		}
	}
	monkey(t, uint64(time.Now().UnixNano()), count)
	t.Logf(`{"figure":"state machine","machine":"kiosk","steps":%d,"violations":0}`, 2*count)
}

// monkey makes count taps and tells how often it saw each screen.
func monkey(t *testing.T, seed uint64, count int) map[kiosk.Screen]int {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	s := newStage(t)
	all := taps(s, r)
	seen, receipts := map[kiosk.Screen]int{}, map[string]bool{}
	for i := range count {
		all[r.IntN(len(all))]()
		seen[s.Screen()]++
		if s.Screen() == kiosk.ScreenReceipt {
			receipts[s.Kiosk.Receipt().Reference] = true
		}
		if s.Screen() == kiosk.ScreenFailed {
			t.Fatalf("tap %d (seed %d): cannot save: %v", i, seed, s.Failure())
		}
		if i%500 == 0 {
			s.leaveByBack(i, seed)
		}
	}
	s.town.Sync(s.rep)
	sum, err := s.rep.Summary(t.Context())
	if err != nil || sum.Pending != 0 || sum.Attention != 0 {
		t.Fatalf("seed %d: after the sync %+v %v", seed, sum, err)
	}
	if got := len(s.records(city.KindRequest)); got != len(receipts) {
		t.Fatalf("seed %d: the city has %d reports, and there were %d receipts", seed, got, len(receipts))
	}
	return seen
}

// leaveByBack finds home with nothing but Back and Done.
func (s *stage) leaveByBack(tap int, seed uint64) {
	s.t.Helper()
	for range 40 {
		switch {
		case s.Screen() == kiosk.ScreenHome:
			return
		case s.CanGoBack():
			s.Back()
		default:
			s.Next()
		}
	}
	s.t.Fatalf("tap %d (seed %d): no way home from %q", tap, seed, s.Screen())
}
