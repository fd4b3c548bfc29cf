package survey

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// builder collects the geography.
type builder struct {
	o      Options
	g      atlas.Geography
	areas  map[string]int // kind and key → its place in g.Areas
	middle atlas.Point    // of the streets; zero before they are read
	points int
	things int
	tables []string // "precinct 1-3" of the tables' lines, for what names no area
	spots  []string // kinds of the landmarks of the present file
}

// full is an error when there is more than an import takes.
func (b *builder) full() error {
	if b.things > b.o.Limits.Features || b.points > b.o.Limits.Points {
		return fmt.Errorf("together the files have more than %d features or %d points", b.o.Limits.Features, b.o.Limits.Points)
	}
	return nil
}

// center takes the median of the streets' first points. Streets that lie far from
// it show that somebody's coordinates are wrong, but not whose: they stay.
func (b *builder) center() {
	var lats, lons []int32
	for _, s := range b.g.Streets {
		lats, lons = append(lats, s.Line[0].Lat), append(lons, s.Line[0].Lon)
	}
	if len(lats) == 0 {
		return
	}
	slices.Sort(lats)
	slices.Sort(lons)
	b.middle = atlas.Point{Lat: lats[len(lats)/2], Lon: lons[len(lons)/2]}
}

// farDegrees is how far from its streets a city may reach.
const farDegrees = 1

func (b *builder) far(f feature) bool {
	if b.middle == (atlas.Point{}) || len(f.shape.lines) == 0 {
		return false
	}
	p := f.shape.lines[0][0]
	return math.Abs(float64(p.Lat)-float64(b.middle.Lat)) > farDegrees*1e7 || math.Abs(float64(p.Lon)-float64(b.middle.Lon)) > farDegrees*1e7
}

// fileDay is the day on which a file was written.
func (b *builder) fileDay(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return info.ModTime().UTC().Format(time.DateOnly), nil
}

// edited is the day of a feature's last edit, if it tells one that is not ahead.
func (b *builder) edited(f feature) string {
	newest := ""
	for name, value := range f.values {
		if name = letters(name); name != "editdate" && name != "lastediteddate" && name != "lasteditdate" && name != "updated" && name != "modified" {
			continue
		}
		day := ""
		if ms, err := strconv.ParseInt(value, 10, 64); err == nil && ms > 1e11 {
			day = time.UnixMilli(ms).UTC().Format(time.DateOnly)
		} else if t, err := time.Parse(time.DateOnly, value[:min(len(value), 10)]); err == nil {
			day = t.Format(time.DateOnly)
		}
		if day <= b.o.Now.Format(time.DateOnly) {
			newest = max(newest, day)
		}
	}
	return newest
}

// kinds are what a file's day is the day of.
func (b *builder) kinds(l *layer) []string {
	switch l.sort {
	case "streets":
		return []string{"street"}
	case "addresses":
		return []string{"address"}
	case "polling":
		return []string{atlas.SortPolling}
	case "facts", "dates":
		return []string{l.sort + " " + l.kind}
	case "landmark":
		out := slices.Clone(b.spots)
		b.spots = nil
		return out
	}
	return []string{l.kind}
}

// take adds one feature; f.wrong says afterwards why it was not.
func (b *builder) take(l *layer, f *feature, columns []string) {
	if f.id == "" {
		f.id = f.values[l.fields["key"]]
	}
	switch l.sort {
	case "streets":
		b.street(l, f)
	case "addresses":
		b.house(l, f)
	case "area":
		b.area(l, f)
	case "landmark", "polling", "asset":
		b.spot(l, f)
	case "facts":
		b.facts(l, f, columns)
	case "dates":
		b.dates(l, f)
	}
	b.things++
	for _, line := range f.shape.lines {
		b.points += len(line)
	}
}

func (l *layer) value(f *feature, what string) string { return f.values[l.fields[what]] }

