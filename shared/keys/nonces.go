package keys

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// Why Nonces refuses.
var (
	ErrReplayed   = errors.New("the signature was used before")
	ErrNoncesFull = errors.New("too many signed requests to remember")
)

// Nonces remembers the nonces of verified requests for as long as a copy of one
// could pass Verify again. It is safe for concurrent use. When it is full it
// refuses rather than forgets; it holds only nonces of known keys.
type Nonces struct {
	mu            sync.Mutex
	life          time.Duration
	max           int
	started       time.Time // of the current generation
	current, past map[[16]byte]struct{}
}

// NewNonces makes a memory for requests accepted with maxSkew, of at most max
// entries (48 bytes each, about).
func NewNonces(maxSkew time.Duration, max int) *Nonces {
	return &Nonces{life: 2 * maxSkew, max: max, current: map[[16]byte]struct{}{}}
}

// Once is the name of a verified request, which a copy of it has too.
func (v Verified) Once() [16]byte {
	sum := sha256.Sum256(framed([]byte(v.KeyID), []byte(v.Nonce)))
	return [16]byte(sum[:16])
}

// Use records one use and returns ErrReplayed if it is not the first, or
// ErrNoncesFull. Call it with what Verify returned and the same now.
func (n *Nonces) Use(v Verified, now time.Time) error {
	id := v.Once()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn(now)
	_, inCurrent := n.current[id]
	_, inPast := n.past[id]
	if inCurrent || inPast {
		return ErrReplayed
	}
	if len(n.current)+len(n.past) >= n.max {
		return ErrNoncesFull
	}
	n.current[id] = struct{}{}
	return nil
}

// turn starts a new generation when the current one is as old as any signature
// can be valid. A clock set back only restarts the count.
func (n *Nonces) turn(now time.Time) {
	age := now.Sub(n.started)
	switch {
	case n.started.IsZero() || age < 0:
		n.started = now
	case age > 2*n.life:
		n.past, n.current, n.started = nil, map[[16]byte]struct{}{}, now
	case age > n.life:
		n.past, n.current, n.started = n.current, map[[16]byte]struct{}{}, now
	}
}
