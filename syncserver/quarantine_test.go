package syncserver_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// act is one line of a hand-over.
func act(t *testing.T, change func(*protocol.Envelope)) []byte {
	t.Helper()
	var env protocol.Envelope
	if err := json.Unmarshal(bytes.Split(pushBody(t, "s1"), []byte("\n"))[1], &env); err != nil {
		t.Fatal(err)
	}
	change(&env)
	return mustJSON(t, env)
}

func (h *hall) revoke(c *caller) {
	h.t.Helper()
	if err := h.Store().Revoke(context.Background(), city.DeviceID(c.id)); err != nil {
		h.t.Fatal(err)
	}
}

func TestHostileHandOver(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	h.revoke(c)
	header, good := []byte(`{}`), act(t, func(*protocol.Envelope) {})
	before, err := h.Store().Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		body     []byte
		encoding string
		want     int
	}{
		"nothing":             {nil, "", 400},
		"no header":           {[]byte("x\n"), "", 400},
		"no envelope":         {slicesJoin(header, good, []byte("{")), "", 400},
		"no id":               {slicesJoin(header, good, []byte(`{"n":1}`)), "", 400},
		"a blank line":        {slicesJoin(header, good, nil, good), "", 400},
		"too long a line":     {slicesJoin(header, bytes.Repeat([]byte("x"), protocol.MaxEnvelope+1)), "", 400},
		"a float":             {slicesJoin(header, good, bytes.Replace(good, []byte(`"n":1`), []byte(`"x":1.5,"n":1`), 1)), "", 400},
		"too many":            {slicesJoin(append([][]byte{header}, slicesRepeat(good, protocol.MaxBatch+1)...)...), "", 413},
		"too large":           {bytes.Repeat([]byte("x"), protocol.MaxPushBody+1), "", 413},
		"bomb":                {compressed(t, bytes.Repeat([]byte("a"), 64<<20)), "zstd", 413},
		"another compression": {slicesJoin(header, good), "gzip", 400},
	} {
		req := c.request("POST", "/sync/v1/quarantine", x.body)
		if x.encoding != "" {
			req.Header.Set("Content-Encoding", x.encoding)
		}
		if res := c.do(req); res.Code != x.want {
			t.Errorf("%s: %d %s", name, res.Code, res.Body)
		}
	}
	if after, err := h.Store().Head(context.Background()); err != nil || after.Seq != before.Seq {
		t.Errorf("what was refused moved the log to %d, %v", after.Seq, err)
	}
	// Lines that are no acts of ours are kept whole; others are not held up.
	odd := act(t, func(e *protocol.Envelope) { e.Type, e.N = "future.thing@9", 7 })
	res := c.do(c.request("POST", "/sync/v1/quarantine", slicesJoin([]byte(`{"last":true,"later":1}`), good, odd, good)))
	lines := bytes.Split(bytes.TrimSpace(res.Body.Bytes()), []byte("\n"))
	var end protocol.QuarantineEnd
	if res.Code != 200 || len(lines) != 4 || json.Unmarshal(lines[3], &end) != nil || end.Taken != 2 || !end.Closed {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	sig, err := protocol.DecodeSignature(res.Header().Get(protocol.SignatureHeader))
	if err != nil || !keys.VerifyBytes(h.Keys().Identity.Public(), keys.LabelHandover, res.Body.Bytes(), sig) {
		t.Errorf("not signed: %v", err)
	}
	late := act(t, func(*protocol.Envelope) {})
	res = c.do(c.request("POST", "/sync/v1/quarantine", slicesJoin(header, late)))
	if res.Code != 403 || !strings.Contains(res.Body.String(), `"handed_over"`) {
		t.Errorf("after the end: %d %s", res.Code, res.Body)
	}
}

func slicesRepeat(line []byte, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = line
	}
	return out
}

