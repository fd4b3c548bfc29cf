package survey

import (
	"slices"
	"strings"
)

// guesses say what a file is by words of its name; the first one counts.
var guesses = []struct{ word, sort, kind string }{
	{"centerline", "streets", ""}, {"centreline", "streets", ""}, {"addresspoint", "addresses", ""}, {"masteraddress", "addresses", ""},
	{"polling", "polling", ""}, {"sweeping", "area", "sweeping"}, {"recycling", "area", "collection"}, {"collection", "area", "collection"},
	{"trash", "area", "collection"}, {"refuse", "area", "collection"}, {"snow", "skip", ""}, {"precinct", "area", "precinct"}, {"council", "area", "council"},
	{"ward", "area", "ward"}, {"zip", "area", "zip"}, {"postcode", "area", "zip"}, {"neighborhood", "area", "neighborhood"},
	{"cityboundary", "area", "city"}, {"townboundary", "area", "city"}, {"district", "area", "district"}, {"hydrant", "asset", "hydrant"}, {"streetlight", "asset", "light"},
	{"tree", "asset", "tree"}, {"librar", "landmark", "library"}, {"school", "landmark", "school"}, {"municipalbuilding", "landmark", "building"},
	{"hospital", "landmark", "hospital"}, {"firestation", "landmark", "fire-station"}, {"landmark", "landmark", "landmark"},
	{"openspace", "area", "park"}, {"park", "area", "park"}, {"water", "area", "water"}, {"hydro", "area", "water"},
	{"building", "area", "building"}, {"footprint", "area", "building"}, {"address", "addresses", ""}, {"street", "streets", ""}, {"road", "streets", ""},
}

// letters are a name without what people put between words.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

// guessLayer says what a file is by its name; false when it says nothing.
func guessLayer(file string) (layer, bool) {
	for _, g := range guesses {
		name := letters(file)
		if g.word == "tree" { // not every street
			name = strings.ReplaceAll(name, "street", "")
		}
		if strings.Contains(name, g.word) {
			return layer{sort: g.sort, kind: g.kind, file: file, fields: map[string]string{}, guessed: true}, true
		}
	}
	return layer{}, false
}

// fieldNames are attributes by what cities call them, the best first.
var fieldNames = map[string][]string{
	"streets name": {"street", "fullname", "label", "streetname", "stname", "roadname", "name"}, "streets also": {"alias", "altname", "alsoknownas"},
	"streets left":     {"lfrom:lto", "lfromadd:ltoadd", "lfadd:ltadd", "fromaddl:toaddl", "leftfrom:leftto", "fraddl:toaddl"},
	"streets right":    {"rfrom:rto", "rfromadd:rtoadd", "rfadd:rtadd", "fromaddr:toaddr", "rightfrom:rightto", "fraddr:toaddr"},
	"streets class":    {"class", "roadclass", "majorroad", "mtfcc", "fclass", "highway"},
	"addresses number": {"number", "housenumber", "stnum", "streetnumber", "addrnum", "streetno", "addno"}, "addresses street": {"street", "fullstreet", "streetname", "stname", "stnamecomplete"},
	"addresses suffix": {"suffix", "numbersuffix", "addnumsuf"}, "addresses address": {"address", "fulladdress", "fulladdr", "addrfull"},
	"key":  {"wardprecinct", "wp", "precinct", "district", "route", "area", "zone", "zipcode", "zip", "ward", "key", "code", "id", "hydrantid", "treeid", "assetid"},
	"name": {"sitename", "name", "location", "title", "label", "district", "wardprecinct", "zipcode"}, "also": {"also", "alias", "othernames"}, "address": {"address", "fulladdress", "siteaddress"},
	"note": {"locationnote", "note", "entrance"}, "phone": {"phone", "telephone"}, "lat": {"lat", "latitude", "y"}, "lon": {"lon", "lng", "long", "longitude", "x"},
	"what": {"what", "service", "material"}, "rule": {"rule", "schedule", "when", "days", "day"}, "side": {"side", "parity"}, "holidays": {"holidays", "holiday"},
}

// guessFields fills in the attributes that the mapping leaves out, from those
// that the file has.
func (l *layer) guessFields(have []string) {
	at := rank(l.sort)
	for _, what := range sorts[at].fields {
		if l.fields[what] != "" || what == "kind" {
			continue
		}
		names := fieldNames[l.sort+" "+what]
		if names == nil {
			names = fieldNames[what]
		}
		for _, name := range names {
			one, two, pair := strings.Cut(name, ":")
			a, b := called(have, one), called(have, two)
			if a == "" || pair && b == "" {
				continue
			}
			l.fields[what] = a
			if pair {
				l.fields[what] = a + ":" + b
			}
			break
		}
	}
}

// called finds an attribute by its letters alone.
func called(have []string, name string) string {
	if i := slices.IndexFunc(have, func(h string) bool { return letters(h) == name }); i >= 0 {
		return have[i]
	}
	return ""
}

// missing names the attributes of the mapping that no feature looked at has.
func (l *layer) missing(have []string) []string {
	var out []string
	for _, what := range sorts[rank(l.sort)].fields {
		for _, name := range strings.Split(l.fields[what], ":") {
			if name != "" && !slices.Contains(have, name) {
				out = append(out, name)
			}
		}
	}
	return out
}
