package protocol

import (
	"crypto/sha256"
	"strconv"

	"cityhall/shared/city"
)

// Buckets is how many parts a device's records are compared in, MaxVerify the
// bytes of the request.
const (
	Buckets   = 256
	MaxVerify = 64 << 10
)

// Verify says what a device holds at its cursor.
type Verify struct {
	Digests
	From int `json:"from"` // buckets before this one were compared already
}

// Digests stand for any number of records. The digest of a bucket is the bitwise
// sum (xor) of its records' digests, so that no order has to be agreed on.
type Digests struct {
	Buckets []Hash `json:"buckets"`
	// People is of the records of residents: by id and place in the log only, since
	// a device may hold them sealed.
	People Hash `json:"people"`
}

// Repair is a line of the answer: a whole record, or the end.
type Repair struct {
	Put *Put      `json:"put,omitempty"`
	End *Replaced `json:"end,omitempty"`
}

// Replaced closes a comparison: what was put before is all that the device may
// have in these buckets.
type Replaced struct {
	Buckets []int `json:"replaced"`
	Next    int   `json:"next"`             // go on from here; 256 when done
	People  bool  `json:"people,omitempty"` // those differ: build the cache anew
	Count   int   `json:"count"`            // puts before this line
}

// NewDigests are those of no record.
func NewDigests() Digests { return Digests{Buckets: make([]Hash, Buckets)} }

// Bucket is the bucket of a record: the first byte of the SHA-256 of "kind/id".
func Bucket(ref city.Ref) int {
	sum := sha256.Sum256([]byte(ref.String()))
	return int(sum[0])
}

// Add takes a record in. Fields and writers are their canonical texts.
func (d *Digests) Add(ref city.Ref, parent city.ID, seq int64, fields, writers []byte) {
	to := &d.People
	if ref.Kind != city.KindPerson {
		to = &d.Buckets[Bucket(ref)]
	}
	sum := RecordDigest(ref, parent, seq, fields, writers)
	for i := range sum {
		to[i] ^= sum[i]
	}
}

// RecordDigest is the SHA-256 of the canonical {"fields","id","kind","parent",
// "seq","writers"}; of a person it is without fields and writers.
func RecordDigest(ref city.Ref, parent city.ID, seq int64, fields, writers []byte) Hash {
	if ref.Kind == city.KindPerson {
		fields, writers = []byte("{}"), []byte("{}")
	}
	b := make([]byte, 0, len(fields)+len(writers)+256)
	b = append(append(b, `{"fields":`...), fields...)
	b = strconv.AppendQuote(append(b, `,"id":`...), string(ref.ID)) // ids and kinds need no escapes
	b = strconv.AppendQuote(append(b, `,"kind":`...), string(ref.Kind))
	b = strconv.AppendQuote(append(b, `,"parent":`...), string(parent))
	b = strconv.AppendInt(append(b, `,"seq":`...), seq, 10)
	b = append(append(b, `,"writers":`...), writers...)
	return sha256.Sum256(append(b, '}'))
}
