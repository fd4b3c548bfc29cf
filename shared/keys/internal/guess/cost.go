package guess

// Cost is the price of one guess by argon2id.
type Cost struct {
	MemoryKiB, Passes uint32
	Threads           uint8
}

// The costs of what is stored from now on; what was stored before names its own.
// Passwords and PINs are guessable and get OWASP's figure or more.
var (
	Password = Cost{MemoryKiB: 19 * 1024, Passes: 2, Threads: 1}
	Wrap     = Cost{MemoryKiB: 64 * 1024, Passes: 2, Threads: 1}
)

// Lookup is for references. They have 60 random bits, so a guess may be cheap. It
// is the same everywhere for ever: a look-up key does not name its cost.
func Lookup() Cost { return Cost{MemoryKiB: 16 * 1024, Passes: 1, Threads: 1} }
