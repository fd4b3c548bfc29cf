package basemap

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"html"
	"image"
	"image/draw"
	_ "image/jpeg" // what tiles are written in
	_ "image/png"
	"math"
	"regexp"
	"strconv"
	"strings"

	scale "golang.org/x/image/draw"
	_ "golang.org/x/image/webp"

	"cityhall/shared/atlas"
	"cityhall/shared/look"
	"cityhall/shared/sqlite"
)

// ErrOwn means a file that cannot serve as a city's own map; the error around it
// says what is wrong with it.
var ErrOwn = errors.New("not a map that can be shown")

// The bounds of one tile of a file that somebody else made.
const (
	mostTileBytes  = 4 << 20
	mostTilePixels = 1024 // a side
	// mostAbove is how many levels up a missing tile is looked for, to be enlarged.
	mostAbove = 6
)

// Own draws tiles of a city's own map: an MBTiles 1.3 file of pictures (PNG, JPEG
// or WebP). Themes make no difference, its colours are the city's own.
type Own struct {
	db       *sql.DB
	edition  string
	extent   atlas.Bounds
	min, max int
	credit   string
}

// OpenOwn opens a map file for reading; sha is the SHA-256 of it in hexadecimal.
// Errors wrap ErrOwn where the file is none.
func OpenOwn(ctx context.Context, path, sha string) (*Own, error) {
	db, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOwn, err)
	}
	o := &Own{db: db, edition: fmt.Sprintf("%.16s-%d", sha, Version)}
	if err := o.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrOwn, err), db.Close())
	}
	return o, nil
}

// Close ends the reading.
func (o *Own) Close() error { return o.db.Close() }

// Edition names the file and the version of the drawing.
func (o *Own) Edition() string { return o.edition }

// Extent is what the file says that it covers, or else what its tiles cover.
func (o *Own) Extent() atlas.Bounds { return o.extent }

// Attribution is who made the map, as the file says it, without markup; to be
// shown with it.
func (o *Own) Attribution() string { return o.credit }

// Zooms are the levels that the file has tiles of.
func (o *Own) Zooms() (least, most int) { return o.min, o.max }

func (o *Own) load(ctx context.Context) error {
	said := map[string]string{}
	rows, err := o.db.QueryContext(ctx, `SELECT name, coalesce(value, '') FROM metadata LIMIT 200`)
	if err != nil {
		return fmt.Errorf("it has no table of metadata, as MBTiles files have: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return fmt.Errorf("its metadata cannot be read: %w", err)
		}
		said[strings.ToLower(name)] = value
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("its metadata cannot be read: %w", err)
	}
	o.credit = unmarked(said["attribution"])
	if format := strings.ToLower(said["format"]); format == "pbf" || format == "mvt" {
		return errors.New("its tiles are vectors (pbf); export it as pictures, PNG or JPEG")
	}
	var least, most sql.NullInt64
	if err := o.db.QueryRowContext(ctx, `SELECT (SELECT min(zoom_level) FROM tiles), (SELECT max(zoom_level) FROM tiles)`).Scan(&least, &most); err != nil {
		return fmt.Errorf("it has no table of tiles, as MBTiles files have: %w", err)
	}
	if !least.Valid {
		return errors.New("it has no tiles")
	}
	if least.Int64 < 0 || most.Int64 > 24 {
		return fmt.Errorf("its tiles are of zooms %d to %d; a map has 0 to 24", least.Int64, most.Int64)
	}
	o.min, o.max = int(least.Int64), int(most.Int64)
	if o.extent, err = bounds(said["bounds"]); err != nil {
		return err
	}
	if o.extent == (atlas.Bounds{}) {
		o.extent, err = o.covered(ctx)
	}
	return err
}

var markup = regexp.MustCompile(`<[^>]*>`)

// unmarked is a line of plain text of what may be HTML.
func unmarked(text string) string {
	text = strings.Join(strings.Fields(html.UnescapeString(markup.ReplaceAllString(text, ""))), " ")
	if runes := []rune(text); len(runes) > mostCredit {
		return string(runes[:mostCredit-1]) + "…"
	}
	return text
}

// mostCredit bounds a line at the foot of a map.
const mostCredit = 120

// bounds reads "west,south,east,north" in degrees; the whole world, as some
// programs write who do not know, is none.
func bounds(text string) (atlas.Bounds, error) {
	if strings.TrimSpace(text) == "" {
		return atlas.Bounds{}, nil
	}
	var v [4]float64
	parts := strings.Split(text, ",")
	for i := range v {
		if len(parts) != 4 {
			return atlas.Bounds{}, fmt.Errorf("its bounds are %q; they are written west,south,east,north", text)
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(parts[i]), 64)
		if err != nil || math.IsNaN(n) || math.Abs(n) > 180.001 || i%2 == 1 && math.Abs(n) > 90.001 {
			return atlas.Bounds{}, fmt.Errorf("its bounds are %q; they are written west,south,east,north in degrees", text)
		}
		v[i] = max(-180, min(n, 180)) * 1e7
	}
	if v[0] >= v[2] || v[1] >= v[3] || v[2]-v[0] > 350e7 {
		return atlas.Bounds{}, nil
	}
	return atlas.Bounds{West: int32(v[0]), South: int32(v[1]), East: int32(v[2]), North: int32(v[3])}, nil
}

