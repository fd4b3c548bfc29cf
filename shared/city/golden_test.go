package city_test

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
)

var update = flag.Bool("update", false, "write golden files of new types, and append new fields to those that are there")

// golden is what was shipped under one type@version. Devices send it for ever, so
// what stands in such a file never changes; fields are only added to its shape.
type golden struct {
	Shape   []string        `json:"shape"` // every argument: its path and its kind
	Actor   city.Actor      `json:"actor"`
	Stage   string          `json:"stage"`
	Args    json.RawMessage `json:"args"`
	Outcome outcome         `json:"outcome"`
}

type outcome struct {
	Verdict city.Verdict `json:"verdict"`
	Changed []written    `json:"changed"`
}

type written struct {
	Record string      `json:"record"`
	Parent city.ID     `json:"parent,omitempty"`
	Fields city.Fields `json:"fields"`
}

// TestGoldenPayloads reads what was ever shipped: it decodes, and does what it
// always did.
func TestGoldenPayloads(t *testing.T) {
	for _, typ := range city.Types() {
		path := filepath.Join("testdata", "golden", string(typ)+".json")
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && *update {
			writeGolden(t, path, firstGolden(t, typ))
			continue
		}
		if err != nil {
			t.Errorf("%s is shipped without a golden payload: %v", typ, err)
			continue
		}
		var g golden
		if err := json.Unmarshal(raw, &g); err != nil {
			t.Fatal(err)
		}
		now := shape(reflect.TypeOf(city.Blank(typ)).Elem(), "")
		for _, line := range g.Shape {
			if !slices.Contains(now, line) {
				t.Errorf("%s has lost or changed the argument %q; a new meaning is a new version", typ, line)
			}
		}
		for _, line := range now {
			if slices.Contains(g.Shape, line) {
				continue
			}
			if !*update {
				t.Errorf("%s has a new argument %q; if old servers may pass over it, -update adds it to %s", typ, line, path)
			}
			g.Shape = append(g.Shape, line)
		}
		got := play(t, typ, g)
		want, have := encoded(t, g.Outcome), encoded(t, got)
		if want != have {
			t.Errorf("%s no longer does what it did:\n%s\nbut\n%s", typ, want, have)
		}
		if *update {
			writeGolden(t, path, g)
		}
	}
}

// firstGolden makes the payload of a new type from the table of who may.
func firstGolden(t *testing.T, typ city.Type) golden {
	for _, r := range rights {
		if r.act.Type() != typ {
			continue
		}
		i := slices.IndexFunc(people, func(p struct {
			letter string
			actor  city.Actor
			staff  *city.Staff
		}) bool {
			return strings.HasPrefix(r.may, p.letter)
		})
		args, err := city.Canonical(newWorld(t).stage(r.stage, r.act))
		if err != nil {
			t.Fatal(err)
		}
		g := golden{Shape: shape(reflect.TypeOf(r.act).Elem(), ""), Actor: people[i].actor, Stage: r.stage, Args: args}
		g.Outcome = play(t, typ, g)
		return g
	}
	t.Fatalf("nothing says who may %s", typ)
	return golden{}
}

// play applies a golden payload where it was first tried.
func play(t *testing.T, typ city.Type, g golden) outcome {
	t.Helper()
	w := newWorld(t)
	w.stage(g.Stage, nil)
	act, err := city.Decode(typ, g.Args)
	if err != nil {
		t.Fatalf("%s does not decode any more: %v", typ, err)
	}
	m, err := city.Prepare(w.hall, w.id(), g.Actor, deviceOf(g.Actor), w.clock, act)
	if err != nil {
		t.Fatalf("%s: %v", typ, err)
	}
	m.Type, m.Args, m.Received = typ, g.Args, w.clock
	res, err := city.Apply(w.hall, m)
	if err != nil {
		t.Fatal(err)
	}
	out := outcome{Verdict: res.Verdict}
	for _, c := range res.Changed {
		r := written{Record: c.Record.Ref.String(), Parent: c.Record.Parent, Fields: city.Fields{}}
		for _, f := range c.Fields {
			if r.Fields[f] = c.Record.Fields[f]; r.Fields[f] == nil {
				r.Fields[f] = json.RawMessage("null")
			}
		}
		out.Changed = append(out.Changed, r)
	}
	return out
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	raw, err := city.Canonical(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func writeGolden(t *testing.T, path string, g golden) {
	t.Helper()
	raw, err := json.MarshalIndent(g, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, append(raw, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// shape lists every argument of a type with its path and kind, depth first.
func shape(t reflect.Type, path string) []string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return []string{path + " time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return []string{path + " json"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return shape(t.Elem(), path)
	case reflect.Slice, reflect.Array:
		return shape(t.Elem(), path+"[]")
	case reflect.Map:
		return shape(t.Elem(), path+"{}")
	case reflect.Struct:
		var out []string
		for f := range t.NumField() {
			field := t.Field(f)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if field.Anonymous && name == "" {
				out = append(out, shape(field.Type, path)...)
			} else if field.IsExported() && name != "-" {
				out = append(out, shape(field.Type, strings.TrimPrefix(path+"."+name, "."))...)
			}
		}
		return out
	}
	return []string{path + " " + t.Kind().String()}
}

// TestOldVersionsAreUpcast: an old form is judged as it always was, and does what
// the newest does.
func TestOldVersionsAreUpcast(t *testing.T) {
	defer city.WithAnOldNote()()
	w := newWorld(t).until("started")
	old := city.Mutation{ID: w.id(), Type: "note.add@0", Actor: treeCrew, Device: tablet, At: w.clock,
		Args: json.RawMessage(`{"note":"n-1","request":"case-1","body":"Dog in the yard.","for":"Dana","colour":"red"}`)}
	r := w.receive(old)
	if r.Verdict != city.VerdictApplied || w.hall[city.Ref{Kind: city.KindNote, ID: "n-1"}].Text("text") != "Dana: Dog in the yard." {
		t.Errorf("an old note is %s %v", r.Verdict, r.Refusal)
	}
	old.ID, old.Args = w.id(), json.RawMessage(`{"note":"n-2","request":"case-1","text":"In the new form"}`)
	if r := w.receive(old); r.Verdict != city.VerdictRefused || r.Refusal.Field != "body" {
		t.Errorf("the new form under the old name is %s %v", r.Verdict, r.Refusal)
	}
}

// TestUnknownTypeIsKeptWhole: what a newer device does is a person's, not lost.
func TestUnknownTypeIsKeptWhole(t *testing.T) {
	w := newWorld(t).until("started")
	args := json.RawMessage(`{"request":"case-1","speed":3}`)
	r := w.receive(city.Mutation{ID: w.id(), Type: "drone.land@7", Actor: treeCrew, Device: tablet, At: w.clock, Args: args})
	_, rev := w.review(r)
	if r.Verdict != city.VerdictRefused || r.Refusal.Code != city.CodeUnknownType || string(rev.Payload) != string(args) || rev.About.ID != case1 {
		t.Errorf("%s %v, about %s, kept %s", r.Verdict, r.Refusal, rev.About, rev.Payload)
	}
}
