package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

func nameOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// part is where the bytes of an unfinished upload lie.
func (f *fixture) part(sha string) string { return filepath.Join(f.dir, "part", sha) }

func (f *fixture) mustBegin(by city.DeviceID, data []byte) string {
	f.t.Helper()
	sha := nameOf(data)
	if err := f.BeginBlob(context.Background(), by, sha, int64(len(data))); err != nil {
		f.t.Fatal(err)
	}
	return sha
}

// TestUploadGoesOnAfterEveryCrash leaves behind what a power cut between any two
// steps of an upload leaves, and lets another device finish it.
func TestUploadGoesOnAfterEveryCrash(t *testing.T) {
	data := bytes.Repeat([]byte("photo "), 1000)
	sha := nameOf(data)
	for name, c := range map[string]struct {
		left func(f *fixture) error
		at   int64
	}{
		"before the first byte":   {func(*fixture) error { return nil }, 0},
		"after half":              {func(f *fixture) error { return os.WriteFile(f.part(sha), data[:3000], 0o600) }, 3000},
		"before the rename":       {func(f *fixture) error { return os.WriteFile(f.part(sha), data, 0o600) }, 6000},
		"the last chunk is wrong": {func(f *fixture) error { return os.WriteFile(f.part(sha), bytes.ToUpper(data), 0o600) }, 0},
		"longer than announced":   {func(f *fixture) error { return os.WriteFile(f.part(sha), append(data, "more"...), 0o600) }, 0},
		"before the database": {func(f *fixture) error {
			if err := os.MkdirAll(filepath.Join(f.dir, sha[:2]), 0o700); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(f.dir, sha[:2], sha), data, 0o600)
		}, 6000},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, filepath.Join(t.TempDir(), "city.db"))
			ctx := context.Background()
			f.mustBegin("one", data)
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if err := c.left(f); err != nil {
				t.Fatal(err)
			}
			f.open()
			if err := f.BeginBlob(ctx, "two", sha, int64(len(data))); err != nil {
				t.Fatal(err)
			}
			at, size, err := f.ResumeBlob(ctx, sha)
			if err != nil || at != c.at || size != int64(len(data)) {
				t.Fatalf("goes on at %d of %d, %v; want %d", at, size, err, c.at)
			}
			if at < size {
				if _, err := f.AppendBlob(ctx, sha, at, data[at:]); err != nil {
					t.Fatal(err)
				}
			}
			file, n, err := f.OpenBlob(ctx, sha)
			if err != nil || n != size {
				t.Fatal(n, err)
			}
			defer file.Close()
		})
	}
}

// TestNobodyBlocksABlob: who announces a wrong size keeps nobody from sending the
// photo, and the locks of uploads are gone when nobody writes.
func TestNobodyBlocksABlob(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		data := bytes.Repeat([]byte("x"), 500)
		sha := nameOf(data)
		for _, lie := range []int64{3, 100_000} {
			if err := f.BeginBlob(ctx, "liar", sha, lie); err != nil {
				t.Fatal(err)
			}
			if _, err := f.AppendBlob(ctx, sha, 0, []byte("ab")); err != nil {
				t.Fatal(err)
			}
			f.mustBegin("honest", data)
			if at, size, err := f.ResumeBlob(ctx, sha); at != 0 || size != 500 || err != nil {
				t.Fatalf("after a size of %d: %d of %d, %v", lie, at, size, err)
			}
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := f.PutBlob(ctx, data); err != nil && !errors.Is(err, store.ErrOffset) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if err := f.BeginBlob(ctx, "liar", sha, 3); err != nil {
			t.Fatal(err)
		}
		if _, size, whole, err := f.BlobOffset(ctx, sha); size != 500 || !whole || err != nil {
			t.Errorf("a whole photo was begun anew: %d, %v, %v", size, whole, err)
		}
		if n := f.Uploading(); n != 0 {
			t.Errorf("%d locks are left", n)
		}
	})
}

