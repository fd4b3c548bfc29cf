package replica

import (
	"log/slog"
	"net/http"
	"time"

	"cityhall/shared/city"
)

// Config is what a replica runs on.
type Config struct {
	Dir       string            // the device's folder; made when missing
	Now       func() time.Time  // the device's clock: shown and kept, never decides
	Log       *slog.Logger      // nil: nothing is logged
	Version   string            // of the program, told to the server
	Transport http.RoundTripper // nil: the standard one
	// Metered tells whether the link costs by the megabyte: photos wait then, and
	// nothing else does. It must answer at once. nil: never.
	Metered func() bool
	// Ballast is how many bytes Run sets aside for the last words on a full disk; 0
	// for none.
	Ballast int64
}

// Identity is who the device is.
type Identity struct {
	Device city.DeviceID
	Kind   city.DeviceKind
	Name   string
	Grants []city.Scope
	Server string // base URL of the sync server, without a slash at its end
}

// Entry is one act to record.
type Entry struct {
	Actor city.Actor
	Act   city.Act
	// Title is what a list of waiting work shows. It is stored in clear: on a
	// kiosk it must not hold anything that a resident typed.
	Title string
	Blobs []string          // SHA-256 of what travels beside it; SaveBlob first
	Deps  []city.MutationID // acts that this one makes no sense without
	On    []int             // the same, by their places earlier in one call of Record
}

// State is how far an act has come.
type State string

// The states of an act, from the tap to a verified backup.
const (
	StateSaved     State = "saved"     // on this device, safe from a power cut
	StateSent      State = "sent"      // the server answered; its echo has not come yet
	StateReceived  State = "received"  // the city has it: the echo came in a pull
	StateSafe      State = "safe"      // it and its photos are in a verified backup
	StateHanded    State = "handed"    // given to staff, who decide: the city no longer takes this device
	StateAttention State = "attention" // damaged here, or a person has to look at it
)

// Item is an act of this device and what became of it.
type Item struct {
	ID      city.MutationID
	Type    city.Type
	Title   string
	Subject city.ID   // request that it is about
	At      time.Time // by the device's clock
	State   State
	Verdict city.Verdict // empty until the server has spoken; held while it waits for another act
	Code    city.Code    // of a refusal or of damage
	Field   string       // that the code is about
	Review  city.ID      // where a person decides, or empty
	Blobs   int          // photos that belong to it
	// BlobsSent counts those of them that have arrived whole.
	BlobsSent int
	// Waits tells that the others wait for a link that is not metered.
	Waits bool
}

// Summary is the device's undelivered work in figures.
type Summary struct {
	Pending   int       // acts that the city has not confirmed
	Handed    int       // acts given to staff since the device was revoked
	Attention int       // acts in StateAttention, damaged ones among them
	Blobs     int       // photos not yet sent
	Waits     bool      // those wait for a link that is not metered
	Damaged   int       // acts and photos set aside because their hash does not fit
	Oldest    time.Time // of the pending acts; zero when there are none
	// Full says that the disk was full since the start or is: what is stored goes
	// into the room of the ballast, which is the last.
	Full bool
}

// LinkState is how the device stands with the server.
type LinkState string

// The states of the link.
const (
	LinkUnknown     LinkState = "unknown"      // nothing has been tried yet
	LinkOnline      LinkState = "online"       // the last round succeeded
	LinkOffline     LinkState = "offline"      // the last round failed
	LinkRevoked     LinkState = "revoked"      // the city no longer takes this device
	LinkUpgrade     LinkState = "upgrade"      // this program is too old to read; what it sends arrives
	LinkWrongServer LinkState = "wrong_server" // something answered that is not the city
)

// Link is the link's state, since when, and what went wrong last.
type Link struct {
	State    LinkState
	Since    time.Time
	LastSync time.Time // end of the last whole round, to about a minute after a start; zero when there was none
	Problem  string    // English, for a log or an administrator; empty when online
}