// covered is where the tiles of the nearest level are.
func (o *Own) covered(ctx context.Context) (atlas.Bounds, error) {
	var west, south, east, north float64
	err := o.db.QueryRowContext(ctx, `SELECT min(tile_column), min(tile_row), max(tile_column) + 1, max(tile_row) + 1 FROM tiles WHERE zoom_level = $1`, o.max).
		Scan(&west, &south, &east, &north)
	if err != nil {
		return atlas.Bounds{}, fmt.Errorf("its tiles cannot be read: %w", err)
	}
	n := math.Exp2(float64(o.max))
	return box{point{west / n, 1 - north/n}, point{east / n, 1 - south/n}}.bounds(), nil
}

// Draw gives a tile as the file has it, enlarged from the nearest one above where
// it has none, and plain ground where there is nothing.
func (o *Own) Draw(ctx context.Context, t look.MapTile) (*image.RGBA, error) {
	if err := check(t); err != nil {
		return nil, err
	}
	b := newBrush(256 * t.Scale)
	b.ground(look.MapLight.Ink().Outside)
	for n := max(0, t.Z-o.max); n <= min(mostAbove, t.Z-o.min); n++ {
		up := t.Above(n)
		img, err := o.tile(ctx, up)
		if err != nil {
			return nil, fmt.Errorf("draw tile %d/%d/%d: %w", t.Z, t.X, t.Y, err)
		}
		if img == nil {
			continue
		}
		// The part of it that is asked for.
		parts := 1 << n
		size := img.Bounds().Size()
		x, y := t.X-up.X<<n, t.Y-up.Y<<n
		from := image.Rect(x*size.X/parts, y*size.Y/parts, (x+1)*size.X/parts, (y+1)*size.Y/parts).Add(img.Bounds().Min)
		if from.Dx() == b.img.Rect.Dx() && from.Dy() == b.img.Rect.Dy() {
			draw.Draw(b.img, b.img.Rect, img, from.Min, draw.Over)
		} else {
			scale.ApproxBiLinear.Scale(b.img, b.img.Rect, img, from, draw.Over, nil)
		}
		break
	}
	return b.img, nil
}

// tile reads one of the file's tiles, or nil where it has none.
func (o *Own) tile(ctx context.Context, t look.MapTile) (image.Image, error) {
	var raw []byte
	row := 1<<t.Z - 1 - t.Y // the file counts from the south
	err := o.db.QueryRowContext(ctx, `SELECT tile_data FROM tiles WHERE zoom_level = $1 AND tile_column = $2 AND tile_row = $3 AND length(tile_data) <= $4 LIMIT 1`,
		t.Z, t.X, row, mostTileBytes).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(raw) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeTile(raw)
}

func decodeTile(raw []byte) (image.Image, error) {
	if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		return nil, errors.New("its tiles are compressed vectors (pbf); export it as pictures, PNG or JPEG")
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("a tile is no PNG, JPEG or WebP picture: %w", err)
	}
	if config.Width != config.Height || config.Width < 64 || config.Width > mostTilePixels {
		return nil, fmt.Errorf("a tile has %d×%d pixels (%s); it has to be square, of 64 to %d", config.Width, config.Height, format, mostTilePixels)
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("a tile is damaged: %w", err)
	}
	return img, nil
}

// Check looks at a file more closely than OpenOwn does, before it is given to
// devices: the database is whole, and of each zoom some tiles can be drawn.
func (o *Own) Check(ctx context.Context) error {
	if err := sqlite.Check(ctx, o.db, sqlite.Quick); err != nil {
		return fmt.Errorf("%w: it is damaged: %w", ErrOwn, err)
	}
	for z := o.min; z <= o.max; z++ {
		rows, err := o.db.QueryContext(ctx, `SELECT tile_data FROM tiles WHERE zoom_level = $1 LIMIT 20`, z)
		if err != nil {
			return fmt.Errorf("%w: its tiles cannot be read: %w", ErrOwn, err)
		}
		for rows.Next() {
			var raw []byte
			if err = rows.Scan(&raw); err == nil && len(raw) > mostTileBytes {
				err = fmt.Errorf("a tile has %d bytes of at most %d", len(raw), mostTileBytes)
			}
			if err == nil {
				_, err = decodeTile(raw)
			}
			if err != nil {
				return fmt.Errorf("%w: zoom %d: %w", ErrOwn, z, errors.Join(err, rows.Close()))
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return fmt.Errorf("%w: its tiles cannot be read: %w", ErrOwn, err)
		}
	}
	return nil
}
