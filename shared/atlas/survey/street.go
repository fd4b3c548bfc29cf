package survey

import (
	"fmt"
	"strconv"
	"strings"

	"cityhall/shared/atlas"
)

func (b *builder) street(l *layer, f *feature) {
	if f.shape.kind != "LineString" && f.shape.kind != "MultiLineString" {
		f.wrong = "it is a " + f.shape.kind + ", not a line"
		return
	}
	s := atlas.Street{Name: l.value(f, "name"), Also: listed(l.value(f, "also")), Class: class(l.value(f, "class"))}
	if s.Name == "" {
		f.wrong = "it has no name"
		return
	}
	for _, side := range []struct {
		what string
		to   *atlas.Range
	}{{"left", &s.Left}, {"right", &s.Right}} {
		var err error
		if *side.to, err = l.numbers(f, side.what); err != nil {
			f.mended = err.Error()
		}
	}
	taken := 0
	for i, line := range f.shape.lines {
		if len(line) < 2 {
			continue
		}
		part := s
		part.Line = line
		if i > 0 { // which numbers are on which piece is not known
			part.Left, part.Right = atlas.Range{}, atlas.Range{}
			f.mended = "it has several pieces: its numbers are on the first"
		}
		b.g.Streets = append(b.g.Streets, part)
		taken++
	}
	if taken == 0 {
		f.wrong = "its line has no length"
	}
}

// numbers reads the ends of a side. One end that is missing makes the other one
// the only number.
func (l *layer) numbers(f *feature, side string) (atlas.Range, error) {
	one, two, _ := strings.Cut(l.fields[side], ":")
	from, err1 := number(f.values[one])
	to, err2 := number(f.values[two])
	if err1 != nil || err2 != nil {
		return atlas.Range{}, fmt.Errorf("the numbers on its %s are not numbers", side)
	}
	switch {
	case from == 0 && to != 0:
		return atlas.Range{From: to, To: to}, fmt.Errorf("the numbers on its %s have one end", side)
	case from != 0 && to == 0:
		return atlas.Range{From: from, To: from}, fmt.Errorf("the numbers on its %s have one end", side)
	}
	return atlas.Range{From: from, To: to}, nil
}

// number reads a house number; nothing is 0, and so is -1, which some write for it.
func number(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > 999_999 {
		return 0, fmt.Errorf("%q is no house number", text)
	}
	return max(n, 0), nil
}

// class reads how large a road is from what cities write.
func class(text string) int {
	text = strings.ToLower(text)
	switch {
	case text == "1" || text == "s1100" || text == "s1200" || strings.Contains(text, "major") || strings.Contains(text, "arterial") || strings.Contains(text, "primary") || strings.Contains(text, "highway"):
		return 1
	case text == "2" || strings.Contains(text, "secondary") || strings.Contains(text, "collector"):
		return 2
	}
	return 3
}

func (b *builder) house(l *layer, f *feature) {
	h := atlas.House{Street: l.value(f, "street"), Suffix: l.value(f, "suffix"), At: f.point(l)}
	if f.wrong != "" {
		return
	}
	digits := l.value(f, "number")
	if full := l.value(f, "address"); full != "" && (digits == "" || h.Street == "") {
		digits, h.Street, _ = strings.Cut(full, " ")
	}
	h.Street = strings.TrimSpace(h.Street)
	end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		if h.Suffix == "" {
			h.Suffix = strings.TrimSpace(digits[end:])
		}
		digits = digits[:end]
	}
	var err error
	if h.Number, err = number(digits); err != nil || h.Number == 0 || h.Street == "" {
		f.wrong = "it has no number or no street"
		return
	}
	b.g.Houses = append(b.g.Houses, h)
}

// point is where a feature or a line of a table is.
func (f *feature) point(l *layer) atlas.Point {
	if len(f.shape.lines) == 0 {
		f.wrong = "it has no coordinates"
		return atlas.Point{}
	}
	return f.at()
}

func (b *builder) facts(l *layer, f *feature, columns []string) {
	key := l.key(f)
	if key == "" {
		f.wrong = "it names no area"
		return
	}
	b.tables = append(b.tables, l.kind+" "+key)
	for _, c := range columns {
		if v := f.values[c]; v != "" && c != l.fields["key"] {
			b.g.Facts = append(b.g.Facts, atlas.Fact{Kind: l.kind, Key: key, Name: c, Value: v})
		}
	}
}

func (b *builder) dates(l *layer, f *feature) {
	s := atlas.Schedule{Kind: l.kind, Key: l.key(f), What: l.value(f, "what"), Rule: l.value(f, "rule"),
		Side: strings.ToLower(l.value(f, "side")), Holidays: strings.ToLower(l.value(f, "holidays"))}
	if s.Key == "" {
		f.wrong = "it names no area"
		return
	}
	if _, err := atlas.ParseRule(s.Rule); err != nil {
		f.wrong = err.Error()
		return
	}
	if s.Side == "both" {
		s.Side = ""
	}
	switch s.Side {
	case "", "odd", "even":
	default:
		f.wrong = fmt.Sprintf("the side %q is neither odd nor even", s.Side)
		return
	}
	switch s.Holidays {
	case "", atlas.HolidaysKeep, atlas.HolidaysSkip, atlas.HolidaysDay, atlas.HolidaysWeek:
	default:
		f.wrong = fmt.Sprintf("holidays %q are none of keep, skip, day, week", s.Holidays)
		return
	}
	b.tables = append(b.tables, s.Kind+" "+s.Key)
	b.g.Schedules = append(b.g.Schedules, s)
}
