package stranger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/sim"
)

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
	if testing.Short() {
		t.Skip("starts Node.js for each command")
	}
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

// Two devices go on from one copied folder; both are heard, each act once.
func TestACopiedDeviceDeliversBoth(t *testing.T) {
	whole(t)
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
	twin.told(t, "fork")
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
	whole(t)
	t.Parallel()
	tn := newTown(t, 0)
	f := tn.assigned(t, tn.join(t, city.DeviceKiosk))
	tablet := tn.join(t, city.DeviceTablet, city.ScopeCrew(sim.Crew))
	// Of another tablet only what this one has seen of it is left after that.
	gone := tn.join(t, city.DeviceTablet, city.ScopeCrew(sim.Crew))
	kept := tablet.note(t, f.Request, "kept")
	tablet.do(t, nil, "sync")
	backup, err := tn.Backup()
	if err != nil {
		t.Fatal(err)
	}
	lost := tablet.note(t, f.Request, "lost")
	gone.note(t, f.Request, "of a tablet that never comes back")
	gone.do(t, nil, "sync")
	tablet.do(t, nil, "sync")
	tablet.settled(t, lost)
	if err := tn.Restore(ctx, backup); err != nil {
		t.Fatal(err)
	}
	fresh := tablet.note(t, f.Request, "new")
	var said struct{ Salvaged int }
	if tablet.do(t, &said, "sync"); said.Salvaged != 1 {
		t.Errorf("the city kept %d of what it had lost of another", said.Salvaged)
	}
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
	whole(t)
	t.Parallel()
	tn := newTown(t, 0)
	kiosk := tn.join(t, city.DeviceKiosk)
	tn.Horizon = 5
	if err := tn.Restart(ctx, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	other := tn.join(t, city.DeviceKiosk)
	for range 3 {
		other.file(t)
	}
	other.do(t, nil, "sync")
	kiosk.told(t, "horizon")
	requests := 0
	for name := range kiosk.show(t) {
		if strings.HasPrefix(name, "request/") {
			requests++
		}
	}
	if requests != 3 {
		t.Errorf("the kiosk holds %d of 3 requests", requests)
	}
}

// The clocks are hours apart, in either direction; both keep their own.
func TestClocksApart(t *testing.T) {
	whole(t)
	t.Parallel()
	for _, ahead := range []time.Duration{3 * time.Hour, -3 * time.Hour} {
		tn := newTown(t, ahead)
		kiosk := tn.join(t, city.DeviceKiosk)
		f := kiosk.file(t)
		kiosk.do(t, nil, "sync")
		kiosk.settled(t, f.Mutation)
	}
	// And the server's is set while the client speaks to it: what was signed by the
	// time before is refused, of a HEAD without a word.
	tn := newTown(t, 0)
	kiosk, tablet := tn.join(t, city.DeviceKiosk), tn.join(t, city.DeviceTablet, city.ScopeCrew(sim.Crew))
	later := func(http.ResponseWriter, *http.Request) bool { tn.Clock.Advance(time.Hour); return false }
	f := tn.assigned(t, kiosk)
	note := tablet.note(t, f.Request, "later")
	tn.setHarm(once(http.MethodPost, "push", later))
	tablet.told(t, "clock")
	tablet.settled(t, note)
	var taken struct{ Mutation, Blob string }
	tablet.do(t, &taken, "photo", photo(t), string(f.Request))
	tn.setHarm(once(http.MethodHead, "blobs", later))
	tablet.told(t, "401")
	if _, _, whole, err := tn.Server().Store().BlobOffset(ctx, taken.Blob); err != nil || !whole {
		t.Errorf("the photo has not arrived: %v", err)
	}
}

// What can be cut off is cut off, once each, and the server asks for patience.
func TestABadLine(t *testing.T) {
	whole(t)
	t.Parallel()
	tn := newTown(t, 0)
	kiosk := tn.join(t, city.DeviceKiosk)
	harms := map[string]harm{
		"push is cut": once(http.MethodPost, "push", tn.half),
		"pull is cut": once(http.MethodGet, "pull", tn.half),
		"push is busy": once(http.MethodPost, "push", func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"code":"busy","message":"later"}`)
			return true
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
	tn.setHarm(once(http.MethodPost, "hello", func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("City-Signature", strings.Repeat("A", 86))
		_, _ = io.WriteString(w, `{"epoch":"other","head":0,"last_n":0,"grants":[],"grant_rev":9,"sealing_key":"","sealing_id":"","now":"2026-03-02T14:00:00Z"}`)
		return true
	}))
	if out, exit := run(t, kiosk.dir, "sync"); exit != 1 {
		t.Errorf("a hello that the city did not sign: exit %d: %s", exit, out)
	}
	if s := kiosk.show(t); s["service/tree"].Record == "" {
		t.Error("the kiosk believed it")
	}
}

// What a resident said is erased by law at the city while a copy of the kiosk still
// has it unsent: it forgets it too.
func TestErasedByLaw(t *testing.T) {
	whole(t)
	t.Parallel()
	tn := newTown(t, 0)
	kiosk, twin := tn.join(t, city.DeviceKiosk), device{t.TempDir()}
	f := kiosk.file(t)
	if err := os.CopyFS(twin.dir, os.DirFS(kiosk.dir)); err != nil {
		t.Fatal(err)
	}
	kiosk.do(t, nil, "sync")
	if _, err := tn.Server().Store().Erase(ctx, city.Actor{Kind: city.ActorSystem, Name: "law"}, city.NewMutationID(), f.Request, "asked for"); err != nil {
		t.Fatal(err)
	}
	twin.do(t, nil, "sync")
	raw, err := os.ReadFile(filepath.Join(twin.dir, "state.json"))
	if err != nil || bytes.Contains(raw, []byte(`"sealed"`)) {
		t.Errorf("the copy still holds the act: %v", err)
	}
	if s := twin.show(t)[f.Mutation]; s.Verdict != "erased" {
		t.Errorf("the erased act is %+v", s)
	}
}

// What a bad disk did to the cache is found and mended.
func TestADamagedCacheIsMended(t *testing.T) {
	whole(t)
	t.Parallel()
	tn := newTown(t, 0)
	f := tn.assigned(t, tn.join(t, city.DeviceKiosk))
	pause := func() { // which writes fields and clears them again
		t.Helper()
		for _, act := range []city.Act{&city.PauseRequest{Request: f.Request, Reason: "The owner is away."}, &city.ResumeRequest{Request: f.Request}} {
			if err := tn.Act(ctx, act); err != nil {
				t.Fatal(err)
			}
		}
	}
	pause()
	tablet := tn.join(t, city.DeviceTablet, city.ScopeCrew(sim.Crew))
	pause()
	tablet.note(t, f.Request, "Dog in the yard")
	tablet.do(t, nil, "sync")
	var found struct{ Wrong int }
	if tablet.do(t, &found, "verify"); found.Wrong != 0 {
		t.Errorf("%d records are wrong in a sound cache", found.Wrong)
	}
	good, path := tablet.show(t), filepath.Join(tablet.dir, "state.json")
	var state map[string]any
	raw, err := os.ReadFile(path)
	if err := errors.Join(err, json.Unmarshal(raw, &state)); err != nil {
		t.Fatal(err)
	}
	records := state["cache"].(map[string]any)["records"].(map[string]any)
	records["city/city"].(map[string]any)["fields"].(map[string]any)["name"] = "Otherburg"
	delete(records, "service/tree")
	records["note/ghost"] = map[string]any{"kind": "note", "id": "ghost", "seq": 1, "fields": map[string]any{}, "writers": map[string]any{}}
	if raw, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if tablet.do(t, &found, "verify"); found.Wrong != 3 {
		t.Errorf("%d of 3 records were found to be wrong", found.Wrong)
	}
	if got := tablet.show(t); !reflect.DeepEqual(got, good) {
		t.Errorf("mended: %v\nbefore: %v", got, good)
	}
}

// A program that is too old to read goes on speaking.
func TestTooOldToRead(t *testing.T) {
	whole(t)
	t.Parallel()
	tn := newTown(t, 0)
	kiosk := tn.join(t, city.DeviceKiosk)
	f := kiosk.file(t)
	tn.setHarm(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/pull") {
			return false
		}
		w.WriteHeader(http.StatusUpgradeRequired)
		_, _ = io.WriteString(w, `{"code":"upgrade","message":"update"}`)
		return true
	})
	kiosk.told(t, "upgrade")
	if _, ok, err := city.LoadRequest(tn.Server().Store().View(ctx), f.Request); !ok || err != nil {
		t.Errorf("the report did not arrive: %v", err)
	}
}

// A revoked device is told so, and hands over what it had not said.
func TestARevokedDeviceHandsOver(t *testing.T) {
	whole(t)
	t.Parallel()
	tn := newTown(t, 0)
	f := tn.assigned(t, tn.join(t, city.DeviceKiosk))
	tablet := tn.join(t, city.DeviceTablet, city.ScopeCrew(sim.Crew))
	note := tablet.note(t, f.Request, "Dog in the yard")
	var taken struct{ Mutation, Blob string }
	tablet.do(t, &taken, "photo", photo(t), string(f.Request))
	devices, err := tn.Server().Store().Devices(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range devices {
		if d.Kind == city.DeviceTablet {
			err = tn.Server().Store().Revoke(ctx, d.ID)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, exit := run(t, tablet.dir, "sync"); exit != 5 {
		t.Fatalf("exit %d: %s", exit, out)
	}
	var said struct {
		Kept   map[string]string
		Closed bool
	}
	tablet.do(t, &said, "handover")
	if !said.Closed || said.Kept[note] != "revoked" || said.Kept[taken.Mutation] != "revoked" {
		t.Errorf("the hand-over: %+v", said)
	}
	if _, _, whole, err := tn.Server().Store().BlobOffset(ctx, taken.Blob); err != nil || !whole {
		t.Errorf("the photo was not handed over: %v", err)
	}
}

// whole leaves a test to runs that are not in a hurry: each call is a program of
// its own.
func whole(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("the short tests only send a report all the way")
	}
}
