package sim_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// idle runs a city in a bubble in which waiting takes no time.
func idle(t *testing.T, do func(t *testing.T, dir string, c *sim.City)) {
	synctest.Test(t, func(t *testing.T) {
		dir, err := sim.Folder("idle-*")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		c, err := sim.NewCity(ctx, dir+"/city", sim.NewClock(noon))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		do(t, dir, c)
	})
}

// TestIdleCityWritesNothing: a city in which nobody does anything does not write
// to its disk, and still does what time brings about.
func TestIdleCityWritesNothing(t *testing.T) {
	idle(t, func(t *testing.T, _ string, c *sim.City) {
		imported := &city.ImportRequest{Request: city.NewID(), Service: "tree", Place: city.Place{Address: "2 Elm St"},
			ReceivedAt: noon.AddDate(0, 0, -50), ClosedAt: noon.AddDate(0, 0, -40), Outcome: city.OutcomeFixed}
		if _, err := c.Server().Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 0, imported); err != nil {
			t.Fatal(err)
		}
		turn := func() (n int64) {
			t.Helper()
			if err := c.Server().Store().DB().QueryRowContext(ctx, `SELECT turn FROM sync_head`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		time.Sleep(10 * time.Minute)
		before := turn()
		if time.Sleep(3 * time.Hour); turn() != before {
			t.Errorf("%d writing transactions in three idle hours", turn()-before)
		}
		c.Clock.Advance(city.PublicFor)
		time.Sleep(10 * time.Minute)
		r, ok, err := c.Server().Store().View(ctx).Record(city.Ref{Kind: city.KindRequest, ID: imported.Request})
		if err != nil || !ok || r.Fields["archived"] == nil {
			t.Errorf("not taken out of the public's sight: %v %v %v", r.Fields, ok, err)
		}
	})
}

// running opens a device on a line, enrols it, and lets it exchange by itself.
func running(t *testing.T, c *sim.City, cfg replica.Config) (*replica.Replica, func()) {
	t.Helper()
	cfg.Now, cfg.Version = sim.NewClock(noon).Now, "test"
	r, err := replica.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	enrol(t, c, r, city.DeviceKiosk, city.ScopePublic)
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- r.Run(run) }()
	return r, func() {
		stop()
		if err := errors.Join(<-done, r.Close()); err != nil {
			t.Error(err)
		}
	}
}

// wantNews checks that a device learns of something new within a time.
func wantNews(t *testing.T, c *sim.City, r *replica.Replica, within time.Duration) {
	t.Helper()
	number := crewJob(t, c, sim.Crew, "news").Number()
	time.Sleep(within)
	if found, err := r.Find(ctx, city.KindRequest, "number", number); err != nil || len(found) != 1 {
		t.Errorf("no news within %v: %v", within, err)
	}
}

// TestDeadLineCostsNoCalls: a device without a line leaves it to the look at the
// line, which costs next to nothing, to find out when it is back, and then has its
// live connection again within seconds.
func TestDeadLineCostsNoCalls(t *testing.T) {
	idle(t, func(t *testing.T, dir string, c *sim.City) {
		wire := line(c)
		r, end := running(t, c, replica.Config{Dir: dir + "/device", Transport: wire, Dial: wire.Dial})
		defer end()
		time.Sleep(time.Minute)
		wire.Cut(true)
		time.Sleep(time.Hour)
		synctest.Wait()
		before := wire.Count()
		time.Sleep(12 * time.Hour) // a round or two every quarter of an hour, each with two quick repeats
		synctest.Wait()
		if n := wire.Count() - before; n < 12 || n > 12*4*3*4 {
			t.Errorf("%d calls in twelve hours without a line", n)
		}
		wire.Cut(false)
		time.Sleep(10 * time.Second)
		wantNews(t, c, r, 5*time.Second)
	})
}

// unheard lets no live connection come about, as a server does that is full.
type unheard struct{ to *sim.Line }

