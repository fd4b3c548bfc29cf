package postgres_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/s3"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

// turns gives each request to the next server, and tells of each chunk before it goes.
type turns struct {
	to    [2]http.Handler
	next  int
	chunk func(n int)
	sent  int
}

func (o *turns) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPatch {
		o.sent++
		o.chunk(o.sent)
	}
	o.next++
	o.to[o.next%2].ServeHTTP(rw, r)
}

// photographed records a report with a photo of a megabyte.
func (w *twins) photographed(r *replica.Replica, seed uint64) (act city.MutationID, sha string) {
	w.t.Helper()
	picture, rng := make([]byte, 1<<20), rand.New(rand.NewPCG(seed, 5))
	for i := range picture {
		picture[i] = byte(rng.Uint32())
	}
	sum := sha256.Sum256(picture)
	sha, err := r.SaveBlob(w.t.Context(), picture)
	if err != nil || sha != hex.EncodeToString(sum[:]) {
		w.t.Fatal(sha, err)
	}
	request := city.NewID()
	ids, err := r.Record(w.t.Context(), replica.Entry{Actor: crew, Act: &city.FileRequest{Request: request, Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}}},
		replica.Entry{Actor: crew, Blobs: []string{sha}, Act: &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "report"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return ids[1], sha
}

var crew = city.Actor{Kind: city.ActorCrew, ID: "ana", Name: "Ana", Crew: "trees"}

// Two servers share a bucket. Each takes every second chunk of a photo, and in the
// middle of it the store of photos goes away, breaks off, loses its answers or is slow:
// acts are received all the while, no photo is called here that is not, and once the
// store is back the upload goes on to its end.
func TestUploadOfTwoServersIntoABucket(t *testing.T) {
	bucket := s3.New(t)
	w := newTwins(t)
	w.blobs = bucket.Address()
	a, b := w.opened(), w.opened()
	w.settle(a)
	if _, err := a.Store().Act(t.Context(), system, city.NewMutationID(), 0, &city.SetCrew{ID: "trees", Crew: city.Crew{Name: "Trees", Department: "parks"}}); err != nil {
		t.Fatal(err)
	}
	r, l := w.joinAs(a, city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
	for n, fault := range []s3.Fault{s3.None, s3.Down, s3.Torn, s3.Lost, s3.Slow} {
		chunks := &turns{to: [2]http.Handler{a.Handler(), b.Handler()}, chunk: func(n int) {
			if n == 2 {
				bucket.Spoil(fault)
			}
		}}
		l.to = chunks
		act, sha := w.photographed(r, uint64(n))
		later, err := r.Step(t.Context()), error(nil)
		if gone := fault == s3.Down || fault == s3.Torn; (later != nil) != gone && fault != s3.Lost {
			t.Errorf("fault %d: the round: %v", fault, later)
		}
		if got := w.state(r, act); got == replica.StateSaved {
			t.Errorf("fault %d: the act waits for its photo: %s", fault, got)
		}
		w.whole(a, sha, later == nil)
		second := w.report(r)
		_ = r.Step(t.Context()) // fails for the photo's sake
		if got := w.state(r, second); got == replica.StateSaved {
			t.Errorf("fault %d: an act waits for another's photo: %s", fault, got)
		}
		bucket.Spoil(s3.None)
		w.soon("the photo arrives", func() bool { err = r.Step(t.Context()); return err == nil })
		sum, err := r.Summary(t.Context())
		if err != nil || sum.Blobs != 0 || sum.Pending != 0 {
			t.Errorf("fault %d: waiting: %+v, %v", fault, sum, err)
		}
		w.whole(a, sha, true)
		w.whole(b, sha, true)
		if chunks.sent < 3 {
			t.Errorf("fault %d: %d chunks: no server has continued another's upload", fault, chunks.sent)
		}
	}
	if err := sim.CheckLog(t.Context(), b.Store()); err != nil {
		t.Error(err)
	}
}

// whole looks whether a server has a photo, with its right bytes.
func (w *twins) whole(s *syncserver.Server, sha string, want bool) {
	w.t.Helper()
	if _, _, whole, err := s.Store().BlobOffset(w.t.Context(), sha); whole != want || err != nil && (want || !errors.Is(err, store.ErrBlobsAway)) {
		w.t.Error(sim.Violation{Invariant: "a photo is here when it is said to be", Detail: fmt.Sprint(whole, err)})
	}
	if !want {
		return
	}
	f, _, err := s.Store().OpenBlob(w.t.Context(), sha)
	if err != nil {
		w.t.Error(err)
		return
	}
	defer f.Close()
	raw, err := io.ReadAll(f)
	sum := sha256.Sum256(raw)
	if want, _ := hex.DecodeString(sha); err != nil || !bytes.Equal(sum[:], want) {
		w.t.Errorf("photo %s has %d bytes, %v", sha, len(raw), err)
	}
}
