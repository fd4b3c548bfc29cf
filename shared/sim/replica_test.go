package sim_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

var (
	ctx   = context.Background()
	guest = city.Actor{Kind: city.ActorResident}
	ana   = city.Actor{Kind: city.ActorCrew, ID: "ana", Name: "Ana", Crew: sim.Crew}
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

func newCity(t *testing.T) *sim.City {
	t.Helper()
	c, err := sim.NewCity(ctx, t.TempDir(), sim.NewClock(noon))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// newReplica opens a device on a transport and enrols it with a server at url.
func newReplica(t *testing.T, c *sim.City, kind city.DeviceKind, url string, transport http.RoundTripper, clock *sim.Clock) *replica.Replica {
	t.Helper()
	r := unenrolled(t, transport, clock)
	grants := []city.Scope{city.ScopePublic}
	if kind == city.DeviceTablet {
		grants = append(grants, city.ScopeCrew(sim.Crew))
	}
	link, err := c.Enrolment(ctx, kind, url, grants...)
	if err != nil {
		t.Fatal(err)
	}
	id, err := r.Enrol(ctx, link, "Library")
	if err != nil {
		t.Fatal(err)
	}
	if id.Kind != kind || id.Name != "Library" || id.Server != url || len(id.Grants) != len(grants) {
		t.Fatalf("identity %+v", id)
	}
	return r
}

func unenrolled(t *testing.T, transport http.RoundTripper, clock *sim.Clock) *replica.Replica {
	t.Helper()
	r, err := replica.Open(ctx, replica.Config{Dir: t.TempDir(), Now: clock.Now, Version: "test", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func line(c *sim.City) *sim.Line { return &sim.Line{To: c} }

func report(id city.ID) replica.Entry {
	return replica.Entry{Actor: guest, Title: "Fallen tree", Act: &city.FileRequest{Request: id, Service: "tree", Version: 1,
		Place: city.Place{Address: "1 Main St"}, Description: "it fell"}}
}

func record(t *testing.T, r *replica.Replica, e replica.Entry) city.MutationID {
	t.Helper()
	ids, err := r.Record(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	return ids[0]
}

func step(t *testing.T, r *replica.Replica) {
	t.Helper()
	if err := r.Step(ctx); err != nil {
		t.Fatal(err)
	}
}

func state(t *testing.T, r *replica.Replica, id city.MutationID) replica.State {
	t.Helper()
	it, ok, err := r.Item(ctx, id)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return it.State
}

func wantCode(t *testing.T, err error, code city.Code) {
	t.Helper()
	if e, ok := city.AsError(err); !ok || e.Code != code {
		t.Fatalf("error %v, want code %s", err, code)
	}
}

// A device whose clock is at 1970 or 2106 works as any other.
func TestWrongClocksChangeNothing(t *testing.T) {
	c := newCity(t)
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(-5_000_000, 0), time.Date(2106, 2, 7, 0, 0, 0, 0, time.UTC)} {
		r := newReplica(t, c, city.DeviceKiosk, sim.Address, line(c), sim.NewClock(at))
		step(t, r)
		request := city.NewID()
		id := record(t, r, report(request))
		step(t, r)
		if got := state(t, r, id); got != replica.StateReceived {
			t.Fatalf("at %v: %s", at, got)
		}
		req, ok, err := city.LoadRequest(c.Server().Store().View(ctx), request)
		if err != nil || !ok || !req.ReceivedAt.Equal(noon) {
			t.Fatalf("at %v: received at %v %v %v", at, req.ReceivedAt, ok, err)
		}
		if now, sure := r.CityTime(); !sure || now.Sub(noon).Abs() > time.Minute {
			t.Fatalf("at %v: it takes the city's time for %v, sure %v", at, now, sure)
		}
	}
}

func TestEnrolmentErrors(t *testing.T) {
	c, clock := newCity(t), sim.NewClock(noon)
	r := unenrolled(t, line(c), clock)
	link, err := c.Enrolment(ctx, city.DeviceKiosk, sim.Address, city.ScopePublic)
	if err != nil {
		t.Fatal(err)
	}
	other, err := keys.NewIdentity(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	forged := strings.Replace(link, c.Server().Keys().Identity.Public().Fingerprint(), other.Public().Fingerprint(), 1)
	_, err = r.Enrol(ctx, forged, "")
	wantCode(t, err, city.CodeWrongServer)
	if _, ok := r.Identity(); ok {
		t.Fatal("enrolled with a stranger")
	}
	// The code was used up by the attempt above, but by this very device.
	if _, err := r.Enrol(ctx, link, ""); err != nil {
		t.Fatal(err)
	}
	thief := unenrolled(t, line(c), clock)
	_, err = thief.Enrol(ctx, link, "")
	wantCode(t, err, city.CodeInvalid)
	cut := unenrolled(t, &sim.Line{To: c, Down: true}, clock)
	_, err = cut.Enrol(ctx, link, "")
	wantCode(t, err, city.CodeUnreachable)
	portal := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>sign in</html>")) })
	captive := unenrolled(t, &sim.Line{To: portal}, clock)
	_, err = captive.Enrol(ctx, link, "")
	wantCode(t, err, city.CodeWrongServer)
}

// Another server under the same address gets nothing of what waits.
func TestAnotherServerGetsNothing(t *testing.T) {
	c, other := newCity(t), newCity(t)
	wire := line(c)
	r := newReplica(t, c, city.DeviceKiosk, sim.Address, wire, sim.NewClock(noon))
	step(t, r)
	id := record(t, r, report(city.NewID()))
	wire.To = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !strings.HasSuffix(q.URL.Path, "/hello") {
			t.Errorf("sent %s to a stranger", q.URL.Path)
		}
		w.Write([]byte(`{"epoch":"x","head":1}`))
	})
	if err := r.Step(ctx); city.CodeOf(err) != city.CodeWrongServer || r.Link().State != replica.LinkWrongServer {
		t.Fatalf("%v %+v", err, r.Link())
	}
	wire.To = other // a real one, which has never heard of this device
	if err := r.Step(ctx); err == nil || r.Link().State == replica.LinkOnline {
		t.Fatalf("%v %+v", err, r.Link())
	}
	if got := state(t, r, id); got != replica.StateSaved {
		t.Fatal(got)
	}
	wire.To = c
	step(t, r)
	if got := state(t, r, id); got != replica.StateReceived || r.Link().State != replica.LinkOnline {
		t.Fatal(got, r.Link())
	}
}

func TestRevokedDeviceKeepsItsWork(t *testing.T) {
	c := newCity(t)
	r := newReplica(t, c, city.DeviceKiosk, sim.Address, line(c), sim.NewClock(noon))
	step(t, r)
	id := record(t, r, report(city.NewID()))
	me, _ := r.Identity()
	if err := c.Server().Store().Revoke(ctx, me.Device); err != nil {
		t.Fatal(err)
	}
	if err := r.Step(ctx); err == nil || r.Link().State != replica.LinkRevoked {
		t.Fatalf("%v %+v", err, r.Link())
	}
	if got := state(t, r, id); got != replica.StateHanded {
		t.Fatal(got)
	}
	// Welcomed again, under another name, it delivers what it had.
	link, err := c.Enrolment(ctx, city.DeviceKiosk, sim.Address, city.ScopePublic)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.Enrol(ctx, link, ""); err != nil || again.Device == me.Device {
		t.Fatal(again, err)
	}
	step(t, r)
	if got := state(t, r, id); got != replica.StateHanded {
		t.Fatal(got)
	}
}

// An act that arrived under the device's earlier identity has no echo for the new
// one. It must neither wait for ever nor be filed twice.
func TestDeliveredUnderAnEarlierIdentity(t *testing.T) {
	c := newCity(t)
	wire := line(c)
	r := newReplica(t, c, city.DeviceKiosk, sim.Address, wire, sim.NewClock(noon))
	step(t, r)
	id := record(t, r, report(city.NewID()))
	wire.Before(func() error { wire.Down = wire.Calls >= 3; return nil }) // hello, push, and then no pull
	wire.Calls = 0
	if err := r.Step(ctx); err == nil {
		t.Fatal("the pull did not fail")
	}
	wire.Before(nil)
	wire.Down = false
	if got := state(t, r, id); got != replica.StateSent {
		t.Fatal(got)
	}
	link, err := c.Enrolment(ctx, city.DeviceKiosk, sim.Address, city.ScopePublic)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Enrol(ctx, link, ""); err != nil {
		t.Fatal(err)
	}
	step(t, r)
	if got := state(t, r, id); got != replica.StateReceived {
		t.Fatal(got)
	}
}

// Photos go in chunks, over a line that loses many of them, and the places
// database comes by itself.
func TestBlobsGoBothWays(t *testing.T) {
	c := newCity(t)
	wire := line(c)
	r := newReplica(t, c, city.DeviceTablet, sim.Address, wire, sim.NewClock(noon))
	request := city.NewID()
	for _, act := range []city.Act{
		&city.FileRequest{Request: request, Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}},
		&city.AssignRequest{Request: request, WorkOrder: city.NewID(), Crew: sim.Crew, Priority: city.PriorityNormal},
	} {
		if err := c.Act(ctx, act); err != nil {
			t.Fatal(err)
		}
	}
	step(t, r)
	photo := bytes.Repeat([]byte("a photo of a tree "), 150_000) // 2.7 MB
	sha, err := r.SaveBlob(ctx, photo)
	if err != nil {
		t.Fatal(err)
	}
	id := record(t, r, replica.Entry{Actor: ana, Blobs: []string{sha}, Act: &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "after"}})
	wire.Before(func() error { wire.Down = wire.Calls > 8; return nil })
	wire.Calls = 0
	if err := r.Step(ctx); err == nil {
		t.Fatal("the line did not break")
	}
	if it, _, _ := r.Item(ctx, id); it.State != replica.StateReceived || it.BlobsSent != 0 {
		t.Fatalf("records wait for photos: %+v", it)
	}
	wire.Before(nil)
	wire.Down, wire.Calls = false, 0
	step(t, r)
	if it, _, _ := r.Item(ctx, id); it.BlobsSent != 1 {
		t.Fatalf("%+v", it)
	}
	if wire.Calls > 8 {
		t.Fatalf("%d calls: the upload began anew", wire.Calls)
	}
	second := newReplica(t, c, city.DeviceTablet, sim.Address, line(c), sim.NewClock(noon))
	step(t, second)
	if got, err := second.FetchBlob(ctx, sha); err != nil || !bytes.Equal(got, photo) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	_, err = second.FetchBlob(ctx, strings.Repeat("0", 64))
	wantCode(t, err, city.CodeUnknown)

	places, err := c.Server().Store().PutBlob(ctx, []byte("places"))
	if err != nil {
		t.Fatal(err)
	}
	set := &city.SetCity{Settings: city.Settings{Name: "Testburg", TimeZone: "UTC", Languages: []string{"en"}, Places: places}}
	if _, err := c.Server().Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 1<<40, set); err != nil {
		t.Fatal(err)
	}
	step(t, second)
	if _, ok := second.BlobPath(places); !ok {
		t.Fatal("the places database was not fetched")
	}
}

// Over real HTTP, with Run: what one side does the other sees by itself.
func TestRunOverHTTP(t *testing.T) {
	c := newCity(t)
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	r := newReplica(t, c, city.DeviceKiosk, srv.URL, nil, sim.NewClock(noon))
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	within(t, r, "the services", func() bool {
		services, err := r.Records(ctx, city.KindService)
		return err == nil && len(services) == 1
	})
	request := city.NewID()
	id := record(t, r, report(request))
	within(t, r, "the echo", func() bool { return state(t, r, id) == replica.StateReceived })
	if err := c.Act(ctx, &city.CloseRequest{Request: request, Outcome: city.OutcomeFixed}); err != nil {
		t.Fatal(err)
	}
	within(t, r, "the closing", func() bool {
		found, err := r.Find(ctx, city.KindRequest, "number", request.Number())
		return err == nil && len(found) == 1 && found[0].Text("status") == string(city.StatusClosed)
	})
}

// within waits for something to become true, looking whenever there is a change.
func within(t *testing.T, r *replica.Replica, what string, true func() bool) {
	t.Helper()
	changes, stop := r.Changes()
	defer stop()
	late := time.After(10 * time.Second)
	for !true() {
		select {
		case <-changes:
		case <-late:
			t.Fatalf("waited in vain for %s: %+v", what, r.Link())
		}
	}
}

// A line that was down for a while is noticed when it is back, without a tap and
// long before the pause between two tries is over.
func TestLineComesBack(t *testing.T) {
	c := newCity(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: c}
	go srv.Serve(l)
	r := newReplica(t, c, city.DeviceKiosk, "http://"+l.Addr().String(), nil, sim.NewClock(noon))
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- r.Run(run) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	within(t, r, "the services", func() bool { return r.Link().State == replica.LinkOnline })
	if err := srv.Close(); err != nil { // the open connections too
		t.Fatal(err)
	}
	id := record(t, r, report(city.NewID()))
	within(t, r, "the line to be missed", func() bool { return r.Link().State == replica.LinkOffline })
	if got := state(t, r, id); got != replica.StateSaved {
		t.Fatal(got)
	}
	if l, err = net.Listen("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	srv = &http.Server{Handler: c}
	go srv.Serve(l)
	defer srv.Close()
	within(t, r, "the echo", func() bool { return state(t, r, id) == replica.StateReceived })
}
