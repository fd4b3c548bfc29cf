package syncserver_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// tablet enrols a crew's device.
func (h *hall) tablet(crew city.ID) *caller {
	h.t.Helper()
	return h.join(city.DeviceTablet, city.ScopePublic, city.ScopeCrew(crew))
}

// greet says hello with a key to seal to, and gives the answer.
func (c *caller) greet(sealTo string) protocol.HelloReply {
	c.h.t.Helper()
	res := c.do(c.request("POST", "/sync/v1/hello", mustJSON(c.h.t, protocol.Hello{Stream: "s1", SealTo: sealTo})))
	var reply protocol.HelloReply
	if err := json.Unmarshal(res.Body.Bytes(), &reply); err != nil || res.Code != http.StatusOK {
		c.h.t.Fatalf("hello: %d %s", res.Code, res.Body)
	}
	return reply
}

// pulled is all that a device is sent, from the beginning.
func (c *caller) pulled() []protocol.Frame {
	c.h.t.Helper()
	var out []protocol.Frame
	for cursor := ""; ; {
		path := "/sync/v1/pull?limit=3"
		if cursor != "" {
			path += "&cursor=" + cursor
		}
		res := c.do(c.request("GET", path, nil))
		if res.Code != http.StatusOK {
			c.h.t.Fatalf("pull: %d %s", res.Code, res.Body)
		}
		var end *protocol.End
		for _, line := range bytes.Split(bytes.TrimSpace(res.Body.Bytes()), []byte("\n")) {
			var f protocol.Frame
			if err := json.Unmarshal(line, &f); err != nil {
				c.h.t.Fatal(err)
			}
			if end = f.End; end == nil {
				out = append(out, f)
			}
		}
		if cursor = end.Cursor; !end.More {
			return out
		}
	}
}

func persons(frames []protocol.Frame) []*protocol.Put {
	var out []*protocol.Put
	for _, f := range frames {
		if f.Put != nil && f.Put.Kind == city.KindPerson {
			out = append(out, f.Put)
		}
	}
	return out
}

func (c *caller) opened(key keys.SealingKey, p *protocol.Put) (city.Person, error) {
	plain, err := key.Open(keys.SealRecordInfo(key.Public().ID(), c.id, string(p.Kind), string(p.ID), p.Seq), p.Sealed.Body)
	if err != nil {
		return city.Person{}, err
	}
	var who city.Person
	return who, json.Unmarshal(plain, &who)
}

