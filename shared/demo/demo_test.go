package demo_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
	"cityhall/shared/demo"
	"cityhall/shared/look"
)

var now = time.Date(2026, time.November, 23, 14, 20, 0, 0, time.UTC)

// build applies every act of a city in order.
func build(t *testing.T, c demo.City) city.Memory {
	t.Helper()
	records := city.Memory{}
	for i, a := range c.Acts {
		m, err := city.Prepare(records, a.ID, demo.Actor, city.OfficeDevice, a.At, a.Act)
		if err != nil {
			t.Fatalf("act %d, %s: %v", i, a.Act.Type(), err)
		}
		m.Received = a.At
		r, err := city.Apply(records, m)
		if err != nil || r.Verdict != city.VerdictApplied || len(r.Reviews) > 0 {
			t.Fatalf("act %d, %s: %s %v %v", i, a.Act.Type(), r.Verdict, r.Refusal, err)
		}
		for _, c := range r.Changed {
			records[c.Record.Ref] = c.Record
		}
	}
	return records
}

func TestEveryActApplies(t *testing.T) {
	seeds := []uint64{0, 1, 7, 2026}
	if testing.Short() {
		seeds = seeds[:1]
	}
	for _, seed := range seeds {
		records := build(t, demo.New(seed, now))
		kinds := map[city.Kind]int{}
		for ref := range records {
			kinds[ref.Kind]++
		}
		want := map[city.Kind]int{city.KindCity: 1, city.KindService: 12, city.KindCrew: 2, city.KindStaff: 3, city.KindRequest: 320, city.KindWork: 320}
		for kind, n := range want {
			if kinds[kind] != n {
				t.Errorf("seed %d: %d of %s, want %d", seed, kinds[kind], kind, n)
			}
		}
		if n := kinds[city.KindWorkOrder]; n < 3 || n > 8 {
			t.Errorf("seed %d: %d jobs", seed, n)
		}
	}
}

func TestSameSeedSameCity(t *testing.T) {
	encode := func(seed uint64, at time.Time) []byte {
		raw, err := json.Marshal(demo.New(seed, at))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	if !bytes.Equal(encode(5, now), encode(5, now.Add(20*time.Minute))) {
		t.Error("the same seed and hour gave another city")
	}
	if bytes.Equal(encode(5, now), encode(6, now)) {
		t.Error("another seed gave the same city")
	}
}

// TestPlausibleHistory holds the figures that a dashboard would show.
func TestPlausibleHistory(t *testing.T) {
	records := build(t, demo.New(1, now))
	outcomes, months, open, late, kept := map[city.Outcome]int{}, map[string]int{}, 0, 0, 0
	snow := map[time.Month]int{}
	spanish := 0
	for ref, rec := range records {
		if ref.Kind == city.KindWork && strings.ContainsAny(rec.Text("description"), "áéíóúñ") {
			spanish++
		}
		if ref.Kind != city.KindRequest {
			continue
		}
		var r city.Request
		if err := rec.Into(&r); err != nil {
			t.Fatal(err)
		}
		if r.ReceivedAt.After(now) || r.ClosedAt.After(now) || r.ReceivedAt.Before(now.AddDate(0, -15, 0)) {
			t.Errorf("%s: received %v, closed %v", r.Number, r.ReceivedAt, r.ClosedAt)
		}
		if r.Place.District == "" || !r.Place.OnMap() {
			t.Errorf("%s is nowhere: %+v", r.Number, r.Place)
		}
		months[r.ReceivedAt.Format("2006-01")]++
		if r.Service == "snow" {
			snow[r.ReceivedAt.Month()]++
		}
		if r.Status != city.StatusClosed {
			open++
			continue
		}
		outcomes[r.Outcome]++
		if r.ClosedAt.After(r.DueAt) {
			late++
		} else {
			kept++
		}
		if r.Outcome == city.OutcomeDuplicate {
			if first, ok, _ := city.LoadRequest(records, r.DuplicateOf); !ok || first.Service != r.Service || first.ReceivedAt.After(r.ReceivedAt) {
				t.Errorf("%s is a duplicate of something else", r.Number)
			}
		}
	}
	t.Logf("open %d, kept %d, late %d, outcomes %v, Spanish %d, months %v", open, kept, late, outcomes, spanish, months)
	if open < 8 || open > 45 || kept < 4*late || late < 15 || spanish < 20 || len(months) < 14 {
		t.Error("not a plausible history")
	}
	for _, o := range []city.Outcome{city.OutcomeFixed, city.OutcomeNotFixed, city.OutcomeDuplicate, city.OutcomeNotOurs} {
		if outcomes[o] < 4 {
			t.Errorf("only %d ended as %s", outcomes[o], o)
		}
	}
	for _, m := range []time.Month{time.June, time.July, time.August} {
		if snow[m] > 0 {
			t.Errorf("snow in %s", m)
		}
	}
}

// TestSpanishIsComplete walks every value of every act and looks for words that
// are there in one language only.
func TestSpanishIsComplete(t *testing.T) {
	texts := 0
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				return
			}
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			if text, ok := v.Interface().(city.Text); ok && len(text) > 0 {
				texts++
				if text["en"] == "" || text["es"] == "" || len(text) != 2 {
					t.Errorf("incomplete: %v", text)
				}
				if text["en"] == text["es"] && text["en"] != "No" {
					t.Errorf("not translated: %v", text)
				}
			}
		}
	}
	for _, a := range demo.New(1, now).Acts {
		walk(reflect.ValueOf(a.Act))
	}
	if texts < 200 {
		t.Errorf("only %d texts seen", texts)
	}
}

