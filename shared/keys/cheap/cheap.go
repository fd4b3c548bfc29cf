package cheap

import "cityhall/shared/keys/internal/guess"

func init() {
	least := guess.Cost{MemoryKiB: 8, Passes: 1, Threads: 1}
	guess.Password, guess.Wrap = least, least
}
