package sim_test

import (
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/syncserver/store"
)

// collecting is a line with a proxy that holds streams back: their head comes,
// and nothing after it. It is safe for concurrent use.
type collecting struct {
	to      http.RoundTripper
	streams atomic.Int64
	asked   atomic.Int64
	deaf    bool // questions are held back too
}

func (c *collecting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != protocol.Path+"/live" {
		return c.to.RoundTrip(r)
	}
	stream := r.URL.Query().Get("wait") == ""
	if stream {
		c.streams.Add(1)
	} else {
		c.asked.Add(1)
	}
	if !stream && !c.deaf {
		return c.to.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: mute{r}, Request: r}, nil
}

// mute is a body of which nothing comes until the caller gives up.
type mute struct{ r *http.Request }

func (m mute) Read([]byte) (int, error) {
	<-m.r.Context().Done()
	return 0, io.ErrUnexpectedEOF
}

func (m mute) Close() error { return nil }

// perCall gives each request a line of its own: a sim.Line serves one at a time.
type perCall struct{ c *sim.City }

func (p perCall) RoundTrip(r *http.Request) (*http.Response, error) { return line(p.c).RoundTrip(r) }

// TestNewsBehindAProxy: where no stream comes through, a device asks and waits,
// and where not even that works, it learns by its rounds.
func TestNewsBehindAProxy(t *testing.T) {
	for name, x := range map[string]struct {
		deaf   bool
		within time.Duration
	}{"no streams": {false, 5 * time.Second}, "no waiting either": {true, 2 * time.Minute}} {
		t.Run(name, func(t *testing.T) {
			idle(t, func(t *testing.T, dir string, c *sim.City) {
				proxy := &collecting{to: perCall{c}, deaf: x.deaf}
				r, stop := running(t, c, replica.Config{Dir: dir + "/device", Transport: proxy})
				time.Sleep(5 * time.Minute)
				wantNews(t, c, r, x.within)
				stop()
				if n := proxy.asked.Load(); !x.deaf && (n < 8 || n > 40) || proxy.streams.Load() < 1 {
					t.Errorf("%d streams and %d questions in five minutes", proxy.streams.Load(), n)
				}
			})
		})
	}
}

// counting counts the calls by their path. It is safe for concurrent use.
type counting struct {
	to          http.RoundTripper
	hello, pull atomic.Int64
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	switch r.URL.Path {
	case protocol.Path + "/hello":
		c.hello.Add(1)
	case protocol.Path + "/pull":
		c.pull.Add(1)
	}
	return c.to.RoundTrip(r)
}

// TestAPokeIsAnsweredByAPull: what the server has just told of is fetched at once,
// without a hello before it, unless acts wait.
func TestAPokeIsAnsweredByAPull(t *testing.T) {
	idle(t, func(t *testing.T, dir string, c *sim.City) {
		wire := &counting{to: perCall{c}}
		r, stop := running(t, c, replica.Config{Dir: dir + "/device", Transport: wire})
		defer stop()
		time.Sleep(time.Minute)
		hello, pull := wire.hello.Load(), wire.pull.Load()
		wantNews(t, c, r, 5*time.Second)
		if h, p := wire.hello.Load()-hello, wire.pull.Load()-pull; h != 0 || p == 0 {
			t.Errorf("%d hellos and %d pulls for one poke", h, p)
		}
		hello = wire.hello.Load()
		record(t, r, report(city.NewID()))
		time.Sleep(5 * time.Second)
		if s, err := r.Summary(ctx); err != nil || s.Pending != 0 || wire.hello.Load() == hello {
			t.Errorf("an act after a poke: %+v, %v, %d hellos", s, err, wire.hello.Load()-hello)
		}
	})
}

// TestNewsOfAnotherProgram: what an import writes beside a running server, into the
// same file, is told to who listens, long before their next round.
func TestNewsOfAnotherProgram(t *testing.T) {
	idle(t, func(t *testing.T, dir string, c *sim.City) {
		wire := &counting{to: perCall{c}}
		r, stop := running(t, c, replica.Config{Dir: dir + "/device", Transport: wire})
		defer stop()
		time.Sleep(time.Minute)
		beside, err := store.Attach(ctx, store.Config{DB: filepath.Join(c.Data(), "city.db"), Blobs: filepath.Join(c.Data(), "blobs"), Ledger: filepath.Join(c.Data(), "ledger"),
			Keys: c.Server().Keys(), Now: c.Clock.Now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer beside.Close()
		sha, err := beside.PutBlob(ctx, []byte("a file of places"))
		if err != nil {
			t.Fatal(err)
		}
		pulls := wire.pull.Load()
		if err := beside.SetPlaces(ctx, sha, noon); err != nil {
			t.Fatal(err)
		}
		time.Sleep(protocol.LiveHeartbeat + 2*time.Second)
		found, err := r.Records(ctx, city.KindCity)
		if err != nil || len(found) != 1 || found[0].Text("places") != sha || wire.pull.Load() == pulls {
			t.Errorf("the device has of the city %v, %v", found, err)
		}
	})
}

// stopping is a line whose first streams meet a server that stops: 502 of a proxy.
type stopping struct {
	collecting
	left atomic.Int64
}

func (s *stopping) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == protocol.Path+"/live" && r.URL.Query().Get("wait") == "" {
		s.streams.Add(1)
		if s.left.Add(-1) >= 0 {
			return &http.Response{StatusCode: http.StatusBadGateway, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: mute{r}, Request: r}, nil
	}
	if r.URL.Path == protocol.Path+"/live" {
		s.asked.Add(1)
	}
	return s.to.RoundTrip(r)
}

// TestServerThatStopsIsNoProxy: a server that is replaced says nothing of the way to
// it; devices try a stream again and do not ask for an hour.
func TestServerThatStopsIsNoProxy(t *testing.T) {
	idle(t, func(t *testing.T, dir string, c *sim.City) {
		wire := &stopping{collecting: collecting{to: perCall{c}}}
		wire.left.Store(3)
		_, stop := running(t, c, replica.Config{Dir: dir + "/device", Transport: wire})
		defer stop()
		time.Sleep(25 * time.Second) // before the stream that follows is found to be silent
		if streams, asked := wire.streams.Load(), wire.asked.Load(); streams != 4 || asked != 0 {
			t.Errorf("%d streams and %d questions", streams, asked)
		}
	})
}
