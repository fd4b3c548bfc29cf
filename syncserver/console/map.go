package console

import (
	"bytes"
	"errors"
	"net/http"
	"regexp"

	"cityhall/shared/city"
	"cityhall/syncserver/tiles"
)

// What a picture of a place shows, in pixels of a screen with large ones.
const mapWide, mapHigh = 400, 240

// mapped tells whether there is a picture of a place.
func (v *call) mapped(p city.Place) bool { return v.Map != nil && p.OnMap() && v.Map.There(v.ctx) }

var mapName = regexp.MustCompile(`^(light|dark|contrast)(@2x)?\.png$`)

// mapPicture is the map around a request's place, for who may see the request.
func (v *call) mapPicture() {
	name := mapName.FindStringSubmatch(v.g.Param("picture"))
	id := city.ID(v.g.Param("id"))
	if name == nil || !id.Valid() || v.Map == nil {
		v.notFound()
		return
	}
	c, ok, err := v.read.Case(v.ctx, v.staff, id)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	if !ok {
		v.notFound()
		return
	}
	theme, _ := tiles.Theme(name[1])
	scale := 1
	if name[2] != "" {
		scale = 2
	}
	raw, err := v.Map.Still(v.ctx, c.Work.Place, mapWide, mapHigh, scale, theme)
	switch {
	case errors.Is(err, tiles.ErrNoMap):
		v.notFound()
	case errors.Is(err, tiles.ErrBusy):
		v.g.Header("Retry-After", "5")
		v.g.Status(http.StatusServiceUnavailable)
	case err != nil:
		v.broken(v.g, err)
	default:
		v.picture("image/png", "private, max-age=300", bytes.NewReader(raw))
	}
}
