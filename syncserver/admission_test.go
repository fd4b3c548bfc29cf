package syncserver_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

// TestGateLetsInWhatItCan fills the places: who comes next waits, is let in when a
// place is free, and is told when to come back when the wait would be too long.
func TestGateLetsInWhatItCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		g := syncserver.NewGate(2, time.Now)
		first, _, err := g.Enter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := g.Enter(ctx); err != nil {
			t.Fatal(err)
		}
		in := make(chan error, 1)
		go func() { _, _, err := g.Enter(ctx); in <- err }()
		synctest.Wait()
		select {
		case err := <-in:
			t.Fatalf("a third is in: %v", err)
		default:
		}
		first()
		first() // harmless: it is still only one place
		if err := <-in; err != nil {
			t.Errorf("a place was free: %v", err)
		}
		began := time.Now()
		if _, after, err := g.Enter(ctx); !errors.Is(err, syncserver.ErrBusy) || after < time.Second || time.Since(began) > 30*time.Second {
			t.Errorf("nobody leaves: %v, come back after %v, said after %v", err, after, time.Since(began))
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, _, err := g.Enter(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("who hung up: %v", err)
		}
	})
}

// TestAppointmentsAreServedInTurn turns a thousand away: they come back spread over
// the time that serving them takes, not in one moment.
func TestAppointmentsAreServedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := syncserver.NewGate(1, time.Now)
		g.Served(20 * time.Second) // longer than anybody may stand in line
		if _, _, err := g.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.Served(12 * time.Second)
		var all []time.Duration
		for range 20 {
			_, after, err := g.Enter(t.Context())
			if !errors.Is(err, syncserver.ErrBusy) {
				t.Fatalf("let in: %v", err)
			}
			all = append(all, after)
		}
		if all[0] > 40*time.Second || all[19] < 200*time.Second || all[19] > 6*time.Minute {
			t.Errorf("the first comes back after %v, the last after %v", all[0], all[19])
		}
	})
}

// TestNoRoomForBodies: what is in memory is bounded, and is given back.
func TestNoRoomForBodies(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	h.Fill(64 << 20)
	res := c.do(c.request("POST", "/sync/v1/hello", mustJSON(t, protocol.Hello{Stream: "s1"})))
	if res.Code != 503 || res.Header().Get("Retry-After") == "" || !strings.Contains(res.Body.String(), `"busy"`) {
		t.Errorf("no room: %d %s", res.Code, res.Body)
	}
	h.Fill(-64 << 20)
	for range 3 {
		if res := c.do(c.request("POST", "/sync/v1/hello", mustJSON(t, protocol.Hello{Stream: "s1"}))); res.Code != 200 {
			t.Errorf("room again: %d %s", res.Code, res.Body)
		}
	}
	if n := h.Held(); n != 0 {
		t.Errorf("%d bytes are still counted", n)
	}
}

// TestNewsReachWhomTheyConcern: one look at the log tells those who may see a
// change or have made it, and nobody else; many of them not in one moment.
func TestNewsReachWhomTheyConcern(t *testing.T) {
	h := newHall(t)
	ctx := t.Context()
	listen := func(kind city.DeviceKind, grants ...city.Scope) func() (int64, time.Duration, bool) {
		c := h.join(kind, grants...)
		d, err := h.Store().Device(ctx, city.DeviceID(c.id))
		if err != nil {
			t.Fatal(err)
		}
		return listenAs(t, h, d)
	}
	kiosk, tablet := listen(city.DeviceKiosk, city.ScopePublic), listen(city.DeviceTablet, city.ScopeCrew("a"))
	var crowd []func() (int64, time.Duration, bool)
	for range 300 {
		crowd = append(crowd, listenAs(t, h, store.Device{ID: city.DeviceID(city.NewID()), GrantRev: 1, Grants: []city.Scope{city.ScopeCrew("b")}}))
	}
	setCrew := func(id city.ID) {
		if _, err := h.Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 0,
			&city.SetCrew{ID: id, Crew: city.Crew{Name: "Crew " + string(id), Department: "parks"}}); err != nil {
			t.Fatal(err)
		}
	}
	setCrew("a")
	if head, within, ok := eventually(tablet); !ok || head < 1 || within != 0 {
		t.Errorf("the crew's tablet: head %d within %v, %v", head, within, ok)
	}
	setCrew("b")
	if head, within, ok := eventually(crowd[0]); !ok || head < 2 || within < 200*time.Millisecond {
		t.Errorf("one of three hundred: head %d within %v, %v", head, within, ok)
	}
	if _, _, ok := tablet(); ok {
		t.Error("another crew's news reached the tablet")
	}
	if _, _, ok := kiosk(); ok {
		t.Error("a crew's news reached the kiosk")
	}
}

func listenAs(t *testing.T, h *hall, d store.Device) func() (int64, time.Duration, bool) {
	t.Helper()
	next, end, err := h.Listen(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	return next
}

func eventually(next func() (int64, time.Duration, bool)) (int64, time.Duration, bool) {
	for range 500 {
		if head, within, ok := next(); ok {
			return head, within, true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 0, 0, false
}
