package s3

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Fault is what goes wrong between a city and its store of photos.
type Fault int32

// The faults. Torn lets half a body through and then breaks the connection; Lost
// lets the server do what it was asked, and loses the answer.
const (
	None    Fault = iota
	Down          // 503
	Refused       // the keys are not taken
	Torn
	Lost
	Slow   // a second each
	Silent // no answer until the fault is over
)

// network passes requests on, as well as its fault lets it.
type network struct {
	at    string // host:port
	fault atomic.Int32
	asked atomic.Int64
}

// Spoil sets the fault from now on.
func (n *network) Spoil(f Fault) { n.fault.Store(int32(f)) }

// Asked counts the requests so far.
func (n *network) Asked() int64 { return n.asked.Load() }

func (n *network) open(t testing.TB, server string) {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: server})
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.asked.Add(1)
		switch Fault(n.fault.Load()) {
		case Down:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case Refused:
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>`)
			return
		case Torn:
			io.CopyN(io.Discard, r.Body, r.ContentLength/2)
			panic(http.ErrAbortHandler)
		case Lost:
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		case Slow:
			time.Sleep(time.Second)
		case Silent:
			for Fault(n.fault.Load()) == Silent && r.Context().Err() == nil {
				time.Sleep(5 * time.Millisecond)
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	n.at = strings.TrimPrefix(front.URL, "http://")
}
