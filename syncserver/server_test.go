package syncserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	_ "cityhall/shared/keys/cheap" // what is stored behind a password or a PIN is the point, not its cost
	"cityhall/shared/protocol"
	"cityhall/syncserver"
)

// hall is a server with a small city and whatever devices a test enrols.
type hall struct {
	*syncserver.Server
	t   *testing.T
	now time.Time
}

func newHall(t *testing.T) *hall {
	t.Helper()
	return newHallOn(t, "")
}

// newHallOn keeps the photos at an address, or beside the rest if there is none.
func newHallOn(t *testing.T, blobs string) *hall {
	t.Helper()
	h := &hall{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s, err := syncserver.Open(context.Background(), syncserver.Config{Data: t.TempDir(), Blobs: blobs, Now: func() time.Time { return h.now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	h.Server = s
	for _, act := range []city.Act{
		&city.SetCity{Settings: city.Settings{Name: "Testburg", TimeZone: "UTC", Languages: []string{"en"}}},
		&city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", Active: true, Version: 1}},
	} {
		if _, err := s.Store().Act(context.Background(), city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 0, act); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// caller is a device that makes requests by hand.
type caller struct {
	h        *hall
	id       string
	identity keys.Identity
}

func (h *hall) enrol() *caller {
	h.t.Helper()
	return h.join(city.DeviceKiosk, city.ScopePublic)
}

// join enrols a device with these grants.
func (h *hall) join(kind city.DeviceKind, grants ...city.Scope) *caller {
	h.t.Helper()
	code, err := h.Store().CreateEnrolment(context.Background(), kind, "Library", grants, time.Hour)
	if err != nil {
		h.t.Fatal(err)
	}
	identity, err := keys.NewIdentity(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	c := &caller{h: h, id: identity.Public().String(), identity: identity}
	res := c.do(c.request("POST", "/sync/v1/enroll", mustJSON(h.t, protocol.EnrolRequest{Code: code.Show(), Public: identity.Public().String()})))
	var reply protocol.EnrolReply
	if err := json.Unmarshal(res.Body.Bytes(), &reply); err != nil || res.Code != http.StatusOK {
		h.t.Fatalf("enrol: %d %s", res.Code, res.Body)
	}
	c.id = string(reply.Device)
	return c
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// request makes a signed request; a test may spoil it before do.
func (c *caller) request(method, path string, body []byte) *http.Request {
	c.h.t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	nonce, err := keys.NewNonce(nil)
	if err != nil {
		c.h.t.Fatal(err)
	}
	if err := keys.Sign(r, body, c.id, c.identity, c.h.now, nonce); err != nil {
		c.h.t.Fatal(err)
	}
	return r
}

func (c *caller) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	c.h.Handler().ServeHTTP(w, r)
	return w
}

// pushBody is a push of one act on a fresh stream.
func pushBody(t *testing.T, stream string) []byte {
	t.Helper()
	m, err := city.Prepare(city.Memory{{Kind: city.KindService, ID: "tree"}: {Ref: city.Ref{Kind: city.KindService, ID: "tree"},
		Fields: city.Fields{"name": json.RawMessage(`{"en":"Fallen tree"}`), "department": json.RawMessage(`"parks"`)}}},
		city.NewMutationID(), city.Actor{Kind: city.ActorResident}, "", time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC),
		&city.FileRequest{Request: city.NewID(), Service: "tree", Place: city.Place{Address: "12 Elm Street"}})
	if err != nil {
		t.Fatal(err)
	}
	env := protocol.Wrap(m)
	env.N = 1
	return slicesJoin(mustJSON(t, protocol.PushHeader{Stream: stream, From: 1}), mustJSON(t, env))
}

func slicesJoin(lines ...[]byte) []byte { return append(bytes.Join(lines, []byte("\n")), '\n') }

func compressed(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(b, nil)
}

const blob = "0000000000000000000000000000000000000000000000000000000000000000"

// attacks is the table of every route of the protocol against every kind of bad
// request, with the answer that each must get. A route without a row fails.
var routes = []struct {
	method, path string
	body         func(*testing.T) []byte
	ok           int // answer to a good request
	malformed    int // answer to {"
	revoked      int // answer to a revoked device
}{
	{"POST", "/sync/v1/hello", func(t *testing.T) []byte { return mustJSON(t, protocol.Hello{Stream: "s1"}) }, 200, 400, 403},
	{"HEAD", "/sync/v1/hello", nil, 200, 413, 403},
	{"POST", "/sync/v1/push", func(t *testing.T) []byte { return pushBody(t, "s1") }, 200, 400, 403},
	{"POST", "/sync/v1/quarantine", func(t *testing.T) []byte { return pushBody(t, "s1") }, 404, 400, 200},
	{"GET", "/sync/v1/pull", nil, 200, 413, 403},
	{"GET", "/sync/v1/snapshot", nil, 200, 413, 403},
	{"GET", "/sync/v1/snapshot/" + blob, nil, 404, 413, 403},
	{"POST", "/sync/v1/reconcile", func(t *testing.T) []byte {
		return mustJSON(t, protocol.Claim{Mutation: city.NewMutationID(), Content: protocol.Hash{1}})
	}, 200, 400, 403},
	{"POST", "/sync/v1/verify", func(t *testing.T) []byte { return mustJSON(t, protocol.Verify{Digests: protocol.NewDigests()}) }, 409, 400, 403},
	{"POST", "/sync/v1/salvage", func(t *testing.T) []byte {
		return mustJSON(t, protocol.Held{Ref: city.Ref{Kind: city.KindNote, ID: "n"}, Seq: 1})
	}, 409, 409, 403},
	{"GET", "/sync/v1/live", nil, 200, 413, 403},
	{"HEAD", "/sync/v1/blobs/" + blob, nil, 404, 413, 403},
	{"GET", "/sync/v1/blobs/" + blob, nil, 404, 413, 403},
	{"POST", "/sync/v1/blobs/" + blob, nil, 400, 413, 403},
	{"PATCH", "/sync/v1/blobs/" + blob, func(*testing.T) []byte { return []byte("chunk") }, 400, 400, 403},
}

func TestEveryRouteAgainstEveryAttack(t *testing.T) {
	for _, r := range routes {
		body := func(t *testing.T) []byte {
			if r.body == nil {
				return nil
			}
			return r.body(t)
		}
		attacks := map[string]struct {
			want int
			make func(t *testing.T, h *hall, c *caller) *http.Request
		}{
			"none": {r.ok, func(t *testing.T, h *hall, c *caller) *http.Request { return c.request(r.method, r.path, body(t)) }},
			"no signature": {401, func(t *testing.T, h *hall, c *caller) *http.Request {
				return httptest.NewRequest(r.method, r.path, bytes.NewReader(body(t)))
			}},
			"another device's key": {401, func(t *testing.T, h *hall, c *caller) *http.Request {
				other := h.enrol()
				other.id = c.id
				return other.request(r.method, r.path, body(t))
			}},
			"unknown device": {401, func(t *testing.T, h *hall, c *caller) *http.Request {
				c.id = "nobody"
				return c.request(r.method, r.path, body(t))
			}},
			"revoked": {r.revoked, func(t *testing.T, h *hall, c *caller) *http.Request {
				if err := h.Store().Revoke(context.Background(), city.DeviceID(c.id)); err != nil {
					t.Fatal(err)
				}
				return c.request(r.method, r.path, body(t))
			}},
			"other body": {401, func(t *testing.T, h *hall, c *caller) *http.Request {
				req := c.request(r.method, r.path, body(t))
				signed := httptest.NewRequest(r.method, r.path, strings.NewReader("x"))
				signed.Header = req.Header
				if r.body == nil {
					signed.Header.Del("Content-Digest")
				}
				return signed
			}},
			"other query": {401, func(t *testing.T, h *hall, c *caller) *http.Request {
				req := c.request(r.method, r.path, body(t))
				req.URL.RawQuery = "limit=1"
				return req
			}},
			"malformed": {r.malformed, func(t *testing.T, h *hall, c *caller) *http.Request { return c.request(r.method, r.path, []byte(`{"`)) }},
		}
		for name, a := range attacks {
			t.Run(r.method+" "+r.path[:min(len(r.path), 16)]+" "+name, func(t *testing.T) {
				h := newHall(t)
				req := a.make(t, h, h.enrol())
				if strings.HasSuffix(r.path, "/live") {
					ctx, cancel := context.WithTimeout(req.Context(), 100*time.Millisecond)
					defer cancel()
					req = req.WithContext(ctx)
				}
				res := (&caller{h: h}).do(req)
				want := a.want
				if name == "other body" && r.body == nil {
					want = 413 // these routes take no body at all
				}
				if res.Code != want {
					t.Errorf("answers %d, want %d: %s", res.Code, want, res.Body)
				}
				if res.Code >= 400 && r.method != "HEAD" {
					var p protocol.Problem
					if err := json.Unmarshal(res.Body.Bytes(), &p); err != nil || p.Code == "" {
						t.Errorf("no problem in %q", res.Body)
					}
				}
			})
		}
	}
}

func TestEveryRouteIsInTheTable(t *testing.T) {
	h := newHall(t)
	for _, route := range h.Routes() {
		if !strings.HasPrefix(route.Path, protocol.Path) || route.Path == protocol.Path+"/enroll" { // enrolment has tests of its own
			continue
		}
		found := false
		for _, r := range routes {
			found = found || r.method == route.Method && strings.HasPrefix(r.path, strings.TrimSuffix(route.Path, ":sha256"))
		}
		if !found {
			t.Errorf("%s %s has no row in the table of attacks", route.Method, route.Path)
		}
	}
}

func TestReplayedRequest(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	req := c.request("GET", "/sync/v1/pull", nil)
	if res := c.do(req.Clone(context.Background())); res.Code != 200 {
		t.Fatalf("first: %d", res.Code)
	}
	if res := c.do(req.Clone(context.Background())); res.Code != 401 {
		t.Errorf("the same request again: %d", res.Code)
	}
}

func TestWrongClock(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	real := h.now
	for _, year := range []int{1970, 2106} {
		h.now = time.Date(year, 1, 2, 0, 0, 0, 0, time.UTC) // the device signs by this
		pull, hello := c.request("GET", "/sync/v1/pull", nil), c.request("POST", "/sync/v1/hello", mustJSON(t, protocol.Hello{Stream: "s1"}))
		h.now = real
		res := c.do(pull)
		var p protocol.Problem
		if err := json.Unmarshal(res.Body.Bytes(), &p); err != nil || res.Code != 401 || p.Code != protocol.CodeClock || !p.Now.Equal(real) {
			t.Errorf("pull in %d: %d %s", year, res.Code, res.Body)
		}
		if res := c.do(hello); res.Code != 200 {
			t.Errorf("hello in %d: %d %s", year, res.Code, res.Body)
		}
	}
}

func TestEnrolmentIsRefused(t *testing.T) {
	h := newHall(t)
	identity, err := keys.NewIdentity(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &caller{h: h, id: identity.Public().String(), identity: identity}
	other, err := keys.NewIdentity(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		req  protocol.EnrolRequest
		want int
	}{
		"unknown code":      {protocol.EnrolRequest{Code: "7KQ2-M9XD-4T", Public: identity.Public().String()}, 403},
		"no code":           {protocol.EnrolRequest{Public: identity.Public().String()}, 403},
		"somebody's key":    {protocol.EnrolRequest{Code: "7KQ2-M9XD-4T", Public: other.Public().String()}, 401},
		"no key":            {protocol.EnrolRequest{Code: "7KQ2-M9XD-4T"}, 400},
		"a name of a novel": {protocol.EnrolRequest{Code: "7KQ2-M9XD-4T", Public: identity.Public().String(), Name: strings.Repeat("x", 101)}, 403},
	} {
		if res := c.do(c.request("POST", "/sync/v1/enroll", mustJSON(t, x.req))); res.Code != x.want {
			t.Errorf("%s: %d %s", name, res.Code, res.Body)
		}
	}
}

func TestPushOverHTTP(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	body := pushBody(t, "s1")
	push := func(b []byte, encoding string) *httptest.ResponseRecorder {
		req := c.request("POST", "/sync/v1/push", b)
		if encoding != "" {
			req.Header.Set("Content-Encoding", encoding)
		}
		return c.do(req)
	}
	res := push(compressed(t, body), "zstd")
	lines := bytes.Split(bytes.TrimSpace(res.Body.Bytes()), []byte("\n"))
	var v protocol.PushVerdict
	var end protocol.PushEnd
	if res.Code != 200 || len(lines) != 2 || json.Unmarshal(lines[0], &v) != nil || json.Unmarshal(lines[1], &end) != nil {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	if v.Verdict != city.VerdictApplied || !end.End || end.LastN != 1 {
		t.Errorf("verdict %+v, end %+v", v, end)
	}
	bomb := compressed(t, bytes.Repeat([]byte("a"), 64<<20))
	for name, x := range map[string]struct {
		body     []byte
		encoding string
		want     int
	}{
		"bomb":             {bomb, "zstd", 413},
		"gzip":             {body, "gzip", 400},
		"too long a line":  {slicesJoin(mustJSON(t, protocol.PushHeader{Stream: "s2", From: 1}), bytes.Repeat([]byte("x"), protocol.MaxEnvelope+1)), "", 400},
		"no acts":          {slicesJoin(mustJSON(t, protocol.PushHeader{Stream: "s2", From: 1})), "", 400},
		"no such stream":   {slicesJoin(mustJSON(t, protocol.PushHeader{Stream: "../x", From: 1}), []byte("{}")), "", 400},
		"too large a push": {bytes.Repeat([]byte("x"), protocol.MaxPushBody+1), "", 413},
		"a gap":            {bytes.Replace(bytes.Replace(body, []byte(`"from":1`), []byte(`"from":7`), 1), []byte(`"n":1`), []byte(`"n":7`), 1), "", 409},
	} {
		if res := push(x.body, x.encoding); res.Code != x.want {
			t.Errorf("%s: %d %s", name, res.Code, res.Body)
		}
	}
}

func TestPullCursor(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	page := func(cursor string) (*httptest.ResponseRecorder, protocol.End) {
		res := c.do(c.request("GET", "/sync/v1/pull?cursor="+cursor, nil))
		lines := bytes.Split(bytes.TrimSpace(res.Body.Bytes()), []byte("\n"))
		var last protocol.Frame
		if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.End == nil {
			return res, protocol.End{}
		}
		return res, *last.End
	}
	_, end := page("")
	if end.Cursor == "" || end.Count == 0 {
		t.Fatalf("first page ends with %+v", end)
	}
	if _, next := page(end.Cursor); next.Cursor == "" || next.Count != 0 {
		t.Errorf("nothing new ends with %+v", next)
	}
	spoilt := []byte(end.Cursor)
	spoilt[3] ^= 1
	if res, _ := page(string(spoilt)); res.Code != http.StatusConflict {
		t.Errorf("a forged cursor: %d", res.Code)
	}
}

func TestSecurityOfAnswers(t *testing.T) {
	h := newHall(t)
	res := (&caller{h: h}).do(httptest.NewRequest("GET", "/nowhere", nil))
	if res.Code != 404 || !strings.Contains(res.Body.String(), "not_found") {
		t.Errorf("%d %s", res.Code, res.Body)
	}
	res = (&caller{h: h}).do(httptest.NewRequest("GET", "/healthz", nil))
	if res.Code != 200 || !strings.Contains(res.Body.String(), `"ok":true`) {
		t.Errorf("%d %s", res.Code, res.Body)
	}
}
