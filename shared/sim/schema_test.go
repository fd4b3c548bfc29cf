package sim_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// unpack puts an archive of files into a new folder.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	raw, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	z, err := gzip.NewReader(raw)
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return to
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(to, filepath.FromSlash(h.Name))
		if h.FileInfo().IsDir() {
			err = os.MkdirAll(path, 0o700)
		} else if raw, failed := io.ReadAll(files); failed != nil {
			err = failed
		} else {
			err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, raw, 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The files of the first schema were left by the programs of commit 4e42733: a
// server, a kiosk with one report that waits, and a tablet with a note and a
// photo that wait. Today's programs go on where those ended.
func TestFilesOfTheFirstSchemaGoOn(t *testing.T) {
	root := unpack(t, "testdata/schema-1.tar.gz")
	clock := sim.NewClock(noon)
	c, err := sim.OpenCity(ctx, root, filepath.Join(root, "server-1"), clock)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	pending := map[string]int{"kiosk": 1, "tablet": 2}
	for _, name := range []string{"kiosk", "tablet"} { // the tablet is shown what the kiosk brings
		waits := pending[name]
		r, err := replica.Open(ctx, replica.Config{Dir: filepath.Join(root, name), Now: clock.Now, Version: "now", Transport: line(c)})
		if err != nil {
			t.Fatal(name, err)
		}
		defer r.Close()
		if s, err := r.Summary(ctx); err != nil || s.Pending != waits || s.Damaged != 0 {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		step(t, r)
		if requests, err := r.Records(ctx, city.KindRequest); err != nil || len(requests) == 0 {
			t.Errorf("%s shows %d requests, %v", name, len(requests), err)
		}
		items, err := r.Items(ctx, 100)
		if err != nil || len(items) != waits+1 {
			t.Fatalf("%s: %d acts, %v", name, len(items), err)
		}
		for _, it := range items {
			if it.State != replica.StateReceived || it.Verdict != city.VerdictApplied || it.BlobsSent != it.Blobs {
				t.Error(sim.Violation{Invariant: "older files go on", Detail: name}, it)
			}
		}
	}
}
