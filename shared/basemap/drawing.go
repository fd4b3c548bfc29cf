package basemap

import (
	"context"

	"cityhall/shared/atlas"
	"cityhall/shared/look"
)

// drawing is one tile while it is made.
type drawing struct {
	brush    *brush
	tile     look.MapTile
	ink      look.MapInk
	contrast bool
	outlined bool    // the city has an outline; all is land where it has none
	scale    float64 // pixels of the picture for one at scale 1
	world    float64 // the side of the world in pixels at scale 1
	origin   point   // the tile's corner in those pixels
	window   box     // the tile in the world
}

// pixel is where a point of the world is on the picture.
func (d *drawing) pixel(p point) point { return d.placed(p.times(d.world)) }

// placed is where a pixel of the world at scale 1 is on the picture.
func (d *drawing) placed(p point) point { return p.minus(d.origin).times(d.scale) }

func (d *drawing) pixels(line []point) []point {
	out := make([]point, len(line))
	for i, p := range line {
		out[i] = d.pixel(p)
	}
	return out
}

// around is the tile and so many pixels beyond it, in the world.
func (d *drawing) around(pixels float64) box { return d.window.grown(pixels / d.world) }

// Buildings are drawn from this zoom on.
const buildingsFrom = 15

func (d *drawing) grounds(ctx context.Context, a *atlas.Atlas) error {
	highest := atlas.LevelWater
	if d.tile.Z >= buildingsFrom && !d.contrast {
		highest = atlas.LevelBuilding
	}
	grounds, err := a.Grounds(ctx, d.around(2).bounds(), atlas.LevelCity, highest)
	if err != nil {
		return err
	}
	d.brush.ground(d.ink.Outside)
	if !d.outlined {
		d.brush.ground(d.ink.Land)
	}
	var walls [][]point
	for _, g := range grounds {
		rings := d.rings(g)
		if g.Level == atlas.LevelBuilding {
			d.brush.area(rings)
			walls = append(walls, rings...)
			continue
		}
		d.brush.area(rings)
		switch g.Level {
		case atlas.LevelCity:
			d.brush.fill(d.ink.Land)
		case atlas.LevelPark:
			d.brush.fill(d.ink.Park)
		case atlas.LevelWater:
			d.brush.fill(d.ink.Water)
		}
		if d.ink.Shore.A > 0 && g.Level == atlas.LevelWater {
			for _, r := range rings {
				d.brush.loop(r, 1.5*d.scale)
			}
			d.brush.fill(d.ink.Shore)
		}
	}
	d.brush.fill(d.ink.Building)
	if d.tile.Z >= buildingsFrom+1 {
		for _, r := range walls {
			d.brush.loop(r, 0.8*d.scale)
		}
		d.brush.fill(d.ink.Wall)
	}
	return nil
}

// rings are an area's outlines on the picture, without what nobody sees.
func (d *drawing) rings(g atlas.Ground) [][]point {
	var out [][]point
	for _, r := range g.Rings {
		if ring := thinned(d.pixels(projectAll(r)), 0.35*d.scale); len(ring) > 2 {
			out = append(out, ring)
		}
	}
	return out
}

// streets are drawn edge first and the lesser ones first, so that they run into
// each other. Main roads lie on top.
func (d *drawing) streets(r *roads) {
	var seen [3][][]point
	near := d.around(40)
	for i := range r.all {
		s := &r.all[i]
		if s.box.touches(near) && streetWidth(s.class, d.tile.Z, d.contrast) > 0 {
			seen[s.class] = append(seen[s.class], thinned(d.pixels(s.line), 0.25*d.scale))
		}
	}
	for _, edge := range []bool{true, false} {
		for class := len(seen) - 1; class >= 0; class-- {
			width, c := streetWidth(class, d.tile.Z, d.contrast), d.ink.Street[class]
			if edge {
				beyond := casing(class, d.tile.Z)
				if beyond == 0 {
					continue
				}
				width, c = width+2*beyond, d.ink.Casing[class]
			} else if casing(class, d.tile.Z) == 0 && !d.contrast {
				// Too thin for an edge, a street has the edge's colour so that it is seen.
				c = d.ink.Casing[class]
				if d.tile.Theme == look.MapDark {
					c = d.ink.Street[class]
				}
			}
			for _, line := range seen[class] {
				d.brush.line(line, width*d.scale, true)
			}
			d.brush.fill(c)
		}
	}
}

// border is the city's outline, in dashes.
func (d *drawing) border(ctx context.Context, a *atlas.Atlas) error {
	cities, err := a.Grounds(ctx, d.around(4).bounds(), atlas.LevelCity, atlas.LevelCity)
	if err != nil {
		return err
	}
	width := 1.2
	if d.tile.Z >= 14 || d.contrast {
		width = 1.8
	}
	for _, c := range cities {
		for _, r := range c.Rings {
			ring := projectAll(r)
			// Dashes are counted along the whole ring, so that they meet at the tile's edge.
			line := thinned(d.pixels(append(ring, ring[0])), 0.5*d.scale)
			d.brush.dashes(line, width*d.scale, 7*d.scale, 4*d.scale)
		}
	}
	d.brush.fill(d.ink.Border)
	return nil
}
