package replica

import (
	"encoding/json"
	"fmt"
	"maps"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// maxOpened bounds how many opened records stay in memory.
const maxOpened = 128

// opening names one state of one record.
type opening struct {
	ref city.Ref
	seq int64
}

// shut is a record's fields as the server sealed them.
type shut struct {
	protocol.Sealed
	W city.MutationID `json:"w"` // wrote the fields that have no writer of their own
}

// shutOf keeps a sealed put as the cache stores it. A record of a person that came
// in clear is not kept at all: that could only be the work of a broken server.
func shutOf(p protocol.Put) (text string, keep bool, err error) {
	if p.Sealed == nil {
		return "", p.Kind != city.KindPerson, nil
	}
	raw, err := json.Marshal(shut{Sealed: *p.Sealed, W: p.W})
	if err != nil {
		return "", false, fmt.Errorf("keep %s: %w", p.Ref, err)
	}
	return string(raw), true, nil
}

// reveal gives a record as it may be read now: a sealed one with its fields while
// the tablet is unlocked, and without them otherwise.
func (r *Replica) reveal(s stored) city.Record {
	id := r.who()
	if s.sealed == "" || id == nil {
		return s.Record
	}
	var from shut
	if json.Unmarshal([]byte(s.sealed), &from) != nil {
		return s.Record
	}
	info := keys.SealRecordInfo(from.Key, string(id.device), string(s.Kind), string(s.ID), s.seq)
	fields := r.vault.open(opening{s.Ref, s.seq}, info, from.Body)
	rec := s.Record
	rec.Fields, rec.Writers = fields, maps.Clone(s.Writers)
	for name := range fields {
		if _, ok := rec.Writers[name]; !ok {
			rec.Writers[name] = from.W
		}
	}
	return rec
}

// open gives the fields, or none when the tablet is locked or has another key by
// now: then the record comes again, sealed to that one.
func (v *vault) open(at opening, info, sealed []byte) city.Fields {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.key == nil {
		return city.Fields{}
	}
	if fields, ok := v.opened[at]; ok {
		return maps.Clone(fields)
	}
	plain, err := v.key.Open(info, sealed)
	var fields city.Fields
	if err != nil || json.Unmarshal(plain, &fields) != nil {
		return city.Fields{}
	}
	if len(v.opened) >= maxOpened {
		clear(v.opened)
	}
	v.opened[at] = fields
	return maps.Clone(fields)
}
