package look

import "image/color"

// MapInk names the colours of the map by what is drawn with them. Names are
// read on the ground beside them, with a halo in Halo.
type MapInk struct {
	Outside, Land  color.NRGBA // beyond the city's outline, and within
	Park, Water    color.NRGBA
	Building       color.NRGBA
	Shore          color.NRGBA    // line around parks and water; clear for none
	Wall           color.NRGBA    // line around buildings
	Border         color.NRGBA    // the city's outline
	Street, Casing [3]color.NRGBA // by class: main roads, those between, all others
	Halo           color.NRGBA
	StreetName     color.NRGBA
	PlaceName      color.NRGBA // of landmarks; with Dot
	ParkName       color.NRGBA
	WaterName      color.NRGBA
	DistrictName   color.NRGBA
	Number         color.NRGBA // of a house
	Pin            color.NRGBA // the place that a picture is about; on Halo
	Dot            color.NRGBA
}

// Ink is what a theme's map is drawn with; an unknown theme is drawn light.
func (t MapTheme) Ink() MapInk {
	switch t {
	case MapDark:
		return MapInk{
			Outside: RGB(0x141B23), Land: RGB(0x1C252E), Park: RGB(0x1D3029), Water: RGB(0x12303F), Building: RGB(0x27323D),
			Wall: RGB(0x323E4A), Border: RGB(0x6C7A89),
			Street: [3]color.NRGBA{RGB(0x5A5443), RGB(0x47505A), RGB(0x37424D)}, Casing: [3]color.NRGBA{RGB(0x10171E), RGB(0x10171E), RGB(0x131A22)},
			Halo: RGB(0x161E27), StreetName: RGB(0xD5D8DA), PlaceName: RGB(0xE6E2D8), ParkName: RGB(0x8FC8A0), WaterName: RGB(0x86BBD8),
			DistrictName: RGB(0xA9B4BF), Number: RGB(0x9DA8B3), Dot: RGB(0xF2A541), Pin: RGB(0xFF9C93),
		}
	case MapContrast:
		white := RGB(0xFFFFFF)
		return MapInk{
			Outside: RGB(0x000000), Land: RGB(0x000000), Park: RGB(0x06240F), Water: RGB(0x00203A), Building: RGB(0x1C1C1C),
			Shore: RGB(0x3F8FC0), Wall: RGB(0x6A6A6A), Border: RGB(0xFFD60A),
			Street: [3]color.NRGBA{RGB(0xE8E8E8), RGB(0xA2A2A2), RGB(0x7C7C7C)}, Casing: [3]color.NRGBA{RGB(0x000000), RGB(0x000000), RGB(0x000000)},
			Halo: RGB(0x000000), StreetName: white, PlaceName: RGB(0xFFD60A), ParkName: RGB(0x9CFFB2), WaterName: RGB(0x9AD0FF),
			DistrictName: white, Number: white, Dot: RGB(0xFFD60A), Pin: RGB(0x00E5FF),
		}
	}
	return MapInk{
		Outside: RGB(0xE6E1D6), Land: RGB(0xF4F0E7), Park: RGB(0xD3E6C6), Water: RGB(0xB9DAE9), Building: RGB(0xE4DED1),
		Wall: RGB(0xD3CBBA), Border: RGB(0x9A8FA6),
		Street: [3]color.NRGBA{RGB(0xFCE3B0), RGB(0xFFFFFF), RGB(0xFFFFFF)}, Casing: [3]color.NRGBA{RGB(0xDDBE86), RGB(0xD6CFBF), RGB(0xDDD6C8)},
		Halo: RGB(0xFFFDF8), StreetName: RGB(0x3F4A5E), PlaceName: RGB(0x14213D), ParkName: RGB(0x2C5F34), WaterName: RGB(0x1F5878),
		DistrictName: RGB(0x5A5570), Number: RGB(0x6A655B), Dot: RGB(0x0F6664), Pin: RGB(0xA8201A),
	}
}

// TextPairs lists every name on the map with the grounds that it is read on.
func (i MapInk) TextPairs() []Pair {
	pairs := []Pair{
		{"place on land", i.PlaceName, i.Land}, {"place outside", i.PlaceName, i.Outside}, {"place on building", i.PlaceName, i.Building},
		{"district on land", i.DistrictName, i.Land}, {"park", i.ParkName, i.Park}, {"water", i.WaterName, i.Water},
		{"number on land", i.Number, i.Land}, {"street outside", i.StreetName, i.Outside},
	}
	for _, p := range []Pair{{"street", i.StreetName, i.Halo}, {"place", i.PlaceName, i.Halo}, {"park", i.ParkName, i.Halo},
		{"water", i.WaterName, i.Halo}, {"district", i.DistrictName, i.Halo}, {"number", i.Number, i.Halo}, {"pin", i.Pin, i.Halo}} {
		p.Name += " on its halo"
		pairs = append(pairs, p)
	}
	return pairs
}
