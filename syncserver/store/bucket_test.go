package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/sim/postgres"
	"cityhall/shared/sim/s3"
	"cityhall/syncserver/store"
)

// bytesOf gives bytes and their name.
func bytesOf(text string, n int) ([]byte, string) {
	data := bytes.Repeat([]byte(text), n)
	sum := sha256.Sum256(data)
	return data, hex.EncodeToString(sum[:])
}

// newBucketHall is a city whose photos are in a bucket.
func newBucketHall(t *testing.T, dsn string) (*hall, *s3.Bucket) {
	t.Helper()
	bucket := s3.New(t)
	h := newHallOn(t, dsn)
	h.close()
	h.dir = bucket.Address()
	h.open()
	return h, bucket
}

func (f *fixture) read(sha string) ([]byte, error) {
	b, _, err := f.OpenBlob(context.Background(), sha)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if _, err := b.Seek(1, io.SeekStart); err != nil {
		return nil, err
	}
	if _, err := b.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(b)
}

func TestBlobsInABucket(t *testing.T) {
	h, _ := newBucketHall(t, "")
	blobsConform(t, h.fixture)
}

// Any server takes the next chunk of what another began, and both may take one at a time.
func TestUploadOverTwoServers(t *testing.T) {
	h, _ := newBucketHall(t, postgres.New(t))
	ctx := context.Background()
	second, err := store.Open(ctx, store.Config{DB: h.db, Blobs: h.dir, Keys: h.keys, Now: h.restoreOptions().Now, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	data, sha := bytesOf("photo ", 50_000)
	if err := h.BeginBlob(ctx, "", sha, int64(len(data))); err != nil {
		t.Fatal(err)
	}
	if _, err := h.AppendBlob(ctx, sha, 0, data[:100_000]); err != nil {
		t.Fatal(err)
	}
	have, _, err := second.ResumeBlob(ctx, sha)
	if err != nil || have != 100_000 {
		t.Fatalf("the other server has %d, %v", have, err)
	}
	if _, err := second.AppendBlob(ctx, sha, have, data[have:200_000]); err != nil {
		t.Fatal(err)
	}
	if have, _, _ := h.ResumeBlob(ctx, sha); have != 200_000 {
		t.Errorf("the first server has %d", have)
	}
	if _, err := h.AppendBlob(ctx, sha, 200_000, data[200_000:]); err != nil {
		t.Fatal(err)
	}
	if got, err := h.read(sha); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	h.verified()
}

// TestBucketInTrouble spoils each step of an upload in every way: what is said to be
// here is here, and what failed goes on when the store is back.
func TestBucketInTrouble(t *testing.T) {
	h, bucket := newBucketHall(t, "")
	ctx := context.Background()
	kept, err := h.PutBlob(ctx, []byte("a photo that is here already"))
	if err != nil {
		t.Fatal(err)
	}
	for name, fault := range map[string]s3.Fault{"down": s3.Down, "refused": s3.Refused, "torn": s3.Torn, "lost": s3.Lost, "bucket gone": -1} {
		data, sha := bytesOf(name, 30_000)
		half := len(data) / 2
		spoil, mend := func() { bucket.Spoil(fault) }, func() { bucket.Spoil(s3.None) }
		if fault == -1 {
			spoil = func() { os.Rename(bucket.Folder(), bucket.Folder()+"-gone") }
			mend = func() { os.Rename(bucket.Folder()+"-gone", bucket.Folder()) }
		}
		spoiled := func(step string, do func(ctx context.Context) error) {
			t.Helper()
			spoil()
			defer mend()
			ctx, stop := context.WithTimeout(ctx, 20*time.Second)
			defer stop()
			if err := do(ctx); err == nil {
				t.Errorf("%s: %s: nothing was said", name, step)
			}
			if b, err := h.Backup(ctx, store.BackupOptions{To: filepath.Join(t.TempDir(), "b"), Passphrase: passphrase}); err == nil && b.Blobs > 0 {
				t.Errorf("%s: %s: a backup with %d photos that cannot be read", name, step, b.Blobs)
			}
			if _, _, whole, _ := h.BlobOffset(context.Background(), sha); whole {
				t.Errorf("%s: %s: called whole", name, step)
			}
			if _, _, whole, err := h.BlobOffset(ctx, kept); !whole || err != nil {
				t.Errorf("%s: %s: what is here is doubted, %v", name, step, err)
			}
		}
		if err := h.BeginBlob(ctx, "", sha, int64(len(data))); err != nil {
			t.Fatal(err)
		}
		spoiled("a first chunk", func(ctx context.Context) error {
			_, err := h.AppendBlob(ctx, sha, 0, data[:half])
			return err
		})
		spoiled("reading what is here", func(context.Context) error {
			_, err := h.read(kept)
			if errors.Is(err, store.ErrNoBlob) {
				t.Errorf("%s: a photo is called missing", name)
			}
			return err
		})
		spoiled("going on", func(ctx context.Context) error {
			_, _, err := h.ResumeBlob(ctx, kept)
			return err
		})
		have, _, err := h.ResumeBlob(ctx, sha)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if have == 0 {
			if have, err = h.AppendBlob(ctx, sha, 0, data[:half]); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		spoiled("the last chunk", func(ctx context.Context) error {
			_, err := h.AppendBlob(ctx, sha, have, data[have:])
			return err
		})
		if have, _, err = h.ResumeBlob(ctx, sha); err != nil {
			t.Fatalf("%s: resume: %v", name, err)
		}
		if have < int64(len(data)) {
			if _, err := h.AppendBlob(ctx, sha, have, data[have:]); err != nil {
				t.Fatalf("%s: the last chunk again: %v", name, err)
			}
		}
		if got, err := h.read(sha); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if err := h.LookAtBlobs(ctx); err != nil {
		t.Error(err)
	}
	bucket.Spoil(s3.Refused)
	if err := h.LookAtBlobs(ctx); !errors.Is(err, store.ErrBlobsAway) {
		t.Errorf("without the keys: %v", err)
	}
	h.close()
	h.open() // a server starts without its photos
	bucket.Spoil(s3.None)
	h.verified()
}

func TestDamagedInTheBucketComesBack(t *testing.T) {
	h, bucket := newBucketHall(t, "")
	ctx := context.Background()
	data, sha := bytesOf("photo ", 20_000)
	if _, err := h.PutBlob(ctx, data); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(bucket.Folder(), "city", "blobs", sha[:2], sha)
	spoiled := bytes.Clone(data)
	spoiled[1000] ^= 1
	if err := os.WriteFile(path, spoiled, 0o644); err != nil {
		t.Fatal(err)
	}
	found := 0
	if _, err := h.Verify(ctx, func(f store.Finding) { found++ }); err != nil || found != 1 {
		t.Fatalf("%d found, %v", found, err)
	}
	if _, err := os.Stat(filepath.Join(bucket.Folder(), "city", "damaged", sha)); err != nil {
		t.Errorf("it was not set aside: %v", err)
	}
	if _, err := h.PutBlob(ctx, data); err != nil {
		t.Fatal(err)
	}
	h.verified()
}

// What the law erases while the store is away is erased once it is back.
func TestErasureReachesTheBucket(t *testing.T) {
	h, bucket := newBucketHall(t, "")
	ctx := context.Background()
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	data, sha := bytesOf("a face ", 10_000)
	if _, err := h.PutBlob(ctx, data); err != nil {
		t.Fatal(err)
	}
	file := newRequest()
	kiosk.push(kiosk.prepared(resident, file))
	h.mustAct(system, &city.SetStaff{ID: "ada", Staff: city.Staff{Name: "Ada", Roles: []city.Role{city.RoleAdmin}, Active: true}})
	h.mustAct(reviewer, &city.AddPhoto{Photo: city.NewID(), Request: file.Request, Blob: sha, Stage: "report", Bytes: len(data), Width: 2, Height: 2})
	bucket.Spoil(s3.Down)
	if _, err := h.Erase(ctx, admin, city.NewMutationID(), file.Request, "asked for"); !errors.Is(err, store.ErrBlobsAway) {
		t.Errorf("erased while the store is away: %v", err)
	}
	bucket.Spoil(s3.None)
	if err := h.KeepPhotos(ctx); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(bucket.Folder(), func(path string, _ os.DirEntry, err error) error {
		if strings.Contains(path, sha) {
			t.Errorf("still there: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A city moves its photos into a bucket; what was cut short goes on.
func TestPhotosMoveIntoABucket(t *testing.T) {
	h, ctx := newHall(t), context.Background()
	var names []string
	for _, text := range []string{"one ", "two ", "three "} {
		data, sha := bytesOf(text, 10_000)
		if _, err := h.PutBlob(ctx, data); err != nil {
			t.Fatal(err)
		}
		names = append(names, sha)
	}
	bucket := s3.New(t)
	bucket.Spoil(s3.Down)
	if _, err := h.CopyBlobs(ctx, bucket.Address(), nil); !errors.Is(err, store.ErrBlobsAway) {
		t.Fatalf("into a store that is away: %v", err)
	}
	bucket.Spoil(s3.None)
	lost := filepath.Join(h.dir, names[0][:2], names[0])
	whole, err := os.ReadFile(lost)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lost, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	var found []store.Finding
	report := func(f store.Finding) { found = append(found, f) }
	if n, err := h.CopyBlobs(ctx, bucket.Address(), report); err != nil || n != (store.Copied{Copied: 2}) || len(found) != 1 {
		t.Fatalf("%+v, %v, found %v", n, err, found)
	}
	if err := os.WriteFile(lost, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(bucket.Folder(), "city", "blobs", names[1][:2], names[1])
	if err := os.WriteFile(torn, bytes.Repeat([]byte("x"), 40_000), 0o644); err != nil {
		t.Fatal(err)
	}
	if n, err := h.CopyBlobs(ctx, bucket.Address(), report); err != nil || n != (store.Copied{Copied: 2, There: 1}) || len(found) != 1 {
		t.Fatalf("again: %+v, %v, found %v", n, err, found)
	}
	h.close()
	h.dir = bucket.Address()
	h.open()
	if n := h.verified(); n.Blobs != 3 {
		t.Errorf("%+v", n)
	}
}

func TestRestoreDrillWithABucket(t *testing.T) {
	h, _ := newBucketHall(t, "")
	ctx := context.Background()
	data, sha := bytesOf("photo ", 20_000)
	if _, err := h.PutBlob(ctx, data); err != nil {
		t.Fatal(err)
	}
	if b := h.backup(); b.Blobs != 1 || b.Safe != h.head().Seq {
		t.Fatalf("%+v", b.Manifest)
	}
	h.die("ledger")
	h.dir = s3.New(t).Address() // the bucket is gone as well
	o := h.restoreOptions()
	o.Blobs = h.dir
	if _, err := store.Restore(ctx, o); err != nil {
		t.Fatal(err)
	}
	h.open()
	if got, err := h.read(sha); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	h.verified()
}