// contacts makes a hall whose tree crew may see who reported, and one report for it.
func contacts(t *testing.T) (*hall, city.ID) {
	t.Helper()
	h := newHall(t)
	system := city.Actor{Kind: city.ActorSystem}
	request := city.NewID()
	for _, act := range []city.Act{
		&city.SetCrew{ID: "trees", Crew: city.Crew{Name: "Trees", Department: "parks"}},
		&city.PublishService{ID: "oak", Service: city.Service{Name: city.Text{"en": "Oak"}, Department: "parks", ShareContact: true, Active: true, Version: 1}},
		&city.FileRequest{Request: request, Service: "oak", Version: 1, Place: city.Place{Address: "1 Main St"}, Person: city.Person{Name: "Ana Canary", Phone: "555 0134"}},
		&city.AssignRequest{Request: request, WorkOrder: city.NewID(), Crew: "trees", Priority: city.PriorityNormal},
	} {
		head, err := h.Store().Head(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Store().Act(context.Background(), system, city.NewMutationID(), head.Seq, act); err != nil {
			t.Fatalf("%s: %v", act.Type(), err)
		}
	}
	return h, request
}

func newSealingKey(t *testing.T) keys.SealingKey {
	t.Helper()
	key, err := keys.NewSealingKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestPersonsComeSealedOrNotAtAll(t *testing.T) {
	h, request := contacts(t)
	crew, kiosk := h.tablet("trees"), h.enrol()
	if got := persons(crew.pulled()); len(got) != 0 {
		t.Fatalf("a tablet without a key got %d persons", len(got))
	}
	key := newSealingKey(t)
	kiosk.greet(key.Public().String())
	if got := persons(kiosk.pulled()); len(got) != 0 {
		t.Fatalf("a kiosk got %d persons", len(got))
	}
	before := crew.greet("").GrantRev
	if got := crew.greet(key.Public().String()).GrantRev; got != before+1 {
		t.Errorf("grant_rev %d after the first key, was %d", got, before)
	}
	if got := crew.greet(key.Public().String()).GrantRev; got != before+1 {
		t.Errorf("the same key again counts as another: %d", got)
	}
	got := persons(crew.pulled())
	if len(got) != 1 || !got[0].Full || got[0].Fields != nil || got[0].ID != request {
		t.Fatalf("persons %+v", got)
	}
	who, err := crew.opened(key, got[0])
	if err != nil || who.Name != "Ana Canary" || who.Phone != "555 0134" {
		t.Fatalf("opened to %+v, %v", who.Name, err)
	}
	// Each part of the info is bound: another place in the log, record or device.
	for name, alter := range map[string]func(*caller, *protocol.Put){
		"seq": func(_ *caller, p *protocol.Put) { p.Seq++ }, "id": func(_ *caller, p *protocol.Put) { p.ID = "other" },
		"kind": func(_ *caller, p *protocol.Put) { p.Kind = "work" }, "device": func(c *caller, _ *protocol.Put) { c.id = "other" },
	} {
		c, p := *crew, *got[0]
		alter(&c, &p)
		if _, err := c.opened(key, &p); err == nil {
			t.Errorf("it opens with another %s", name)
		}
	}
	if res := crew.do(crew.request("POST", "/sync/v1/hello", mustJSON(t, protocol.Hello{Stream: "s1", SealTo: "no key"}))); res.Code != 400 {
		t.Errorf("what is no key: %d", res.Code)
	}
}

// A record that changed in part comes whole, as it stood at its place in the log:
// a locked tablet cannot put the parts together.
func TestPartOfAPersonComesWhole(t *testing.T) {
	h, request := contacts(t)
	crew, key := h.tablet("trees"), newSealingKey(t)
	crew.greet(key.Public().String())
	ctx := context.Background()
	head, err := h.Store().Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i, fields := range []string{`{"phone":"555 0199"}`, `{"email":"ana@canary.example","phone":null}`} {
		seq := head.Seq + 1 + int64(i)
		digest := sha256.Sum256(fmt.Appendf(nil, `{"fields":%s,"id":"%s","kind":"request.person","parent":"%s","seq":%d,"tx":%d,"whole":false,"writer":"writer"}`,
			fields, request, request, seq, seq))
		for _, stmt := range []string{
			`INSERT INTO change (seq, tx, kind, id, parent, whole, fields, writer, ws, salt, digest, h)
				VALUES ($1, $1, 'request.person', $2, $2, 0, $3, 'writer', '{}', '', $4, 'hhhhhhhhhhhhhhhh')`,
			`INSERT INTO change_scope (scope, seq, evict) VALUES ('crew:trees', $1, 0)`,
			`UPDATE sync_head SET seq = $1, hash = 'hhhhhhhhhhhhhhhh'`,
		} {
			args := []any{seq, request, fields, digest[:]}
			if !strings.Contains(stmt, "$3") {
				args = args[:1]
			}
			if _, err := h.Store().DB().ExecContext(ctx, stmt, args...); err != nil {
				t.Fatalf("%s: %v", stmt, err)
			}
		}
	}
	var got []string
	for _, p := range persons(crew.pulled()) {
		who, err := crew.opened(key, p)
		if err != nil || !p.Full {
			t.Fatalf("full %v: %v", p.Full, err)
		}
		got = append(got, fmt.Sprintf("%s, %s, %s", who.Name, who.Phone, who.Email))
	}
	if want := "[Ana Canary, 555 0134,  Ana Canary, 555 0199,  Ana Canary, , ana@canary.example]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// TestAThiefGetsNoContacts: who has the tablet's disk has its signing key, and asks
// for the contacts under a key of his own.
func TestAThiefGetsNoContacts(t *testing.T) {
	h, _ := contacts(t)
	crew, own, thiefs := h.tablet("trees"), newSealingKey(t), newSealingKey(t)
	before := crew.greet(own.Public().String())
	got := crew.greet(thiefs.Public().String())
	if got.GrantRev != before.GrantRev || got.SealTo != own.Public().String() {
		t.Errorf("the answer to another key: %+v", got)
	}
	p := persons(crew.pulled())
	if len(p) != 1 {
		t.Fatalf("%d persons", len(p))
	}
	if _, err := crew.opened(thiefs, p[0]); err == nil {
		t.Error("sealed to the thief's key")
	}
	if _, err := crew.opened(own, p[0]); err != nil {
		t.Errorf("no longer sealed to the tablet's own: %v", err)
	}
	if k, err := h.Store().TabletKey(context.Background(), city.DeviceID(crew.id)); err != nil || !k.Asked.Equal(h.now) {
		t.Errorf("staff are told %v, %v", k.Asked, err)
	}
	// Who joins again, with a new code, sets another key.
	again := h.tablet("trees")
	if got := again.greet(thiefs.Public().String()); got.SealTo != thiefs.Public().String() {
		t.Errorf("joined again: %+v", got)
	}
}

// An old hello sent again, by somebody who kept a copy, notes nothing.
func TestOldHelloChangesNothing(t *testing.T) {
	h, _ := contacts(t)
	crew := h.tablet("trees")
	body := mustJSON(t, protocol.Hello{Stream: "s1", Version: "old"})
	old := crew.request("POST", "/sync/v1/hello", body)
	again := func() int {
		r := old.Clone(context.Background())
		r.Body = io.NopCloser(bytes.NewReader(body))
		return crew.do(r).Code
	}
	if got := again(); got != 200 {
		t.Fatalf("the first time: %d", got)
	}
	crew.greet("")
	if got := again(); got != 401 {
		t.Errorf("within its time: %d", got)
	}
	h.now = h.now.Add(time.Hour)
	if got := again(); got != 200 {
		t.Errorf("later: %d", got)
	}
	if d, err := h.Store().Device(context.Background(), city.DeviceID(crew.id)); err != nil || d.Hello.Version != "" {
		t.Errorf("what it said is noted: %q, %v", d.Hello.Version, err)
	}
}
