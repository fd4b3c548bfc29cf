package position

import (
	"encoding/json"
	"math"
)

// report is what is used of gpsd's time-position-velocity report. Numbers that
// gpsd does not know are absent.
type report struct {
	Class string   `json:"class"`
	Mode  int      `json:"mode"` // 2 knows where, 3 also how high
	Lat   *float64 `json:"lat"`
	Lon   *float64 `json:"lon"`
	EPH   float64  `json:"eph"` // metres; older ones of gpsd say only the next two
	EPX   float64  `json:"epx"`
	EPY   float64  `json:"epy"`
}

// read takes a fix from a line of gpsd; false when the line holds none.
func read(line []byte) (Fix, bool) {
	var t report
	if json.Unmarshal(line, &t) != nil || t.Class != "TPV" || t.Mode < 2 || t.Lat == nil || t.Lon == nil {
		return Fix{}, false
	}
	if math.Abs(*t.Lat) > 90 || math.Abs(*t.Lon) > 180 || *t.Lat == 0 && *t.Lon == 0 {
		return Fix{}, false // a receiver that starts may stand in the Gulf of Guinea
	}
	within := t.EPH
	if within <= 0 {
		within = math.Hypot(max(0, t.EPX), max(0, t.EPY))
	}
	return Fix{Lat: int32(math.Round(*t.Lat * 1e7)), Lon: int32(math.Round(*t.Lon * 1e7)), Within: within}, true
}
