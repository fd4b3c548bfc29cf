package demo

import (
	"fmt"
	"slices"
	"strconv"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// center is City Hall. The city is laid out in metres east and north of it, in
// whole numbers, so that every machine comes to the same coordinates.
var center = atlas.Point{Lat: 463_000_000, Lon: -693_000_000}

// The layout: a plain grid, pushed to the east around the middle, where the
// river Alder makes its bend. The river runs between Front Street and Mill Road.
const (
	reach     = 2200 // metres north and south over which the bend dies away
	bend      = 420  // metres that it pushes the grid at its middle
	perLat    = 111_320
	perLon    = 76_909 // metres of a degree of longitude at this latitude
	oneDegree = 10_000_000
)

// at turns grid metres into a point on the map.
func at(x, y int64) atlas.Point {
	if k := reach*reach - y*y; k > 0 {
		x += bend * (k / 1000) * (k / 1000) / (reach * reach / 1000 * (reach * reach / 1000))
	}
	return atlas.Point{Lat: center.Lat + int32((y)*oneDegree/perLat), Lon: center.Lon + int32((x-bend)*oneDegree/perLon)}
}

// run gives the points of a line of the grid, one every 200 metres or so.
func run(x1, y1, x2, y2 int64) []atlas.Point {
	steps := max(abs(x2-x1), abs(y2-y1))/200 + 1
	var out []atlas.Point
	for i := int64(0); i <= steps; i++ {
		out = append(out, at(x1+(x2-x1)*i/steps, y1+(y2-y1)*i/steps))
	}
	return out
}

func abs(v int64) int64 { return max(v, -v) }

// straight is a street of the grid; a block of 230 metres has a hundred numbers.
type straight struct {
	name           string
	x1, y1, x2, y2 int64
	also           []string
}

func (s straight) street() atlas.Street {
	blocks := max(abs(s.x2-s.x1), abs(s.y2-s.y1)) / 230
	last := int(max(blocks, 1))*100 - 1
	class := 3
	if slices.Contains([]string{"Main Street", "Market Street", "Harlan Street", "Ferry Street", "Mill Road"}, s.name) {
		class = 1
	}
	return atlas.Street{Name: s.name, Also: s.also, Class: class, Left: atlas.Range{From: 1, To: last}, Right: atlas.Range{From: 2, To: last - 1}, Line: run(s.x1, s.y1, s.x2, s.y2)}
}

var straights = []straight{
	// South to north, west of the river.
	{name: "Ridge Road", x1: -2060, y1: -1000, x2: -2060, y2: 1500},
	{name: "Orchard Avenue", x1: -1830, y1: -1500, x2: -1830, y2: 1800},
	{name: "Quince Avenue", x1: -1600, y1: -1500, x2: -1600, y2: 1800},
	{name: "Juniper Avenue", x1: -1370, y1: -1800, x2: -1370, y2: 1800},
	{name: "Hawthorn Avenue", x1: -1140, y1: -1800, x2: -1140, y2: 1800},
	{name: "Linden Avenue", x1: -910, y1: -1800, x2: -910, y2: 1800},
	{name: "Chestnut Avenue", x1: -680, y1: -1800, x2: -680, y2: 1800},
	{name: "Maple Avenue", x1: -450, y1: -1800, x2: -450, y2: 1800},
	{name: "Court Street", x1: -220, y1: -900, x2: -220, y2: 900},
	{name: "Main Street", x1: 0, y1: -1900, x2: 0, y2: 1900, also: []string{"Calle Principal"}},
	{name: "Church Street", x1: 230, y1: -900, x2: 230, y2: 1300},
	{name: "Front Street", x1: 460, y1: -1900, x2: 460, y2: 1900},
	// South to north, east of it.
	{name: "Mill Road", x1: 680, y1: -1800, x2: 680, y2: 1800},
	{name: "Foundry Avenue", x1: 910, y1: -1350, x2: 910, y2: 1350},
	{name: "Carpenter Avenue", x1: 1140, y1: -1350, x2: 1140, y2: 1350},
	{name: "Weaver Avenue", x1: 1370, y1: -1350, x2: 1370, y2: 1350},
	{name: "Depot Avenue", x1: 1600, y1: -1350, x2: 1600, y2: 900},
	{name: "Sparrow Avenue", x1: 1830, y1: -900, x2: 1830, y2: 900},
	{name: "County Line Road", x1: 2060, y1: -1350, x2: 2060, y2: 1350},
	// West to east, over the three bridges.
	{name: "Market Street", x1: -2060, y1: 0, x2: 2060, y2: 0},
	{name: "Harlan Street", x1: -1830, y1: 900, x2: 2060, y2: 900},
	{name: "Ferry Street", x1: -1830, y1: -900, x2: 2060, y2: -900},
	// West to east, as far as the river.
	{name: "North Street", x1: -1830, y1: 1800, x2: 460, y2: 1800},
	{name: "Heron Street", x1: -1370, y1: 1575, x2: 460, y2: 1575},
	{name: "Finch Street", x1: -2060, y1: 1350, x2: 460, y2: 1350},
	{name: "Cedar Street", x1: -2060, y1: 1125, x2: 460, y2: 1125},
	{name: "Birch Street", x1: -1830, y1: 675, x2: 460, y2: 675},
	{name: "School Street", x1: -1140, y1: 450, x2: 460, y2: 450},
	{name: "Library Lane", x1: -220, y1: 225, x2: 230, y2: 225},
	{name: "Baker Street", x1: -910, y1: -225, x2: 460, y2: -225},
	{name: "Cooper Street", x1: -1830, y1: -450, x2: 460, y2: -450},
	{name: "Garden Street", x1: -1830, y1: -675, x2: 460, y2: -675},
	{name: "Willow Street", x1: -1370, y1: -1125, x2: 460, y2: -1125},
	{name: "Meadow Street", x1: -1370, y1: -1350, x2: 460, y2: -1350},
	{name: "Clover Street", x1: -1370, y1: -1575, x2: 460, y2: -1575},
	{name: "South Street", x1: -1370, y1: -1800, x2: 680, y2: -1800},
	// West to east, beyond the river.
	{name: "Quarry Street", x1: 680, y1: 1350, x2: 2060, y2: 1350},
	{name: "Loom Street", x1: 680, y1: 675, x2: 1830, y2: 675},
	{name: "Spindle Street", x1: 680, y1: 450, x2: 1830, y2: 450},
	{name: "Wheelwright Street", x1: 680, y1: 225, x2: 1370, y2: 225},
	{name: "Anvil Street", x1: 680, y1: -225, x2: 1370, y2: -225},
	{name: "Station Street", x1: 680, y1: -450, x2: 2060, y2: -450},
	{name: "Lumber Street", x1: 680, y1: -675, x2: 1830, y2: -675},
	{name: "Kiln Street", x1: 680, y1: -1350, x2: 2060, y2: -1350},
	// And three that keep to no grid.
	{name: "Doctor Amelia Okafor Boulevard", x1: -2060, y1: 225, x2: -910, y2: 450, also: []string{"Dr Okafor Boulevard"}},
	{name: "Peña Court", x1: 1140, y1: 1000, x2: 1370, y2: 1180},
	{name: "Saint Brendan Way", x1: -1140, y1: -450, x2: -680, y2: -900},
}

type mark struct {
	name, kind string
	x, y       int64
	address    string
	also       []string
}

var marks = []mark{
	{"City Hall", "building", 0, 12, "801 Main Street", []string{"Alcaldía", "Ayuntamiento", "Town Hall"}},
	{"Alder Bend Public Library", "library", 40, 240, "57 Library Lane", []string{"Biblioteca Pública", "Main Library"}},
	{"Millside Branch Library", "library", 1150, -215, "199 Anvil Street", []string{"Biblioteca de Millside"}},
	{"Riverside Park", "park", 380, -330, "Front Street at Baker Street", []string{"Parque de la Ribera"}},
	{"Orchard Hill Park", "park", -1720, 560, "Birch Street at Orchard Avenue", []string{"Parque Orchard Hill"}},
	{"Heron Pond", "park", -1250, 1680, "Heron Street", []string{"Laguna de las Garzas"}},
	{"Mill Green", "park", 800, 110, "Market Street at Mill Road", []string{"Plaza del Molino"}},
	{"Meadow Sports Fields", "park", -1000, -1460, "Meadow Street", []string{"Canchas deportivas Meadow"}},
	{"Alder Bend High School", "school", -560, 460, "250 School Street", []string{"Escuela secundaria", "Preparatoria"}},
	{"Linden Elementary School", "school", -900, -560, "515 Linden Avenue", []string{"Escuela primaria Linden"}},
	{"Northgate Elementary School", "school", -560, 1360, "550 Finch Street", []string{"Escuela primaria Northgate"}},
	{"Millside Middle School", "school", 1480, 460, "351 Spindle Street", []string{"Escuela intermedia Millside"}},
	{"Market Bridge", "bridge", 570, 0, "Market Street", []string{"Puente del Mercado"}},
	{"Iron Bridge", "bridge", 570, 900, "Harlan Street", []string{"Puente de Hierro"}},
	{"Ferry Bridge", "bridge", 570, -900, "Ferry Street", []string{"Puente Ferry"}},
	{"Saint Brendan Hospital", "hospital", -930, -700, "120 Saint Brendan Way", []string{"Hospital San Brendan"}},
	{"Fire Station 1", "fire station", -210, -460, "635 Cooper Street", []string{"Estación de Bomberos 1"}},
	{"Fire Station 2", "fire station", 1380, 680, "301 Loom Street", []string{"Estación de Bomberos 2"}},
	{"Alder Bend Depot", "station", 1610, -440, "400 Station Street", []string{"Train station", "Estación de tren"}},
	{"Farmers Market Hall", "market", 120, -12, "930 Market Street", []string{"Mercado de agricultores"}},
	{"Recycling Center", "waste", 1950, -1340, "560 Kiln Street", []string{"Centro de reciclaje", "Transfer station"}},
	{"Orchard Hill Cemetery", "cemetery", -1950, -900, "Ferry Street", []string{"Cementerio"}},
}

type area struct {
	id                     city.ID
	name                   string
	west, south, east, top int64
}

// The districts meet at the river and leave no gap between them.
var areas = []area{
	{"old-town", "Old Town", -800, -790, 570, 790},
	{"northgate", "Northgate", -2300, 790, 570, 2100},
	{"orchard-hill", "Orchard Hill", -2300, -790, -800, 790},
	{"meadows", "The Meadows", -2300, -2100, 570, -790},
	{"millside", "Millside", 570, -110, 2300, 2100},
	{"depot", "Depot", 570, -2100, 2300, -110},
}

func (a area) outline() []atlas.Point {
	out := run(a.west, a.south, a.east, a.south)
	out = append(out, run(a.east, a.south, a.east, a.top)[1:]...)
	out = append(out, run(a.east, a.top, a.west, a.top)[1:]...)
	back := run(a.west, a.top, a.west, a.south)
	return append(out, back[1:len(back)-1]...)
}

func (a area) of(kind, key string) atlas.Area {
	return atlas.Area{Kind: kind, Key: key, Name: a.name, Rings: [][]atlas.Point{a.outline()}}
}

// grounds are drawn on the map. The river runs between Front Street and Mill Road.
var grounds = []struct {
	kind string
	area
}{
	{atlas.AreaCity, area{"", "Alder Bend", -2300, -2100, 2300, 2100}},
	{atlas.AreaWater, area{"", "Alder River", 500, -2100, 640, 2100}},
	{atlas.AreaWater, area{"", "Heron Pond", -1300, 1630, -1190, 1730}},
	{atlas.AreaPark, area{"", "Riverside Park", 300, -420, 450, -240}},
	{atlas.AreaPark, area{"", "Orchard Hill Park", -1820, 470, -1620, 650}},
	{atlas.AreaPark, area{"", "Mill Green", 700, 20, 890, 200}},
	{atlas.AreaPark, area{"", "Meadow Sports Fields", -1120, -1560, -880, -1370}},
	{atlas.AreaBuilding, area{"", "City Hall", -30, 15, 30, 60}},
}

// rounds are when waste is collected and streets are swept; the names are those
// of districts and the letters are what the city's tables call them.
var rounds = []struct {
	district         city.ID
	letter, precinct string
	collect, odd     string
	council, polls   string // of the precinct: who sits for it, and the landmark where it votes
}{
	{"old-town", "A", "1", "Monday", "1st and 3rd Monday, April to November", "Rosa Delgado", "City Hall"},
	{"northgate", "B", "2", "Tuesday", "1st and 3rd Tuesday, April to November", "Henry Osei", "Northgate Elementary School"},
	{"orchard-hill", "C", "3", "Wednesday", "1st and 3rd Wednesday, April to November", "Ingrid Larsen", "Fire Station 1"},
	{"meadows", "D", "4", "Thursday", "1st and 3rd Thursday, April to November", "Marcus Webb", "Linden Elementary School"},
	{"millside", "E", "5", "Friday", "1st and 3rd Friday, April to November", "Linh Tran", "Millside Middle School"},
	{"depot", "F", "6", "Friday", "2nd and 4th Friday, April to November", "Grace Okafor", "Alder Bend Depot"},
}

func geography() atlas.Geography {
	var g atlas.Geography
	for _, a := range areas {
		g.Areas = append(g.Areas, a.of(atlas.AreaDistrict, string(a.id)))
	}
	for _, a := range grounds {
		g.Areas = append(g.Areas, a.of(a.kind, ""))
	}
	for _, s := range straights {
		g.Streets = append(g.Streets, s.street())
	}
	for _, m := range marks {
		g.Spots = append(g.Spots, atlas.Spot{Sort: atlas.SortLandmark, Name: m.name, Also: m.also, Kind: m.kind, At: at(m.x, m.y), Address: m.address})
	}
	g.Spots = append(g.Spots, assets(g.Streets)...)
	return g
}

// assets are a hydrant on every street and lights along it, by numbers as a city
// paints them on.
func assets(streets []atlas.Street) []atlas.Spot {
	var out []atlas.Spot
	for i, s := range streets {
		for house := 21; house <= s.Left.To; house += 100 {
			a := atlas.Spot{Sort: atlas.SortAsset, Kind: "light", Name: "Street light", Key: strconv.Itoa(1000 + len(out))}
			if house%200 == 21 {
				a.Kind, a.Name, a.Key = "hydrant", "", fmt.Sprintf("H-%02d%02d", i+1, house/100+1)
			}
			a.At, _ = s.House(house)
			out = append(out, a)
		}
	}
	return out
}
