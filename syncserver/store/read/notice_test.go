package read_test

import (
	"fmt"
	"strings"
	"testing"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
	"cityhall/syncserver/store/read"
)

// TestNoticesOnBothEngines: what is ahead by its first day, what is past from the
// newest on, each half bounded for itself, and who wrote what stands.
func TestNoticesOnBothEngines(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store, r *read.Reader) {
		ctx := t.Context()
		fill(t, s, 2)
		maya := city.Actor{Kind: city.ActorStaff, ID: "maya", Name: "Maya"}
		set := func(by city.Actor, id city.ID, from, until string, withdrawn bool) {
			t.Helper()
			n := city.Notice{Title: city.Text{"en": "Hydrants"}, Words: city.Text{"en": "They are flushed."}, Department: "parks", From: from, Until: until, Withdrawn: withdrawn}
			if _, err := s.Act(ctx, by, city.NewMutationID(), 1<<40, &city.SetNotice{ID: id, Notice: n}); err != nil {
				t.Fatal(err)
			}
		}
		system := city.Actor{Kind: city.ActorSystem}
		set(system, "over", "2026-05-01", "2026-05-13", false)
		set(system, "today", "2026-05-01", "2026-05-14", false)
		set(system, "next", "2026-06-01", "2026-06-02", false)
		set(system, "long-over", "2025-05-01", "2025-05-02", false)
		set(system, "back", "2026-05-01", "2026-05-20", true)
		set(system, "again", "2026-05-02", "2026-05-20", true)
		set(maya, "again", "2026-05-02", "2026-05-20", false)
		ids := func(list []read.Notice) string {
			var out []string
			for _, n := range list {
				out = append(out, string(n.ID))
			}
			return strings.Join(out, " ")
		}
		for _, c := range []struct {
			limit int
			want  string
		}{
			{10, "today again next false; back over long-over false"},
			{3, "today again next false; back over long-over false"},
			{2, "today again true; back over true"},
		} {
			l, err := r.Notices(ctx, "2026-05-14", c.limit)
			got := fmt.Sprintf("%s %v; %s %v", ids(l.Ahead), l.MoreAhead, ids(l.Past), l.MorePast)
			if err != nil || got != c.want {
				t.Errorf("at most %d: %s, want %s, %v", c.limit, got, c.want, err)
			}
		}
		n, ok, err := r.Notice(ctx, "again")
		if err != nil || !ok || n.By.Name != "Maya" || n.At != now || n.Title.In("en") != "Hydrants" || n.Withdrawn {
			t.Errorf("one: %+v, %v, %v", n, ok, err)
		}
		if _, ok, err := r.Notice(ctx, "none"); ok || err != nil {
			t.Errorf("none: %v, %v", ok, err)
		}
		if _, ok, err := r.Notice(ctx, "trees"); ok || err != nil {
			t.Errorf("a crew: %v, %v", ok, err)
		}
	})
}

// TestReviewsOfNoticesOnBothEngines: they are for the department whose notice it is.
func TestReviewsOfNoticesOnBothEngines(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store, r *read.Reader) {
		ctx := t.Context()
		fill(t, s, 2)
		for _, words := range []string{"On Monday.", "On Tuesday.", "On Friday."} {
			n := city.Notice{Title: city.Text{"en": "Hydrants"}, Words: city.Text{"en": words}, Department: "parks", From: "2026-05-01", Until: "2026-05-13"}
			seen := int64(1 << 40)
			if words == "On Friday." { // by somebody who had not seen Tuesday
				h, err := s.Head(ctx)
				if err != nil {
					t.Fatal(err)
				}
				seen = h.Seq - 1
			}
			if _, err := s.Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), seen, &city.SetNotice{ID: "hydrants", Notice: n}); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			by   read.Staff
			want int
		}{{everybody, 1}, {parks, 1}, {tricky, 0}} {
			open, err := r.OpenReviews(ctx, c.by, 10)
			n, err2 := r.CountReviews(ctx, c.by)
			if err != nil || err2 != nil || len(open) != c.want || n != c.want {
				t.Errorf("%s is shown %d and told of %d, want %d, %v, %v", c.by.Name, len(open), n, c.want, err, err2)
			}
			if len(open) == 1 && open[0].About.Kind != city.KindNotice {
				t.Errorf("about %s", open[0].About)
			}
		}
	})
}
