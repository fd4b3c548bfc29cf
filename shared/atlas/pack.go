package atlas

import (
	"encoding/binary"
	"errors"
	"math"
)

// Packed geometry is varints: the number of lines, then for each its number of
// points and every point as the difference from the one before, zigzag, latitude
// first. Neighbours lie some metres apart: two to three bytes a coordinate.

var errPacked = errors.New("geometry is damaged")

func pack(lines ...[]Point) []byte {
	out := binary.AppendUvarint(nil, uint64(len(lines)))
	var last Point
	for _, line := range lines {
		out = binary.AppendUvarint(out, uint64(len(line)))
		for _, p := range line {
			out = binary.AppendVarint(out, int64(p.Lat)-int64(last.Lat))
			out = binary.AppendVarint(out, int64(p.Lon)-int64(last.Lon))
			last = p
		}
	}
	return out
}

// unpack reads what pack wrote. Damaged bytes give an error, whatever they are,
// and never more points than bytes.
func unpack(raw []byte) ([][]Point, error) {
	count, n := binary.Uvarint(raw)
	if n <= 0 || count > uint64(len(raw)) {
		return nil, errPacked
	}
	raw = raw[n:]
	lines := make([][]Point, 0, count)
	var lat, lon int64
	for range count {
		points, n := binary.Uvarint(raw)
		if n <= 0 || points > uint64(len(raw)) {
			return nil, errPacked
		}
		raw = raw[n:]
		line := make([]Point, 0, points)
		for range points {
			north, n := binary.Varint(raw)
			if n <= 0 {
				return nil, errPacked
			}
			east, m := binary.Varint(raw[n:])
			if m <= 0 {
				return nil, errPacked
			}
			raw = raw[n+m:]
			lat, lon = lat+north, lon+east
			if lat < math.MinInt32 || lat > math.MaxInt32 || lon < math.MinInt32 || lon > math.MaxInt32 {
				return nil, errPacked
			}
			line = append(line, Point{int32(lat), int32(lon)})
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// unpackLine reads geometry of exactly one line of two points or more.
func unpackLine(raw []byte) ([]Point, error) {
	lines, err := unpack(raw)
	if err != nil || len(lines) != 1 || len(lines[0]) < 2 {
		return nil, errPacked
	}
	return lines[0], nil
}
