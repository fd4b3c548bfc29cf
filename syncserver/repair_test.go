package syncserver_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// cursor pulls once and gives the cursor of the end.
func (c *caller) cursor(t *testing.T) string {
	t.Helper()
	res := c.do(c.request("GET", "/sync/v1/pull", nil))
	lines := bytes.Split(bytes.TrimSpace(res.Body.Bytes()), []byte("\n"))
	var last protocol.Frame
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.End == nil || last.End.Epoch == "" {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	return last.End.Cursor
}

// What is no reconcile, no comparison and no salvage is refused whole, with a
// code, and what is one over HTTP is answered to its end.
func TestRepairsAgainstBadInput(t *testing.T) {
	h := newHall(t)
	c, other := h.enrol(), h.enrol()
	at, digests := c.cursor(t), protocol.NewDigests()
	claim := mustJSON(t, protocol.Claim{Mutation: city.NewMutationID(), Content: protocol.Hash{1}})
	held := func(change func(*protocol.Held)) []byte {
		x := protocol.Held{Ref: city.Ref{Kind: city.KindNote, ID: "n"}, Seq: 1, Fields: city.Fields{"text": json.RawMessage(`"x"`)},
			Writers: map[string]city.MutationID{"text": city.NewMutationID()}}
		change(&x)
		return mustJSON(t, x)
	}
	short := protocol.Verify{Digests: protocol.Digests{Buckets: digests.Buckets[:255]}}
	for name, x := range map[string]struct {
		path, cursor string
		body         []byte
		want         int
	}{
		"reconcile":                    {"reconcile", at, claim, 200},
		"nothing to reconcile":         {"reconcile", at, nil, 200},
		"another device's cursor":      {"reconcile", other.cursor(t), claim, 200}, // it says where, never who
		"a forged cursor":              {"reconcile", at[1:], claim, 409},
		"too many acts":                {"reconcile", at, bytes.Repeat(append(claim, '\n'), protocol.MaxClaims+1), 413},
		"more than may be":             {"reconcile", at, bytes.Repeat([]byte("x"), protocol.MaxReconcile+1), 413},
		"an id that is none":           {"reconcile", at, []byte(`{"mutation":"' OR 1=1","content":"` + strings.Repeat("0a", 32) + `"}`), 400},
		"an id without content":        {"reconcile", at, []byte(`{"mutation":"` + string(city.NewMutationID()) + `"}`), 400},
		"a blank line":                 {"reconcile", at, append(claim, "\n\n"...), 400},
		"verify":                       {"verify", at, mustJSON(t, protocol.Verify{Digests: digests}), 200},
		"verify from the beginning":    {"verify", "", mustJSON(t, protocol.Verify{Digests: digests}), 409},
		"a bucket too few":             {"verify", at, mustJSON(t, short), 400},
		"from nowhere":                 {"verify", at, mustJSON(t, protocol.Verify{Digests: digests, From: 257}), 400},
		"before the beginning":         {"verify", at, mustJSON(t, protocol.Verify{Digests: digests, From: -1}), 400},
		"digests without end":          {"verify", at, bytes.Repeat([]byte("x"), protocol.MaxVerify+1), 413},
		"salvage of this history":      {"salvage", at, held(func(*protocol.Held) {}), 409},
		"salvage without a history":    {"salvage", "", held(func(*protocol.Held) {}), 409},
		"salvage of a path":            {"salvage", at, held(func(x *protocol.Held) { x.ID = "../x" }), 400},
		"salvage of no kind":           {"salvage", at, held(func(x *protocol.Held) { x.Kind = "<b>" }), 400},
		"salvage of no act":            {"salvage", at, held(func(x *protocol.Held) { x.Writers["text"] = "x" }), 400},
		"salvage from before the city": {"salvage", at, held(func(x *protocol.Held) { x.Seq = 0 }), 400},
		"too much salvage":             {"salvage", at, bytes.Repeat(append(held(func(*protocol.Held) {}), '\n'), protocol.MaxSalvage+1), 413},
		"a record without end":         {"salvage", at, held(func(x *protocol.Held) { x.Fields["text"] = mustJSON(t, strings.Repeat("x", protocol.MaxEnvelope)) }), 400},
	} {
		res := c.do(c.request("POST", "/sync/v1/"+x.path+"?cursor="+x.cursor, x.body))
		if res.Code != x.want {
			t.Errorf("%s: %d, want %d: %.200s", name, res.Code, x.want, res.Body)
		}
		var p protocol.Problem
		if ended := bytes.Contains(res.Body.Bytes(), []byte(`{"end":`)); res.Code == http.StatusOK != ended {
			t.Errorf("%s: %d with an end %v", name, res.Code, ended)
		}
		if res.Code != http.StatusOK && (json.Unmarshal(res.Body.Bytes(), &p) != nil || p.Code == "") {
			t.Errorf("%s: no problem in %q", name, res.Body)
		}
	}
	var n int
	if err := h.Store().DB().QueryRow(`SELECT count(*) FROM salvage`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d pieces of evidence, %v", n, err)
	}
}
