package city

import (
	"strings"

	"github.com/google/uuid"
)

// Kind names a sort of record.
type Kind string

// The kinds of record. The set only grows: kinds are on the wire.
const (
	KindCity      Kind = "city"           // the city itself: name, calendar, districts
	KindService   Kind = "service"        // something residents can ask for
	KindCrew      Kind = "crew"           // people who go out
	KindStaff     Kind = "staff"          // a person at a desk
	KindNotice    Kind = "notice"         // what residents of a part of the city are told
	KindRequest   Kind = "request"        // public face of a request
	KindWork      Kind = "request.work"   // crew and office face of a request
	KindPerson    Kind = "request.person" // the resident behind a request
	KindWorkOrder Kind = "workorder"      // a job for a crew
	KindVisit     Kind = "visit"          // one stay of a crew at a job
	KindNote      Kind = "note"           // something somebody wrote down
	KindPhoto     Kind = "photo"          // a photo and what it shows
	KindReview    Kind = "review"         // a decision that only a person can take
)

// ID identifies a record within its kind. Records that people make have a
// UUIDv7; configured ones (services, crews) have a short name.
type ID string

// MutationID is a UUIDv7, made when the person acts. It is the idempotency key
// of the act for ever.
type MutationID string

// DeviceID identifies an enrolled device; OfficeDevice stands for the console.
type DeviceID string

// OfficeDevice is the device of acts that staff do in the browser.
const OfficeDevice DeviceID = "office"

// CityID is the id of the one city record.
const CityID ID = "city"

// NewID makes an id for a record.
func NewID() ID { return ID(uuid.Must(uuid.NewV7()).String()) }

// NewMutationID makes the id of an act.
func NewMutationID() MutationID { return MutationID(uuid.Must(uuid.NewV7()).String()) }

// derivedID makes an id that follows from its parts alone, so that a replay
// makes the same record again.
func derivedID(parts ...string) ID {
	return ID(uuid.NewSHA1(uuid.NameSpaceOID, []byte(strings.Join(parts, "\x00"))).String())
}

// Valid tells whether an id is safe to store and to put into an address.
func (id ID) Valid() bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}

// Valid tells whether m is a UUID in its usual form.
func (m MutationID) Valid() bool {
	u, err := uuid.Parse(string(m))
	return err == nil && u.String() == string(m)
}

// Ref names one record.
type Ref struct {
	Kind Kind `json:"kind"`
	ID   ID   `json:"id"`
}

// String is kind/id.
func (r Ref) String() string { return string(r.Kind) + "/" + string(r.ID) }

// ParseRef reads what Ref.String wrote.
func ParseRef(s string) (Ref, bool) {
	kind, id, ok := strings.Cut(s, "/")
	return Ref{Kind(kind), ID(id)}, ok && kind != "" && ID(id).Valid()
}

// FieldRef names one field of one record: kind/id/field.
type FieldRef string

// Field names a field of the record r.
func (r Ref) Field(name string) FieldRef { return FieldRef(r.String() + "/" + name) }

// Split gives the record and the field's name.
func (f FieldRef) Split() (Ref, string, bool) {
	i := strings.LastIndexByte(string(f), '/')
	if i < 0 {
		return Ref{}, "", false
	}
	ref, ok := ParseRef(string(f[:i]))
	return ref, string(f[i+1:]), ok
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Number is the public number of a request, such as "4T7K-92QD". It follows
// from the id, so a restored server never gives it out twice; it has 40 bits.
func (id ID) Number() string {
	u := uuid.NewSHA1(uuid.NameSpaceURL, []byte(id))
	var n uint64
	for _, b := range u[:5] {
		n = n<<8 | uint64(b)
	}
	var out [9]byte
	for i, at := range [...]int{0, 1, 2, 3, 5, 6, 7, 8} {
		out[at] = crockford[n>>(5*(7-i))&31]
	}
	out[4] = '-'
	return string(out[:])
}
