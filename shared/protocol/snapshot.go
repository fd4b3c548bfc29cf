package protocol

import (
	"time"

	"cityhall/shared/city"
)

// Limits of snapshots and of waiting for news.
const (
	MaxPart      = 8 << 20  // bytes of one part of a snapshot
	MaxPartPlain = 64 << 20 // bytes of a part, decompressed
	MaxManifest  = 4 << 20  // bytes of a manifest
	// SnapshotLife is how long the parts of a snapshot can be fetched.
	SnapshotLife = 24 * time.Hour
	// MaxWait is the longest that a request for news may wait.
	MaxWait = 60 * time.Second
	// MaxLive is how many live connections a device may hold; the newest win.
	MaxLive = 4
)

// PartType is the content type of a part: NDJSON, compressed by zstd.
const PartType = "application/x-ndjson+zstd"

// Manifest names the parts of a snapshot: the state at Seq of all records that
// the device may see, but for those that come by pull under Cursor.
type Manifest struct {
	Epoch   string    `json:"epoch"`
	Seq     int64     `json:"seq"`
	Chain   Hash      `json:"h"` // chain hash at Seq
	Expires time.Time `json:"expires"`
	Parts   []Part    `json:"parts"`
	Cursor  string    `json:"cursor"` // to pull with, once all parts are in
}

// Part is a stretch of a snapshot. It never changes.
type Part struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"` // as it travels, compressed
	Rows   int    `json:"rows"`  // frames in it
}

// Due is what a cursor of a snapshot still owes the device before the log goes
// on: first persons, then records of the device's own scope, then echoes.
type Due struct {
	Step  DueStep  `json:"n"`
	After city.Ref `json:"r,omitzero"` // of the last record that was delivered
	Echo  int64    `json:"e,omitempty"`
}

// DueStep is how far what is due has come.
type DueStep int

// The steps, in order.
const (
	DuePersons DueStep = iota + 1
	DueOwn
	DueEchoes
)
