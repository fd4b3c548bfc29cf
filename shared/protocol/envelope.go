package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"cityhall/shared/city"
)

// Envelope is one mutation on its way to the server. Args and Sealed exclude
// each other: a kiosk seals what a resident typed, and cannot read it again.
type Envelope struct {
	N        uint64                            `json:"n"` // place in the stream, from 1
	ID       city.MutationID                   `json:"id"`
	Type     city.Type                         `json:"type"`
	Actor    city.Actor                        `json:"actor"`
	At       time.Time                         `json:"at"`             // device's clock
	Boot     string                            `json:"boot,omitempty"` // names the device's start, so that Mono can be compared
	Mono     int64                             `json:"mono,omitempty"` // milliseconds since that start
	GrantRev int64                             `json:"grant_rev,omitempty"`
	Deps     []city.MutationID                 `json:"deps,omitempty"`
	Base     map[city.FieldRef]city.MutationID `json:"base,omitempty"`
	Reads    map[city.FieldRef]city.MutationID `json:"reads,omitempty"`
	Args     json.RawMessage                   `json:"args,omitempty"`
	Sealed   *Sealed                           `json:"sealed,omitempty"`
	Blobs    []string                          `json:"blobs,omitempty"` // SHA-256 in hex of what travels beside it
}

// Sealed is what only the holder of a key can read (HPKE, base mode): the args of
// a mutation under the server's, the fields of a record under a tablet's.
type Sealed struct {
	Key  string `json:"key"`  // id of the key
	Body []byte `json:"body"` // encapsulated key, then the ciphertext of the canonical form
}

// Hash is a SHA-256. Its text form is hex; the zero hash is written as "".
type Hash [sha256.Size]byte

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) {
	if h == (Hash{}) {
		return nil, nil
	}
	return []byte(hex.EncodeToString(h[:])), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(b []byte) error {
	*h = Hash{}
	if len(b) == 0 {
		return nil
	}
	if len(b) != 2*len(h) {
		return fmt.Errorf("a hash has %d hex digits, not %d", 2*len(h), len(b))
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// String is the hash in hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Content is the SHA-256 of the canonical envelope without n. It is the same on
// every stream that carries the mutation.
func (e Envelope) Content() (Hash, error) {
	raw, err := json.Marshal(e)
	if err != nil {
		return Hash{}, fmt.Errorf("content hash: %w", err)
	}
	return ContentOf(raw)
}

// ContentOf is Content for an envelope as it came over the wire, with whatever
// fields a newer device may have put into it.
func ContentOf(line []byte) (Hash, error) {
	c, err := city.CanonicalWithout(line, "n")
	if err != nil {
		return Hash{}, fmt.Errorf("content hash: %w", err)
	}
	return sha256.Sum256(c), nil
}

// Link chains a mutation to what came before it in its stream: the SHA-256 of
// the link before and the content. The link before the first is the zero hash.
func Link(prev, content Hash) Hash {
	return sha256.Sum256(append(prev[:], content[:]...))
}

// Mutation gives what the domain decides on. A sealed envelope has to be opened
// first: args are passed apart.
func (e Envelope) Mutation(device city.DeviceID, args json.RawMessage, received time.Time) city.Mutation {
	return city.Mutation{ID: e.ID, Type: e.Type, Actor: e.Actor, Device: device, At: e.At, Received: received,
		Base: e.Base, Reads: e.Reads, Args: args}
}

// Wrap makes the envelope of a prepared mutation.
func Wrap(m city.Mutation) Envelope {
	return Envelope{ID: m.ID, Type: m.Type, Actor: m.Actor, At: m.At.UTC().Truncate(time.Millisecond), Base: m.Base, Reads: m.Reads, Args: m.Args}
}

// Check reports an envelope that no program of ours would have made.
func (e Envelope) Check() error {
	switch {
	case !e.ID.Valid():
		return city.Fail(city.CodeInvalid, "id", "not a UUID")
	case e.Type == "":
		return city.Fail(city.CodeRequired, "type", "a mutation has a type")
	case e.At.IsZero():
		return city.Fail(city.CodeRequired, "at", "a mutation has a time")
	case (len(e.Args) == 0) == (e.Sealed == nil):
		return city.Fail(city.CodeInvalid, "args", "either args or sealed")
	}
	return nil
}