// A revoked device uploads what its acts in quarantine name, and nothing else.
func TestRevokedDeviceUploadsItsPhotosOnly(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	h.revoke(c)
	photo := []byte("a photo")
	sum := sha256.Sum256(photo)
	sha := hex.EncodeToString(sum[:])
	upload := func(name string) (begun, sent *httptest.ResponseRecorder) {
		req := c.request("POST", "/sync/v1/blobs/"+name, nil)
		req.Header.Set("Upload-Length", strconv.Itoa(len(photo)))
		begun = c.do(req)
		req = c.request("PATCH", "/sync/v1/blobs/"+name, photo)
		req.Header.Set("Upload-Offset", "0")
		req.Header.Set("Upload-Checksum", "sha256 "+base64.StdEncoding.EncodeToString(sum[:]))
		return begun, c.do(req)
	}
	if begun, sent := upload(sha); begun.Code != 403 || sent.Code != 403 {
		t.Errorf("before the hand-over: %d %d", begun.Code, sent.Code)
	}
	line := act(t, func(e *protocol.Envelope) { e.Blobs = []string{sha} })
	if res := c.do(c.request("POST", "/sync/v1/quarantine", slicesJoin([]byte(`{"last":true}`), line))); res.Code != 200 {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	if begun, sent := upload(sha); begun.Code != 201 || sent.Code != 204 {
		t.Errorf("its photo: %d %d", begun.Code, sent.Code)
	}
	if begun, sent := upload(blob); begun.Code != 403 || sent.Code != 403 {
		t.Errorf("another: %d %d", begun.Code, sent.Code)
	}
	if res := c.do(c.request("GET", "/sync/v1/blobs/"+sha, nil)); res.Code != 403 {
		t.Errorf("read back: %d", res.Code)
	}
}

// Every refusal of a device that is to wipe itself carries the signed order,
// which names the device and its key.
func TestWipeOrderIsSigned(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	if err := h.Store().OrderWipe(context.Background(), city.DeviceID(c.id)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/sync/v1/hello", "/sync/v1/push"} {
		res := c.do(c.request("POST", path, []byte("{}")))
		var p protocol.Problem
		if err := json.Unmarshal(res.Body.Bytes(), &p); err != nil || res.Code != 403 || p.Code != protocol.CodeRevoked {
			t.Fatalf("%d %s", res.Code, res.Body)
		}
		if p.Order == nil || string(p.Order.Device) != c.id || p.Order.Public != c.identity.Public().String() || !p.Order.At.Equal(h.now) {
			t.Errorf("%s: order %+v", path, p.Order)
		}
		sig, err := protocol.DecodeSignature(res.Header().Get(protocol.SignatureHeader))
		if err != nil || !keys.VerifyBytes(h.Keys().Identity.Public(), keys.LabelWipe, res.Body.Bytes(), sig) {
			t.Errorf("%s: not signed: %v", path, err)
		}
	}
	other := h.enrol()
	h.revoke(other)
	if res := other.do(other.request("POST", "/sync/v1/hello", []byte("{}"))); strings.Contains(res.Body.String(), "order") {
		t.Errorf("an order for everybody: %s", res.Body)
	}
	h.now = h.now.Add(time.Minute)
	if res := c.do(c.request("POST", "/sync/v1/quarantine", []byte(`{"last":true,"wiped":true}`+"\n"))); res.Code != 200 {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	if left, err := h.Store().Departure(context.Background(), city.DeviceID(c.id)); err != nil || !left.Wiped.Equal(h.now) {
		t.Errorf("%+v, %v", left, err)
	}
}

// The lease is what the city's settings say.
func TestHelloCarriesTheLease(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	lease := func() int64 {
		var reply protocol.HelloReply
		res := c.do(c.request("POST", "/sync/v1/hello", mustJSON(t, protocol.Hello{Stream: "s1"})))
		if err := json.Unmarshal(res.Body.Bytes(), &reply); err != nil {
			t.Fatal(err)
		}
		return reply.Lease
	}
	if got := lease(); got != 14*24*3600 {
		t.Errorf("%d seconds", got)
	}
	set := &city.SetCity{Settings: city.Settings{Name: "Testburg", TimeZone: "UTC", Languages: []string{"en"}, TabletDays: 3}}
	if _, err := h.Store().Act(context.Background(), city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 1<<40, set); err != nil {
		t.Fatal(err)
	}
	if got := lease(); got != 3*24*3600 {
		t.Errorf("%d seconds", got)
	}
}
