package sim_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sim"
)

// newer is a server of a version to come: its pages carry a record of a kind, a
// service with a field, and a frame that this version has never heard of.
type newer struct{ *sim.City }

func (n newer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/pull") {
		n.City.ServeHTTP(w, r)
		return
	}
	r.Header.Del("Accept-Encoding")
	rec := httptest.NewRecorder()
	n.City.ServeHTTP(rec, r)
	lines := bytes.Split(bytes.TrimSpace(rec.Body.Bytes()), []byte("\n"))
	var last protocol.Frame
	if rec.Code != http.StatusOK || json.Unmarshal(lines[len(lines)-1], &last) != nil {
		w.WriteHeader(rec.Code)
		w.Write(rec.Body.Bytes())
		return
	}
	bench := protocol.Put{Ref: city.Ref{Kind: "bench", ID: "b1"}, Seq: 1, Full: true, W: "w", Fields: city.Fields{"wood": json.RawMessage(`"oak"`)}}
	tree := protocol.Put{Ref: city.Ref{Kind: city.KindService, ID: "tree"}, Seq: 1 << 40, W: "w", Fields: city.Fields{"season": json.RawMessage(`"spring"`)}}
	lines = append(lines[:len(lines)-1], []byte(`{"parade":{"at":"noon"}}`))
	last.End.Count += 3
	out := json.NewEncoder(w)
	for _, line := range lines {
		w.Write(append(line, '\n'))
	}
	for _, f := range []protocol.Frame{{Put: &bench}, {Put: &tree}, last} {
		out.Encode(f)
	}
}

// Kinds, fields and frames of a version to come harm nothing, and what can be
// kept is kept as it came.
func TestWhatIsUnknownIsKept(t *testing.T) {
	c := newCity(t)
	wire := line(c)
	r := newReplica(t, c, city.DeviceKiosk, sim.Address, wire, sim.NewClock(noon))
	wire.To = newer{c}
	step(t, r)
	for ref, want := range map[city.Ref][2]string{
		{Kind: "bench", ID: "b1"}:            {"wood", `"oak"`},
		{Kind: city.KindService, ID: "tree"}: {"season", `"spring"`},
	} {
		found, err := r.Records(ctx, ref.Kind)
		if err != nil || len(found) != 1 || string(found[0].Fields[want[0]]) != want[1] {
			t.Error(sim.Violation{Invariant: "what is unknown is kept", Detail: ref.String()}, found, err)
		}
	}
	id := record(t, r, report(city.NewID()))
	step(t, r)
	if got := state(t, r, id); got != "received" {
		t.Error(got)
	}
}
