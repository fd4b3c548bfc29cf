package survey

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"cityhall/shared/atlas"
)

// feature is one thing of a file: a feature of GeoJSON or a line of a table.
type feature struct {
	number int
	id     string
	values map[string]string
	shape  geometry
	wrong  string // what is wrong with its geometry; empty when it is usable
	mended string
}

// geometry is points, lines or rings, whichever the kind of feature has.
type geometry struct {
	kind  string
	lines [][]atlas.Point // of points: lines of one
}

type rawFeature struct {
	Type       string                     `json:"type"`
	ID         json.RawMessage            `json:"id"`
	Properties map[string]json.RawMessage `json:"properties"`
	Geometry   *struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
}

// errStop ends a reading that has seen enough.
var errStop = errors.New("enough")

var (
	errCut       = errors.New("the file ends in the middle: it was cut off")
	errNoFeature = errors.New("it is no GeoJSON FeatureCollection")
	errSystem    = errors.New("its coordinates are not WGS 84 degrees (EPSG:4326); export it again in that system")
)

// readGeoJSON calls each with every feature. Errors are about the feature after
// the last one given, or about the file when there is none.
func readGeoJSON(s *source, each func(feature) error) (read int, err error) {
	d := json.NewDecoder(s)
	defer func() {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			err = errCut
		}
	}()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		if err == nil {
			err = errNoFeature
		}
		return 0, err
	}
	found := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return read, err
		}
		switch key {
		case "features":
			found = true
			if read, err = readFeatures(d, s, each); err != nil {
				return read, err
			}
		case "crs":
			var crs json.RawMessage
			if err := d.Decode(&crs); err != nil {
				return read, err
			}
			if known := string(crs); known != "null" && !strings.Contains(known, "CRS84") && !strings.Contains(known, "4326") {
				return read, errSystem
			}
		default:
			var other json.RawMessage
			if err := d.Decode(&other); err != nil {
				return read, err
			}
		}
		s.budget.fill()
	}
	if _, err := d.Token(); err != nil {
		return read, err
	}
	if !found {
		return read, errNoFeature
	}
	return read, nil
}

func readFeatures(d *json.Decoder, s *source, each func(feature) error) (read int, err error) {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		if err == nil {
			err = errNoFeature
		}
		return 0, err
	}
	for d.More() {
		s.budget.fill()
		var raw rawFeature
		if err := d.Decode(&raw); err != nil {
			var wrong *json.UnmarshalTypeError
			if !errors.As(err, &wrong) {
				return read, err
			}
			read++
			if err := each(feature{number: read, wrong: "it is no GeoJSON feature: " + wrong.Field}); err != nil {
				return read, err
			}
			continue
		}
		read++
		if err := each(raw.feature(read)); err != nil {
			return read - 1, err
		}
	}
	_, err = d.Token()
	return read, err
}

func (raw rawFeature) feature(number int) feature {
	f := feature{number: number, values: make(map[string]string, len(raw.Properties))}
	if len(raw.ID) > 0 {
		f.id = scalar(raw.ID)
	}
	for name, value := range raw.Properties {
		if text := scalar(value); text != "" {
			f.values[name] = text
		}
	}
	if raw.Geometry == nil {
		f.wrong = "it has no geometry"
		return f
	}
	f.shape.kind = raw.Geometry.Type
	f.wrong = f.shape.read(raw.Geometry.Coordinates)
	return f
}

// scalar is a JSON value as text; lists and objects are none.
func scalar(raw json.RawMessage) string {
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || string(raw) == "null" {
		return ""
	}
	if raw[0] != '"' {
		if f, err := strconv.ParseFloat(string(raw), 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1e15 {
			return strconv.FormatInt(int64(f), 10)
		}
		return string(raw)
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

// position is longitude and latitude, and whatever follows them.
type position []float64

// read takes coordinates; the answer says what is wrong with them.
func (g *geometry) read(raw json.RawMessage) string {
	var parts [][]position
	var err error
	switch g.kind {
	case "Point":
		var p position
		err = json.Unmarshal(raw, &p)
		parts = [][]position{{p}}
	case "MultiPoint", "LineString":
		var line []position
		err = json.Unmarshal(raw, &line)
		parts = [][]position{line}
	case "MultiLineString", "Polygon":
		err = json.Unmarshal(raw, &parts)
	case "MultiPolygon":
		var all [][][]position
		err = json.Unmarshal(raw, &all)
		for _, polygon := range all {
			parts = append(parts, polygon...)
		}
	default:
		return fmt.Sprintf("its geometry is a %q", g.kind)
	}
	if err != nil {
		return "its coordinates are no list of positions"
	}
	for _, part := range parts {
		line := make([]atlas.Point, 0, len(part))
		for _, p := range part {
			at, wrong := p.point()
			if wrong != "" {
				return wrong
			}
			if n := len(line); n == 0 || line[n-1] != at {
				line = append(line, at)
			}
		}
		if len(line) > 0 {
			g.lines = append(g.lines, line)
		}
	}
	if len(g.lines) == 0 {
		return "its geometry is empty"
	}
	return ""
}

const notDegrees = "its coordinates are no degrees (they look like metres of Web Mercator or a state plane)"

func (p position) point() (atlas.Point, string) {
	if len(p) < 2 {
		return atlas.Point{}, "its geometry is empty"
	}
	if math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90 {
		return atlas.Point{}, notDegrees
	}
	at := atlas.Point{Lat: int32(math.Round(p[1] * 1e7)), Lon: int32(math.Round(p[0] * 1e7))}
	if at == (atlas.Point{}) {
		return at, "it lies at 0°, 0°"
	}
	return at, ""
}

// rings are the outlines of a polygon: closed by themselves, holes too.
func (f *feature) rings() [][]atlas.Point {
	if f.shape.kind != "Polygon" && f.shape.kind != "MultiPolygon" {
		f.wrong = "it is a " + f.shape.kind + ", not a polygon"
		return nil
	}
	var out [][]atlas.Point
	for _, ring := range f.shape.lines {
		if n := len(ring); n > 1 && ring[0] == ring[n-1] {
			ring = ring[:n-1]
		} else {
			f.mended = "its outline was not closed"
		}
		if len(ring) < 3 {
			f.mended = "an outline of fewer than three points was left out"
			continue
		}
		out = append(out, ring)
	}
	if len(out) == 0 {
		f.wrong = "its outline has fewer than three points"
	}
	return out
}

// at is the feature's one point.
func (f *feature) at() atlas.Point {
	if f.shape.kind != "Point" {
		f.wrong = "it is a " + f.shape.kind + ", not a point"
		return atlas.Point{}
	}
	return f.shape.lines[0][0]
}
