package demo

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cityhall/shared/atlas"
)

// published is the day of everything that the city has surveyed of itself.
const published = "2026-10-01"

// mapping is what the city's surveyors call their files and attributes.
const mapping = `# Alder Bend's own geography.
streets streets.geojson name=name also=also left=l_from:l_to right=r_from:r_to class=class asof=` + published + `
area district districts.geojson key=key name=name asof=` + published + `
area precinct precincts.geojson key=key name=name asof=` + published + `
area collection rounds.geojson key=letter name=name asof=` + published + `
area sweeping rounds.geojson key=letter name=name asof=` + published + `
area city city.geojson name=name asof=` + published + `
area water water.geojson name=name asof=` + published + `
area park park.geojson name=name asof=` + published + `
area building building.geojson name=name asof=` + published + `
landmark place landmarks.geojson name=name also=also address=address kind=kind asof=` + published + `
asset hydrant hydrant.geojson key=number asof=` + published + `
asset light light.geojson key=number name=name asof=` + published + `
polling polling.geojson key=key name=name address=address asof=` + published + `
facts precinct officials.csv key=precinct asof=` + published + `
dates collection collection.csv key=letter asof=` + published + `
dates sweeping sweeping.csv key=letter asof=` + published + `
`

// Publish writes the geography as a city does: files in a folder that there is,
// for the importer to read. Officials and rounds are tables beside the outlines.
func Publish(g atlas.Geography, folder string) error {
	p := publisher{folder: folder}
	p.write("geography.map", []byte(mapping))
	var streets, landmarks, precincts, rounded, polling []object
	for _, s := range g.Streets {
		streets = append(streets, thing("LineString", pairs(s.Line), object{"name": s.Name, "also": strings.Join(s.Also, "; "), "class": s.Class,
			"l_from": s.Left.From, "l_to": s.Left.To, "r_from": s.Right.From, "r_to": s.Right.To}))
	}
	assets := map[string][]object{}
	for _, s := range g.Spots {
		if s.Sort == atlas.SortAsset {
			assets[s.Kind] = append(assets[s.Kind], thing("Point", pair(s.At), object{"number": s.Key, "name": s.Name}))
			continue
		}
		landmarks = append(landmarks, thing("Point", pair(s.At), object{"name": s.Name, "also": strings.Join(s.Also, "; "), "kind": s.Kind, "address": s.Address}))
	}
	drawn := map[string][]object{}
	for _, a := range g.Areas {
		drawn[a.Kind] = append(drawn[a.Kind], polygon(a, object{"key": a.Key, "name": a.Name}))
	}
	officials := [][]string{{"precinct", "council_member", "council_phone"}}
	collection, sweeping := [][]string{{"letter", "what", "rule", "holidays"}}, [][]string{{"letter", "rule", "side", "holidays"}}
	for i, r := range rounds {
		a := g.Areas[slices.IndexFunc(g.Areas, func(a atlas.Area) bool { return a.Key == string(r.district) })]
		precincts = append(precincts, polygon(a, object{"key": r.precinct, "name": "Precinct " + r.precinct}))
		rounded = append(rounded, polygon(a, object{"letter": r.letter, "name": "Round " + r.letter}))
		s := g.Spots[slices.IndexFunc(g.Spots, func(s atlas.Spot) bool { return s.Name == r.polls })]
		polling = append(polling, thing("Point", pair(s.At), object{"key": r.precinct, "name": s.Name, "address": s.Address}))
		officials = append(officials, []string{r.precinct, r.council, fmt.Sprintf("+1 207 555 01%02d", 10+i)})
		collection = append(collection, []string{r.letter, "Trash", "every " + r.collect, atlas.HolidaysWeek},
			[]string{r.letter, "Recycling", "every other " + r.collect + " from 2026-01-05", atlas.HolidaysWeek})
		sweeping = append(sweeping, []string{r.letter, r.odd, "odd", atlas.HolidaysSkip},
			[]string{r.letter, strings.NewReplacer("1st and 3rd", "2nd and 4th", "2nd and 4th", "1st and 3rd").Replace(r.odd), "even", atlas.HolidaysSkip})
	}
	p.features("streets", streets)
	p.features("landmarks", landmarks)
	for kind, all := range assets {
		p.features(kind, all)
	}
	p.features("polling", polling)
	p.features("precincts", precincts)
	p.features("rounds", rounded)
	p.features("districts", drawn[atlas.AreaDistrict])
	for _, kind := range []string{atlas.AreaCity, atlas.AreaWater, atlas.AreaPark, atlas.AreaBuilding} {
		p.features(kind, drawn[kind])
	}
	p.table("officials", officials)
	p.table("collection", collection)
	p.table("sweeping", sweeping)
	return p.err
}

type object = map[string]any

func thing(kind string, coordinates any, properties object) object {
	return object{"type": "Feature", "properties": properties, "geometry": object{"type": kind, "coordinates": coordinates}}
}

func polygon(a atlas.Area, properties object) object {
	var rings []any
	for _, r := range a.Rings {
		rings = append(rings, pairs(append(slices.Clone(r), r[0])))
	}
	return thing("Polygon", rings, properties)
}

// pair writes a point as GeoJSON has it: degrees, longitude first.
func pair(p atlas.Point) []json.Number {
	return []json.Number{degrees(p.Lon), degrees(p.Lat)}
}

func degrees(v int32) json.Number { return json.Number(fmt.Sprintf("%.7f", float64(v)/oneDegree)) }

func pairs(line []atlas.Point) [][]json.Number {
	out := make([][]json.Number, len(line))
	for i, p := range line {
		out[i] = pair(p)
	}
	return out
}

// publisher writes files until one fails.
type publisher struct {
	folder string
	err    error
}

func (p *publisher) write(name string, raw []byte) {
	if p.err == nil {
		p.err = os.WriteFile(filepath.Join(p.folder, name), raw, 0o600)
	}
}

func (p *publisher) features(name string, all []object) {
	raw, err := json.Marshal(object{"type": "FeatureCollection", "features": all})
	if err != nil && p.err == nil {
		p.err = err
	}
	p.write(name+".geojson", raw)
}

func (p *publisher) table(name string, lines [][]string) {
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(lines); err != nil && p.err == nil {
		p.err = err
	}
	p.write(name+".csv", b.Bytes())
}
