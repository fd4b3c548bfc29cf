package read_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/sim/postgres"
	"cityhall/syncserver/store"
	"cityhall/syncserver/store/read"
)

var now = time.Date(2026, time.May, 14, 14, 30, 0, 0, time.UTC)

// onBoth runs a test on each engine.
func onBoth(t *testing.T, test func(t *testing.T, s *store.Store, r *read.Reader)) {
	t.Run("sqlite", func(t *testing.T) { run(t, filepath.Join(t.TempDir(), "city.db"), test) })
	t.Run("postgres", func(t *testing.T) {
		if testing.Short() {
			t.Skip("PostgreSQL is not part of the short tests")
		}
		run(t, postgres.New(t), test)
	})
}

func run(t *testing.T, dsn string, test func(*testing.T, *store.Store, *read.Reader)) {
	k, err := keys.NewServerKeys(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Config{DB: dsn, Blobs: t.TempDir(), Keys: k, Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	test(t, s, read.New(s.DB()))
}

// fill imports n requests of two departments; every tenth is still open.
func fill(t testing.TB, s *store.Store, n int) []city.ID {
	t.Helper()
	acts := []city.Act{
		&city.SetCity{Settings: city.Settings{Name: "Alder Bend", Languages: []string{"en"}}},
		&city.SetCrew{ID: "trees", Crew: city.Crew{Name: "Tree crew", Department: "parks"}},
		&city.SetStaff{ID: "gone", Staff: city.Staff{Name: "Gone", Roles: []city.Role{city.RoleAdmin}}},
		&city.SetStaff{ID: "maya", Staff: city.Staff{Name: "Maya", Roles: []city.Role{city.RoleReviewer}, Departments: []city.Department{"parks"}, Active: true}},
	}
	for _, d := range []string{"parks", "streets"} {
		acts = append(acts, &city.PublishService{ID: city.ID(d + "-service"), Service: city.Service{Name: city.Text{"en": d}, Department: city.Department(d), Promise: city.Promise{Days: 5}, Active: true}})
	}
	var ids []city.ID
	for i := range n {
		a := &city.ImportRequest{Request: city.NewID(), Service: []city.ID{"parks-service", "streets-service"}[i%2], Description: "Something leans over the path",
			Place: city.Place{Address: fmt.Sprintf("%d Elm Street", i), District: "north"}, ReceivedAt: now.Add(-time.Duration(n-i) * time.Hour), Person: city.Person{Name: "Tess O’Dell"}}
		if i%10 != 0 {
			a.ClosedAt, a.Outcome = a.ReceivedAt.Add(time.Hour), city.OutcomeFixed
		}
		ids = append(ids, a.Request)
		acts = append(acts, a)
	}
	dated := make([]store.Dated, len(acts))
	for i, a := range acts {
		dated[i] = store.Dated{ID: city.NewMutationID(), At: now, Act: a}
	}
	if err := s.Import(context.Background(), dated); err != nil {
		t.Fatal(err)
	}
	return ids
}

var (
	everybody = read.Staff{ID: "ruth", Staff: city.Staff{Name: "Ruth", Roles: []city.Role{city.RoleAdmin}, Active: true}}
	parks     = read.Staff{ID: "maya", Staff: city.Staff{Name: "Maya", Roles: []city.Role{city.RoleReviewer}, Departments: []city.Department{"parks"}, Active: true}}
	// tricky has departments whose names are parts of others, or patterns.
	tricky = read.Staff{ID: "x", Staff: city.Staff{Name: "X", Roles: []city.Role{city.RoleAdmin}, Departments: []city.Department{"park", "%", "arks", "parks streets"}, Active: true}}
)

func TestListsOnBothEngines(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store, r *read.Reader) {
		ids := fill(t, s, 60)
		for _, c := range []struct {
			by   read.Staff
			f    read.Filter
			want int
		}{
			{everybody, read.Filter{Tab: read.TabAll}, 60},
			{everybody, read.Filter{Tab: read.TabNew}, 6},
			{everybody, read.Filter{Tab: read.TabClosed}, 54},
			{everybody, read.Filter{Tab: read.TabOverdue}, 0},
			{parks, read.Filter{Tab: read.TabAll}, 30},
			{parks, read.Filter{Tab: read.TabAll, Department: "streets"}, 0},
			{tricky, read.Filter{Tab: read.TabAll}, 0},
			{everybody, read.Filter{Tab: read.TabAll, Service: "streets-service"}, 30},
			{everybody, read.Filter{Tab: read.TabAll, District: "north"}, 60},
			{everybody, read.Filter{Tab: read.TabAll, District: "south"}, 0},
			{everybody, read.Filter{Tab: read.TabAll, Status: city.StatusReceived}, 6},
			{everybody, read.Filter{Tab: read.TabAll, Text: "17 ELM"}, 1},
			{everybody, read.Filter{Tab: read.TabAll, Text: "leans over"}, 60},
			{everybody, read.Filter{Tab: read.TabAll, Text: "tess o"}, 60},
			{parks, read.Filter{Tab: read.TabAll, Text: "tess o"}, 30},
			{everybody, read.Filter{Tab: read.TabAll, Text: `%' OR '1'='1`}, 0},
		} {
			for _, sort := range []read.Sort{read.SortNewest, read.SortOldest, read.SortDue} {
				var seen []city.ID
				cursor := ""
				for {
					l, err := r.Requests(t.Context(), c.by, c.f, sort, cursor, 7, now)
					if err != nil {
						t.Fatal(err)
					}
					if l.Total != c.want {
						t.Fatalf("%+v counts %d, want %d", c.f, l.Total, c.want)
					}
					for _, row := range l.Rows {
						seen = append(seen, row.ID)
					}
					if cursor = l.Next; cursor == "" {
						break
					}
				}
				if len(seen) != c.want || len(slices.Compact(slices.Sorted(slices.Values(seen)))) != c.want {
					t.Errorf("%+v by %s lists %d, want %d", c.f, sort, len(seen), c.want)
				}
				if c.want == 60 && (sort == read.SortNewest) != (seen[0] == ids[59]) {
					t.Errorf("by %s the first is wrong", sort)
				}
			}
		}
	})
}

