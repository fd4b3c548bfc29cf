package sim_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/syncserver/store/read"
)

// found lists what staff are told to have been lost.
func found(t *testing.T, c *sim.City) []read.Salvaged {
	t.Helper()
	r := read.New(c.Server().Store().DB())
	sam, ok, err := r.Staff(ctx, sim.Staff.ID)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	l, err := r.Salvaged(ctx, sam, false, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	return l.Rows
}

// The office acts after the last backup, a tablet pulls that, and the server is
// put back: nobody at a desk remembers, but the tablet does, and staff see it.
// What the tablet itself did comes back by itself and is no loss.
func TestStaffSeeWhatARestoreHasLost(t *testing.T) {
	c := newCity(t)
	wire := line(c)
	tablet := newReplica(t, c, city.DeviceTablet, sim.Address, wire, sim.NewClock(noon))
	request, order := city.NewID(), city.NewID()
	acts := func(all ...city.Act) {
		t.Helper()
		for _, act := range all {
			if err := c.Act(ctx, act); err != nil {
				t.Fatal(err)
			}
		}
	}
	acts(&city.FileRequest{Request: request, Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}},
		&city.AssignRequest{Request: request, WorkOrder: order, Crew: sim.Crew, Priority: city.PriorityNormal})
	step(t, tablet)
	backup, err := c.Backup()
	if err != nil {
		t.Fatal(err)
	}
	lost := city.NewID()
	acts(&city.SetPriority{Request: request, WorkOrder: order, Priority: city.PriorityUrgent},
		&city.FileRequest{Request: lost, Service: "tree", Version: 1, Place: city.Place{Address: "7 Lost Lane"}, Description: "phoned in",
			Person: city.Person{Name: "Zenobia Quux"}},
		&city.AssignRequest{Request: lost, WorkOrder: city.NewID(), Crew: sim.Crew, Priority: city.PriorityLow})
	note := record(t, tablet, replica.Entry{Actor: ana, Act: &city.AddNote{Note: city.NewID(), Request: request, Text: "mine"}})
	step(t, tablet)
	if err := c.Restore(ctx, backup); err != nil {
		t.Fatal(err)
	}
	before := replicaRecords(t, tablet)
	// The power goes while the tablet hands over what it knows, and comes back.
	wire.BeforeN = func() error { wire.Down = wire.Calls > 3; return nil }
	wire.Calls = 0
	_ = tablet.Step(ctx)
	if got := replicaRecords(t, tablet); !slices.Equal(got, before) {
		t.Fatalf("shown before it was handed over: %v, had %v", got, before)
	}
	wire.BeforeN, wire.Down = nil, false
	step(t, tablet)
	step(t, tablet)

	if got := state(t, tablet, note); got != replica.StateReceived {
		t.Fatal(got)
	}
	seen := map[city.Kind]int{}
	var all strings.Builder
	for _, s := range found(t, c) {
		seen[s.Kind]++
		for name, v := range s.Fields {
			all.WriteString(name + string(v))
		}
		if s.Kind == city.KindNote {
			t.Errorf("what came back by itself is called lost: %v", s.Fields)
		}
		if s.Kind == city.KindWorkOrder && s.Record.ID == order && string(s.Now["priority"]) != `"normal"` {
			t.Errorf("the city has %s now: evidence was applied", s.Now["priority"])
		}
	}
	if seen[city.KindWorkOrder] != 2 || seen[city.KindRequest] == 0 || seen[city.KindWork] == 0 || seen[city.KindPerson] != 0 {
		t.Errorf("found %v", seen)
	}
	if text := all.String(); !strings.Contains(text, "7 Lost Lane") || !strings.Contains(text, "urgent") || strings.Contains(text, "Quux") {
		t.Errorf("found %s", text)
	}
	if req, ok, err := city.LoadRequest(c.Server().Store().View(ctx), lost); ok || err != nil {
		t.Errorf("the city has %+v, %v", req, err)
	}
	page(t, c, "7 Lost Lane", "Urgent", "Library")
}

func replicaRecords(t *testing.T, r *replica.Replica) []string {
	t.Helper()
	var out []string
	for _, kind := range []city.Kind{city.KindRequest, city.KindWork, city.KindWorkOrder} {
		recs, err := r.Records(ctx, kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range recs {
			out = append(out, rec.Ref.String()+rec.Text("priority"))
		}
	}
	return out
}

// page asks the console, as Sam would, and looks for words.
func page(t *testing.T, c *sim.City, words ...string) {
	t.Helper()
	st := c.Server().Store()
	if err := st.SetLogin(ctx, "sam", sim.Staff.ID, "a long password"); err != nil {
		t.Fatal(err)
	}
	token, _, err := st.SignIn(ctx, "sam", "a long password")
	if err != nil {
		t.Fatal(err)
	}
	q := httptest.NewRequest("GET", "/console/salvage", nil)
	q.AddCookie(&http.Cookie{Name: "cityhall_session", Value: token})
	w := httptest.NewRecorder()
	c.ServeHTTP(w, q)
	for _, word := range words {
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), word) {
			t.Errorf("%d: no %q on the page:\n%s", w.Code, word, w.Body)
		}
	}
}
