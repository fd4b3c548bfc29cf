package keys

import (
	"crypto/sha256"
	"encoding/binary"
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
	mu      sync.Mutex
	life    time.Duration
	max     int
	held    int
	started time.Time             // of the newest generation
	all     []map[uint64]struct{} // generations, the newest first; never empty
}

// generations is into how many a life is divided: the more there are, the sooner
// what is no longer needed is forgotten.
const generations = 8

// NewNonces makes a memory for requests accepted with maxSkew, of at most max
// entries (20 bytes each, about).
func NewNonces(maxSkew time.Duration, max int) *Nonces {
	return &Nonces{life: 2 * maxSkew, max: max, all: []map[uint64]struct{}{{}}}
}

// Once is the name of a verified request, which a copy of it has too.
func (v Verified) Once() [16]byte {
	sum := sha256.Sum256(framed([]byte(v.KeyID), []byte(v.Nonce)))
	return [16]byte(sum[:16])
}

// Use records one use and returns ErrReplayed if it is not the first, or
// ErrNoncesFull. Call it with what Verify returned and the same now.
func (n *Nonces) Use(v Verified, now time.Time) error {
	once := v.Once()
	id := binary.BigEndian.Uint64(once[:]) // among millions, two alike in 64 bits are not to be expected
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn(now)
	for _, g := range n.all {
		if _, ok := g[id]; ok {
			return ErrReplayed
		}
	}
	if n.held >= n.max {
		return ErrNoncesFull
	}
	n.all[0][id] = struct{}{}
	n.held++
	return nil
}

// turn begins new generations and forgets those that are older than any signature
// can be valid. A clock set back only restarts the count.
func (n *Nonces) turn(now time.Time) {
	step, age := n.life/generations, now.Sub(n.started)
	if n.started.IsZero() || age < 0 {
		n.started = now
		return
	}
	if age > n.life+step {
		n.all, n.held, n.started = []map[uint64]struct{}{{}}, 0, now
		return
	}
	for ; age > step; age -= step {
		n.all = append([]map[uint64]struct{}{{}}, n.all...)
		n.started = n.started.Add(step)
	}
	for len(n.all) > generations+1 {
		last := len(n.all) - 1
		n.held -= len(n.all[last])
		n.all = n.all[:last]
	}
}
