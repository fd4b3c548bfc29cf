package survey

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
)

// readTable calls each with every line of a CSV file, its columns by their
// names. Commas, semicolons or tabs separate.
func readTable(s *source, each func(feature, []string) error) (read int, err error) {
	text := bufio.NewReader(s)
	head, _ := text.Peek(4096)
	line, _, _ := strings.Cut(string(head), "\n")
	r := csv.NewReader(text)
	for _, c := range ",;\t" {
		if strings.Count(line, string(c)) > strings.Count(line, string(r.Comma)) {
			r.Comma = c
		}
	}
	r.FieldsPerRecord = -1
	names, err := r.Read()
	if errors.Is(err, io.EOF) {
		return 0, errors.New("it is empty")
	}
	if err != nil {
		return 0, err
	}
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	for {
		s.budget.fill()
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return read, nil
		}
		if err != nil {
			return read, err
		}
		read++
		f := feature{number: read, values: make(map[string]string, len(names))}
		for i, cell := range cells[:min(len(cells), len(names))] {
			if cell = strings.TrimSpace(cell); cell != "" {
				f.values[names[i]] = cell
			}
		}
		if len(cells) != len(names) {
			f.wrong = "it has " + strconv.Itoa(len(cells)) + " columns of " + strconv.Itoa(len(names))
		}
		if err := each(f, names); err != nil {
			return read - 1, err
		}
	}
}

// place gives a line of a table the point of its columns.
func (f *feature) place(lat, lon string) {
	y, err1 := strconv.ParseFloat(f.values[lat], 64)
	x, err2 := strconv.ParseFloat(f.values[lon], 64)
	if err1 != nil || err2 != nil || math.IsNaN(x) || math.IsNaN(y) {
		f.wrong = "it has no coordinates"
		return
	}
	at, wrong := position{x, y}.point()
	if wrong != "" {
		f.wrong = wrong
		return
	}
	f.shape.kind, f.shape.lines = "Point", append(f.shape.lines, nil)
	f.shape.lines[0] = append(f.shape.lines[0], at)
}
