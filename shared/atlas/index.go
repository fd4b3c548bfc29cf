package atlas

import (
	"cmp"
	"slices"
	"strings"
)

// entry is a name that can be found: a street's or a landmark's. There are
// thousands of them in a city of fifty thousand houses, so they are held in
// memory: misspellings have to be compared with all of them anyway.
type entry struct {
	street   int    // its row, 0 for a landmark
	spot     int    // the landmark's row
	name     string // as the city writes it
	sort     string // plain
	kind     string // of a street: its type in full, "avenue"
	squashed []string
}

// index finds entries by the beginnings of words.
type index struct {
	entries  []entry
	words    []string // sorted
	postings [][]posting
}

// posting says in which name of an entry a word stands.
type posting struct {
	entry  int32
	minor  bool // a street's type, or a landmark's kind: it names nothing
	spelt  bool // as it stands in the name, not another form of it
	second bool // in another name than the entry's own
}

// add puts an entry in under its name, other names and kind of landmark.
func (x *building) add(e entry, also []string, kind string) {
	id := int32(len(x.entries))
	e.sort = plain(e.name)
	for i, name := range append([]string{e.name}, also...) {
		words := split(name)
		bare := words
		for len(bare) > 1 && e.street > 0 && streetTypes[bare[len(bare)-1]] {
			bare = bare[:len(bare)-1]
		}
		for at, w := range words {
			for _, form := range forms(w, at == 0 && len(words) > 1) {
				x.put(form, posting{entry: id, minor: at >= len(bare), spelt: form == w, second: i > 0})
			}
		}
		full := strings.Fields(plain(name))
		if i == 0 && len(bare) < len(words) {
			e.kind = full[len(full)-1]
		}
		e.squashed = append(e.squashed, strings.Join(bare, ""), strings.Join(words, ""), strings.Join(full, ""), strings.Join(full[:min(len(bare), len(full))], ""))
	}
	for _, w := range split(kind) {
		for _, form := range forms(w, false) {
			x.put(form, posting{entry: id, minor: true, second: true})
		}
	}
	slices.Sort(e.squashed)
	e.squashed = slices.Compact(e.squashed)
	x.entries = append(x.entries, e)
}

// building is an index that is being made.
type building struct {
	entries []entry
	terms   map[string][]posting
}

func (x *building) put(word string, p posting) {
	word = strings.Trim(word, "#")
	if word == "" {
		return
	}
	if x.terms == nil {
		x.terms = map[string][]posting{}
	}
	x.terms[word] = append(x.terms[word], p)
}

func (x *building) done() index {
	out := index{entries: x.entries}
	for w := range x.terms {
		out.words = append(out.words, w)
	}
	slices.Sort(out.words)
	for _, w := range out.words {
		out.postings = append(out.postings, x.terms[w])
	}
	return out
}

// hit is an entry that fits, and how well.
type hit struct {
	entry int
	score int
}

// Scores of a word of a name. A type counts little: "Elm Street" is nearer to
// "Elm Avenue" than to "Oak Street".
const (
	wholeWord  = 12
	wordPrefix = 8
	minorWord  = 4
	wholeName  = 16
	nameStart  = 6
	mistake    = 9 // taken off for each letter that is wrong
)

// find gives the entries in whose names every word typed begins a word, and where
// loose is set, those that are spelt almost so. Best first.
func (x index) find(q []string, kind string, loose bool) []hit {
	if len(q) == 0 {
		return nil
	}
	scores := x.prefixes(q)
	if joined := strings.Join(q, ""); loose && !allDigits(joined) {
		x.almost(q, joined, scores)
	}
	typed := strings.Join(q, " ")
	full := plain(typed)
	hits := make([]hit, 0, len(scores))
	for id, score := range scores {
		e := &x.entries[id]
		switch {
		case e.sort == typed || e.sort == full:
			score += wholeName
		case strings.HasPrefix(e.sort, q[0]):
			score += nameStart
		}
		if kind != "" && e.kind == kind {
			score += minorWord
		}
		if e.street > 0 {
			score++
		}
		hits = append(hits, hit{int(id), score})
	}
	slices.SortFunc(hits, x.compare)
	return hits
}

// compare puts the better hit first; equal ones go by name.
func (x index) compare(a, b hit) int {
	return cmp.Or(b.score-a.score, strings.Compare(x.entries[a.entry].sort, x.entries[b.entry].sort), a.entry-b.entry)
}

// prefixes scores the entries that have every word.
func (x index) prefixes(q []string) map[int32]int {
	var all map[int32]int
	for i, w := range q {
		now := map[int32]int{}
		at, _ := slices.BinarySearch(x.words, w)
		for ; at < len(x.words) && strings.HasPrefix(x.words[at], w); at++ {
			whole := x.words[at] == w
			for _, p := range x.postings[at] {
				before, ok := all[p.entry]
				if i > 0 && !ok {
					continue
				}
				score := wordPrefix
				switch {
				case p.minor:
					score = minorWord - 2
					if whole {
						score = minorWord
					}
				case whole:
					score = wholeWord
				}
				if !p.spelt {
					score--
				}
				if p.second {
					score--
				}
				now[p.entry] = max(now[p.entry], before+score)
			}
		}
		all = now
	}
	return all
}

// almost adds entries whose names differ from what was typed in a letter or two,
// blanks aside: "cambrige", "mtauburn". What was typed may be only their beginning.
func (x index) almost(q []string, joined string, scores map[int32]int) {
	typed := []rune(joined)
	bare := typed
	if last := q[len(q)-1]; len(q) > 1 && streetTypes[last] {
		bare = typed[:len(typed)-len([]rune(last))]
	}
	full := []rune(strings.ReplaceAll(plain(strings.Join(q, " ")), " ", ""))
	kind := ""
	if words := strings.Fields(plain(strings.Join(q, " "))); len(words) > 1 && streetTypes[words[len(words)-1]] {
		kind = words[len(words)-1]
	}
	var row distances
	for id := range x.entries {
		e := &x.entries[id]
		best := -1
		for _, name := range e.squashed {
			for i, try := range [][]rune{full, typed, bare} {
				if i > 0 && len(try) == len(full) && i == 1 && string(try) == string(full) {
					continue
				}
				if score := row.score(try, name); score > best {
					best = score
				}
			}
		}
		if best < 0 {
			continue
		}
		if kind != "" && e.kind == kind {
			best += minorWord
		}
		scores[int32(id)] = max(scores[int32(id)], best)
	}
}
