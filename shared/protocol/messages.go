package protocol

import (
	"time"

	"cityhall/shared/city"
)

// Problem is the body of every answer that is not a success.
type Problem struct {
	Code    Code   `json:"code"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
	// Of a fork: where the server's copy of the stream ends.
	LastN uint64 `json:"last_n,omitempty"`
	Link  Hash   `json:"link,omitzero"`
	// Of a clock: what the server's clock says, so that a device can sign again.
	Now time.Time `json:"now,omitzero"`
	// Of a revoked device that is to wipe itself. The whole answer is signed then.
	Order *WipeOrder `json:"order,omitempty"`
}

// Code says what is wrong with a request. Codes are only ever added.
type Code string

// The codes, each with its HTTP status.
const (
	CodeMalformed  Code = "malformed"      // 400
	CodeSignature  Code = "signature"      // 401: not signed, or not by this key
	CodeClock      Code = "clock"          // 401: signed at another time; try again with Now
	CodeRevoked    Code = "revoked"        // 403: this device is no longer welcome
	CodeCode       Code = "enrolment_code" // 403: unknown, used or expired
	CodeNotFound   Code = "not_found"      // 404
	CodeLineage    Code = "lineage"        // 409: the cursor is of another history
	CodeFork       Code = "fork"           // 409: the stream is not where the device thinks
	CodeHorizon    Code = "horizon"        // 410: the cursor is older than what is kept
	CodeGrants     Code = "grants"         // 410: what the device may see has changed; start anew
	CodeTooLarge   Code = "too_large"      // 413
	CodeChecksum   Code = "checksum"       // 460: bytes and checksum differ
	CodeBehind     Code = "behind"         // 409: there is something to pull first
	CodeOffset     Code = "offset"         // 409: a chunk that does not continue the upload
	CodeUpgrade    Code = "upgrade"        // 426
	CodeBusy       Code = "busy"           // 429 or 503, with Retry-After
	CodeInternal   Code = "internal"       // 500
	CodeErased     Code = "erased"         // 410: these bytes were erased by law; nobody wants them any more
	CodeHandedOver Code = "handed_over"    // 403: the hand-over of this revoked device has ended
)

// EnrolRequest trades a one-time code for an identity. It is signed with the
// new key, whose id is the public key itself.
type EnrolRequest struct {
	Code   string `json:"code"`
	Public string `json:"public"` // Ed25519, base64url
	Name   string `json:"name,omitempty"`
}

// EnrolReply is all that a device needs for its life. Device names, grants and
// keys come from the server; the device keeps them in its outbox.
type EnrolReply struct {
	Device     city.DeviceID   `json:"device"`
	Kind       city.DeviceKind `json:"kind"`
	Name       string          `json:"name"`
	Grants     []city.Scope    `json:"grants"`
	GrantRev   int64           `json:"grant_rev"`
	Server     string          `json:"server"`      // server's public key
	SealingKey string          `json:"sealing_key"` // base64url
	SealingID  string          `json:"sealing_id"`
	Epoch      string          `json:"epoch"`
	Now        time.Time       `json:"now"`
}

// Hello says how a device is. The reply says what there is to do.
type Hello struct {
	Cursor  string    `json:"cursor,omitempty"`
	Stream  string    `json:"stream"`
	LastN   uint64    `json:"last_n"`
	Version string    `json:"version"`
	Pending int       `json:"pending"`          // acts not yet received by the city
	Oldest  time.Time `json:"oldest,omitzero"`  // of them
	Blobs   int       `json:"blobs"`            // photos not yet sent
	Failed  int       `json:"failed,omitempty"` // acts set aside as damaged
	// Repaired counts the records that a comparison found to be wrong on the device,
	// ever.
	Repaired int       `json:"repaired,omitempty"`
	Disk     int64     `json:"disk"` // bytes free
	Clock    time.Time `json:"clock"`
	Printer  string    `json:"printer,omitempty"`
	// SealTo is a tablet's own X25519 key, base64url: records of persons are sealed
	// to it.
	SealTo string `json:"seal_to,omitempty"`
	// Safe is the largest safe_seq that the device has read from a pull at Cursor.
	Safe int64 `json:"safe,omitempty"`
}

// HelloReply is signed by the server's key.
type HelloReply struct {
	Epoch string `json:"epoch"`
	Head  int64  `json:"head"`
	// Current says that a pull from the hello's cursor would bring nothing, so that
	// an idle device may spare it. It promises no more: what is safe, only a pull
	// says.
	Current    bool         `json:"current,omitempty"`
	LastN      uint64       `json:"last_n"` // where the server's copy of the stream ends
	Link       Hash         `json:"link,omitzero"`
	Grants     []city.Scope `json:"grants"`
	GrantRev   int64        `json:"grant_rev"`
	SealingKey string       `json:"sealing_key"`
	SealingID  string       `json:"sealing_id"`
	Now        time.Time    `json:"now"`
	Idle       string       `json:"idle,omitempty"`    // with Current: what to ask by whether it all is still so
	Lease      int64        `json:"lease,omitempty"`   // seconds for which a tablet may show people without another hello
	SealTo     string       `json:"seal_to,omitempty"` // the key that a tablet's records of persons are sealed to
}

// PushHeader is the first line of a push; envelopes follow.
type PushHeader struct {
	Stream string `json:"stream"`
	From   uint64 `json:"from"` // n of the first envelope
	Prev   Hash   `json:"prev"` // link before it
}

// PushVerdict is the answer to one envelope. It is a hint: what counts is the
// echo in a pull.
type PushVerdict struct {
	N       uint64          `json:"n"`
	ID      city.MutationID `json:"id"`
	Verdict city.Verdict    `json:"verdict"`
	Stored  city.Verdict    `json:"stored,omitempty"` // of a duplicate: what became of it then
	Seq     int64           `json:"seq,omitempty"`
	Review  city.ID         `json:"review,omitempty"`
	Code    city.Code       `json:"code,omitempty"` // of a refusal
	Field   string          `json:"field,omitempty"`
}

// PushEnd closes the answer to a push.
type PushEnd struct {
	End   bool   `json:"end"`
	LastN uint64 `json:"last_n"`
	Link  Hash   `json:"link"`
	Head  int64  `json:"head"`
}

// Frame is one line of a pull. Exactly one of its parts is set.
type Frame struct {
	Put   *Put   `json:"put,omitempty"`
	Evict *Evict `json:"evict,omitempty"`
	Ack   *Ack   `json:"ack,omitempty"`
	End   *End   `json:"end,omitempty"`
}

// Put carries fields of a record. Without Full it carries those that changed.
type Put struct {
	city.Ref
	Parent city.ID                    `json:"parent,omitempty"`
	Seq    int64                      `json:"seq"`
	Full   bool                       `json:"full,omitempty"`
	Fields city.Fields                `json:"fields,omitempty"` // null clears a field
	Sealed *Sealed                    `json:"sealed,omitempty"` // instead of fields: all of them, under the tablet's key
	W      city.MutationID            `json:"w"`                // writer of the fields
	WS     map[string]city.MutationID `json:"ws,omitempty"`     // and of those with another writer
}

// Evict says that the device may no longer have a record.
type Evict struct {
	city.Ref
	Seq int64 `json:"seq"`
}

// Ack is the echo of a mutation of this device: it stands at Seq.
type Ack struct {
	Mutation city.MutationID `json:"mutation"`
	Seq      int64           `json:"seq"`
	Verdict  city.Verdict    `json:"verdict"`
	Review   city.ID         `json:"review,omitempty"`
	Code     city.Code       `json:"code,omitempty"`
	Field    string          `json:"field,omitempty"`
}

// End closes a page. A page without it is thrown away.
type End struct {
	Cursor string `json:"cursor"`
	Epoch  string `json:"epoch"` // names the history that the page is of
	More   bool   `json:"more"`
	Safe   int64  `json:"safe_seq"` // everything up to here is in a verified backup
	Count  int    `json:"count"`    // frames before this one
}

// Poke is the data of a live event.
type Poke struct {
	Head int64 `json:"head"`
}
