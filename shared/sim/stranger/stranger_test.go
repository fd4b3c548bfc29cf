package stranger_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/sim"
)

var ctx = context.Background()

// town is the real server on a port, with a proxy in front that can be told to
// do harm.
type town struct {
	*sim.City
	url string

	mu   sync.Mutex
	harm func(w http.ResponseWriter, r *http.Request) bool // true: answered
}

func (tn *town) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tn.mu.Lock()
	harm := tn.harm
	tn.mu.Unlock()
	if harm == nil || !harm(w, r) {
		tn.City.ServeHTTP(w, r)
	}
}

func (tn *town) setHarm(h func(w http.ResponseWriter, r *http.Request) bool) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.harm = h
}

// once lets harm happen to the first request of a method and path.
func once(method, path string, h http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	var done sync.Once
	return func(w http.ResponseWriter, r *http.Request) (did bool) {
		if r.Method == method && strings.HasPrefix(r.URL.Path, "/sync/v1/"+path) {
			done.Do(func() {
				h(w, r)
				did = true
			})
		}
		return did
	}
}

// half lets the server do what it was asked to, and cuts its answer.
func (tn *town) half(w http.ResponseWriter, r *http.Request) {
	whole := httptest.NewRecorder()
	tn.City.ServeHTTP(whole, r)
	_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2]) // the line is dead
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

func TestVectors(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed; on Debian: apt-get install nodejs")
	}
	t.Parallel()
	out, exit := run(t, "vectors", "../../protocol/testdata")
	if exit != 0 || strings.Count(out, ": ok\n") < 12 {
		t.Errorf("exit %d\n%s", exit, out)
	}
}

// A report goes from a kiosk over the office to a tablet, whose note and photo
// come back; the line dies in the middle of the photo.
func TestAReportGoesAllTheWay(t *testing.T) {
	t.Parallel()
	tn := newTown(t, 0)
	kiosk, tablet := tn.join(t, city.DeviceKiosk), tn.join(t, city.DeviceTablet, city.ScopeCrew(sim.Crew))
	f := tn.assigned(t, kiosk)

	view := tn.Server().Store().View(ctx)
	req, ok, err := city.LoadRequest(view, f.Request)
	if err != nil || !ok || req.Place.Address != "12 Elm Street" || req.Lookup != f.Lookup {
		t.Errorf("the request at the server: %+v, %v, %v", req, ok, err)
	}
	if ref, err := keys.ParseReference(f.Reference); err != nil || ref.Lookup([]byte("millbrook")) != f.Lookup {
		t.Errorf("the reference %s is not looked up by %s: %v", f.Reference, f.Lookup, err)
	}
	if work, _, err := city.LoadWork(view, f.Request); err != nil || work.Description != "A branch hangs over the school's gate." {
		t.Errorf("the work at the server: %+v, %v", work, err)
	}
	if s := kiosk.show(t); s["request/"+string(f.Request)].Fields["status"] == nil || s["request.person/"+string(f.Request)].Record != "" {
		t.Errorf("the kiosk holds %v", s)
	}

	tablet.do(t, nil, "sync")
	if s := tablet.show(t)["request.person/"+string(f.Request)]; s.Fields["name"] != "Ana Ruiz" {
		t.Errorf("the tablet shows of the resident: %+v", s)
	}
	note := tablet.note(t, f.Request, "Dog in the yard 🌳")
	picture := photo(t)
	var taken struct{ Mutation, Photo, Blob string }
	tablet.do(t, &taken, "photo", picture, string(f.Request))
	if out, exit := run(t, tablet.dir, "sync", "--break-after", "100000"); exit != 3 {
		t.Fatalf("exit %d: %s", exit, out)
	}
	tablet.settled(t, taken.Mutation) // acts do not wait for blobs
	if offset, _, whole, err := tn.Server().Store().BlobOffset(ctx, taken.Blob); err != nil || whole || offset != 100_000 {
		t.Errorf("after the break the server has %d bytes, whole %v: %v", offset, whole, err)
	}
	var resumed bool
	tn.setHarm(func(_ http.ResponseWriter, r *http.Request) bool {
		resumed = resumed || r.Method == http.MethodPatch && r.Header.Get("Upload-Offset") == "100000"
		return false
	})
	tablet.do(t, nil, "sync")
	if tn.setHarm(nil); !resumed {
		t.Error("the upload did not go on where it broke off")
	}

	tablet.settled(t, note)
	if got := tn.notes(t, f.Request); len(got) != 1 || got[0] != `"Dog in the yard 🌳"` {
		t.Errorf("notes at the server: %v", got)
	}
	blob, _, err := tn.Server().Store().OpenBlob(ctx, taken.Blob)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	got, err := io.ReadAll(blob)
	want, errWant := os.ReadFile(picture)
	if err := errors.Join(err, errWant); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the photo at the server is another one: %v", err)
	}
	if s := tablet.show(t)["photo/"+taken.Photo]; s.Fields["arrived"] == nil {
		t.Errorf("the tablet does not know that its photo arrived: %+v", s)
	}
	head, err := tn.Server().Store().Head(ctx)
	if err := errors.Join(err, tn.MarkSafe(ctx, head.Seq)); err != nil {
		t.Fatal(err)
	}
	tablet.do(t, nil, "sync")
	if s := tablet.show(t); s[note].State != "safe" || s[taken.Mutation].State != "safe" {
		t.Errorf("in a backup, and not safe: %+v, %+v", s[note], s[taken.Mutation])
	}
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

