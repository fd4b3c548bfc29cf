package kiosk

import (
	"time"

	"cityhall/shared/replica"
)

// Connection is how the line is, as a person is told.
type Connection struct {
	Reachable bool
	Unknown   bool      // not tried yet since the start
	AsOf      time.Time // when the city was last heard; zero for never
}

// Connection says how the line is.
func (k *Kiosk) Connection() Connection {
	return Connection{
		Reachable: k.link.State == replica.LinkOnline,
		Unknown:   k.link.State == replica.LinkUnknown,
		AsOf:      k.asOf(),
	}
}

// asOf is when the city was last heard, in its time zone; zero for never.
func (k *Kiosk) asOf() time.Time {
	if k.link.LastSync.IsZero() {
		return time.Time{}
	}
	return k.link.LastSync.In(k.data.settings.Zone())
}
