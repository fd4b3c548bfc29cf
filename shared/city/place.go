package city

// Place says where something is. Coordinates are WGS 84 in units of 1e-7
// degrees, so that they are integers on the wire; both zero means "not on the
// map", which no city is.
type Place struct {
	Lat      int32  `json:"lat,omitempty"`
	Lon      int32  `json:"lon,omitempty"`
	Address  string `json:"address,omitempty"`
	Landmark string `json:"landmark,omitempty"`
	Detail   string `json:"detail,omitempty"` // "behind the bus stop"
	District ID     `json:"district,omitempty"`
}

// OnMap tells whether the place has coordinates.
func (p Place) OnMap() bool { return p.Lat != 0 || p.Lon != 0 }

// Line is the place in a few words.
func (p Place) Line() string {
	switch {
	case p.Address != "":
		return p.Address
	case p.Landmark != "":
		return p.Landmark
	}
	return p.Detail
}

// Rounded gives the place to about 100 m and without what was typed, for what a
// device may keep in clear.
func (p Place) Rounded() Place {
	const step = 10_000 // 1e-3 degrees
	round := func(v int32) int32 {
		if v < 0 { // division cuts towards zero
			return (v - step/2) / step * step
		}
		return (v + step/2) / step * step
	}
	return Place{Lat: round(p.Lat), Lon: round(p.Lon), District: p.District}
}

func (p Place) check() error {
	if p.Lat < -900_000_000 || p.Lat > 900_000_000 {
		return fail(CodeInvalid, "place.lat", "latitude is beyond the poles")
	}
	if p.Lon < -1_800_000_000 || p.Lon > 1_800_000_000 {
		return fail(CodeInvalid, "place.lon", "longitude is beyond 180 degrees")
	}
	for _, w := range [...]struct{ field, words string }{
		{"place.address", p.Address}, {"place.landmark", p.Landmark}, {"place.detail", p.Detail}} {
		if err := checkWords(w.field, w.words, 300); err != nil {
			return err
		}
	}
	if p.District != "" && !p.District.Valid() {
		return fail(CodeInvalid, "place.district", "not an id")
	}
	if p.Line() == "" && !p.OnMap() {
		return fail(CodeRequired, "place", "say where it is")
	}
	return nil
}

func (p Place) tidied() Place {
	p.Address, p.Landmark, p.Detail = tidy(p.Address), tidy(p.Landmark), tidy(p.Detail)
	return p
}
