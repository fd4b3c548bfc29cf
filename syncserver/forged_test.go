package syncserver_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cityhall/shared/protocol"
)

// attempt is a request of a device on its way, as somebody in between sees it.
type attempt struct {
	method, target string
	header         http.Header
	body           []byte
}

func (a attempt) send(h *hall) int {
	r := httptest.NewRequest(a.method, a.target, bytes.NewReader(a.body))
	r.Header = a.header.Clone()
	if strings.HasSuffix(r.URL.Path, "/live") { // stays open once it is accepted
		ctx, cancel := context.WithTimeout(r.Context(), 500*time.Millisecond)
		defer cancel()
		r = r.WithContext(ctx)
	}
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	return w.Code
}

// signed is a request as the device would send it now.
func (c *caller) signed(t *testing.T, method, path string, body []byte) attempt {
	r := c.request(method, path, body)
	return attempt{method, r.URL.RequestURI(), r.Header, body}
}

// row finds the table's request for a route.
func row(method, path string) (int, bool) {
	for i, r := range routes {
		if r.method == method && strings.HasPrefix(r.path, strings.TrimSuffix(path, ":sha256")) {
			return i, true
		}
	}
	return 0, false
}

// state is a hash over every table of the database.
func (h *hall) state() string {
	h.t.Helper()
	db := h.Store().DB()
	names, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	if err != nil {
		h.t.Fatal(err)
	}
	var tables []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			h.t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := names.Close(); err != nil || len(tables) < 8 {
		h.t.Fatal(len(tables), err)
	}
	sum := sha256.New()
	for _, table := range tables {
		rows, err := db.Query(`SELECT * FROM "` + table + `"`)
		if err != nil {
			h.t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			h.t.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				h.t.Fatal(err)
			}
			fmt.Fprintf(sum, "%s %q\n", table, values)
		}
		if err := rows.Close(); err != nil {
			h.t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// alterations are what somebody may do to a request who does not hold the key. Each
// gives false where there is nothing of the kind to alter.
var alterations = map[string]func(*rapid.T, *attempt, *caller) bool{
	"a byte of a header": func(t *rapid.T, a *attempt, _ *caller) bool {
		name := header(t)
		v := []byte(a.header.Get(name))
		return otherByte(t, v) && set(a, name, string(v))
	},
	"a header is gone": func(t *rapid.T, a *attempt, _ *caller) bool {
		n := header(t)
		was := a.header.Get(n)
		a.header.Del(n)
		return was != ""
	},
	"a header twice": func(t *rapid.T, a *attempt, _ *caller) bool {
		n := header(t)
		a.header.Add(n, a.header.Get(n))
		return true
	},
	"a header is empty": func(t *rapid.T, a *attempt, _ *caller) bool { return set(a, header(t), "") },
	"a second label":    func(t *rapid.T, a *attempt, _ *caller) bool { return label(a, "%[1]s, sig2%[2]s") },
	"a label ahead":     func(t *rapid.T, a *attempt, _ *caller) bool { return label(a, "sig0%[2]s, %[1]s") },
	"another label":     func(t *rapid.T, a *attempt, _ *caller) bool { return label(a, "sig1%[2]s") },
	"another time": param(`created=`, func(t *rapid.T, v string) string {
		return fmt.Sprint(1772442000 + rapid.IntRange(-299, 299).Draw(t, "s"))
	}),
	"another nonce":         param(`nonce="`, func(t *rapid.T, v string) string { return rapid.StringMatching(`[A-Za-z0-9_-]{22}`).Draw(t, "nonce") }),
	"another algorithm":     param(`alg="`, func(*rapid.T, string) string { return "hmac-sha256" }),
	"a component less":      input(`"@query" `, ``),
	"a component more":      input(`"content-digest")`, `"content-digest" "date")`),
	"components in turn":    input(`"@method" "@path"`, `"@path" "@method"`),
	"a truncated signature": func(t *rapid.T, a *attempt, _ *caller) bool { return truncated(t, a) },
	"a digest of another kind": func(_ *rapid.T, a *attempt, _ *caller) bool {
		return set(a, "Content-Digest", strings.Replace(a.header.Get("Content-Digest"), "sha-256", "sha-512", 1))
	},
	"a digest where none is signed": func(_ *rapid.T, a *attempt, _ *caller) bool {
		return a.header.Get("Content-Digest") == "" && set(a, "Content-Digest", digestOf(a.body))
	},
	"the digest is no longer signed": func(_ *rapid.T, a *attempt, _ *caller) bool {
		was := a.header.Get("Signature-Input")
		a.header.Del("Content-Digest")
		return set(a, "Signature-Input", strings.NewReplacer(` "content-digest"`, "", `;alg="ed25519"`, "").Replace(was))
	},
	"a byte of the body": func(t *rapid.T, a *attempt, _ *caller) bool {
		a.body = bytes.Clone(a.body)
		return otherByte(t, a.body)
	},
	"a body and its digest": func(t *rapid.T, a *attempt, _ *caller) bool {
		a.body = bytes.Clone(a.body)
		return otherByte(t, a.body) && set(a, "Content-Digest", digestOf(a.body))
	},
	"a shorter body": func(t *rapid.T, a *attempt, _ *caller) bool {
		if len(a.body) == 0 {
			return false
		}
		a.body = a.body[:rapid.IntRange(0, len(a.body)-1).Draw(t, "cut")]
		return true
	},
	"a longer body": func(t *rapid.T, a *attempt, _ *caller) bool {
		more := rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(t, "more")
		a.body = append(bytes.Clone(a.body), more...)
		return len(a.body) > len(more)
	},
	"a query": func(t *rapid.T, a *attempt, _ *caller) bool {
		a.target += "?limit=" + rapid.StringMatching(`[1-9]{1,3}`).Draw(t, "limit")
		return true
	},
	"an escaped path": func(_ *rapid.T, a *attempt, _ *caller) bool {
		a.target = strings.Replace(a.target, "/sync/v1", "/%73ync/v1", 1)
		return true
	},
	"another blob": func(t *rapid.T, a *attempt, _ *caller) bool {
		before, _, found := strings.Cut(a.target, "/blobs/")
		a.target = before + "/blobs/" + rapid.StringMatching(`[0-9a-f]{63}[1-9a-f]`).Draw(t, "sha")
		return found
	},
	"another route": func(_ *rapid.T, a *attempt, _ *caller) bool {
		was := a.target
		a.target = strings.NewReplacer("/hello", "/push", "/push", "/hello", "/pull", "/live", "/live", "/pull").Replace(was)
		return a.target != was && a.method != "HEAD" // no such route
	},
	"another method": func(_ *rapid.T, a *attempt, _ *caller) bool {
		if !strings.Contains(a.target, "/blobs/") || len(a.body) > 0 { // no such route, or one without a body
			return false
		}
		a.method = map[string]string{"HEAD": "GET", "GET": "HEAD", "POST": "PATCH", "PATCH": "POST"}[a.method]
		return true
	},
	"in another device's name": func(_ *rapid.T, a *attempt, other *caller) bool {
		in := a.header.Get("Signature-Input")
		at := strings.Index(in, `keyid="`) + len(`keyid="`)
		return set(a, "Signature-Input", in[:at]+other.id+in[at+len(other.id):])
	},
	"the signature of another request": func(_ *rapid.T, a *attempt, other *caller) bool {
		return set(a, "Signature", other.request("GET", "/sync/v1/pull", nil).Header.Get("Signature"))
	},
}

func header(t *rapid.T) string {
	return rapid.SampledFrom([]string{"Signature", "Signature-Input", "Content-Digest"}).Draw(t, "header")
}

func set(a *attempt, name, value string) bool {
	was := a.header.Get(name)
	a.header.Set(name, value)
	return was != value
}

// otherByte changes one byte to another printable one.
func otherByte(t *rapid.T, b []byte) bool {
	if len(b) == 0 {
		return false
	}
	at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
	to := byte(rapid.IntRange(' ', '~').Draw(t, "to"))
	was := b[at]
	b[at] = to
	return was != to
}

// label writes both signature headers anew; %[1]s is the header, %[2]s it without its label.
func label(a *attempt, format string) bool {
	for _, name := range []string{"Signature", "Signature-Input"} {
		v := a.header.Get(name)
		set(a, name, fmt.Sprintf(format+"%.0[1]s", v, strings.TrimPrefix(v, "sig")))
	}
	return true
}

func input(from, to string) func(*rapid.T, *attempt, *caller) bool {
	return func(_ *rapid.T, a *attempt, _ *caller) bool {
		return set(a, "Signature-Input", strings.Replace(a.header.Get("Signature-Input"), from, to, 1))
	}
}

func param(name string, value func(*rapid.T, string) string) func(*rapid.T, *attempt, *caller) bool {
	return func(t *rapid.T, a *attempt, _ *caller) bool {
		before, rest, found := strings.Cut(a.header.Get("Signature-Input"), name)
		if !found {
			return false
		}
		end := strings.IndexAny(rest, `";`)
		return set(a, "Signature-Input", before+name+value(t, rest[:end])+rest[end:])
	}
}

func truncated(t *rapid.T, a *attempt) bool {
	v := a.header.Get("Signature")
	raw, err := base64.StdEncoding.DecodeString(strings.Trim(strings.TrimPrefix(v, "sig="), ":"))
	if err != nil {
		t.Fatal(err)
	}
	n := rapid.IntRange(0, len(raw)-1).Draw(t, "length")
	return set(a, "Signature", "sig=:"+base64.StdEncoding.EncodeToString(raw[:n])+":")
}

func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// TestForgedRequests takes what a device sends to each route and alters one thing:
// the server answers 401 or 400, and nothing in its database is another than before.
func TestForgedRequests(t *testing.T) {
	h := newHall(t)
	device, other := h.enrol(), h.enrol()
	tried, replays, accepted, changed := 0, 0, 0, 0
	byStatus := map[int]int{}
	judge := func(what string, status int, before string) {
		tried++
		byStatus[status]++
		if status != 400 && status != 401 {
			accepted++
			t.Errorf("%s: %d", what, status)
		}
		if h.state() != before {
			changed++
			t.Errorf("%s: the database is another than before", what)
		}
	}
	for _, route := range h.Routes() {
		i, ok := row(route.Method, route.Path)
		if !ok || !strings.HasPrefix(route.Path, protocol.Path) {
			continue // not a device's: TestEveryRouteIsInTheTable names what is missing
		}
		r := routes[i]
		body := func() []byte {
			if r.body == nil {
				return nil
			}
			return r.body(t)
		}
		before := h.state()
		rapid.Check(t, func(rt *rapid.T) {
			for _, name := range rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(alterations))), 4, 4).Draw(rt, "alterations") {
				a := device.signed(t, r.method, r.path, body())
				if alterations[name](rt, &a, other) {
					judge(r.method+" "+r.path+": "+name, a.send(h), before)
				}
			}
		})
		// Another device's key in this one's name.
		thief := *other
		thief.id = device.id
		judge(r.method+" "+r.path+": another device's key", thief.signed(t, r.method, r.path, body()).send(h), before)
		// What was taken once is not taken again.
		a := device.signed(t, r.method, r.path, body())
		if status := a.send(h); status == 401 || status >= 500 {
			t.Fatalf("%s %s: the request itself is refused: %d", r.method, r.path, status)
		}
		judge(r.method+" "+r.path+": sent again", a.send(h), h.state())
		replays++
	}
	figure, err := json.Marshal(struct {
		Figure   string      `json:"figure"`
		Tried    int         `json:"tried"`
		Replays  int         `json:"replays"`
		Accepted int         `json:"accepted"`
		Changed  int         `json:"changed"`
		Answers  map[int]int `json:"answers"`
	}{"forged requests", tried, replays, accepted, changed, byStatus})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", figure)
	if tried < 2000 && !testing.Short() || replays != len(routes) {
		t.Errorf("%d altered requests on %d of %d routes: that proves little", tried, replays, len(routes))
	}
}
