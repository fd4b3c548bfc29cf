package atlas

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// shortForms are what people write for a word of a name. The index holds both,
// so no form has to be guessed from the other: "St" is Street and Saint.
var shortForms = map[string][]string{
	"street": {"str"}, "saint": {"st"}, "avenue": {"av"}, "road": {"rd"}, "boulevard": {"blvd"},
	"lane": {"ln"}, "court": {"ct"}, "parkway": {"pkwy"}, "highway": {"hwy"}, "trail": {"trl"},
	"place": {"pl"}, "square": {"sq"}, "terrace": {"ter"}, "circle": {"cir"}, "crescent": {"cres"},
	"mount": {"mt"}, "fort": {"ft"}, "doctor": {"dr"}, "drive": {"dr"}, "bridge": {"br"},
	"junior": {"jr"}, "center": {"ctr", "centre"}, "elementary": {"elem"}, "heights": {"hts"},
	"north": {"n"}, "south": {"s"}, "east": {"e"}, "west": {"w"},
	"northeast": {"ne"}, "northwest": {"nw"}, "southeast": {"se"}, "southwest": {"sw"},
	"first": {"1st"}, "second": {"2nd"}, "third": {"3rd"}, "fourth": {"4th"}, "fifth": {"5th"},
	"sixth": {"6th"}, "seventh": {"7th"}, "eighth": {"8th"}, "ninth": {"9th"}, "tenth": {"10th"},
}

// fillers say nothing about which place is meant. They are passed over unless
// nothing else was typed.
var fillers = []string{"the", "of", "at", "on", "and", "calle", "avenida", "de", "del", "la", "las", "el", "los", "en", "y"}

// unitWords begin the part of an address inside a building.
var unitWords = []string{"apt", "apartment", "unit", "suite", "ste", "room", "depto", "departamento", "apto"}

// split cuts text into small letters and digits without accents.
func split(text string) []string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '#':
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// indexWords are the words under which a thing is found, each with its short
// forms.
func indexWords(names ...string) []string {
	var out []string
	for _, name := range names {
		for _, w := range split(name) {
			w = strings.Trim(w, "#")
			out = append(append(out, w), shortForms[w]...)
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(w string) bool { return w == "" })
}

// query is what somebody typed, taken apart.
type query struct {
	words  []string // as they stand, for places with a number in their name
	street []string // without the house number
	number int      // 0 when there is none
}

const maxQueryWords = 10

func parse(text string) query {
	if len(text) > 300 {
		text = text[:300]
	}
	var q query
	for _, w := range split(text) {
		if slices.Contains(unitWords, w) || strings.HasPrefix(w, "#") {
			if len(q.words) > 0 {
				break // what follows is inside the building
			}
			continue
		}
		if len(q.words) < maxQueryWords && !slices.Contains(fillers, w) {
			q.words = append(q.words, w)
		}
	}
	if len(q.words) == 0 {
		for _, w := range split(text) {
			if w = strings.Trim(w, "#"); w != "" && len(q.words) < maxQueryWords {
				q.words = append(q.words, w)
			}
		}
	}
	q.street = q.words
	if len(q.words) < 2 {
		return q
	}
	// The number stands first in English and last in Spanish.
	if n, ok := houseNumber(q.words[0]); ok {
		q.number, q.street = n, q.words[1:]
	} else if n, ok := houseNumber(q.words[len(q.words)-1]); ok {
		q.number, q.street = n, q.words[:len(q.words)-1]
	}
	return q
}

// houseNumber reads "120" and "120b".
func houseNumber(w string) (int, bool) {
	n := 0
	for i, r := range w {
		if r < '0' || r > '9' {
			return n, i > 0 && i == len(w)-1 && r >= 'a' && r <= 'z'
		}
		if n = n*10 + int(r-'0'); n > 999_999 {
			return 0, false
		}
	}
	return n, n > 0
}
