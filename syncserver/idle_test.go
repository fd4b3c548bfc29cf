package syncserver_test

import (
	"context"
	"encoding/json"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// TestIdleQuestion: "is it all still so" is answered with yes to whom it was said to,
// until anything is another than it was, and the yes is signed for that one question.
func TestIdleQuestion(t *testing.T) {
	ctx := context.Background()
	h := newHall(t)
	kiosk, other := h.enrol(), h.enrol()
	hello := func(c *caller) protocol.HelloReply {
		t.Helper()
		head, err := h.Store().Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		end, _, _ := c.pull("")
		var reply protocol.HelloReply
		res := c.do(c.request("POST", "/sync/v1/hello", mustJSON(t, protocol.Hello{Stream: "s1", Cursor: end.Cursor, Safe: head.Safe})))
		if err := json.Unmarshal(res.Body.Bytes(), &reply); err != nil || !reply.Current || len(reply.Idle) != 16 {
			t.Fatalf("%s, %v", res.Body, err)
		}
		return reply
	}
	ask := func(c *caller, name string) int {
		t.Helper()
		r := c.request("HEAD", "/sync/v1/hello?have="+name, nil)
		res := c.do(r)
		sig, err := protocol.DecodeSignature(res.Header().Get(protocol.SignatureHeader))
		signed := err == nil && keys.VerifyBytes(h.Keys().Identity.Public(), keys.LabelIdle, []byte(r.Header.Get("Signature-Input")), sig)
		if signed != (res.Code == 204) {
			t.Errorf("an answer %d, signed for its question: %t", res.Code, signed)
		}
		return res.Code
	}
	if hello(other); ask(other, hello(kiosk).Idle) != 200 || ask(kiosk, "") != 200 {
		t.Error("another device's name, and none, are as good")
	}
	for what, change := range map[string]func() error{
		"an act": func() error {
			_, err := h.Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 0, &city.SetCrew{ID: "crew", Crew: city.Crew{Name: "Crew", Department: "parks"}})
			return err
		},
		"more is safe": func() error {
			head, err := h.Store().Head(ctx)
			if err != nil {
				return err
			}
			return h.Store().MarkSafe(ctx, head.Seq)
		},
		"other grants": func() error {
			return h.Store().SetGrants(ctx, city.DeviceID(kiosk.id), []city.Scope{city.ScopePublic, city.ScopeCrew("crew")})
		},
		"its stream moves": func() error { kiosk.do(kiosk.request("POST", "/sync/v1/push", pushBody(t, "s1"))); return nil },
		"another stream": func() error {
			kiosk.do(kiosk.request("POST", "/sync/v1/hello", mustJSON(t, protocol.Hello{Stream: "s2"})))
			return nil
		},
	} {
		name := hello(kiosk).Idle
		if got := ask(kiosk, name); got != 204 {
			t.Errorf("before %s: %d", what, got)
		}
		if err := change(); err != nil {
			t.Fatal(what, err)
		}
		if got := ask(kiosk, name); got != 200 {
			t.Errorf("after %s: %d", what, got)
		}
	}
}
