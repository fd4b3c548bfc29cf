package load

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Day is how busy each hour of a city's day is, the busiest one 1.
type Day [24]float64

// OneDay is an ordinary city's: quiet at night, busiest in the middle of the
// morning, another rise after lunch.
var OneDay = Day{.04, .04, .03, .02, .02, .03, .12, .44, .67, .79, 1, .87, .69, .73, .60, .50, .45, .36, .35, .24, .15, .12, .10, .05}

// At is the rate at a place between 0 and 1 of the day.
func (d Day) At(place float64) float64 {
	return d[min(len(d)-1, max(0, int(place*float64(len(d)))))]
}

// openedAs is how 311 exports write the time of a report.
const openedAs = "01/02/2006 03:04:05 PM"

// ReadDay counts the hours of a CSV export of reports, whose column OPEN_DT has
// times such as 01/31/2015 04:05:06 PM.
func ReadDay(from io.Reader) (Day, error) {
	var d Day
	r := csv.NewReader(from)
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return d, fmt.Errorf("read the day: %w", err)
	}
	column := slices.Index(head, "OPEN_DT")
	if column < 0 {
		return d, errors.New("read the day: there is no column OPEN_DT")
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return d, fmt.Errorf("read the day: %w", err)
		}
		if column >= len(row) {
			continue
		}
		if at, err := time.Parse(openedAs, row[column]); err == nil { // exports have empty and broken ones
			d[at.Hour()]++
		}
	}
	most := slices.Max(d[:])
	if most == 0 {
		return d, errors.New("read the day: no time in it")
	}
	for i := range d {
		d[i] /= most
	}
	return d, nil
}
