package atlas

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"cityhall/shared/city"
)

// assets finds hydrants, lights and trees by number. A city has a hundred thousand
// of them, so only numbers are held: the last digits of each one's key.
type assets struct {
	kinds   []string
	numbers []assetNumber // by number, then by row
}

type assetNumber struct {
	number uint32
	spot   int32 // the row
	kind   int16 // of kinds
}

const (
	mostAssetKinds = 256
	mostCompared   = 256 // assets of one number that are looked at
)

func (a *Atlas) loadAssets(ctx context.Context) error {
	err := a.each(ctx, `SELECT id, kind, key FROM spot WHERE sort = $1 ORDER BY id LIMIT $2`, func(rows *sql.Rows) error {
		var n assetNumber
		var kind, key string
		if err := rows.Scan(&n.spot, &kind, &key); err != nil {
			return err
		}
		number, ok := lastNumber(squash(key))
		if !ok {
			return nil
		}
		at := slices.Index(a.assets.kinds, kind)
		if at < 0 {
			if at = len(a.assets.kinds); at == mostAssetKinds {
				return nil
			}
			a.assets.kinds = append(a.assets.kinds, kind)
		}
		n.number, n.kind = number, int16(at)
		a.assets.numbers = append(a.assets.numbers, n)
		return nil
	}, SortAsset, maxEntries)
	slices.SortFunc(a.assets.numbers, func(x, y assetNumber) int {
		return cmp.Or(cmp.Compare(x.number, y.number), cmp.Compare(x.spot, y.spot))
	})
	return err
}

// squash leaves letters and digits: "H-0112" and "h 0112" are one key.
func squash(key string) string { return strings.ReplaceAll(strings.Join(split(key), ""), "#", "") }

// lastNumber reads the digits that end a key; "H-0112" is 112.
func lastNumber(squashed string) (uint32, bool) {
	digits := squashed[len(strings.TrimRight(squashed, "0123456789")):]
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err == nil
}

// besideKinds may stand beside the word that says what an asset is.
var besideKinds = []string{"street", "st", "fire", "asset", "number", "numero", "no", "num", "de", "la", "el"}

// assetQuery is "hydrant 1123" taken apart: the kinds that are meant, all when
// none was named, and the key.
type assetQuery struct {
	kinds []int16
	named bool
	key   string
}

// assetQuery is false when what was typed can be no asset: it has no number, or
// words that are neither its key nor its kind.
func (a *Atlas) assetQuery(text string) (assetQuery, bool) {
	var q assetQuery
	var rest []string
	words := split(strings.ToValidUTF8(text[:min(len(text), maxQueryBytes)], ""))
	for _, w := range words {
		kinds := a.assets.kindsOf(w)
		switch {
		case len(kinds) > 0 && !q.named:
			q.kinds, q.named = kinds, true
		case len(kinds) > 0 || slices.Contains(besideKinds, w):
		default:
			rest = append(rest, w)
		}
	}
	if !q.named && len(rest) < len(words) {
		return q, false // "12 street" is none
	}
	q.key = squash(strings.Join(rest, ""))
	letters := len(strings.Trim(q.key, "0123456789"))
	return q, q.key != "" && letters <= 6 && unicode.IsDigit(rune(q.key[len(q.key)-1]))
}

// kindsOf are the kinds that a word begins, in English or Spanish, one or many.
func (x assets) kindsOf(word string) []int16 {
	if len(word) < 3 || allDigits(word) {
		return nil
	}
	var out []int16
	for i, kind := range x.kinds {
		if slices.ContainsFunc(split(kind), func(k string) bool {
			return slices.ContainsFunc(forms(k, false), func(form string) bool {
				return !slices.Contains(besideKinds, form) && (strings.HasPrefix(form, word) || word == form+"s" || word == form+"es")
			})
		}) {
			out = append(out, int16(i))
		}
	}
	return out
}

