package replica_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

func clock() time.Time { return noon }

// killFolder is set in the process that is to be killed.
const killFolder = "REPLICA_KILL_FOLDER"

// TestRecordsUntilKilled is not a test but the program that TestKill kills: it
// records for ever and prints each id once Record has returned.
func TestRecordsUntilKilled(t *testing.T) {
	dir := os.Getenv(killFolder)
	if dir == "" {
		t.Skip("runs in a process of its own")
	}
	r, err := replica.Open(context.Background(), replica.Config{Dir: dir, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	for {
		ids, err := r.Record(context.Background(), report(city.NewID(), "words"), report(city.NewID(), "more words"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("recorded %s %s\n", ids[0], ids[1])
	}
}

// Whatever Record has returned survives kill -9, in pairs as it was stored.
func TestKill(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 10
	}
	d := newDevice(t, city.DeviceKiosk)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	promised := map[city.MutationID]bool{}
	rng := rand.New(rand.NewPCG(3, 4))
	for range kills {
		for _, id := range killed(t, d.dir, time.Duration(rng.IntN(12_000))*time.Microsecond) {
			promised[id] = true
		}
	}
	d.open()
	sum := d.summary()
	if sum.Damaged != 0 || sum.Pending%2 != 0 || sum.Pending < len(promised) {
		t.Fatalf("%+v of %d promised", sum, len(promised))
	}
	items, err := d.Items(d.ctx, sum.Pending)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		delete(promised, it.ID)
	}
	if len(promised) != 0 {
		t.Fatalf("%d acts were lost after their receipt: %v", len(promised), promised)
	}
	t.Logf("%d kills, %d acts", kills, sum.Pending)
}

// killed runs the program in the folder, kills it some time after its first
// receipt, and gives the ids that it had promised.
func killed(t *testing.T, dir string, after time.Duration) []city.MutationID {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestRecordsUntilKilled$", "-test.v")
	cmd.Env = append(os.Environ(), killFolder+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var ids []city.MutationID
	scan := bufio.NewScanner(out)
	for first := true; scan.Scan(); {
		rest, ok := strings.CutPrefix(scan.Text(), "recorded ")
		if !ok {
			continue
		}
		if words := strings.Fields(rest); len(words) == 2 && len(words[1]) == 36 {
			ids = append(ids, city.MutationID(words[0]), city.MutationID(words[1]))
		}
		if first {
			first = false
			time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
	}
	cmd.Wait() // killed, as it should be
	if len(ids) == 0 {
		t.Fatal("the program recorded nothing before it was killed")
	}
	return ids
}

// A stolen kiosk gives up nothing that a resident typed.
func TestKioskHoldsNoWordsInClear(t *testing.T) {
	d := newDevice(t, city.DeviceKiosk)
	for range 50 {
		d.record(report(city.NewID(), "Canary words about my neighbour"))
	}
	if _, err := d.SaveBlob(d.ctx, []byte("Canary photo")); city.CodeOf(err) != city.CodeForbidden {
		t.Fatalf("a kiosk stored a photo in clear: %v", err)
	}
	search := func(when string) {
		files := 0
		err := filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			for _, word := range []string{"Canary", "Birdsong", "555 0123", "neighbour", "Secretstreet", "435512345", "702598765"} {
				if bytes.Contains(raw, []byte(word)) {
					t.Errorf("%s: %q stands in %s", when, word, filepath.Base(path))
				}
			}
			return nil
		})
		if err != nil || files < 2 {
			t.Fatal(files, err)
		}
	}
	search("running")
	opened := d.lines()
	if act, err := city.Decode(opened[0].Type, opened[0].Args); err != nil || act.(*city.FileRequest).Description != "Canary words about my neighbour" {
		t.Fatalf("the server cannot open it: %v", err)
	}
	d.reopen()
	search("after a start")
	stubs, err := d.Records(d.ctx, city.KindRequest)
	if err != nil || len(stubs) != 50 || stubs[0].Text("lookup") == "" || stubs[0].Text("number") == "" {
		t.Fatalf("stubs %v %v", stubs, err)
	}
}

func TestBlobsOnTheDevice(t *testing.T) {
	d := newDevice(t, city.DeviceTablet)
	request, _ := d.assigned()
	photo := []byte("bytes of a photo")
	sha, err := d.SaveBlob(d.ctx, photo)
	if err != nil {
		t.Fatal(err)
	}
	ids := d.record(replica.Entry{Actor: crewA, Blobs: []string{sha}, Act: &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "after"}})
	if it := d.item(ids[0]); it.Blobs != 1 || it.BlobsSent != 0 {
		t.Fatalf("item %+v", it)
	}
	if s := d.summary(); s.Blobs != 1 {
		t.Fatalf("summary %+v", s)
	}
	d.reopen()
	if got, ok, err := d.Blob(d.ctx, sha); err != nil || !ok || !bytes.Equal(got, photo) {
		t.Fatalf("%q %v %v", got, ok, err)
	}
	path, ok := d.BlobPath(sha)
	if !ok {
		t.Fatal("no path")
	}
	if err := os.WriteFile(path, []byte("bites of a photo"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err = d.Blob(d.ctx, sha)
	wantCode(t, err, city.CodeDamaged)
	_, err = d.SaveBlob(d.ctx, nil)
	wantCode(t, err, city.CodeRequired)
	if _, ok, err := d.Blob(d.ctx, "../outbox.db"); ok || err != nil {
		t.Fatal("a path was taken for a name")
	}
	if again, err := d.SaveBlob(d.ctx, photo); err != nil || again != sha {
		t.Fatalf("saving again repairs it: %v", err)
	}
	if _, ok, err := d.Blob(d.ctx, sha); !ok || err != nil {
		t.Fatal(ok, err)
	}
}
