package kiosk

import (
	"reflect"
	"slices"
	"strings"

	"cityhall/shared/atlas"
	"cityhall/shared/basemap"
	"cityhall/shared/city"
)

// cityData is what the city has told everybody. None of it is a resident's.
type cityData struct {
	settings city.Settings
	services []Service
	places   *atlas.Atlas
	ground   ground
	tiles    *basemap.Source // of places; nil where no map is drawn
	loaded   string          // the blob that places was opened from
	drawn    string          // the blob that tiles are of: places, or a map of the city's own
	broken   string          // the blob that could not be opened: it is not tried at every change
}

// Service is a service and its id.
type Service struct {
	ID city.ID
	city.Service
}

func (d *cityData) close() {
	if d.tiles != nil {
		_ = d.tiles.Close() // pictures only
		d.tiles, d.drawn = nil, ""
	}
	if d.places != nil {
		_ = d.places.Close() // read only: nothing is lost
		d.places, d.ground, d.loaded = nil, ground{}, ""
	}
}

// reload reads settings and services; true when they are not what they were.
func (k *Kiosk) reload() bool {
	view, err := k.rep.View(k.ctx)
	if err != nil {
		k.cfg.Log.Error("read the city", "err", err)
		return false
	}
	settings, err := city.LoadSettings(view)
	if err != nil {
		k.cfg.Log.Error("read the settings", "err", err)
		return false
	}
	records, err := k.rep.Records(k.ctx, city.KindService)
	if err != nil {
		k.cfg.Log.Error("read the services", "err", err)
		return false
	}
	services := make([]Service, 0, len(records))
	for _, r := range records {
		s := Service{ID: r.ID}
		if err := r.Into(&s.Service); err != nil {
			k.cfg.Log.Warn("a service of a kind that this version does not know", "id", r.ID, "err", err)
			continue
		}
		if s.Active {
			services = append(services, s)
		}
	}
	same := reflect.DeepEqual(settings, k.data.settings) && reflect.DeepEqual(services, k.data.services)
	k.data.settings, k.data.services = settings, services
	opened := k.openPlaces()
	return k.openTiles() || opened || !same
}

// openPlaces opens the city's places once the replica has fetched them; true when
// they are others than before.
func (k *Kiosk) openPlaces() bool {
	sha := k.data.settings.Places
	if sha == "" {
		k.data.close()
	}
	if sha == "" || sha == k.data.loaded || sha == k.data.broken {
		return false
	}
	path, ok := k.rep.BlobPath(sha)
	if !ok {
		return false
	}
	places, err := atlas.Open(k.ctx, path)
	if err != nil {
		k.cfg.Log.Error("open the places", "err", err)
		k.data.broken = sha
		return false
	}
	k.data.close()
	k.data.places, k.data.loaded = places, sha
	if k.data.ground, err = survey(k.ctx, places, k.cfg.At); err != nil {
		k.cfg.Log.Error("survey the places", "err", err)
	}
	return true
}

// openTiles has the maps drawn of the places, or of a file of the city's own once
// that has come; true when they are others than before.
func (k *Kiosk) openTiles() bool {
	d := &k.data
	sha := d.settings.Map
	path, have := k.rep.BlobPath(sha)
	if !have && sha != "" && d.tiles != nil {
		return false // the one before is shown until the new one is here
	}
	if !have {
		sha = d.loaded
	}
	if k.cfg.Maps == "" || !d.ground.known || sha == d.drawn {
		return false
	}
	if d.tiles != nil {
		_ = d.tiles.Close() // pictures only
	}
	d.tiles = basemap.OpenSource(k.ctx, basemap.New(d.places, d.loaded), path, sha, basemap.Options{Folder: k.cfg.Maps, Log: k.cfg.Log})
	d.drawn = sha
	return true
}

// Tiles are what the maps are drawn of, or nil. Those of another edition of the
// places are others.
func (k *Kiosk) Tiles() *basemap.Source { return k.data.tiles }

// MapCredit is who made the map: the city, unless its own map names somebody else.
func (k *Kiosk) MapCredit() string {
	if k.data.tiles != nil && k.data.tiles.Attribution() != "" {
		return k.data.tiles.Attribution()
	}
	return k.data.settings.Name
}

// service finds a service that is offered.
func (k *Kiosk) service(id city.ID) (Service, bool) {
	for _, s := range k.data.services {
		if s.ID == id {
			return s, true
		}
	}
	return Service{}, false
}

// Offered finds a service that is offered.
func (k *Kiosk) Offered(id city.ID) (Service, bool) { return k.service(id) }

// ServiceName gives a service's name in the person's language, also of one that
// is no longer offered.
func (k *Kiosk) ServiceName(id city.ID) string {
	if s, ok := k.service(id); ok {
		return s.Name.In(k.s.lang)
	}
	view, err := k.rep.View(k.ctx)
	if err != nil {
		return ""
	}
	s, _, err := city.LoadService(view, id)
	if err != nil {
		return ""
	}
	return s.Name.In(k.s.lang)
}

// groups are in this order on every screen; others follow by name.
var groups = []string{"streets", "trees", "waste", "water", "animals", "other"}

// Groups are those that have a service.
func (k *Kiosk) Groups() []string {
	var out []string
	for _, s := range k.data.services {
		if !slices.Contains(out, s.Group) {
			out = append(out, s.Group)
		}
	}
	rank := func(g string) int {
		if i := slices.Index(groups, g); i >= 0 {
			return i
		}
		return len(groups)
	}
	slices.SortFunc(out, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return out
}

// Services are those that match what was typed and the group that was chosen, by
// name in the person's language.
func (k *Kiosk) Services() []Service {
	var out []Service
	for _, s := range k.data.services {
		if (k.s.group == "" || s.Group == k.s.group) && s.Matches(k.s.query, k.s.lang) {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Service) int {
		return strings.Compare(city.Fold(a.Name.In(k.s.lang)), city.Fold(b.Name.In(k.s.lang)))
	})
	return out
}
