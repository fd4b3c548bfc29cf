package survey

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// mappingName is the mapping's file in the folder.
const mappingName = "geography.map"

// layer is one file and what is in it.
type layer struct {
	sort    string // streets, addresses, area …
	kind    string // of areas, landmarks, assets and tables
	file    string
	fields  map[string]string // what for → attribute
	asOf    string
	guessed bool
}

// sorts are the words that begin a line, in the order in which files are read,
// and whether a kind follows.
var sorts = []struct {
	name   string
	kind   bool
	fields []string
}{
	{"streets", false, []string{"name", "also", "left", "right", "class"}},
	{"addresses", false, []string{"number", "street", "suffix", "address", "lat", "lon"}},
	{"area", true, []string{"key", "name"}},
	{"landmark", true, []string{"name", "also", "address", "note", "phone", "kind", "lat", "lon"}},
	{"polling", false, []string{"key", "name", "address", "note", "lat", "lon"}},
	{"asset", true, []string{"key", "name", "lat", "lon"}},
	{"facts", true, []string{"key"}},
	{"dates", true, []string{"key", "what", "rule", "side", "holidays"}},
	{"skip", false, nil},
}

func rank(sort string) int {
	for i, s := range sorts {
		if s.name == sort {
			return i
		}
	}
	return -1
}

var word = regexp.MustCompile(`(?:[^\s"]|"[^"]*")+`)

var kindName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,30}$`)

const (
	maxMappingLine  = 4000
	maxMappingLines = 1000
)

// readMapping reads geography.map. Lines that begin with # are remarks.
func readMapping(r io.Reader) ([]layer, error) {
	var out []layer
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, maxMappingLine)
	number := 0
	for scan.Scan() {
		number++
		text := strings.TrimSpace(scan.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		l, err := readLayer(text)
		if err == nil && slices.ContainsFunc(out, func(o layer) bool { return o.file == l.file && (l.sort == "skip" || o.sort == "skip") }) {
			err = fmt.Errorf("the file %s is both skipped and used", l.file)
		}
		if err == nil && number > maxMappingLines {
			err = fmt.Errorf("more than %d lines", maxMappingLines)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", mappingName, number, err)
		}
		out = append(out, l)
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("%s, line %d: %w", mappingName, number+1, err)
	}
	return out, nil
}

func readLayer(text string) (layer, error) {
	words := word.FindAllString(text, -1)
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], `"`, "")
	}
	at := rank(words[0])
	if at < 0 {
		return layer{}, fmt.Errorf("%q is no sort of file", words[0])
	}
	l := layer{sort: words[0], fields: map[string]string{}}
	words = words[1:]
	if sorts[at].kind {
		if len(words) == 0 || !kindName.MatchString(words[0]) {
			return l, fmt.Errorf("%s wants a kind in small letters", l.sort)
		}
		l.kind, words = words[0], words[1:]
	}
	if len(words) == 0 || strings.ContainsAny(words[0], `/\`) || words[0] == ".." {
		return l, fmt.Errorf("%s wants the name of a file of this folder", l.sort)
	}
	l.file, words = words[0], words[1:]
	for _, w := range words {
		what, name, ok := strings.Cut(w, "=")
		switch {
		case what == "asof" && ok:
			if _, err := time.Parse(time.DateOnly, name); err != nil {
				return l, fmt.Errorf("asof=%s: a day is written 2006-01-02", name)
			}
			l.asOf = name
		case !ok || name == "" || !slices.Contains(sorts[at].fields, what):
			return l, fmt.Errorf("%q is no attribute of %s: %s", w, l.sort, strings.Join(sorts[at].fields, ", "))
		default:
			l.fields[what] = name
		}
	}
	return l, nil
}