func (u unheard) RoundTrip(r *http.Request) (*http.Response, error) {
	if resp, err := u.to.RoundTrip(r); err != nil || r.URL.Path != protocol.Path+"/live" {
		return resp, err
	}
	return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// TestCutBeforeAnythingWasHeard: a line that dies before there is a live connection
// over it is missed in seconds too, and not in the next round.
func TestCutBeforeAnythingWasHeard(t *testing.T) {
	idle(t, func(t *testing.T, dir string, c *sim.City) {
		wire := line(c)
		r, end := running(t, c, replica.Config{Dir: dir + "/device", Transport: unheard{wire}, Dial: wire.Dial})
		defer end()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if state := r.Link().State; state != replica.LinkOnline {
			t.Fatalf("at first the line is %v", state)
		}
		wire.Cut(true)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if state := r.Link().State; state != replica.LinkOffline {
			t.Errorf("twenty seconds after the cut the line is %v", state)
		}
	})
}

// TestLookThatSeesNothing: where every call goes through a proxy, the server
// accepts no connection of the device's own. After the first return of the line it
// no longer believes what the looks say.
func TestLookThatSeesNothing(t *testing.T) {
	idle(t, func(t *testing.T, dir string, c *sim.City) {
		wire, nowhere := line(c), &sim.Line{Down: true}
		r, end := running(t, c, replica.Config{Dir: dir + "/device", Transport: wire, Dial: nowhere.Dial})
		defer end()
		time.Sleep(time.Minute)
		for _, within := range []time.Duration{16 * time.Minute, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute} {
			wire.Cut(true)
			time.Sleep(5 * time.Hour)
			wire.Cut(false)
			wantNews(t, c, r, within)
			time.Sleep(time.Minute)
		}
	})
}

// TestIdleRoundIsOneCall: a device that has everything asks once, and still finds
// out in its next round what is new and what became safe.
func TestIdleRoundIsOneCall(t *testing.T) {
	c := newCity(t)
	asked := map[string]int{}
	wire := &spotty{Line: line(c)}
	wire.before = func(path string) { asked[path]++ }
	r := reopened(t, t.TempDir(), wire)
	enrol(t, c, r, city.DeviceKiosk, city.ScopePublic)
	job := crewJob(t, c, sim.Crew, "first")
	// hellos counts questions whether all is still so, too: they go to the same place.
	round := func(hellos, pulls int, why string) {
		t.Helper()
		clear(asked)
		step(t, r)
		if asked["/hello"] != hellos || asked["/pull"] != pulls || asked["/live"]+asked["/reconcile"]+asked["/snapshot"] > 0 {
			t.Errorf("%s: %v", why, asked)
		}
	}
	step(t, r)
	round(1, 0, "nothing new")
	round(1, 0, "nothing new")
	if err := c.Act(ctx, &city.CloseRequest{Request: job, Outcome: city.OutcomeFixed, Words: "done"}); err != nil {
		t.Fatal(err)
	}
	round(2, 1, "news")
	round(1, 0, "nothing new")
	head, err := c.Server().Store().Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Server().Store().MarkSafe(ctx, head.Seq); err != nil {
		t.Fatal(err)
	}
	round(2, 1, "more is safe")
	round(1, 0, "nothing new")
	record(t, r, report(city.NewID()))
	round(1, 1, "an act")
	round(1, 0, "nothing new")
}

// yes says for the city that nothing is new, without its signature.
type yes struct{ *sim.Line }

func (y yes) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodHead {
		return y.Line.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// TestNobodyElseSaysThatNothingIsNew: whoever sits on the line cannot keep news back by
// a yes of his own.
func TestNobodyElseSaysThatNothingIsNew(t *testing.T) {
	c := newCity(t)
	r := reopened(t, t.TempDir(), yes{line(c)})
	enrol(t, c, r, city.DeviceKiosk, city.ScopePublic)
	job := crewJob(t, c, sim.Crew, "first")
	step(t, r)
	step(t, r)
	if err := c.Act(ctx, &city.CloseRequest{Request: job, Outcome: city.OutcomeFixed, Words: "done"}); err != nil {
		t.Fatal(err)
	}
	step(t, r)
	if rec, err := r.View(ctx); err != nil {
		t.Fatal(err)
	} else if req, _, err := city.LoadRequest(rec, job); err != nil || req.Status != city.StatusClosed {
		t.Error("the news did not come", req.Status, err)
	}
}
