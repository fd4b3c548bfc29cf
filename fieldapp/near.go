package fieldapp

import (
	"slices"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// Asset is a hydrant, a light or a tree.
type Asset = atlas.Landmark

// nearby is the map of what is open around a place.
type nearby struct {
	from   city.Place // where it begins; zero shows all there is
	focus  city.ID    // the request that it is about, or empty
	turn   int        // counts how often it was opened
	assets []Asset
	asked  bool // assets were asked for
}

// How far from the middle of the map assets are shown, and how many.
const (
	assetReach = 250
	mostAssets = 200
)

// OpenNear shows what is open around the tablet, or in the whole city when its
// position is not known.
func (a *App) OpenNear() {
	at := city.Place{}
	if f, known := a.LastKnown(); known {
		at = f.Place()
	} else if p, ok := a.placeInHand(); ok && p.OnMap() {
		at = p
	}
	a.openNear(at, "")
}

// OpenNearJob shows the place of the open job, and what is around it.
func (a *App) OpenNearJob() {
	if a.page != nil && a.page.Place.OnMap() {
		a.openNear(a.page.Place, a.page.Request)
	}
}

// OpenNearFind shows what is around the finding's place.
func (a *App) OpenNearFind() {
	if a.find != nil && a.find.Place.OnMap() {
		a.openNear(a.find.Place, "")
	}
}

func (a *App) openNear(at city.Place, focus city.ID) {
	if !slices.Contains([]Screen{ScreenJobs, ScreenJob, ScreenMore, ScreenFind}, a.Screen()) || a.person.Actor.Kind == "" {
		return
	}
	a.near = nearby{from: at, focus: focus, turn: a.near.turn + 1}
	if a.On(ScreenNear) { // from a job that it led to
		a.page = nil
		a.backTo(ScreenNear)
	} else {
		a.push(ScreenNear)
	}
	a.loadOpen()
}

// NearFrom is where the map begins, the request that it is about, and a number
// that is another one whenever the map is opened.
func (a *App) NearFrom() (at city.Place, focus city.ID, turn int) {
	return a.near.from, a.near.focus, a.near.turn
}

// OpenRequests are all open requests that are on the map; false while they are
// being read.
func (a *App) OpenRequests() ([]Near, bool) { return a.open.all, a.open.loaded }

// ShowAssets shows hydrants, lights and trees around a point in 1e-7 degrees.
func (a *App) ShowAssets(lat, lon int32) {
	if a.atlas == nil || a.Screen() != ScreenNear {
		return
	}
	found, err := a.atlas.AssetsNear(a.ctx, lat, lon, assetReach, mostAssets)
	if err != nil {
		a.fail(err)
		return
	}
	a.near.assets, a.near.asked = found, true
	a.Changed(Same)
}

// NoAssets says in words that there are none where they were asked for, or "".
func (a *App) NoAssets() string {
	if !a.near.asked || len(a.near.assets) > 0 {
		return ""
	}
	return a.T("field.near.no_assets", "metres", assetReach)
}

// Assets are those that were asked for.
func (a *App) Assets() []Asset { return a.near.assets }

// ReportAsset begins a finding about an asset, or moves the one that was begun.
func (a *App) ReportAsset(l Asset) {
	if a.find == nil {
		a.OpenFind()
	} else {
		a.backTo(ScreenFind)
	}
	if a.find != nil && !a.Names(l) {
		a.NameAsset(l)
	}
}

// HasMap tells whether the city's places have come, and something can be shown
// on a map.
func (a *App) HasMap() bool { return a.atlas != nil && a.ground.known }

// ground is the area that the maps are of.
type ground struct {
	bounds atlas.Bounds
	known  bool
}

// Bounds is the area that the maps show: a little more than the city, so that its
// edge is seen for an edge; false without a map.
func (a *App) Bounds() (atlas.Bounds, bool) { return a.ground.bounds, a.ground.known }

// survey reads the bounds from the places that have come.
func (a *App) survey() {
	b, known, err := a.atlas.Extent(a.ctx)
	if err != nil {
		a.cfg.Log.Error("read the city's bounds", "err", err)
	}
	a.ground = ground{b.Wider(), known}
}
