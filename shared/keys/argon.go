package keys

import "golang.org/x/crypto/argon2"

// cost is the price of one guess at a secret.
type cost struct {
	memoryKiB, passes uint32
	threads           uint8
}

// The costs, all in one place. A reference has 60 random bits, so a guess at it
// may be cheap; passwords and PINs are guessable and get OWASP's figure or more.
var (
	lookupCost   = cost{memoryKiB: 16 * 1024, passes: 1, threads: 1}
	passwordCost = cost{memoryKiB: 19 * 1024, passes: 2, threads: 1}
	wrapCost     = cost{memoryKiB: 64 * 1024, passes: 2, threads: 1}
)

const stretchedBytes = 32

// argonSlots keeps a crowd at the login page from taking all memory.
var argonSlots = make(chan struct{}, 2)

// stretch derives 32 bytes by argon2id; it waits while two others run.
func stretch(secret, salt []byte, c cost) []byte {
	argonSlots <- struct{}{}
	defer func() { <-argonSlots }()
	return argon2.IDKey(secret, salt, c.passes, c.memoryKiB, c.threads, stretchedBytes)
}