// key is what an area is called in all files alike.
func (l *layer) key(f *feature) string {
	key := l.value(f, "key")
	if key == "" {
		key = l.value(f, "name")
	}
	if l.kind == atlas.AreaDistrict {
		return slug(key)
	}
	return key
}

// slug makes an id of a name.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	out := strings.Join(words, "-")
	return out[:min(len(out), 64)]
}

func (b *builder) area(l *layer, f *feature) {
	rings := f.rings()
	if f.wrong != "" {
		return
	}
	a := atlas.Area{Kind: l.kind, Key: l.key(f), Name: l.value(f, "name"), Rings: rings}
	named := l.kind != atlas.AreaPark && l.kind != atlas.AreaWater && l.kind != atlas.AreaBuilding && l.kind != atlas.AreaCity
	switch {
	case named && a.Key == "":
		f.wrong = "it has neither key nor name"
		return
	case l.kind == atlas.AreaDistrict && !city.ID(a.Key).Valid():
		f.wrong = fmt.Sprintf("its key %q makes no id", l.value(f, "key"))
		return
	}
	if l.fields["key"] == "" && !named {
		a.Key = ""
	}
	if a.Name == "" && named {
		a.Name = l.value(f, "key")
	}
	if at, ok := b.areas[l.kind+" "+a.Key]; ok && named {
		b.g.Areas[at].Rings = append(b.g.Areas[at].Rings, a.Rings...) // an area in several pieces
		return
	}
	b.areas[l.kind+" "+a.Key] = len(b.g.Areas)
	b.g.Areas = append(b.g.Areas, a)
}

func (b *builder) spot(l *layer, f *feature) {
	s := atlas.Spot{Sort: l.sort, Kind: l.kind, Key: l.value(f, "key"), Name: l.value(f, "name"), Address: l.value(f, "address"),
		Note: l.value(f, "note"), Phone: l.value(f, "phone"), Also: listed(l.value(f, "also")), At: f.point(l)}
	if f.wrong != "" {
		return
	}
	if l.sort == atlas.SortLandmark {
		s.Kind = cmp.Or(slug(l.value(f, "kind")), l.kind)
		if !slices.Contains(b.spots, s.Kind) {
			b.spots = append(b.spots, s.Kind)
		}
	}
	if l.sort == atlas.SortPolling {
		s.Kind = atlas.SortPolling
	}
	if s.Name == "" && l.sort != atlas.SortAsset {
		f.wrong = "it has no name"
		return
	}
	b.g.Spots = append(b.g.Spots, s)
}

// listed takes several names in one attribute apart.
func listed(names string) []string {
	var out []string
	for _, n := range strings.FieldsFunc(names, func(r rune) bool { return r == ';' || r == '|' }) {
		if n = strings.TrimSpace(n); n != "" {
			out = append(out, n)
		}
	}
	return out
}

// finish tells of tables whose areas are not there, and lets parks be found.
func (b *builder) finish(report *Report) {
	absent := map[string]bool{}
	for _, t := range b.tables {
		if _, ok := b.areas[t]; !ok {
			absent[t] = true
		}
	}
	for i := range report.Files {
		f := &report.Files[i]
		if f.Sort != "facts" && f.Sort != "dates" {
			continue
		}
		for t := range absent {
			if kind, key, _ := strings.Cut(t, " "); kind == f.Kind {
				f.note(0, key, "no area has this key")
			}
		}
		slices.SortFunc(f.Notes, func(a, b Note) int {
			return cmp.Or(a.Feature-b.Feature, strings.Compare(a.ID, b.ID), strings.Compare(a.What, b.What))
		})
	}
	known := map[string]bool{}
	for _, a := range b.g.Areas {
		if a.Kind != atlas.AreaPark || a.Name == "" || known[a.Name] {
			continue
		}
		known[a.Name] = true
		b.g.Spots = append(b.g.Spots, atlas.Spot{Sort: atlas.SortLandmark, Kind: atlas.AreaPark, Name: a.Name, At: atlas.Within(a.Rings)})
	}
}
