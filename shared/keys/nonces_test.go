package keys_test

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cityhall/shared/keys"
)

func use(n int) keys.Verified { return keys.Verified{KeyID: deviceID, Nonce: strconv.Itoa(n)} }

func TestNoncesRefuseAReplay(t *testing.T) {
	n := keys.NewNonces(5*time.Minute, 100)
	for _, after := range []time.Duration{0, time.Second, 5 * time.Minute, 10 * time.Minute} {
		want := keys.ErrReplayed
		if after == 0 {
			want = nil
		}
		if err := n.Use(use(1), noon.Add(after)); !errors.Is(err, want) {
			t.Errorf("after %v: %v, want %v", after, err, want)
		}
	}
	other := use(1)
	other.KeyID = "another-device"
	if err := n.Use(other, noon); err != nil {
		t.Errorf("the same nonce of another device: %v", err)
	}
}

// TestNoncesRememberLongEnough uses a nonce at the end of one generation: it must
// be known for as long as its signature is valid, twice the skew.
func TestNoncesRememberLongEnough(t *testing.T) {
	n := keys.NewNonces(5*time.Minute, 100)
	steps := []time.Duration{0, 9 * time.Minute, 11 * time.Minute, 19 * time.Minute}
	for i, at := range steps[:3] {
		if err := n.Use(use(i), noon.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Use(use(1), noon.Add(steps[3])); !errors.Is(err, keys.ErrReplayed) {
		t.Errorf("forgotten after 10 minutes: %v", err)
	}
}

func TestNoncesAreBoundedAndRecover(t *testing.T) {
	n := keys.NewNonces(time.Minute, 10)
	for i := range 10 {
		if err := n.Use(use(i), noon); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Use(use(10), noon); !errors.Is(err, keys.ErrNoncesFull) {
		t.Errorf("full: %v", err)
	}
	if err := n.Use(use(3), noon); !errors.Is(err, keys.ErrReplayed) {
		t.Errorf("a replay while full: %v", err)
	}
	if err := n.Use(use(10), noon.Add(-time.Hour)); !errors.Is(err, keys.ErrNoncesFull) {
		t.Errorf("clock set back: %v", err)
	}
	if err := n.Use(use(10), noon.Add(time.Hour)); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestNoncesLetOneOfManyIn(t *testing.T) {
	n := keys.NewNonces(time.Minute, 1000)
	var wins atomic.Int32
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if n.Use(use(1), noon) == nil {
				wins.Add(1)
			}
		})
	}
	group.Wait()
	if wins.Load() != 1 {
		t.Errorf("%d of 50 copies accepted", wins.Load())
	}
}
