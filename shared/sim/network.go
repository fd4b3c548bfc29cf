package sim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Errors of the line.
var (
	errCut  = errors.New("the line is down")
	errLost = errors.New("the connection was lost")
)

// Line is one device's network to the city: an http.RoundTripper that calls the
// server in memory. Each fault strikes with its chance, drawn from the seed. The
// fields are set while nothing calls; Weather, Cut and Before change them later.
type Line struct {
	To      http.Handler
	Rand    *rand.Rand
	Faults  Faults
	Down    bool
	Latency time.Duration // of each way, at most; 0 means none
	Calls   int
	Struck  Struck

	BeforeN func() error // called before each request; an error is the device's death

	mu     sync.Mutex
	kept   *http.Request
	body   []byte
	hangUp func() // ends the live connection; nil: there is none
}

// Faults are chances in percent.
type Faults struct {
	Lose      int // the request never arrives
	LoseReply int // it arrives, its answer does not
	Twice     int // it arrives twice
	Late      int // a copy of it arrives again, some requests later
	Cut       int // the answer ends early, with an error
	Short     int // the answer ends early, and nobody says so
	Broken    int // something on the way answers 5xx
}

// Rough is a bad day.
var Rough = Faults{Lose: 6, LoseReply: 6, Twice: 4, Late: 4, Cut: 4, Short: 3, Broken: 5}

// Struck counts what befell the requests.
type Struck struct {
	Lost      int `json:"lost"`
	Duplicate int `json:"duplicate"`
	Reorder   int `json:"reorder"`
	Truncate  int `json:"truncate"`
	Broken    int `json:"5xx"`
}

func (s *Struck) add(o Struck) {
	s.Lost += o.Lost
	s.Duplicate += o.Duplicate
	s.Reorder += o.Reorder
	s.Truncate += o.Truncate
	s.Broken += o.Broken
}

// Weather sets the chances of faults.
func (l *Line) Weather(f Faults) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Faults = f
}

// Cut takes the line away or gives it back.
func (l *Line) Cut(down bool) {
	l.mu.Lock()
	l.Down = down
	hangUp := l.hangUp
	l.mu.Unlock()
	if down && hangUp != nil {
		hangUp()
	}
}

// Count is Calls, while a device exchanges by itself.
func (l *Line) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Calls
}

// Before lets something happen before each request from now on; nil ends it.
func (l *Line) Before(do func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.BeforeN = do
}

// draw tells whether a fault strikes, and counts it.
func (l *Line) draw(percent int, count *int) bool {
	if percent <= 0 || l.Rand.IntN(100) >= percent {
		return false
	}
	*count++
	return true
}

// plan is what becomes of one request.
type plan struct {
	err               error
	broken            *http.Response
	late              *http.Request
	lateBody          []byte
	twice, loseReply  bool
	cut, short        bool
	part              float64 // of the answer that arrives when it is cut
	thither, backward time.Duration
}

func (l *Line) plan(r *http.Request, body []byte) plan {
	l.mu.Lock()
	defer l.mu.Unlock()
	var p plan
	if l.Latency > 0 {
		p.thither, p.backward = time.Duration(l.Rand.Int64N(int64(l.Latency))), time.Duration(l.Rand.Int64N(int64(l.Latency)))
	}
	switch {
	case l.Down:
		p.err = errCut
		return p
	case l.draw(l.Faults.Lose, &l.Struck.Lost):
		p.err = errLost
		return p
	}
	if l.kept != nil && l.Rand.IntN(100) < 40 {
		l.Struck.Reorder++
		p.late, p.lateBody, l.kept = l.kept, l.body, nil
	}
	if l.draw(l.Faults.Broken, &l.Struck.Broken) {
		p.broken = broken(r, l.Rand)
		return p
	}
	p.twice = l.draw(l.Faults.Twice, &l.Struck.Duplicate)
	if l.Faults.Late > 0 && l.Rand.IntN(100) < l.Faults.Late {
		l.kept, l.body = r, body
	}
	if p.loseReply = l.draw(l.Faults.LoseReply, &l.Struck.Lost); p.loseReply {
		return p
	}
	p.cut, p.short = l.draw(l.Faults.Cut, &l.Struck.Truncate), l.draw(l.Faults.Short, &l.Struck.Truncate)
	if p.cut || p.short {
		p.part = l.Rand.Float64()
	}
	return p
}

