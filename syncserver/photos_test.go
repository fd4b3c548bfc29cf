package syncserver_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"cityhall/shared/sim/s3"
)

// asked is what the operator's monitoring reads.
func (h *hall) asked() (status int, photos string) {
	h.t.Helper()
	res := (&caller{h: h}).do(httptest.NewRequest("GET", "/healthz", nil))
	var said struct{ Photos string }
	if err := json.Unmarshal(res.Body.Bytes(), &said); err != nil {
		h.t.Fatalf("%d %s: %v", res.Code, res.Body, err)
	}
	return res.Code, said.Photos
}

// The page for monitoring tells that photos cannot be kept, answers also while their
// store does not, and never has a balancer take a server out for it.
func TestHealthOfPhotos(t *testing.T) {
	bucket := s3.New(t)
	h := newHallOn(t, bucket.Address())
	becomes := func(want string) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			status, photos := h.asked()
			if status != http.StatusOK {
				t.Fatalf("%d, photos %s", status, photos)
			}
			if photos == want {
				return
			}
			if photos != "slow" || time.Now().After(end) {
				t.Fatalf("photos are %s, not %s", photos, want)
			}
		}
	}
	becomes("ok")
	bucket.Spoil(s3.Refused)
	before := bucket.Asked()
	becomes("ok") // looked at a moment ago
	if n := bucket.Asked() - before; n != 0 {
		t.Errorf("%d questions to the store within its pause", n)
	}
	h.now = h.now.Add(time.Minute)
	becomes("away")
	bucket.Spoil(s3.None)
	h.now = h.now.Add(time.Minute)
	becomes("ok")
	bucket.Spoil(s3.Silent)
	h.now = h.now.Add(time.Minute)
	before = bucket.Asked()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if status, photos := h.asked(); status != http.StatusOK || photos != "slow" {
				t.Errorf("while the store is silent: %d, photos %s", status, photos)
			}
		})
	}
	all.Wait()
	if n := bucket.Asked() - before; n != 1 {
		t.Errorf("%d questions to a silent store", n)
	}
	bucket.Spoil(s3.None)
	becomes("ok")
	h.now = h.now.Add(-time.Hour) // the clock was put back
	bucket.Spoil(s3.Down)
	becomes("away")
	if _, err := h.Store().Head(t.Context()); err != nil {
		t.Error(err)
	}
}
