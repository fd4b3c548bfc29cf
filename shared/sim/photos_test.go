package sim_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// photographed is a tablet with a photo of a job that it has yet to send.
func photographed(t *testing.T, r *replica.Replica, c *sim.City, data []byte) (sha string, act city.MutationID) {
	t.Helper()
	request := city.NewID()
	for _, act := range []city.Act{
		&city.FileRequest{Request: request, Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}},
		&city.AssignRequest{Request: request, WorkOrder: city.NewID(), Crew: sim.Crew, Priority: city.PriorityNormal},
	} {
		if err := c.Act(ctx, act); err != nil {
			t.Fatal(err)
		}
	}
	step(t, r)
	sha, err := r.SaveBlob(ctx, data)
	if err != nil {
		t.Fatal(err)
	}
	return sha, record(t, r, replica.Entry{Actor: ana, Blobs: []string{sha}, Act: &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "after"}})
}

// A download goes on where the line broke, and never uses what does not match.
func TestPhotoDownloadGoesOn(t *testing.T) {
	c := newCity(t)
	r := newReplica(t, c, city.DeviceTablet, sim.Address, line(c), sim.NewClock(noon))
	photo := bytes.Repeat([]byte("a photo of a tree "), 250_000) // 4.5 MB, five pieces
	sha, _ := photographed(t, r, c, photo)
	step(t, r)
	for name, harm := range map[string]func(part string) error{
		"the line broke":      func(string) error { return nil },
		"what came is harmed": func(part string) error { return os.WriteFile(part, []byte("not a photo"), 0o600) },
		"longer than all":     func(part string) error { return os.WriteFile(part, append(photo, photo...), 0o600) },
	} {
		wire := line(c)
		second, dir := newReplicaIn(t, c, wire)
		step(t, second)
		wire.Calls = 0
		wire.BeforeN = func() error { wire.Down = wire.Calls > 3; return nil }
		if _, err := second.FetchBlob(ctx, sha); err == nil {
			t.Fatal("the line did not break")
		}
		part := filepath.Join(dir, "fetched", sha+".part")
		if info, err := os.Stat(part); err != nil || info.Size() < 1<<20 {
			t.Fatalf("nothing was kept of the download: %v", err)
		}
		if err := harm(part); err != nil {
			t.Fatal(err)
		}
		wire.BeforeN, wire.Down, wire.Calls = nil, false, 0
		got, err := second.FetchBlob(ctx, sha)
		if err != nil && name == "what came is harmed" { // noticed at the end; the next try begins anew
			got, err = second.FetchBlob(ctx, sha)
		}
		if err != nil || !bytes.Equal(got, photo) {
			t.Fatalf("%s: %d bytes, %v", name, len(got), err)
		}
		if name == "the line broke" && wire.Calls > 4 {
			t.Errorf("%d calls: the download began anew", wire.Calls)
		}
		if _, err := os.Stat(part); err == nil {
			t.Errorf("%s: the part stays behind", name)
		}
	}
}

// On a link that costs, acts go and photos wait, until somebody says otherwise.
func TestPhotosWaitOnMeteredLinks(t *testing.T) {
	c := newCity(t)
	metered := true
	r := newReplicaOn(t, c, func() bool { return metered })
	_, act := photographed(t, r, c, []byte("a photo"))
	step(t, r)
	it, _, err := r.Item(ctx, act)
	sum, err2 := r.Summary(ctx)
	if err != nil || err2 != nil || it.State != replica.StateReceived || it.BlobsSent != 0 || !it.Waits || !sum.Waits || sum.Pending != 0 {
		t.Fatalf("%+v %+v %v %v", it, sum, err, err2)
	}
	r.SendPhotosNow()
	step(t, r)
	if it, _, _ = r.Item(ctx, act); it.BlobsSent != 1 || it.Waits {
		t.Fatalf("asked for: %+v", it)
	}
	_, act = photographed(t, r, c, []byte("another photo"))
	step(t, r)
	if it, _, _ = r.Item(ctx, act); it.BlobsSent != 0 || !it.Waits {
		t.Fatalf("asked for once, the next photo went too: %+v", it)
	}
	if err := r.SetPhotosOnMetered(ctx, true); err != nil {
		t.Fatal(err)
	}
	step(t, r)
	if it, _, _ = r.Item(ctx, act); it.BlobsSent != 1 {
		t.Fatalf("the setting: %+v", it)
	}
	if err := r.SetPhotosOnMetered(ctx, false); err != nil {
		t.Fatal(err)
	}
	_, act = photographed(t, r, c, []byte("a third photo"))
	metered = false
	step(t, r)
	if it, _, _ = r.Item(ctx, act); it.BlobsSent != 1 {
		t.Fatalf("home again: %+v", it)
	}
}

// Safe means with its photos: what arrived after the city gave a photo up is safe
// only by a later backup.
func TestWhatWasGivenUpIsNotSafeTooEarly(t *testing.T) {
	c := newCity(t)
	metered := true
	r := newReplicaOn(t, c, func() bool { return metered })
	_, act := photographed(t, r, c, []byte("a photo"))
	step(t, r)
	view, err := r.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	it, _, _ := r.Item(ctx, act)
	photos, err := view.Children(it.Subject, city.KindPhoto)
	if err != nil || len(photos) != 1 {
		t.Fatal(len(photos), err)
	}
	if err := c.Act(ctx, &city.LosePhoto{Photo: photos[0].ID}); err != nil {
		t.Fatal(err)
	}
	safe := func(want replica.State, when string) {
		t.Helper()
		step(t, r)
		if it, _, _ := r.Item(ctx, act); it.State != want {
			t.Errorf("%s: %s, want %s", when, it.State, want)
		}
	}
	mark := func() {
		t.Helper()
		if _, err := c.Server().Store().DB().Exec(`UPDATE sync_head SET safe = seq`); err != nil {
			t.Fatal(err)
		}
	}
	mark()
	safe(replica.StateReceived, "given up, and the only copy is here")
	metered = false
	step(t, r)
	safe(replica.StateReceived, "arrived after the backup")
	mark()
	safe(replica.StateSafe, "after the next backup")
}

// tabletIn opens and enrols a tablet.
func tabletIn(t *testing.T, c *sim.City, cfg replica.Config) *replica.Replica {
	t.Helper()
	cfg.Now, cfg.Version = sim.NewClock(noon).Now, "1.0"
	r, err := replica.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	link, err := c.Enrolment(ctx, city.DeviceTablet, sim.Address, city.ScopePublic, city.ScopeCrew(sim.Crew))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Enrol(ctx, link, "Tablet"); err != nil {
		t.Fatal(err)
	}
	return r
}

func newReplicaIn(t *testing.T, c *sim.City, wire *sim.Line) (*replica.Replica, string) {
	t.Helper()
	dir := t.TempDir()
	return tabletIn(t, c, replica.Config{Dir: dir, Transport: wire}), dir
}

func newReplicaOn(t *testing.T, c *sim.City, metered func() bool) *replica.Replica {
	t.Helper()
	return tabletIn(t, c, replica.Config{Dir: t.TempDir(), Transport: line(c), Metered: metered})
}
