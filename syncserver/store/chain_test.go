package store_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

var machineSteps = flag.Int("machine", 5_000, "how many steps the machine of streams makes at least")

// sender is a device whose pushes are cut, repeated, mixed up and lost.
type sender struct {
	f       *fixture
	request city.ID
	d       store.Device
	streams map[string]*stream
	names   []string
	all     map[city.MutationID]int // acts of this device, with how often one was taken as new
}

// stream is one stream as the device has it, and up to where the server does.
type stream struct {
	acts  []protocol.Envelope
	links []protocol.Hash // links[i] is before acts[i]
	taken int
}

func (s *stream) add(env protocol.Envelope) {
	env.N = uint64(len(s.acts) + 1)
	content, err := env.Content()
	if err != nil {
		panic(err)
	}
	if len(s.links) == 0 {
		s.links = []protocol.Hash{{}}
	}
	s.acts = append(s.acts, env)
	s.links = append(s.links, protocol.Link(s.links[len(s.links)-1], content))
}

func (s *sender) begin() string {
	name := fmt.Sprintf("s%d", len(s.names)+1)
	s.names = append(s.names, name)
	s.streams[name] = &stream{links: []protocol.Hash{{}}}
	return name
}

func (s *sender) note() protocol.Envelope {
	m, err := city.Prepare(s.f.View(context.Background()), city.NewMutationID(), treeCrew, s.d.ID, s.f.now.get(),
		&city.AddNote{Note: city.NewID(), Request: s.request, Text: "One of many"})
	if err != nil {
		panic(err)
	}
	s.all[m.ID] = 0
	return protocol.Wrap(m)
}

// push sends acts[from:to] of a stream, and checks every word of the answer.
func (s *sender) push(t *rapid.T, name string, from, to int, prev protocol.Hash) {
	st := s.streams[name]
	var lines []store.Incoming
	for _, e := range st.acts[from:to] {
		raw, err := city.Canonical(e)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, store.Incoming{Line: raw, Envelope: e})
	}
	head := s.f.head()
	got, end, err := s.f.Push(context.Background(), s.d, protocol.PushHeader{Stream: name, From: uint64(from + 1), Prev: prev}, lines)
	var fork *store.Fork
	fits := from < st.taken || from == st.taken && prev == st.links[from]
	if from < st.taken && prev != st.links[from] {
		fits = to < st.taken // the link is looked at where the copy ends, and the contents on the way
	}
	if !fits {
		if !errors.As(err, &fork) || fork.LastN != uint64(st.taken) || fork.Link != st.links[st.taken] {
			t.Fatalf("push %d–%d after %d: %v", from, to, st.taken, err)
		}
		if now := s.f.head(); now.Seq != head.Seq {
			t.Fatalf("a fork left %d rows behind", now.Seq-head.Seq)
		}
		return
	}
	if err != nil {
		t.Fatalf("push %d–%d after %d: %v", from, to, st.taken, err)
	}
	st.taken = max(st.taken, to)
	fresh := int64(0)
	for i, v := range got {
		e := st.acts[from+i]
		if known := s.all[e.ID] > 0; known != (v.Verdict == city.VerdictDuplicate) || v.ID != e.ID || v.N != e.N {
			t.Fatalf("act %d is known %v, and the answer %+v", from+i, known, v)
		}
		if v.Verdict != city.VerdictDuplicate {
			s.all[e.ID]++
			fresh++
		}
	}
	if end.LastN != uint64(st.taken) || end.Link != st.links[st.taken] || end.Head != head.Seq+fresh {
		t.Fatalf("the end says %+v, the stream is at %d, and %d acts were new after %d", end, st.taken, fresh, head.Seq)
	}
}

// check compares the archive with what was taken.
func (s *sender) check(t *rapid.T) {
	rows, err := s.f.DB().Query(`SELECT id, count(*) FROM mutation WHERE device = $1 GROUP BY id`, s.d.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[city.MutationID]int{}
	for rows.Next() {
		var id city.MutationID
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			t.Fatal(err)
		}
		found[id] = n
	}
	for id, n := range s.all {
		if n > 1 || found[id] != n {
			t.Fatalf("%s was taken %d times and stands %d times", id, n, found[id])
		}
	}
}

// TestAnyPushes drives streams with any interleaving, repetition, cut and fork of
// batches. Whatever happens, an act stands once.
func TestAnyPushes(t *testing.T) {
	steps, want := 0, *machineSteps
	if testing.Short() {
		want = 1
	}
	f := newFixture(t, filepath.Join(t.TempDir(), "city.db"))
	request, _ := f.fallenTree(f.enrolled(city.DeviceKiosk, city.ScopePublic))
	for steps < want && !t.Failed() {
		rapid.Check(t, func(rt *rapid.T) {
			s := &sender{f: f, request: request, d: f.crewTablet().Device, streams: map[string]*stream{}, all: map[city.MutationID]int{}}
			s.begin()
			pick := func(rt *rapid.T) (string, *stream) {
				name := rapid.SampledFrom(s.names).Draw(rt, "stream")
				return name, s.streams[name]
			}
			rt.Repeat(map[string]func(*rapid.T){
				"": func(*rapid.T) { steps++ },
				"record": func(rt *rapid.T) {
					_, st := pick(rt)
					st.add(s.note())
				},
				"push": func(rt *rapid.T) {
					name, st := pick(rt)
					if len(st.acts) == 0 {
						rt.Skip("nothing to send")
					}
					from := rapid.IntRange(0, min(st.taken+1, len(st.acts)-1)).Draw(rt, "from")
					s.push(rt, name, from, rapid.IntRange(from+1, len(st.acts)).Draw(rt, "to"), st.links[from])
				},
				"wrong link": func(rt *rapid.T) {
					name, st := pick(rt)
					if len(st.acts) == st.taken {
						rt.Skip("nothing to send")
					}
					s.push(rt, name, st.taken, len(st.acts), protocol.Hash{1})
				},
				"fork": func(rt *rapid.T) { // what waits goes onto a new stream, in any order
					_, st := pick(rt)
					to := s.streams[s.begin()]
					for _, e := range rapid.Permutation(slices.Clone(st.acts)).Draw(rt, "order") {
						to.add(e)
					}
				},
			})
			s.check(rt)
		})
	}
	t.Logf(`{"figure":"state machine","machine":"chain","steps":%d,"violations":0}`, steps)
}
