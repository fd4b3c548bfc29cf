package postgres_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"

	"cityhall/shared/sim"
	"cityhall/syncserver/store"
)

// Two devices send the same photo to two servers at once, piece by piece: each is
// told where to go on, nothing fails, and the photo is here, whole.
func TestOneUploadAtTwoServers(t *testing.T) {
	w := newTwins(t)
	a, b := w.opened(), w.opened()
	for n := range 30 {
		piece := int64(64<<10) << (n % 4) // the largest is the whole
		photo := bytes.Repeat([]byte{byte(n), 'p', 'h', 'o', 't', 'o'}, 60_000)
		sum := sha256.Sum256(photo)
		sha := hex.EncodeToString(sum[:])
		var senders sync.WaitGroup
		for _, s := range []*store.Store{a.Store(), b.Store()} {
			senders.Go(func() {
				if err := s.BeginBlob(t.Context(), "", sha, int64(len(photo))); err != nil {
					t.Error(err)
					return
				}
				for at := int64(0); at < int64(len(photo)); {
					have, err := s.AppendBlob(t.Context(), sha, at, photo[at:min(at+piece, int64(len(photo)))])
					if errors.Is(err, store.ErrOffset) {
						have, _, err = s.ResumeBlob(t.Context(), sha)
					}
					if err != nil {
						t.Error(sim.Violation{Invariant: "one server writes an upload at a time", Detail: err.Error()})
						return
					}
					at = have
				}
			})
		}
		senders.Wait()
		f, size, err := b.Store().OpenBlob(t.Context(), sha)
		if err != nil || size != int64(len(photo)) {
			t.Fatal(sim.Violation{Invariant: "every photo arrives", Detail: fmt.Sprint(size, err)})
		}
		f.Close()
	}
}
