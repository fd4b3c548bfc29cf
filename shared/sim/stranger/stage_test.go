package stranger_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/sim"
)

var ctx = context.Background()

// town is the real server on a port, with a proxy in front that can be told to
// do harm.
type town struct {
	*sim.City
	url string

	mu   sync.Mutex
	harm harm
}

// harm is what happens to a request on its way: true when it was answered by that.
type harm func(http.ResponseWriter, *http.Request) bool

func (tn *town) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tn.mu.Lock()
	h := tn.harm
	tn.mu.Unlock()
	if h == nil || !h(w, r) {
		tn.City.ServeHTTP(w, r)
	}
}

func (tn *town) setHarm(h harm) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.harm = h
}

// once lets harm happen to the first request of a method and path.
func once(method, path string, h harm) harm {
	var done sync.Once
	return func(w http.ResponseWriter, r *http.Request) (answered bool) {
		if r.Method == method && strings.HasPrefix(r.URL.Path, "/sync/v1/"+path) {
			done.Do(func() { answered = h(w, r) })
		}
		return answered
	}
}

// half lets the server do what it was asked to, and cuts its answer.
func (tn *town) half(w http.ResponseWriter, r *http.Request) bool {
	whole := httptest.NewRecorder()
	tn.City.ServeHTTP(whole, r)
	_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2]) // the line is dead
	return true
}

func newTown(t *testing.T, ahead time.Duration) *town {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed; on Debian: apt-get install nodejs")
	}
	dir, err := sim.Folder("stranger-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c, err := sim.NewCity(ctx, dir, sim.Running(time.Now().Add(ahead), time.Now))
	if err != nil {
		t.Fatal(err)
	}
	tn := &town{City: c}
	server := httptest.NewServer(tn)
	t.Cleanup(func() {
		server.Close()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	tn.url = server.URL
	for _, act := range []city.Act{
		&city.SetCity{Settings: city.Settings{Name: "Testburg", TimeZone: "UTC", Languages: []string{"en"}, LookupSalt: "bWlsbGJyb29r"}},
		&city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", Crew: sim.Crew, ShareContact: true, Active: true, Version: 2}},
		&city.SetCrew{ID: sim.Crew, Crew: city.Crew{Name: "Tree crew", Department: "parks", Members: []city.Member{{ID: "dana", Name: "Dana"}}}},
	} {
		head, err := c.Server().Store().Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		v, err := c.Server().Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), head.Seq, act)
		if err != nil || v.Verdict != city.VerdictApplied {
			t.Fatal(v, err)
		}
	}
	return tn
}

// device is the client with a folder of its own.
type device struct{ dir string }

// run gives what the client prints, and how it exits.
func run(t *testing.T, args ...string) (out string, exit int) {
	t.Helper()
	stop, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var said, complaint bytes.Buffer
	cmd := exec.CommandContext(stop, "node", append([]string{"client.mjs"}, args...)...)
	cmd.Stdout, cmd.Stderr = &said, &complaint
	err := cmd.Run()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if complaint.Len() > 0 {
		t.Logf("%s: %s", strings.Join(args, " "), strings.TrimSpace(complaint.String()))
	}
	return said.String(), cmd.ProcessState.ExitCode()
}

// do is run for what has to work; what the client prints is read into into.
func (d device) do(t *testing.T, into any, args ...string) {
	t.Helper()
	out, exit := run(t, append([]string{d.dir}, args...)...)
	if exit != 0 {
		t.Fatalf("%v exits %d: %s", args, exit, out)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(out), into); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
}

func (tn *town) join(t *testing.T, kind city.DeviceKind, grants ...city.Scope) device {
	t.Helper()
	d := device{t.TempDir()}
	link, err := tn.Enrolment(ctx, kind, tn.url, append(grants, city.ScopePublic)...)
	if err != nil {
		t.Fatal(err)
	}
	d.do(t, nil, "enrol", link)
	d.do(t, nil, "sync")
	return d
}

// shown is a line of show: a record or an act.
type shown struct {
	Record, Act, State, Verdict, Code string
	Fields                            map[string]any
}

// show lists what a device holds, by record (kind/id) and by act (id).
func (d device) show(t *testing.T) map[string]shown {
	t.Helper()
	out, exit := run(t, d.dir, "show")
	if exit != 0 {
		t.Fatal(out)
	}
	all := map[string]shown{}
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		var s shown
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		all[s.Record+s.Act] = s
	}
	return all
}

// told syncs, and fails unless the server refused something with the code.
func (d device) told(t *testing.T, code string) {
	t.Helper()
	var said struct{ Told []string }
	if d.do(t, &said, "sync"); !slices.Contains(said.Told, code) {
		t.Errorf("the server told the client %v, not %s", said.Told, code)
	}
}

// settled fails unless an act stands in the city's order as applied.
func (d device) settled(t *testing.T, id string) {
	t.Helper()
	if s := d.show(t)[id]; s.Verdict != "applied" || s.State != "received" && s.State != "safe" {
		t.Errorf("the act %s is %+v, not received and applied", id, s)
	}
}

type filed struct {
	Mutation, Reference, Lookup string
	Request                     city.ID
}

const report = `{"language":"en","description":"A branch hangs over the school's gate.","place":{"address":"12 Elm Street","detail":"at the gate","lat":463000001,"lon":-693000001},"person":{"name":"Ana Ruiz","phone":"555 0134"}}`

func (d device) file(t *testing.T) (f filed) {
	t.Helper()
	d.do(t, &f, "file", "tree", report)
	return f
}

// assigned files a report at a kiosk and gives it to the crew.
func (tn *town) assigned(t *testing.T, kiosk device) filed {
	t.Helper()
	f := kiosk.file(t)
	kiosk.do(t, nil, "sync")
	kiosk.settled(t, f.Mutation)
	if err := tn.Act(ctx, &city.AssignRequest{Request: f.Request, WorkOrder: city.NewID(), Crew: sim.Crew, Priority: city.PriorityNormal}); err != nil {
		t.Fatal(err)
	}
	return f
}

func (d device) note(t *testing.T, request city.ID, text string) (mutation string) {
	t.Helper()
	var said struct{ Mutation string }
	d.do(t, &said, "note", string(request), text)
	return said.Mutation
}

// notes are the texts of a request's notes at the server.
func (tn *town) notes(t *testing.T, request city.ID) (texts []string) {
	t.Helper()
	records, err := tn.Server().Store().View(ctx).Children(request, city.KindNote)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		raw, err := json.Marshal(r.Fields["text"])
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(raw))
	}
	return texts
}

// photo is a JPEG of some chunks.
func photo(t *testing.T) (path string) {
	t.Helper()
	rng, m := rand.New(rand.NewPCG(1, 2)), image.NewGray(image.Rect(0, 0, 800, 600))
	for i := range m.Pix {
		m.Pix[i] = byte(rng.Uint32())
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
