package replica_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// smallDisk mounts a file system of some bytes, for those who may.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes until the disk is full and gives the file.
func fill(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for chunk := make([]byte, 64<<10); len(chunk) > 0; {
		if _, err := f.Write(chunk); errors.Is(err, syscall.ENOSPC) {
			chunk = chunk[:len(chunk)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return f.Name()
}

// On a full disk the ballast makes room for the last words; it comes back when
// there is room again.
func TestBallastMakesRoomForTheLastWords(t *testing.T) {
	dir := smallDisk(t, "24m")
	const ballast = 1 << 20
	d := &device{t: t, ctx: context.Background(), dir: dir, hall: city.Memory{}, ballast: ballast}
	d.join(city.DeviceTablet)
	job, _ := d.assigned()
	note := func() error {
		_, err := d.Record(d.ctx, replica.Entry{Actor: crewA, Title: "Note", Act: &city.AddNote{Note: city.NewID(), Request: job, Text: strings.Repeat("words ", 150)}})
		return err
	}
	path := filepath.Join(dir, "ballast")
	made := func() bool {
		if err := replica.MakeBallast(d.Replica); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		return err == nil && len(raw) == ballast && bytes.Count(raw, []byte{0}) < ballast/100
	}
	if !made() || d.summary().Full {
		t.Fatal("no ballast on an empty disk")
	}
	filler := fill(t, dir)
	before := d.summary().Pending
	stored := 0
	for range 2000 {
		if err := note(); err != nil {
			wantCode(t, err, city.CodeDiskFull)
			break
		}
		stored++
	}
	if s := d.summary(); s.Pending != before+stored || stored < 20 || stored == 2000 || !s.Full {
		t.Fatalf("%d notes were stored on a full disk: %+v", stored, s)
	}
	if made() {
		t.Fatal("a ballast on a full disk")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := note(); err != nil || !made() || d.summary().Full {
		t.Fatal("no ballast when there is room again", err)
	}
	d.reopen()
	if s := d.summary(); s.Pending != before+stored+1 || s.Damaged != 0 {
		t.Fatalf("%+v after %d notes", s, stored+1)
	}
}
