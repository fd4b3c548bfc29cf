package basemap

import (
	"context"
	"image/color"

	"cityhall/shared/atlas"
	"cityhall/shared/look"
)

// drawing is one tile while it is made.
type drawing struct {
	brush    *brush
	tile     look.MapTile
	ink      look.MapInk
	contrast bool
	city     *sheet
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
	near := d.around(2)
	var grounds []ground
	for _, g := range d.city.grounds {
		if g.level >= atlas.LevelCity && g.box.touches(near) {
			grounds = append(grounds, g)
		}
	}
	if d.tile.Z >= buildingsFrom && !d.contrast {
		buildings, err := a.Grounds(ctx, near.bounds(), atlas.LevelBuilding, atlas.LevelBuilding)
		if err != nil {
			return err
		}
		for _, b := range buildings {
			grounds = append(grounds, newGround(b))
		}
	}
	d.brush.ground(d.ink.Outside)
	if !d.city.outlined {
		d.brush.ground(d.ink.Land)
	}
	fills := [...]color.NRGBA{atlas.LevelCity: d.ink.Land, atlas.LevelPark: d.ink.Park, atlas.LevelWater: d.ink.Water, atlas.LevelBuilding: d.ink.Building}
	for len(grounds) > 0 {
		// All of a level are one shape: where two meet there is no seam.
		level, edges := grounds[0].level, [][]point(nil)
		for len(grounds) > 0 && grounds[0].level == level {
			rings := d.rings(grounds[0])
			d.brush.area(rings)
			edges = append(edges, rings...)
			grounds = grounds[1:]
		}
		d.brush.fill(fills[level])
		width, edge := 1.5, d.ink.Shore
		if level == atlas.LevelBuilding {
			width, edge = 0.8, d.ink.Wall
		}
		if edge.A == 0 || level < atlas.LevelWater || d.tile.Z <= buildingsFrom && level == atlas.LevelBuilding {
			continue
		}
		for _, r := range edges {
			d.brush.loop(r, width*d.scale)
		}
		d.brush.fill(edge)
	}
	return nil
}

// rings are an area's outlines on the picture, without what nobody sees.
func (d *drawing) rings(g ground) [][]point {
	var out [][]point
	near := d.around(2)
	for i, r := range g.rings {
		if !g.boxes[i].touches(near) {
			continue
		}
		if ring := thinned(d.pixels(r), 0.35*d.scale); len(ring) > 2 {
			out = append(out, ring)
		}
	}
	return out
}

// streets are drawn edge first and the lesser ones first, so that they run into
// each other. Main roads lie on top.
func (d *drawing) streets() {
	var seen [3][][]point
	near := d.around(40)
	for i := range d.city.roads {
		s := &d.city.roads[i]
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

// border is the city's outline, in dashes. They are counted along the whole of
// it, so that they meet at the tiles' edges.
func (d *drawing) border() {
	width := 1.2
	if d.tile.Z >= 14 || d.contrast {
		width = 1.8
	}
	for _, g := range d.city.grounds {
		if g.level != atlas.LevelCity {
			continue
		}
		for i, r := range g.rings {
			if g.boxes[i].touches(d.around(4)) {
				line := d.pixels(append(r[:len(r):len(r)], r[0]))
				d.brush.dashes(line, width*d.scale, 7*d.scale, 4*d.scale)
			}
		}
	}
	d.brush.fill(d.ink.Border)
}