// RoundTrip implements http.RoundTripper.
func (l *Line) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	l.mu.Lock()
	before := l.BeforeN
	l.Calls++
	l.mu.Unlock()
	if before != nil {
		if err := before(); err != nil {
			return nil, err
		}
	}
	p := l.plan(r, body)
	if err := wait(r.Context(), p.thither); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	if p.late != nil {
		l.deliver(p.late, p.lateBody)
	}
	if p.broken != nil {
		return p.broken, nil
	}
	if strings.HasSuffix(r.URL.Path, "/live") {
		return l.stream(r)
	}
	resp := l.deliver(r, body)
	if p.twice {
		l.deliver(r, body)
	}
	if err := wait(r.Context(), p.backward); err != nil {
		return nil, err
	}
	if p.loseReply {
		return nil, errLost
	}
	return spoil(resp, p), nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// deliver hands the request to the server and waits for the whole answer.
func (l *Line) deliver(r *http.Request, body []byte) *http.Response {
	// What has arrived is worked on, whether its sender still listens or not.
	in := r.Clone(context.WithoutCancel(r.Context()))
	in.Body, in.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	in.RequestURI = r.URL.RequestURI()
	rec := httptest.NewRecorder()
	l.To.ServeHTTP(rec, in)
	resp := rec.Result()
	resp.Request = r
	return resp
}

// stream hands a live request to the server and gives its answer while it grows.
func (l *Line) stream(r *http.Request) (*http.Response, error) {
	ctx, hangUp := context.WithCancel(r.Context())
	l.mu.Lock()
	l.hangUp = hangUp
	l.mu.Unlock()
	in := r.Clone(ctx)
	in.Body, in.RequestURI = http.NoBody, r.URL.RequestURI()
	from, to := io.Pipe()
	w := &streaming{header: http.Header{}, body: to, begun: make(chan int, 1)}
	stop := context.AfterFunc(ctx, func() { from.CloseWithError(errCut) })
	go func() {
		defer hangUp()
		defer stop()
		l.To.ServeHTTP(w, in)
		w.WriteHeader(http.StatusOK)
		if strings.HasPrefix(w.header.Get("Content-Type"), "text/event-stream") {
			to.CloseWithError(io.ErrUnexpectedEOF) // events never end by themselves
		}
		to.Close()
	}()
	select {
	case status := <-w.begun:
		return &http.Response{StatusCode: status, Header: w.header, Body: from, Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
	case <-ctx.Done():
		return nil, errCut
	}
}

// streaming is an http.ResponseWriter whose answer is read while it is written.
type streaming struct {
	header http.Header
	body   *io.PipeWriter
	begun  chan int
	once   sync.Once
}

func (w *streaming) Header() http.Header    { return w.header }
func (w *streaming) WriteHeader(status int) { w.once.Do(func() { w.begun <- status }) }
func (w *streaming) Flush()                 { w.WriteHeader(http.StatusOK) }

func (w *streaming) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// Dial tells by its error whether the server is within reach.
func (l *Line) Dial(context.Context, string, string) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Down {
		return nil, errCut
	}
	here, there := net.Pipe()
	return here, there.Close()
}

// spoil cuts an answer short.
func spoil(resp *http.Response, p plan) *http.Response {
	if !p.cut && !p.short {
		return resp
	}
	whole, _ := io.ReadAll(resp.Body) // a recorder's body does not fail
	if len(whole) == 0 {
		return resp
	}
	part := io.Reader(bytes.NewReader(whole[:int(p.part*float64(len(whole)))]))
	if p.cut {
		part = io.MultiReader(part, failing{})
	}
	resp.Body = io.NopCloser(part)
	return resp
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// broken is what proxies and servers in trouble say.
func broken(r *http.Request, rng *rand.Rand) *http.Response {
	rec := httptest.NewRecorder()
	switch rng.IntN(4) {
	case 0:
		rec.WriteHeader(http.StatusBadGateway)
		rec.WriteString("<html>bad gateway</html>")
	case 1:
		rec.Header().Set("Retry-After", "1")
		rec.WriteHeader(http.StatusServiceUnavailable)
		rec.WriteString(`{"code":"busy","message":"later"}`)
	case 2:
		rec.WriteHeader(http.StatusInternalServerError)
		rec.WriteString(`{"code":"internal","message":"our fault"}`)
	case 3:
		rec.WriteString("<html>sign in to this network</html>")
	}
	resp := rec.Result()
	resp.Request = r
	return resp
}
