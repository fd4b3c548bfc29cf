package replica

import "time"

// CityTime is the time by the city's clock: the device's own, put right by what the
// city said when it found it wrong. It is for words on the screen. Until the city
// has been heard since the start it is what the device believes, and not sure.
func (r *Replica) CityTime() (now time.Time, sure bool) {
	link := r.Link()
	return r.serverTime(), r.offset.Load() != 0 || !link.LastSync.IsZero() && !link.LastSync.Before(r.started)
}
