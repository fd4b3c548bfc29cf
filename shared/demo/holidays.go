package demo

import (
	"slices"
	"time"
)

// holidays lists the days on which City Hall is closed: 2026 and 2027, and the
// years around now that requests and promises can reach into.
func holidays(now time.Time) []string {
	years := []int{2026, 2027}
	for y := now.Year() - 2; y <= now.Year()+1; y++ {
		if !slices.Contains(years, y) {
			years = append(years, y)
		}
	}
	slices.Sort(years)
	var out []string
	for _, y := range years {
		thanksgiving := nth(y, time.November, time.Thursday, 4)
		days := []time.Time{
			observed(y, time.January, 1),
			nth(y, time.January, time.Monday, 3),
			nth(y, time.February, time.Monday, 3),
			nth(y, time.June, time.Monday, 1).AddDate(0, 0, -7), // the last Monday of May
			observed(y, time.June, 19),
			observed(y, time.July, 4),
			nth(y, time.September, time.Monday, 1),
			nth(y, time.October, time.Friday, 1), // Ferry Day, the city's own
			observed(y, time.November, 11),
			thanksgiving,
			thanksgiving.AddDate(0, 0, 1),
			observed(y, time.December, 25),
		}
		for _, d := range days {
			out = append(out, d.Format(time.DateOnly))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// nth is the nth such weekday of a month.
func nth(year int, month time.Month, day time.Weekday, n int) time.Time {
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	ahead := (int(day) - int(first.Weekday()) + 7) % 7
	return first.AddDate(0, 0, ahead+7*(n-1))
}

// observed moves a holiday on a weekend to the working day beside it.
func observed(year int, month time.Month, day int) time.Time {
	d := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	switch d.Weekday() {
	case time.Saturday:
		return d.AddDate(0, 0, -1)
	case time.Sunday:
		return d.AddDate(0, 0, 1)
	}
	return d
}
