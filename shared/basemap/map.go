package basemap

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"
	"sync"

	"cityhall/shared/atlas"
	"cityhall/shared/look"
)

// Drawer makes tiles. It may be used by several goroutines. A picture is 256
// times Scale pixels square and opaque.
type Drawer interface {
	Draw(ctx context.Context, t look.MapTile) (*image.RGBA, error)
	// Edition is a short text of letters and digits that is another one whenever
	// the pictures are.
	Edition() string
}

// Map draws tiles of a places file. It holds the city's streets in memory, and
// the names' places for the zooms that were looked at last.
type Map struct {
	atlas   *atlas.Atlas
	edition string

	mu    sync.Mutex // guards what follows, and makes one plan at a time
	sheet *sheet
	plans []madePlan // the one used last is the last
}

type madePlan struct {
	zoom     int
	contrast bool
	plan     *plan
}

// mostNames bounds the memory that plans take, to some 40 MiB; a city with more
// at one zoom has one plan at a time.
const mostNames = 100_000

// New draws an atlas, which stays open for as long as the map is used; sha is
// the SHA-256 of its file in hexadecimal.
func New(a *atlas.Atlas, sha string) *Map {
	return &Map{atlas: a, edition: fmt.Sprintf("%.16s-%d", sha, Version)}
}

// Edition names the places file and the version of the drawing.
func (m *Map) Edition() string { return m.edition }

// Extent is what the map shows; false when its file knows of nothing.
func (m *Map) Extent(ctx context.Context) (atlas.Bounds, bool, error) { return m.atlas.Extent(ctx) }

// names gives the city and the plan of a zoom.
func (m *Map) names(ctx context.Context, zoom int, contrast bool) (*sheet, *plan, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sheet == nil {
		s, err := readSheet(ctx, m.atlas)
		if err != nil {
			return nil, nil, err
		}
		m.sheet = s
	}
	made := madePlan{zoom: zoom, contrast: contrast}
	if i := slices.IndexFunc(m.plans, func(o madePlan) bool { return o.zoom == zoom && o.contrast == contrast }); i >= 0 {
		made = m.plans[i]
		m.plans = slices.Delete(m.plans, i, i+1)
	} else {
		made.plan = newPlan(m.atlas, m.sheet, zoom, contrast)
	}
	m.plans = append(m.plans, made)
	names := 0
	for _, o := range m.plans {
		names += len(o.plan.labels)
	}
	for len(m.plans) > 1 && names > mostNames {
		names -= len(m.plans[0].plan.labels)
		m.plans = slices.Delete(m.plans, 0, 1)
	}
	return m.sheet, made.plan, nil
}

// check refuses tiles that there are none of.
func check(t look.MapTile) error {
	if t.Z < 0 || t.Z > 24 || t.X < 0 || t.Y < 0 || t.X >= 1<<t.Z || t.Y >= 1<<t.Z || t.Scale < 1 || t.Scale > 2 {
		return fmt.Errorf("draw tile %d/%d/%d@%d: there is no such tile", t.Z, t.X, t.Y, t.Scale)
	}
	return nil
}

// Draw makes one tile. What lies beyond the city is plain ground.
func (m *Map) Draw(ctx context.Context, t look.MapTile) (*image.RGBA, error) {
	if err := check(t); err != nil {
		return nil, err
	}
	city, names, err := m.names(ctx, t.Z, t.Theme == look.MapContrast)
	if err != nil {
		return nil, fmt.Errorf("draw tile %d/%d/%d: %w", t.Z, t.X, t.Y, err)
	}
	tiles := math.Exp2(float64(t.Z))
	d := &drawing{
		brush: newBrush(256 * t.Scale), tile: t, ink: t.Theme.Ink(), contrast: t.Theme == look.MapContrast, city: city,
		scale: float64(t.Scale), world: 256 * tiles, origin: point{float64(t.X), float64(t.Y)}.times(256),
		window: box{point{float64(t.X), float64(t.Y)}.times(1 / tiles), point{float64(t.X + 1), float64(t.Y + 1)}.times(1 / tiles)},
	}
	for _, layer := range []func() error{
		func() error { return d.grounds(ctx, m.atlas) },
		func() error { d.streets(); return nil },
		func() error { d.border(); return nil },
		func() error { return d.numbers(ctx, m.atlas, names) },
		func() error { d.names(names); return nil },
	} {
		if err := layer(); err != nil {
			return nil, fmt.Errorf("draw tile %d/%d/%d: %w", t.Z, t.X, t.Y, err)
		}
	}
	return d.brush.img, nil
}
