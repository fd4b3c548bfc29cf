package store

// sealedTable is a table whose rows carry a hash over their other columns.
// Whatever writes such a row seals it again in the same job.
type sealedTable struct {
	name     string // of a row, in what verify says
	keys     []string
	read     string   // one row by its keys
	write    string   // the hash, then the keys
	unsealed string   // some rows without a hash
	all      string   // every row
	loose    []string // columns that are not under the hash
}

// The tables. The log and the records have digests of their own.
var sealedTables = map[string]sealedTable{
	// What moves with every act is proven by the chain; turn says nothing.
	"sync_head": {name: "head", read: `SELECT * FROM sync_head`, write: `UPDATE sync_head SET row_hash = $1`,
		unsealed: `SELECT * FROM sync_head WHERE row_hash IS NULL`, all: `SELECT * FROM sync_head`, loose: []string{"seq", "hash", "turn", "needs"}},
	"mutation": {name: "act", keys: []string{"id"}, read: `SELECT * FROM mutation WHERE id = $1`, write: `UPDATE mutation SET row_hash = $1 WHERE id = $2`,
		unsealed: `SELECT * FROM mutation WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM mutation`},
	"stream": {name: "stream", keys: []string{"device", "stream"}, read: `SELECT * FROM stream WHERE device = $1 AND stream = $2`,
		write: `UPDATE stream SET row_hash = $1 WHERE device = $2 AND stream = $3`, unsealed: `SELECT * FROM stream WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM stream`},
	"device": {name: "device", keys: []string{"id"}, read: `SELECT * FROM device WHERE id = $1`, write: `UPDATE device SET row_hash = $1 WHERE id = $2`,
		unsealed: `SELECT * FROM device WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM device`},
	"device_seal": {name: "key of", keys: []string{"device"}, read: `SELECT * FROM device_seal WHERE device = $1`, write: `UPDATE device_seal SET row_hash = $1 WHERE device = $2`,
		unsealed: `SELECT * FROM device_seal WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM device_seal`},
	"departure": {name: "departure", keys: []string{"device"}, read: `SELECT * FROM departure WHERE device = $1`, write: `UPDATE departure SET row_hash = $1 WHERE device = $2`,
		unsealed: `SELECT * FROM departure WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM departure`},
	"departure_blob": {name: "departure", keys: []string{"device", "sha256"}, read: `SELECT * FROM departure_blob WHERE device = $1 AND sha256 = $2`,
		write: `UPDATE departure_blob SET row_hash = $1 WHERE device = $2 AND sha256 = $3`, unsealed: `SELECT * FROM departure_blob WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM departure_blob`},
	"enrolment": {name: "enrolment", keys: []string{"code"}, read: `SELECT * FROM enrolment WHERE code = $1`, write: `UPDATE enrolment SET row_hash = $1 WHERE code = $2`,
		unsealed: `SELECT * FROM enrolment WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM enrolment`},
	"login": {name: "login", keys: []string{"name"}, read: `SELECT * FROM login WHERE name = $1`, write: `UPDATE login SET row_hash = $1 WHERE name = $2`,
		unsealed: `SELECT * FROM login WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM login`},
	"session": {name: "session", keys: []string{"token"}, read: `SELECT * FROM session WHERE token = $1`, write: `UPDATE session SET row_hash = $1 WHERE token = $2`,
		unsealed: `SELECT * FROM session WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM session`},
	"blob": {name: "blob", keys: []string{"sha256"}, read: `SELECT * FROM blob WHERE sha256 = $1`, write: `UPDATE blob SET row_hash = $1 WHERE sha256 = $2`,
		unsealed: `SELECT * FROM blob WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM blob`},
	"held": {name: "held", keys: []string{"id"}, read: `SELECT * FROM held WHERE id = $1`, write: `UPDATE held SET row_hash = $1 WHERE id = $2`,
		unsealed: `SELECT * FROM held WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM held`,
		// due is a mark that only makes the server look again.
		loose: []string{"due"}},
	"held_for": {name: "held for", keys: []string{"dep", "held"}, read: `SELECT * FROM held_for WHERE dep = $1 AND held = $2`,
		write: `UPDATE held_for SET row_hash = $1 WHERE dep = $2 AND held = $3`, unsealed: `SELECT * FROM held_for WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM held_for`},
	"erasure": {name: "erasure", keys: []string{"id"}, read: `SELECT * FROM erasure WHERE id = $1`, write: `UPDATE erasure SET row_hash = $1 WHERE id = $2`,
		unsealed: `SELECT * FROM erasure WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM erasure`},
	"reshare": {name: "reshare", keys: []string{"service"}, read: `SELECT * FROM reshare WHERE service = $1`, write: `UPDATE reshare SET row_hash = $1 WHERE service = $2`,
		unsealed: `SELECT * FROM reshare WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM reshare`},
	"salvage": {name: "salvage", keys: []string{"id"}, read: `SELECT * FROM salvage WHERE id = $1`, write: `UPDATE salvage SET row_hash = $1 WHERE id = $2`,
		unsealed: `SELECT * FROM salvage WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM salvage`},
	"salvage_missing": {name: "salvage", keys: []string{"salvage", "mutation"}, read: `SELECT * FROM salvage_missing WHERE salvage = $1 AND mutation = $2`,
		write: `UPDATE salvage_missing SET row_hash = $1 WHERE salvage = $2 AND mutation = $3`, unsealed: `SELECT * FROM salvage_missing WHERE row_hash IS NULL LIMIT 500`, all: `SELECT * FROM salvage_missing`},
}