// searchAssets finds the assets of a number; first says that they are meant more
// surely than any street: their kind or the letters of their key were typed.
func (a *Atlas) searchAssets(ctx context.Context, text string, limit int) (out []Match, first bool, err error) {
	q, ok := a.assetQuery(text)
	if !ok {
		return nil, false, nil
	}
	number, ok := lastNumber(q.key)
	if !ok {
		return nil, false, nil
	}
	at, _ := slices.BinarySearchFunc(a.assets.numbers, number, func(n assetNumber, want uint32) int { return cmp.Compare(n.number, want) })
	for compared := 0; at < len(a.assets.numbers) && a.assets.numbers[at].number == number && compared < mostCompared && len(out) < limit; at++ {
		n := a.assets.numbers[at]
		if q.named && !slices.Contains(q.kinds, n.kind) {
			continue
		}
		compared++
		s, err := a.asset(ctx, n.spot)
		if err != nil {
			return nil, false, err
		}
		if !allDigits(q.key) && squash(s.Key) != q.key {
			continue
		}
		m, err := a.matchAsset(ctx, s)
		if err != nil {
			return nil, false, err
		}
		out = append(out, m)
	}
	return out, q.named || !allDigits(q.key), nil
}

func (a *Atlas) asset(ctx context.Context, spot int32) (Spot, error) {
	s := Spot{Sort: SortAsset}
	err := a.db.QueryRowContext(ctx, `SELECT kind, key, name, address, note, lat, lon FROM spot WHERE id = $1`, spot).
		Scan(&s.Kind, &s.Key, &s.Name, &s.Address, &s.Note, &s.At.Lat, &s.At.Lon)
	return s, err
}

func (a *Atlas) matchAsset(ctx context.Context, s Spot) (Match, error) {
	m := Match{Kind: KindAsset, Label: s.Title(), Place: city.Place{Lat: s.At.Lat, Lon: s.At.Lon, Landmark: s.Title(), Address: s.Address}}
	if m.Place.Address == "" {
		var err error
		if m.Place.Address, err = a.address(ctx, s.At); err != nil {
			return m, err
		}
	}
	return m, a.settle(ctx, &m, true)
}

// Title is the spot's name, or what it is and its number: "Hydrant H-1123".
func (s Spot) Title() string {
	title := s.Name
	if title == "" && s.Kind != "" {
		first, size := utf8.DecodeRuneInString(s.Kind)
		title = string(unicode.ToUpper(first)) + s.Kind[size:]
	}
	if s.Sort != SortAsset || s.Key == "" || strings.Contains(title, s.Key) {
		return title
	}
	return strings.TrimSpace(title + " " + s.Key)
}

// AssetsNear gives the hydrants, lights and trees within some metres of a point in
// 1e-7 degrees, nearest first, at most limit of them. CROSS keeps SQLite to the boxes.
func (a *Atlas) AssetsNear(ctx context.Context, lat, lon int32, within, limit int) ([]Landmark, error) {
	p := Point{lat, lon}
	b := around(p, float64(within))
	var out []Landmark
	err := a.each(ctx, `SELECT s.kind, s.key, s.name, s.address, s.note, s.lat, s.lon FROM spot_box AS b CROSS JOIN spot AS s ON s.id = b.id
		WHERE b.north >= $1 AND b.east >= $2 AND b.south <= $3 AND b.west <= $4 AND s.sort = $5 ORDER BY s.id LIMIT $6`, func(rows *sql.Rows) error {
		l := Landmark{Spot: Spot{Sort: SortAsset}}
		if err := rows.Scan(&l.Kind, &l.Key, &l.Name, &l.Address, &l.Note, &l.At.Lat, &l.At.Lon); err != nil {
			return err
		}
		if l.Metres = int(math.Round(metres(l.At, p))); l.Metres <= within {
			l.AsOf = a.asOf[l.Kind]
			out = append(out, l)
		}
		return nil
	}, b.south, b.west, b.north, b.east, SortAsset, maxEntries)
	if err != nil {
		return nil, fmt.Errorf("assets near: %w", err)
	}
	slices.SortStableFunc(out, func(x, y Landmark) int { return x.Metres - y.Metres })
	return out[:min(len(out), max(0, limit))], nil
}
