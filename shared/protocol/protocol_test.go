package protocol_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

var update = flag.Bool("update", false, "write the golden files anew")

func envelopes(t testing.TB) [][]byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "envelopes.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
}

func content(t testing.TB, line []byte) protocol.Hash {
	t.Helper()
	h, err := protocol.ContentOf(line)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestVectors holds the hashes of the sample stream, for those who write another
// client. They are on every server's disk: they may never change.
func TestVectors(t *testing.T) {
	var got strings.Builder
	var link protocol.Hash
	for _, line := range envelopes(t) {
		h := content(t, line)
		link = protocol.Link(link, h)
		fmt.Fprintf(&got, "%s %s\n", h, link)
	}
	golden := filepath.Join("testdata", "hashes.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got.String() != string(want) {
		t.Errorf("content and link by line (%v):\n%swant\n%s", err, got.String(), want)
	}
}

// TestContentByHand works the first vector out without the package's help.
func TestContentByHand(t *testing.T) {
	const canonical = `{"actor":{"crew":"tree-crew","id":"dana","kind":"crew","name":"Dana"},"args":{"note":"n-1","request":"case-1","text":"Dog in the yard."},` +
		`"at":"2026-03-02T14:00:00Z","base":{},"id":"01900000-0000-7000-8000-000000000001","reads":{},"type":"note.add@1"}`
	want := protocol.Hash(sha256.Sum256([]byte(canonical)))
	if got := content(t, envelopes(t)[0]); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	first := protocol.Hash(sha256.Sum256(append(make([]byte, 32), want[:]...)))
	if got := protocol.Link(protocol.Hash{}, want); got != first {
		t.Errorf("link %s, want %s", got, first)
	}
}

// TestContentHangsOnContentAlone rewrites an envelope in other ways and changes it.
func TestContentHangsOnContentAlone(t *testing.T) {
	line := envelopes(t)[3]
	want := content(t, line)
	var tree map[string]any
	if err := json.Unmarshal(line, &tree); err != nil {
		t.Fatal(err)
	}
	same := func(what string, edit func()) {
		edit()
		raw, err := json.MarshalIndent(tree, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if content(t, raw) != want {
			t.Errorf("%s changes the hash", what)
		}
	}
	same("another order and other blanks", func() {})
	same("another place in the stream", func() { tree["n"] = 77 })
	same("no place in the stream", func() { delete(tree, "n") })
	for _, field := range []string{"id", "type", "actor", "at", "args", "weather"} {
		old := tree[field]
		tree[field] = "changed"
		raw, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		if content(t, raw) == want {
			t.Errorf("another %s has the same hash", field)
		}
		tree[field] = old
	}
	// What this version does not know counts too: a newer device sent it.
	var known protocol.Envelope
	if err := json.Unmarshal(line, &known); err != nil {
		t.Fatal(err)
	}
	if without, err := known.Content(); err != nil || without == want {
		t.Errorf("the unknown field is not in the hash (%v)", err)
	}
	for _, bad := range []string{``, `[]`, `"x"`, `{"n":1`, `{"args":1.5}`} {
		if _, err := protocol.ContentOf([]byte(bad)); err == nil {
			t.Errorf("%q has a hash", bad)
		}
	}
}

func TestOwnEnvelopesHashAsTheyTravel(t *testing.T) {
	for i, line := range envelopes(t)[:3] {
		var e protocol.Envelope
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.N != uint64(i+1) {
			t.Errorf("n is %d", e.N)
		}
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.Content(); err != nil || got != content(t, raw) {
			t.Errorf("%s: %v", got, err)
		}
		if err := e.Check(); err != nil {
			t.Error(err)
		}
	}
}

// TestLinkNamesTheWholePast changes one act and looks at the links after it.
func TestLinkNamesTheWholePast(t *testing.T) {
	chain := func(lines [][]byte) (links []protocol.Hash) {
		var link protocol.Hash
		for _, l := range lines {
			link = protocol.Link(link, content(t, l))
			links = append(links, link)
		}
		return links
	}
	lines := envelopes(t)
	before := chain(lines)
	lines[1] = bytes.Replace(lines[1], []byte("job-1"), []byte("job-2"), 1)
	after := chain(lines)
	for i := range before {
		if (before[i] == after[i]) != (i < 1) {
			t.Errorf("link %d: same %v", i+1, before[i] == after[i])
		}
	}
	lines[1], lines[2] = lines[2], lines[1]
	if swapped := chain(lines); swapped[3] == after[3] {
		t.Error("the order is not in the link")
	}
}

func TestHashText(t *testing.T) {
	var h protocol.Hash
	for i := range h {
		h[i] = byte(i)
	}
	raw, err := json.Marshal(protocol.PushHeader{Stream: "s", From: 1, Prev: h})
	if err != nil {
		t.Fatal(err)
	}
	var back protocol.PushHeader
	if err := json.Unmarshal(raw, &back); err != nil || back.Prev != h {
		t.Errorf("%s came back as %s (%v)", raw, back.Prev, err)
	}
	raw, err = json.Marshal(protocol.PushHeader{Stream: "s", From: 1})
	if err != nil || !bytes.Contains(raw, []byte(`"prev":""`)) {
		t.Errorf("the empty hash: %s %v", raw, err)
	}
	if err := json.Unmarshal(raw, &back); err != nil || back.Prev != (protocol.Hash{}) {
		t.Errorf("%s came back as %s (%v)", raw, back.Prev, err)
	}
	for _, bad := range []string{`"ab"`, `"` + strings.Repeat("g", 64) + `"`, `"` + strings.Repeat("a", 66) + `"`, `7`} {
		if err := json.Unmarshal([]byte(bad), &h); err == nil {
			t.Errorf("%s was taken for a hash", bad)
		}
	}
}

func mac(b []byte) []byte {
	h := hmac.New(sha256.New, []byte("key of this test"))
	h.Write(b)
	return h.Sum(nil)
}

func check(body, sum []byte) bool { return hmac.Equal(mac(body)[:len(sum)], sum) }

// TestCursor turns every bit of a cursor, and of its text.
func TestCursor(t *testing.T) {
	for _, c := range []protocol.Cursor{
		{Epoch: "e1", Seq: 123456, Chain: []byte{1, 2, 3, 4, 5, 6, 7, 8}, GrantRev: 3},
		{Epoch: "e22", Seq: 1 << 52, Chain: []byte{255, 0, 255, 0, 1, 2, 3, 4}},
		{},
	} {
		text, err := c.Encode(mac)
		if err != nil {
			t.Fatal(err)
		}
		back, err := protocol.DecodeCursor(text, check)
		if err != nil || back.Epoch != c.Epoch || back.Seq != c.Seq || back.GrantRev != c.GrantRev || !bytes.Equal(back.Chain, c.Chain) {
			t.Errorf("%+v came back as %+v (%v)", c, back, err)
		}
		for i := range len(text) {
			for bit := range 8 {
				other := []byte(text)
				other[i] ^= 1 << bit
				if _, err := protocol.DecodeCursor(string(other), check); err == nil {
					t.Fatalf("character %d, bit %d: %q was taken", i, bit, other)
				}
			}
			if _, err := protocol.DecodeCursor(text[:i], check); err == nil {
				t.Errorf("the first %d characters were taken", i)
			}
		}
		for _, bad := range []string{text + "A", text + "=", text + "\n", text[:4] + "\n" + text[4:], " " + text} {
			if _, err := protocol.DecodeCursor(bad, check); err == nil {
				t.Errorf("%q was taken", bad)
			}
		}
	}
}

func TestEnvelopeCheck(t *testing.T) {
	good := func() protocol.Envelope {
		return protocol.Envelope{ID: "01900000-0000-7000-8000-000000000001", Type: "note.add@1", At: time.Unix(1, 0), Args: json.RawMessage(`{}`)}
	}
	for _, c := range []struct {
		name  string
		edit  func(*protocol.Envelope)
		field string
	}{
		{"good", func(*protocol.Envelope) {}, ""},
		{"sealed", func(e *protocol.Envelope) { e.Args, e.Sealed = nil, &protocol.Sealed{} }, ""},
		{"an id of another sort", func(e *protocol.Envelope) { e.ID = "7" }, "id"},
		{"no type", func(e *protocol.Envelope) { e.Type = "" }, "type"},
		{"no time", func(e *protocol.Envelope) { e.At = time.Time{} }, "at"},
		{"neither", func(e *protocol.Envelope) { e.Args = nil }, "args"},
		{"both", func(e *protocol.Envelope) { e.Sealed = &protocol.Sealed{} }, "args"},
	} {
		e := good()
		c.edit(&e)
		err := e.Check()
		if bad, _ := city.AsError(err); (err == nil) != (c.field == "") || bad != nil && bad.Field != c.field {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestWrap carries a mutation to the other side and back.
func TestWrap(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 123_456_789, time.FixedZone("EST", -5*3600))
	m := city.Mutation{ID: "01900000-0000-7000-8000-000000000001", Type: "note.add@1", Actor: city.Actor{Kind: city.ActorCrew, Crew: "trees"},
		At: at, Base: map[city.FieldRef]city.MutationID{"note/n/text": "x"}, Reads: map[city.FieldRef]city.MutationID{"note/n/by": "y"}, Args: json.RawMessage(`{"a":1}`)}
	raw, err := json.Marshal(protocol.Wrap(m))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(raw, []byte(`"at":"2026-03-02T14:00:00.123Z"`)) {
		t.Errorf("%s", raw)
	}
	var e protocol.Envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	got := e.Mutation("tablet-1", e.Args, at)
	if got.ID != m.ID || got.Type != m.Type || got.Actor != m.Actor || got.Device != "tablet-1" || !got.Received.Equal(at) ||
		got.Base["note/n/text"] != "x" || got.Reads["note/n/by"] != "y" || string(got.Args) != `{"a":1}` {
		t.Errorf("%+v", got)
	}
}

// TestFrames are one part a line, and nothing else of a frame is written.
func TestFrames(t *testing.T) {
	for _, c := range []struct {
		frame protocol.Frame
		want  string
	}{
		{protocol.Frame{Put: &protocol.Put{Ref: city.Ref{Kind: city.KindNote, ID: "n"}, Parent: "case-1", Seq: 4, Full: true, Fields: city.Fields{"text": json.RawMessage(`"x"`)}, W: "m"}},
			`{"put":{"kind":"note","id":"n","parent":"case-1","seq":4,"full":true,"fields":{"text":"x"},"w":"m"}}`},
		{protocol.Frame{Evict: &protocol.Evict{Ref: city.Ref{Kind: city.KindNote, ID: "n"}, Seq: 5}}, `{"evict":{"kind":"note","id":"n","seq":5}}`},
		{protocol.Frame{Ack: &protocol.Ack{Mutation: "m", Seq: 6, Verdict: city.VerdictApplied}}, `{"ack":{"mutation":"m","seq":6,"verdict":"applied"}}`},
		{protocol.Frame{End: &protocol.End{Cursor: "c", Epoch: "e", More: true, Safe: 3, Count: 2}}, `{"end":{"cursor":"c","epoch":"e","more":true,"safe_seq":3,"count":2}}`},
	} {
		raw, err := json.Marshal(c.frame)
		if err != nil || string(raw) != c.want {
			t.Errorf("%s, want %s (%v)", raw, c.want, err)
		}
	}
}
