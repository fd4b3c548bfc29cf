package keys

import (
	"golang.org/x/crypto/argon2"

	"cityhall/shared/keys/internal/guess"
)

const stretchedBytes = 32

// argonSlots keeps a crowd at the login page from taking all memory.
var argonSlots = make(chan struct{}, 2)

// stretch derives 32 bytes by argon2id; it waits while two others run.
func stretch(secret, salt []byte, c guess.Cost) []byte {
	argonSlots <- struct{}{}
	defer func() { <-argonSlots }()
	return argon2.IDKey(secret, salt, c.Passes, c.MemoryKiB, c.Threads, stretchedBytes)
}