// TestEveryForm goes down every branch of every form: each can be completed, each
// question is asked somewhere and each stop is reached.
func TestEveryForm(t *testing.T) {
	for _, a := range demo.New(1, now).Acts {
		p, ok := a.Act.(*city.PublishService)
		if !ok {
			continue
		}
		asked, stops, complete := map[string]bool{}, map[string]bool{}, 0
		var walk func(given city.Answers, n int)
		walk = func(given city.Answers, n int) {
			shown := city.Shown(p.Service.Questions, given)
			if words, stopped := city.Stopped(p.Service.Questions, given); stopped {
				stops[words.In("en")] = true
				return
			}
			if n == len(shown) {
				if err := city.CheckAnswers(p.Service.Questions, given); err != nil {
					t.Errorf("%s: %v cannot be sent: %v", p.ID, given, err)
				}
				complete++
				return
			}
			q := shown[n]
			asked[q.ID] = true
			for _, v := range possible(q) {
				next := city.Answers{q.ID: {v}}
				for k, old := range given {
					next[k] = old
				}
				walk(next, n+1)
			}
		}
		walk(city.Answers{}, 0)
		if complete == 0 {
			t.Errorf("%s cannot be completed", p.ID)
		}
		for _, q := range p.Service.Questions {
			if !asked[q.ID] {
				t.Errorf("%s: %s is never asked", p.ID, q.ID)
			}
			for _, s := range q.StopIf {
				if !stops[s.Words.In("en")] {
					t.Errorf("%s: nobody reaches the stop %q", p.ID, s.Words.In("en"))
				}
			}
		}
	}
}

func possible(q city.Question) []string {
	switch q.Kind {
	case city.AskYesNo:
		return []string{"yes", "no"}
	case city.AskNumber:
		return []string{"3"}
	case city.AskText:
		return []string{"A 104"}
	}
	var out []string
	for _, o := range q.Options {
		out = append(out, o.ID)
	}
	return out
}

// TestEndsMeet checks the names that one part of the city uses of another.
func TestEndsMeet(t *testing.T) {
	c := demo.New(1, now)
	records := build(t, c)
	departments := map[city.Department]bool{}
	for ref, rec := range records {
		var s city.Service
		if ref.Kind != city.KindService {
			continue
		}
		if err := rec.Into(&s); err != nil {
			t.Fatal(err)
		}
		departments[s.Department] = true
		if !look.Icon(s.Icon).Known() {
			t.Errorf("%s: there is no icon %q", ref, s.Icon)
		}
		if _, ok := records[city.Ref{Kind: city.KindCrew, ID: s.Crew}]; s.Crew != "" && !ok {
			t.Errorf("%s: there is no crew %q", ref, s.Crew)
		}
		if s.Promise.Days == 0 || len(s.Questions) < 3 {
			t.Errorf("%s promises %d days and asks %d questions", ref, s.Promise.Days, len(s.Questions))
		}
	}
	if len(departments) != 4 {
		t.Errorf("departments: %v", departments)
	}
	for _, l := range c.Logins {
		if _, ok := records[city.Ref{Kind: city.KindStaff, ID: l.Staff}]; !ok || len(l.Password) < 12 {
			t.Errorf("login %s", l.Name)
		}
	}
}

// TestLandmarksStandWhereTheirAddressIs keeps the map and the addresses together.
func TestLandmarksStandWhereTheirAddressIs(t *testing.T) {
	g := demo.New(1, now).Geography
	districts := 0
	for _, a := range g.Areas {
		if a.Kind == "district" {
			districts++
		}
	}
	if districts != 6 {
		t.Errorf("%d districts", districts)
	}
	if len(g.Streets) < 45 || len(g.Spots) < 20 || len(g.Areas) < 10 {
		t.Errorf("%d streets, %d landmarks, %d areas", len(g.Streets), len(g.Spots), len(g.Areas))
	}
	for _, l := range g.Spots {
		if _, ok := g.DistrictAt(l.At); !ok {
			t.Errorf("%s is in no district", l.Name)
		}
		for _, s := range g.Streets {
			number, rest, _ := strings.Cut(l.Address, " ")
			if rest != s.Name {
				continue
			}
			var n int
			if err := json.Unmarshal([]byte(number), &n); err != nil {
				t.Fatal(err)
			}
			house, ok := s.House(n)
			if !ok {
				t.Errorf("%s: no number %d", l.Name, n)
			} else if d, _ := atlas.Metres(at(house), at(l.At)); d > 150 {
				t.Errorf("%s stands %d m from %s", l.Name, d, l.Address)
			}
		}
	}
}

func at(p atlas.Point) city.Place { return city.Place{Lat: p.Lat, Lon: p.Lon} }
