package basemap

import (
	"context"
	"slices"
	"strings"
)

// Name is a name that stands on the map.
type Name struct{ l label }

// Names are those of one zoom.
func (m *Map) Names(ctx context.Context, zoom int, contrast bool) ([]Name, error) {
	_, p, err := m.names(ctx, zoom, contrast)
	if err != nil {
		return nil, err
	}
	var out []Name
	for _, l := range p.labels {
		out = append(out, Name{l})
	}
	return out, nil
}

// Text is what is written.
func (n Name) Text() string { return strings.Join(n.l.lines, " ") }

// Touches tells whether two names collide.
func (n Name) Touches(o Name) bool {
	return slices.ContainsFunc(n.l.boxes, func(r rect) bool { return slices.ContainsFunc(o.l.boxes, r.touches) })
}
