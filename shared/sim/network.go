package sim

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
)

// Errors of the line.
var (
	errCut  = errors.New("the line is down")
	errLost = errors.New("the connection was lost")
)

// Line is one device's network to the city: an http.RoundTripper that calls the
// server in memory. Each fault strikes with its chance, drawn from the seed.
type Line struct {
	To      http.Handler
	Rand    *rand.Rand
	Faults  Faults
	Down    bool
	BeforeN func() error // called before each request; an error is the device's death
	kept    *http.Request
	body    []byte
	Calls   int
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

func (l *Line) chance(percent int) bool { return percent > 0 && l.Rand.IntN(100) < percent }

// RoundTrip implements http.RoundTripper.
func (l *Line) RoundTrip(r *http.Request) (*http.Response, error) {
	l.Calls++
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	if l.BeforeN != nil {
		if err := l.BeforeN(); err != nil {
			return nil, err
		}
	}
	if l.Down {
		return nil, errCut
	}
	if l.chance(l.Faults.Lose) {
		return nil, errLost
	}
	if l.kept != nil && l.chance(40) {
		late, lateBody := l.kept, l.body
		l.kept = nil
		l.deliver(late, lateBody)
	}
	if l.chance(l.Faults.Broken) {
		return broken(r, l.Rand), nil
	}
	resp := l.deliver(r, body)
	if l.chance(l.Faults.Twice) {
		l.deliver(r, body)
	}
	if l.chance(l.Faults.Late) {
		l.kept, l.body = r, body
	}
	if l.chance(l.Faults.LoseReply) {
		return nil, errLost
	}
	return l.spoil(resp), nil
}

// deliver hands the request to the server and waits for the whole answer.
func (l *Line) deliver(r *http.Request, body []byte) *http.Response {
	in := r.Clone(r.Context())
	in.Body, in.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	in.RequestURI = r.URL.RequestURI()
	rec := httptest.NewRecorder()
	l.To.ServeHTTP(rec, in)
	resp := rec.Result()
	resp.Request = r
	return resp
}

// spoil cuts an answer short.
func (l *Line) spoil(resp *http.Response) *http.Response {
	cut, short := l.chance(l.Faults.Cut), l.chance(l.Faults.Short)
	if !cut && !short {
		return resp
	}
	whole, _ := io.ReadAll(resp.Body) // a recorder's body does not fail
	if len(whole) == 0 {
		return resp
	}
	part := io.Reader(bytes.NewReader(whole[:l.Rand.IntN(len(whole))]))
	if cut {
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