// TestADeviceCannotFillTheDisk has the quota, the room that is left, and the
// sweep of what nobody finishes.
func TestADeviceCannotFillTheDisk(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		var first string
		for i := range store.MaxUnfinished {
			if sha := f.mustBegin("thief", []byte{byte(i)}); i == 0 {
				first = sha
			}
		}
		if err := f.BeginBlob(ctx, "thief", nameOf([]byte("more")), 4); !errors.Is(err, store.ErrQuota) {
			t.Errorf("over the quota: %v", err)
		}
		if err := f.BeginBlob(ctx, "big", nameOf([]byte("big")), store.MaxUnfinishedBytes+1); !errors.Is(err, store.ErrQuota) {
			t.Errorf("over the quota of bytes: %v", err)
		}
		f.mustBegin("other", []byte("more"))
		if _, err := f.AppendBlob(ctx, first, 0, []byte{0}); err != nil { // what is begun may be finished
			t.Fatal(err)
		}
		f.mustBegin("thief", []byte("room again"))

		tablet := f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		request, _ := f.fallenTree(kiosk)
		named := f.mustBegin(tablet.Device.ID, []byte("named by a photo"))
		tablet.push(tablet.prepared(treeCrew, &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: named, Stage: "after"}))
		stray := f.part(nameOf([]byte("stray")))
		if err := os.WriteFile(stray, []byte("str"), 0o600); err != nil {
			t.Fatal(err)
		}
		f.now.pass(store.KeepUnfinished - time.Hour)
		if n, err := f.SweepUploads(ctx); n != 1 || err != nil {
			t.Errorf("too early: %d, %v", n, err)
		}
		if _, err := os.Stat(stray); err == nil {
			t.Error("bytes that the database does not know stay")
		}
		f.now.pass(2 * time.Hour)
		if n, err := f.SweepUploads(ctx); n != store.MaxUnfinished+1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		if _, _, _, err := f.BlobOffset(ctx, named); err != nil {
			t.Errorf("an upload that a photo names was swept: %v", err)
		}
	})
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 900, 600)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (f *fixture) photo(id city.ID) city.Photo {
	f.t.Helper()
	rec := f.record(city.KindPhoto, id)
	var p city.Photo
	if err := rec.Into(&p); err != nil {
		f.t.Fatal(err)
	}
	return p
}

// TestArrivalIsTold: whichever comes first, the bytes or the act, everybody learns
// once and by pull that the photo is here, and gets a thumbnail if it had none.
func TestArrivalIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		tablet := f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		request, order := f.fallenTree(kiosk)
		f.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "trees", Priority: city.PriorityLow})
		data, later := picture(t), append(picture(t), 0)
		add := func(id city.ID, sha string) {
			t.Helper()
			if v := tablet.push(tablet.prepared(treeCrew, &city.AddPhoto{Photo: id, Request: request, Blob: sha, Stage: "after"}))[0]; v.Verdict != city.VerdictApplied {
				t.Fatalf("%+v", v)
			}
		}
		add("late", nameOf(later))
		if p := f.photo("late"); !p.Arrived.IsZero() || p.Thumb != nil {
			t.Errorf("before its bytes: %+v", p)
		}
		for _, d := range [][]byte{data, later, later} {
			if _, err := f.PutBlob(ctx, d); err != nil {
				t.Fatal(err)
			}
		}
		add("early", nameOf(data))
		for _, id := range []city.ID{"late", "early"} {
			if p := f.photo(id); !p.Arrived.Equal(f.now.get()) || len(p.Thumb) == 0 || len(p.Thumb) > city.MaxThumb {
				t.Errorf("%s: arrived %v, thumbnail of %d bytes", id, p.Arrived, len(p.Thumb))
			}
		}
		told := 0
		for _, fr := range tablet.pull(1000) {
			if fr.Put != nil && fr.Put.Kind == city.KindPhoto && fr.Put.Fields["arrived"] != nil {
				told++
			}
		}
		for _, fr := range kiosk.pull(1000) {
			if fr.Put != nil && fr.Put.Kind == city.KindPhoto {
				t.Error("a photo that nobody published came to a kiosk, with its thumbnail")
			}
		}
		head := f.head().Seq
		if err := f.KeepPhotos(ctx); err != nil || told != 2 || f.head().Seq != head {
			t.Errorf("told %d times, then %d more, %v", told, f.head().Seq-head, err)
		}
		// A server that died before it told does so at its next start.
		if _, err := f.DB().Exec(`UPDATE blob SET complete = 0 WHERE sha256 = $1`, nameOf(data)); err != nil {
			t.Fatal(err)
		}
		add("cut", nameOf(data))
		if _, err := f.DB().Exec(`UPDATE blob SET complete = 1 WHERE sha256 = $1`, nameOf(data)); err != nil {
			t.Fatal(err)
		}
		if err := f.KeepPhotos(ctx); err != nil || f.photo("cut").Arrived.IsZero() {
			t.Errorf("not told after a start: %v", err)
		}
	})
}

