package protocol

import "cityhall/shared/city"

// MaxClaims and MaxReconcile bound one reconcile.
const (
	MaxClaims    = 5000
	MaxReconcile = 1 << 20 // bytes, decompressed
)

// Claim is a line of a reconcile: an act that the device holds. Who cannot name
// an act's content learns nothing about it.
type Claim struct {
	Mutation city.MutationID `json:"mutation"`
	Content  Hash            `json:"content"`
}

// Known is a line of the answer: an act that the city has, or the end.
type Known struct {
	Ack *Ack       `json:"ack,omitempty"`
	End *Confirmed `json:"end,omitempty"`
}

// Confirmed closes a reconcile: the answer holds for the history that the cursor
// is of. An act above Seq is known, but a pull from the cursor has yet to echo it.
type Confirmed struct {
	Cursor string `json:"cursor"` // the request's
	Epoch  string `json:"epoch"`
	Seq    int64  `json:"seq"`   // the cursor's
	Count  int    `json:"count"` // acts before this line
}