// Two devices go on from one copied folder; both are heard, each act once.
func TestACopiedDeviceDeliversBoth(t *testing.T) {
	t.Parallel()
	tn := newTown(t, 0)
	f := tn.assigned(t, tn.join(t, city.DeviceKiosk))
	tablet := tn.join(t, city.DeviceTablet, city.ScopeCrew(sim.Crew))
	before := tablet.note(t, f.Request, "before")
	tablet.do(t, nil, "sync")
	twin := device{t.TempDir()}
	if err := os.CopyFS(twin.dir, os.DirFS(tablet.dir)); err != nil {
		t.Fatal(err)
	}
	one, other := tablet.note(t, f.Request, "one"), twin.note(t, f.Request, "other")
	tablet.do(t, nil, "sync")
	twin.do(t, nil, "sync") // is told that its stream has forked
	again := tablet.note(t, f.Request, "again")
	tablet.do(t, nil, "sync")
	for id, d := range map[string]device{before: twin, one: tablet, other: twin, again: tablet} {
		d.settled(t, id)
	}
	if got := tn.notes(t, f.Request); len(got) != 4 {
		t.Errorf("notes at the server: %v", got)
	}
}

// The city comes back from a backup that lacks an act which it had echoed.
func TestARestoredCityGetsWhatItLost(t *testing.T) {
	t.Parallel()
	tn := newTown(t, 0)
	f := tn.assigned(t, tn.join(t, city.DeviceKiosk))
	tablet := tn.join(t, city.DeviceTablet, city.ScopeCrew(sim.Crew))
	kept := tablet.note(t, f.Request, "kept")
	tablet.do(t, nil, "sync")
	backup, err := tn.Backup()
	if err != nil {
		t.Fatal(err)
	}
	lost := tablet.note(t, f.Request, "lost")
	tablet.do(t, nil, "sync")
	tablet.settled(t, lost)
	if err := tn.Restore(ctx, backup); err != nil {
		t.Fatal(err)
	}
	fresh := tablet.note(t, f.Request, "new")
	tablet.do(t, nil, "sync")
	for _, id := range []string{kept, lost, fresh} {
		tablet.settled(t, id)
	}
	if got := tn.notes(t, f.Request); len(got) != 3 {
		t.Errorf("notes at the server: %v", got)
	}
}

// A device that was away for longer than the log reaches back begins anew, and a
// program that cannot open zstd does it by pulling from the beginning.
func TestBehindTheHorizon(t *testing.T) {
	t.Parallel()
	tn := newTown(t, 0)
	kiosk := tn.join(t, city.DeviceKiosk)
	tn.Horizon = 5
	if err := tn.Restart(ctx, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	other := tn.join(t, city.DeviceKiosk)
	for range 5 {
		other.file(t)
	}
	other.do(t, nil, "sync")
	kiosk.do(t, nil, "sync")
	requests := 0
	for name := range kiosk.show(t) {
		if strings.HasPrefix(name, "request/") {
			requests++
		}
	}
	if requests != 5 {
		t.Errorf("the kiosk holds %d of 5 requests", requests)
	}
}

// The clocks are hours apart, in either direction; both keep their own.
func TestClocksApart(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{3 * time.Hour, -3 * time.Hour} {
		tn := newTown(t, ahead)
		kiosk := tn.join(t, city.DeviceKiosk)
		f := kiosk.file(t)
		kiosk.do(t, nil, "sync")
		kiosk.settled(t, f.Mutation)
		devices, err := tn.Server().Store().Devices(ctx)
		if err != nil || len(devices) != 1 {
			t.Fatal(devices, err)
		}
	}
}

// What can be cut off is cut off, once each, and the server asks for patience.
func TestABadLine(t *testing.T) {
	t.Parallel()
	tn := newTown(t, 0)
	kiosk := tn.join(t, city.DeviceKiosk)
	harms := map[string]func(http.ResponseWriter, *http.Request) bool{
		"push is cut": once(http.MethodPost, "push", tn.half),
		"pull is cut": once(http.MethodGet, "pull", tn.half),
		"push is busy": once(http.MethodPost, "push", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"code":"busy","message":"later"}`)
		}),
	}
	for name, harm := range harms {
		f := kiosk.file(t)
		tn.setHarm(harm)
		kiosk.do(t, nil, "sync")
		tn.setHarm(nil)
		if kiosk.settled(t, f.Mutation); t.Failed() {
			t.Fatal(name)
		}
	}
	tn.setHarm(once(http.MethodPost, "hello", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("City-Signature", strings.Repeat("A", 86))
		_, _ = io.WriteString(w, `{"epoch":"other","head":0,"last_n":0,"grants":[],"grant_rev":9,"sealing_key":"","sealing_id":"","now":"2026-03-02T14:00:00Z"}`)
	}))
	if out, exit := run(t, kiosk.dir, "sync"); exit != 1 {
		t.Errorf("a hello that the city did not sign: exit %d: %s", exit, out)
	}
	if s := kiosk.show(t); s["service/tree"].Record == "" {
		t.Error("the kiosk believed it")
	}
}
