package atlas

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// sameWords are forms of one word. A name is found under all of them, so that
// no form has to be guessed from what is typed: "St" is Street and Saint.
var sameWords = [][]string{
	{"street", "st", "str"}, {"saint", "st", "san", "santa"}, {"avenue", "ave", "av", "avenida"}, {"road", "rd"}, {"boulevard", "blvd", "bulevar"},
	{"lane", "ln"}, {"court", "ct"}, {"parkway", "pkwy", "pky"}, {"highway", "hwy"}, {"trail", "trl"}, {"place", "pl"},
	{"square", "sq", "plaza"}, {"terrace", "ter", "terr"}, {"circle", "cir"}, {"crescent", "cres"}, {"drive", "dr"}, {"park", "pk", "parque"},
	{"way", "wy"}, {"alley", "aly"}, {"bridge", "br", "puente"}, {"heights", "hts"}, {"turnpike", "tpke"}, {"extension", "ext"},
	{"mount", "mt"}, {"fort", "ft"}, {"doctor", "dr"}, {"reverend", "rev"}, {"junior", "jr"}, {"center", "ctr", "centre", "centro"}, {"elementary", "elem"},
	{"massachusetts", "mass"}, {"north", "n", "norte"}, {"south", "s", "sur"}, {"east", "e", "este"}, {"west", "w", "oeste"},
	{"northeast", "ne"}, {"northwest", "nw"}, {"southeast", "se"}, {"southwest", "sw"},
	{"first", "1st", "1"}, {"second", "2nd", "2"}, {"third", "3rd", "3"}, {"fourth", "4th", "4"}, {"fifth", "5th", "5"},
	{"sixth", "6th", "6"}, {"seventh", "7th", "7"}, {"eighth", "8th", "8"}, {"ninth", "9th", "9"}, {"tenth", "10th", "10"},
	{"library", "biblioteca"}, {"school", "escuela"}, {"hospital", "clinica"}, {"station", "estacion"}, {"fire", "bomberos"},
	{"police", "policia"}, {"cemetery", "cementerio"}, {"church", "iglesia"}, {"market", "mercado"}, {"museum", "museo"}, {"pool", "piscina"},
	{"hydrant", "hidrante"}, {"light", "lamp", "farola", "luminaria"}, {"tree", "arbol"},
}

// groupsOf finds the groups that a word is in.
var groupsOf = func() map[string][][]string {
	out := map[string][][]string{}
	for _, group := range sameWords {
		for _, w := range group {
			out[w] = append(out[w], group)
		}
	}
	return out
}()

// titles come first in a name; the same letters elsewhere are something else.
var titles = map[string]bool{"saint": true, "doctor": true, "mount": true, "fort": true, "reverend": true}

// streetTypes end a street's name. They tell apart, but name nothing.
var streetTypes = func() map[string]bool {
	out := map[string]bool{}
	for _, group := range sameWords {
		switch group[0] {
		case "street", "avenue", "road", "boulevard", "lane", "court", "parkway", "highway", "trail", "place", "square", "terrace",
			"circle", "crescent", "drive", "park", "way", "alley", "turnpike", "extension":
			for _, w := range group {
				out[w] = true
			}
		}
	}
	return out
}()

// spanishTypes stand before the name.
var spanishTypes = map[string]string{"calle": "street", "avenida": "avenue", "avda": "avenue", "camino": "road", "carretera": "road", "bulevar": "boulevard", "paseo": "way", "plaza": "square"}

// forms are the words under which the i-th of n words of a name is found.
func forms(word string, first bool) []string {
	out := []string{word}
	for _, group := range groupsOf[word] {
		if word == group[0] || titles[group[0]] == first || !streetTypes[word] {
			out = append(out, group...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// fillers say nothing about which place is meant. They are passed over unless
// nothing else was typed.
var fillers = []string{"the", "of", "at", "on", "and", "calle", "avenida", "avda", "camino", "bulevar", "de", "del", "la", "las", "el", "los", "en", "y", "numero", "no", "num"}

// unitWords begin the part of an address inside a building.
var unitWords = []string{"apt", "apartment", "unit", "suite", "ste", "room", "depto", "departamento", "apto", "piso", "fl", "floor"}

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

// plain is a name as everybody types it, long forms of what ends it included.
func plain(name string) string {
	words := split(name)
	for i, w := range words {
		for _, group := range groupsOf[w] {
			if titles[group[0]] == (i == 0) && (titles[group[0]] || streetTypes[w] && i == len(words)-1) {
				words[i] = group[0]
				break
			}
		}
	}
	return strings.Join(words, " ")
}
