package atlas

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// maxCandidates bounds the work of one keystroke. One letter may begin more
// names than this; the next letter then brings the others.
const maxCandidates = 3000

// hit is a thing that fits, and how well.
type hit struct {
	thing
	number int // of the house asked for
	score  int
}

// compare puts the better hit first; equal ones go by name.
func (h hit) compare(o hit) int {
	return cmp.Or(o.score-h.score, strings.Compare(h.sort(), o.sort()), strings.Compare(h.kind, o.kind))
}

// find gives the things of which every word typed begins a word. The longest
// word, which fits the fewest, looks them up; the others only filter.
func (a *Atlas) find(ctx context.Context, words []string, number int) ([]hit, error) {
	longest := slices.MaxFunc(words, func(x, y string) int { return len(x) - len(y) })
	rows, err := a.db.QueryContext(ctx, `SELECT kind, name, also, address, district, first, last, line FROM thing
		WHERE id IN (SELECT thing FROM word WHERE word >= $1 AND word < $2 LIMIT $3) ORDER BY id`,
		longest, longest+"\U0010ffff", maxCandidates)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var hits []hit
	for rows.Next() {
		h := hit{number: number}
		var line []byte
		if err := rows.Scan(&h.kind, &h.name, &h.also, &h.address, &h.district, &h.first, &h.last, &line); err != nil {
			return nil, err
		}
		if h.line = unpack(line); len(h.line) == 0 {
			continue
		}
		if h.rate(words) {
			hits = append(hits, h)
		}
	}
	return hits, rows.Err()
}

// rate scores how well the thing fits; false when a word fits nothing.
func (h *hit) rate(words []string) bool {
	have := h.words()
	for _, w := range words {
		i, whole := slices.BinarySearch(have, w)
		if !whole && (i == len(have) || !strings.HasPrefix(have[i], w)) {
			return false
		}
		if whole {
			h.score += 4
		}
	}
	name := h.sort()
	switch {
	case name == strings.Join(words, " "):
		h.score += 16
	case strings.HasPrefix(name, words[0]):
		h.score += 8
	}
	if h.number > 0 && h.last > 0 {
		h.score += 2
		if h.number >= h.first && h.number <= h.last {
			h.score += 16
		}
	}
	return true
}
