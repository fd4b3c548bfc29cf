package protocol

import "cityhall/shared/city"

// MaxSalvage and MaxSalvageBody bound one salvage; a record is at most
// MaxEnvelope. MaxSalvaged is how many records the city keeps of one device.
const (
	MaxSalvage     = 200
	MaxSalvageBody = 4 << 20 // bytes, decompressed
	MaxSalvaged    = 20_000
)

// Held is a line of a salvage: a record as the device has it of a history that a
// restore has ended.
type Held struct {
	city.Ref
	Parent  city.ID                    `json:"parent,omitempty"`
	Seq     int64                      `json:"seq"`
	Fields  city.Fields                `json:"fields"`
	Writers map[string]city.MutationID `json:"writers"`
}

// SalvageReply answers a salvage.
type SalvageReply struct {
	Kept  int `json:"kept"`  // records that rest on acts which the city does not have
	Known int `json:"known"` // and that do not, or that were brought before
}
