package city_test

import (
	"testing"
	"time"

	"cityhall/shared/city"
)

// TestWhomANoticeConcerns: residents of its districts, from a week before its first
// day to its last, by the calendar of the city.
func TestWhomANoticeConcerns(t *testing.T) {
	n := city.Notice{From: "2026-03-10", Until: "2026-03-12", Districts: []city.ID{"north", "old-town"}}
	everywhere, back := n, n
	everywhere.Districts, back.Withdrawn = nil, true
	for _, c := range []struct {
		notice   city.Notice
		district city.ID
		day      string
		want     bool
	}{
		{n, "north", "2026-03-11", true},
		{n, "old-town", "2026-03-11", true},
		{n, "south", "2026-03-11", false},
		{n, "", "2026-03-11", false},
		{n, "north", "2026-03-02", false},
		{n, "north", "2026-03-03", true},
		{n, "north", "2026-03-12", true},
		{n, "north", "2026-03-13", false},
		{everywhere, "south", "2026-03-11", true},
		{everywhere, "", "2026-03-11", true},
		{back, "north", "2026-03-11", false},
	} {
		day, err := time.Parse(time.DateOnly, c.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.notice.Concerns(c.district, day.Add(23*time.Hour)); got != c.want {
			t.Errorf("%q on %s: %v", c.district, c.day, got)
		}
	}
}

// TestNoticesOfDistricts: a district that was renamed away may stay in a notice, not
// come into one; and another department's notice is not taken over.
func TestNoticesOfDistricts(t *testing.T) {
	w := newWorld(t).until("received")
	with := func(districts ...city.District) {
		w.must(system, &city.SetCity{Settings: city.Settings{Name: "Town", TimeZone: "America/New_York", Languages: []string{"en"}, Districts: districts}})
	}
	with(city.District{ID: "north", Name: "North"})
	here := change(notice, func(a *city.SetNotice) { a.Notice.Districts = []city.ID{"north"} })
	w.must(reviewer, here)
	with(city.District{ID: "south", Name: "South"})
	here.Notice.Until = "2026-03-20"
	w.must(reviewer, here)
	other := change(notice, func(a *city.SetNotice) { a.ID, a.Notice.Districts = "notice-2", []city.ID{"north"} })
	_, err := w.try(reviewer, other)
	wants(t, err, city.CodeUnknown, "districts")

	w.must(admin, change(notice, func(a *city.SetNotice) { a.ID, a.Notice.Department = "notice-3", "roads" }))
	_, err = w.try(reviewer, change(notice, func(a *city.SetNotice) { a.ID = "notice-3" }))
	wants(t, err, city.CodeForbidden, "actor")
}

// TestEditionsOfANoticeDoNotMix: of two that were written at the same time one stands
// whole, and a person decides on the other.
func TestEditionsOfANoticeDoNotMix(t *testing.T) {
	w := newWorld(t).until("received")
	w.must(reviewer, notice())
	first, second := w.see(), w.see()
	a := w.write(first, reviewer, change(notice, func(a *city.SetNotice) { a.Notice.Words = text("On Monday.") }))
	b := w.write(second, admin, change(notice, func(a *city.SetNotice) { a.Notice.Words, a.Notice.Until = text("On Friday."), "2026-03-20" }))
	w.receive(a)
	r := w.receive(b)
	n, _, err := city.LoadNotice(w.hall, "notice-1")
	if err != nil || r.Verdict != city.VerdictReview || n.Words["en"] != "On Monday." || n.Until != "2026-03-06" {
		t.Errorf("%s %+v %v", r.Verdict, n, err)
	}
	id, rev := w.review(r)
	w.must(system, &city.SetStaff{ID: "rolf", Staff: city.Staff{Name: "Rolf", Roles: []city.Role{city.RoleReviewer}, Departments: []city.Department{"roads"}, Active: true}})
	decide := &city.DecideReview{Review: id, Sides: rev.Sides()}
	_, err = w.try(city.Actor{Kind: city.ActorStaff, ID: "rolf"}, decide)
	wants(t, err, city.CodeForbidden, "actor")
	w.must(reviewer, decide)
}
