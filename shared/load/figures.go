package load

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Figures are what a run has counted. Times are in milliseconds, memory in bytes.
type Figures struct {
	Figure   string  `json:"figure"` // load
	Scenario string  `json:"scenario"`
	Devices  int     `json:"devices"`
	Seconds  float64 `json:"seconds"` // until the last echo

	Made     int64   `json:"made"`
	Received int64   `json:"received"` // of which a push had a verdict
	Echoed   int64   `json:"echoed"`   // of which a pull said that they stand
	Lost     int64   `json:"lost"`     // made, and not echoed
	Rate     float64 `json:"rate"`     // echoed in a second

	Push Spread `json:"push_ms"` // from the tap to the verdict
	Echo Spread `json:"echo_ms"` // from the tap to the echo

	Calls  int64            `json:"calls"`
	Frames int64            `json:"frames"` // pulled
	Pokes  int64            `json:"pokes"`
	Live   int64            `json:"live"`    // connections held at once, at most
	Cut    int64            `json:"cut"`     // of them ended by the server or the line
	Tries  int64            `json:"retries"` // rounds that failed and were made again
	Errors map[string]int64 `json:"errors"`  // by status and code

	Server *Process `json:"server,omitempty"`
}

// Spread is how a duration is distributed, in milliseconds.
type Spread struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
}

func spread(all []time.Duration) Spread {
	if len(all) == 0 {
		return Spread{}
	}
	slices.Sort(all)
	at := func(q float64) float64 {
		return float64(all[min(len(all)-1, int(q*float64(len(all))))].Microseconds()) / 1000
	}
	return Spread{P50: at(.5), P95: at(.95), P99: at(.99)}
}

// counts are the figures on their way. They are safe for concurrent use.
type counts struct {
	made, calls, frames, pokes, retries, live, mostLive, cut atomic.Int64

	mu     sync.Mutex
	going  bool // what came before was preparation
	sent   []time.Duration
	echoes []time.Duration
	errors map[string]int64
}

// begin forgets what was counted while the crowd took its seats.
func (c *counts) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range []*atomic.Int64{&c.calls, &c.frames, &c.pokes, &c.retries, &c.cut} {
		n.Store(0)
	}
	c.going, c.sent, c.echoes, c.errors = true, nil, nil, map[string]int64{}
}

func (c *counts) begun() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.going
}

func (c *counts) pushed(took time.Duration) {
	c.mu.Lock()
	c.sent = append(c.sent, took)
	c.mu.Unlock()
}

func (c *counts) echo(took time.Duration) {
	c.mu.Lock()
	c.echoes = append(c.echoes, took)
	c.mu.Unlock()
}

func (c *counts) note(what string) {
	c.mu.Lock()
	if c.errors == nil {
		c.errors = map[string]int64{}
	}
	c.errors[what]++
	c.mu.Unlock()
}

// failed counts a round that will be made again.
func (c *counts) failed(err error) {
	c.retries.Add(1)
	kind := kindOf(err)
	if kind == "other" {
		kind += ": " + err.Error()
	}
	c.note(kind)
}

// up counts a live connection that stands, down one that has ended.
func (c *counts) up() {
	now := c.live.Add(1)
	for most := c.mostLive.Load(); now > most && !c.mostLive.CompareAndSwap(most, now); most = c.mostLive.Load() {
	}
}

func (c *counts) down() { c.live.Add(-1) }

func (c *counts) figures(scenario string, devices int, took time.Duration) Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := Figures{Figure: "load", Scenario: scenario, Devices: devices, Seconds: took.Seconds(), Made: c.made.Load(),
		Received: int64(len(c.sent)), Echoed: int64(len(c.echoes)), Calls: c.calls.Load(), Frames: c.frames.Load(), Pokes: c.pokes.Load(),
		Live: c.mostLive.Load(), Cut: c.cut.Load(), Tries: c.retries.Load(), Errors: c.errors,
		Push: spread(c.sent), Echo: spread(c.echoes)}
	f.Lost = f.Made - f.Echoed
	f.Rate = float64(f.Echoed) / took.Seconds()
	return f
}