func TestOneThingOnBothEngines(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store, r *read.Reader) {
		ctx := t.Context()
		ids := fill(t, s, 12)
		staff := city.Actor{Kind: city.ActorStaff, ID: "maya", Name: "Maya"}
		if _, err := s.Act(ctx, staff, city.NewMutationID(), 1<<40, &city.AssignRequest{Request: ids[0], WorkOrder: city.NewID(), Crew: "trees", Priority: city.PriorityHigh}); err != nil {
			t.Fatal(err)
		}
		c, ok, err := r.Case(ctx, parks, ids[0])
		if err != nil || !ok || c.WorkOrder == nil || c.WorkOrder.Priority != city.PriorityHigh || c.Person == nil || c.Request.Status != city.StatusAssigned {
			t.Fatalf("case %+v, %v, %v", c, ok, err)
		}
		acts, err := r.Timeline(ctx, parks, ids[0])
		if err != nil || len(acts) != 2 || acts[1].Actor.Name != "Maya" || acts[1].Type != "request.assign@1" || len(acts[1].Args) == 0 || acts[1].Received != now {
			t.Fatalf("timeline %+v, %v", acts, err)
		}
		if got, err := r.Numbered(ctx, parks, c.Request.Number); err != nil || len(got) != 1 || got[0] != ids[0] {
			t.Errorf("by number: %v, %v", got, err)
		}
		dispatcher := parks
		dispatcher.Roles = []city.Role{city.RoleDispatcher}
		if c, ok, err := r.Case(ctx, dispatcher, ids[0]); err != nil || !ok || c.Person != nil || !c.Contact {
			t.Errorf("a dispatcher sees %+v, %v, %v", c.Person, ok, err)
		}
		// Another department's request answers as one that is not there.
		for _, by := range []read.Staff{parks, tricky} {
			_, ok, err := r.Case(ctx, by, ids[1])
			acts, err2 := r.Timeline(ctx, by, ids[1])
			number, _ := r.Number(ctx, ids[1])
			found, err3 := r.Numbered(ctx, by, number)
			if ok || len(acts)+len(found) > 0 || err != nil || err2 != nil || err3 != nil {
				t.Errorf("%s sees %v, %d acts, %v: %v %v %v", by.ID, ok, len(acts), found, err, err2, err3)
			}
		}
		if _, ok, err := r.Staff(ctx, "gone"); ok || err != nil {
			t.Errorf("somebody who has left: %v, %v", ok, err)
		}
		if _, ok, err := r.Staff(ctx, "maya"); !ok || err != nil {
			t.Errorf("somebody who has not: %v, %v", ok, err)
		}
		if n, err := r.CountReviews(ctx, parks); n != 0 || err != nil {
			t.Errorf("%d reviews, %v", n, err)
		}
		if _, ok, err := r.Review(ctx, parks, "none"); ok || err != nil {
			t.Errorf("no review: %v, %v", ok, err)
		}
		if _, ok, err := r.Photo(ctx, parks, "none"); ok || err != nil {
			t.Errorf("no photo: %v, %v", ok, err)
		}
	})
}

// TestTenThousand keeps every page of a large inbox quick, the last one and the
// search too. The bounds are wide: a plan that reads the table for each row
// takes seconds.
func TestTenThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("ten thousand requests are not part of the short tests")
	}
	run(t, filepath.Join(t.TempDir(), "city.db"), func(t *testing.T, s *store.Store, r *read.Reader) {
		fill(t, s, 500)
		// Twenty of each, past the write path: it is only to be read.
		if _, err := s.DB().ExecContext(t.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 19)
			INSERT INTO record (kind, id, parent, seq, fields, writers, scopes)
			SELECT kind, id || '-' || i, CASE parent WHEN '' THEN '' ELSE parent || '-' || i END, seq, fields, writers, scopes FROM record, n WHERE kind LIKE 'request%'`); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			f    read.Filter
			sort read.Sort
		}{
			"new":    {read.Filter{Tab: read.TabNew}, read.SortNewest},
			"closed": {read.Filter{Tab: read.TabClosed}, read.SortOldest},
			"all":    {read.Filter{Tab: read.TabAll}, read.SortNewest},
			"due":    {read.Filter{Tab: read.TabOverdue}, read.SortDue},
			"search": {read.Filter{Tab: read.TabAll, Text: "leans over"}, read.SortNewest},
			"name":   {read.Filter{Tab: read.TabAll, Text: "odell"}, read.SortNewest},
		} {
			for _, by := range []read.Staff{everybody, parks} {
				seen := map[city.ID]bool{}
				var l read.List
				for page := range 4 {
					var err error
					if l, err = r.Requests(t.Context(), by, c.f, c.sort, l.Next, 50, now); err != nil {
						t.Fatal(err)
					}
					if len(l.Rows) != min(50, max(0, l.Total-50*page)) {
						t.Errorf("%s of %s: page %d has %d rows of %d", name, by.ID, page, len(l.Rows), l.Total)
					}
					for _, row := range l.Rows {
						if seen[row.ID] {
							t.Errorf("%s of %s: %s stands on two pages", name, by.ID, row.ID)
						}
						seen[row.ID] = true
					}
					if l.Next == "" {
						break
					}
				}
			}
		}
	})
}