// TestLostPhotoIsGivenUpAndHealed: a photo of a silent or revoked device stops
// holding the safe mark back after a week, and is welcome all the same.
func TestLostPhotoIsGivenUpAndHealed(t *testing.T) {
	h := newHall(t)
	ctx := context.Background()
	tablet := h.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	request, _ := h.fallenTree(kiosk)
	data := picture(t)
	before := h.head().Seq
	tablet.push(tablet.prepared(treeCrew, &city.AddPhoto{Photo: "p", Request: request, Blob: nameOf(data), Stage: "after"}))
	keep := func() {
		t.Helper()
		if err := h.KeepPhotos(ctx); err != nil {
			t.Fatal(err)
		}
	}
	h.now.pass(city.MayNotCome - time.Hour)
	if keep(); h.photo("p").Lost() {
		t.Fatal("given up too early")
	}
	if b := h.backup(); b.Safe != before || b.Waiting != 1 {
		t.Fatalf("safe %d, waiting %d", b.Safe, b.Waiting)
	}
	h.now.pass(2 * time.Hour)
	keep()
	if p := h.photo("p"); !p.Lost() || p.LostBy == "" {
		t.Fatalf("not given up: %+v", p)
	}
	if b := h.backup(); b.Safe != h.head().Seq || b.Waiting != 0 {
		t.Fatalf("safe %d of %d, waiting %d", b.Safe, h.head().Seq, b.Waiting)
	}
	if _, err := h.PutBlob(ctx, data); err != nil {
		t.Fatal(err)
	}
	if p := h.photo("p"); p.Lost() || p.Arrived.IsZero() {
		t.Fatalf("not healed: %+v", p)
	}
	h.verified()
}

// TestGoneBytesAreAskedForAgain: verify and a look by any device take back that a
// photo is here; whoever sends it again heals it, as often as it happens.
func TestGoneBytesAreAskedForAgain(t *testing.T) {
	h := newHall(t)
	ctx := context.Background()
	tablet := h.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	request, _ := h.fallenTree(kiosk)
	data := picture(t)
	sha := nameOf(data)
	tablet.push(tablet.prepared(treeCrew, &city.AddPhoto{Photo: "p", Request: request, Blob: sha, Stage: "after"}))
	path := filepath.Join(h.dir, sha[:2], sha)
	for round, harm := range []func() error{
		func() error { return os.WriteFile(path, append([]byte("damaged"), data[7:]...), 0o600) },
		func() error { return os.Remove(path) },
	} {
		if _, err := h.PutBlob(ctx, data); err != nil || h.photo("p").Arrived.IsZero() {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			if found := h.findings(); len(found) != 1 || !strings.Contains(found[0], sha) {
				t.Fatalf("found %v", found)
			}
		}
		if at, size, err := h.ResumeBlob(ctx, sha); at != 0 || size != int64(len(data)) || err != nil {
			t.Fatalf("round %d: a device is told %d of %d, %v", round, at, size, err)
		}
		if !h.photo("p").Arrived.IsZero() {
			t.Errorf("round %d: the record says that it is here", round)
		}
	}
	if _, err := h.PutBlob(ctx, data); err != nil || h.photo("p").Arrived.IsZero() {
		t.Fatalf("not healed: %v", err)
	}
	h.verified()
}

// TestABadThumbnailIsLogged: the photo stands without it, and the log says which.
func TestABadThumbnailIsLogged(t *testing.T) {
	var log bytes.Buffer
	old := quiet
	quiet = slog.New(slog.NewTextHandler(&log, nil))
	defer func() { quiet = old }()
	f := newFixture(t, filepath.Join(t.TempDir(), "city.db"))
	request, _ := f.fallenTree(f.enrolled(city.DeviceKiosk, city.ScopePublic))
	tablet := f.crewTablet()
	act := &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: strings.Repeat("ab", 32), Stage: "after", Caption: zenobia, Thumb: []byte("<svg>")}
	env := tablet.prepared(treeCrew, act)
	wantVerdicts(t, tablet.push(env), "applied")
	if said := log.String(); !strings.Contains(said, string(env.ID)) || strings.Contains(said, zenobia) {
		t.Errorf("the log says %s", said)
	}
	if got := f.record(city.KindPhoto, act.Photo).Text("thumb"); got != "" {
		t.Errorf("it is shown: %q", got)
	}
}
