package kiosk

import (
	"time"

	"cityhall/shared/replica"
)

// Connection is how the line is, as a person is told.
type Connection struct {
	Reachable bool
	Unknown   bool      // not tried yet since the start
	Old       bool      // the city is there, but this program is too old to read what is new
	Wrong     bool      // something else than the city answers
	AsOf      time.Time // when the city was last heard; zero for never
}

// Connection says how the line is.
func (k *Kiosk) Connection() Connection {
	return Connection{
		Reachable: k.link.State == replica.LinkOnline,
		Unknown:   k.link.State == replica.LinkUnknown,
		Old:       k.link.State == replica.LinkUpgrade,
		Wrong:     k.link.State == replica.LinkWrongServer,
		AsOf:      k.asOf(),
	}
}

// Full tells that the disk is full. What residents report goes into its last room.
func (k *Kiosk) Full() bool { return k.full }

// lookAtDisk is true when that has changed.
func (k *Kiosk) lookAtDisk() bool {
	sum, err := k.rep.Summary(k.ctx)
	if err != nil {
		k.cfg.Log.Error("read the summary", "err", err)
		return false
	}
	was := k.full
	k.full = sum.Full
	return k.full != was
}

// asOf is when the city was last heard, in its time zone; zero for never.
func (k *Kiosk) asOf() time.Time {
	if k.link.LastSync.IsZero() {
		return time.Time{}
	}
	return k.link.LastSync.In(k.data.settings.Zone())
}
