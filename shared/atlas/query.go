package atlas

import (
	"slices"
	"strings"
)

// query is what somebody typed, taken apart.
type query struct {
	words  []string // as they stand, for places with a number in their name
	street []string // without the house number
	kind   string   // "street" for "calle": the type that a Spanish word asks for
	number int      // 0 when there is none
	extra  []string // after a comma: town, state, ZIP; they decide nothing
}

const (
	maxQueryBytes = 300
	maxQueryWords = 10
)

func parse(text string) query {
	text = strings.ToValidUTF8(text[:min(len(text), maxQueryBytes)], "")
	head, rest, _ := strings.Cut(text, ",")
	var q query
	if len(split(head)) == 0 {
		head, rest = rest, ""
	} else if _, ok := houseNumber(strings.Join(split(rest), " ")); ok || len(split(head)) == 1 && allDigits(strings.TrimSpace(head)) {
		head, rest = head+" "+rest, "" // "Calle Elm, 12" and "12, Elm Street"
	}
	q.extra = split(rest)
	all := split(head)
	for _, w := range all {
		if slices.Contains(unitWords, w) || strings.HasPrefix(w, "#") {
			if len(q.words) > 0 {
				break // what follows is inside the building
			}
			continue
		}
		if kind, ok := spanishTypes[w]; ok && q.kind == "" && len(all) > 1 {
			q.kind = kind
		}
		if len(q.words) < maxQueryWords && !slices.Contains(fillers, w) {
			q.words = append(q.words, w)
		}
	}
	if len(q.words) == 0 {
		for _, w := range all {
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

// crossings are what people put between two streets.
var crossings = []string{"&", "@", "/", " and ", " at ", " y ", " con ", " esquina ", " corner of ", " intersection of "}

// corner takes "Elm St at 5th" apart; false when it is not of that form.
func corner(text string) (query, query, bool) {
	low := strings.ToLower(strings.ToValidUTF8(text[:min(len(text), maxQueryBytes)], ""))
	for _, between := range crossings {
		one, two, ok := strings.Cut(low, between)
		if !ok {
			continue
		}
		a, b := parse(one), parse(two)
		if len(a.words) == 0 || len(b.words) == 0 {
			continue
		}
		return a, b, true
	}
	return query{}, query{}, false
}

// houseNumber reads "120" and "120b".
func houseNumber(w string) (int, bool) {
	n := 0
	for i, r := range w {
		if r < '0' || r > '9' {
			return n, n > 0 && i == len(w)-1 && r >= 'a' && r <= 'z'
		}
		if n = n*10 + int(r-'0'); n > 999_999 {
			return 0, false
		}
	}
	return n, n > 0
}

func allDigits(w string) bool {
	return w != "" && strings.Trim(w, "0123456789") == ""
}
