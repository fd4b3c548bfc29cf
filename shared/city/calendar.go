package city

import (
	"slices"
	"sync"
	"time"
	_ "time/tzdata" // a device without time zones would promise another day
)

// Promise is how long a request may take. Zero days promise nothing.
type Promise struct {
	Days    int  `json:"days"`
	Working bool `json:"working"` // count working days only
}

// Calendar says when the city works. Days are counted in the city's time zone.
type Calendar struct {
	// Weekdays that are worked, 0 = Sunday. Empty means Monday to Friday.
	Weekdays []int `json:"weekdays,omitempty"`
	// Holidays as 2006-01-02.
	Holidays []string `json:"holidays,omitempty"`
	// Closes is the hour at which a day ends for promises; 0 means 17.
	Closes int `json:"closes,omitempty"`
}

// Works tells whether the city works on t's day, in t's own time zone.
func (c Calendar) Works(t time.Time) bool {
	if slices.Contains(c.Holidays, t.Format(time.DateOnly)) {
		return false
	}
	if len(c.Weekdays) == 0 {
		return t.Weekday() != time.Sunday && t.Weekday() != time.Saturday
	}
	return slices.Contains(c.Weekdays, int(t.Weekday()))
}

// Due gives the end of the day by which a promise made at from is to be kept;
// zero when nothing is promised. A day during which the request waited for
// somebody outside the city does not count: give those stretches as pauses.
func (c Calendar) Due(from time.Time, p Promise, zone *time.Location, pauses ...Pause) time.Time {
	if p.Days == 0 {
		return time.Time{}
	}
	closes := c.Closes
	if closes == 0 {
		closes = 17
	}
	// Noon is there on every day, whatever the clocks do at night.
	local := from.In(zone)
	day := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, zone)
	for left := p.Days; left > 0; {
		day = day.AddDate(0, 0, 1)
		counts := !p.Working || c.works(day)
		for _, w := range pauses {
			counts = counts && !w.covers(day)
		}
		if counts {
			left--
		}
	}
	return time.Date(day.Year(), day.Month(), day.Day(), closes, 0, 0, 0, zone)
}

// works is Works, but a calendar on which no day is ever worked counts them all
// rather than searching for ever.
func (c Calendar) works(t time.Time) bool {
	if len(c.Weekdays) > 0 && !slices.ContainsFunc(c.Weekdays, func(d int) bool { return d >= 0 && d <= 6 }) {
		return true
	}
	return c.Works(t)
}

func (c Calendar) check() error {
	for _, d := range c.Weekdays {
		if d < 0 || d > 6 {
			return fail(CodeInvalid, "settings.calendar.weekdays", "0 is Sunday, 6 Saturday")
		}
	}
	for _, h := range c.Holidays {
		if _, err := time.Parse(time.DateOnly, h); err != nil {
			return fail(CodeInvalid, "settings.calendar.holidays", "a day is written 2006-01-02")
		}
	}
	if c.Closes < 0 || c.Closes > 23 {
		return fail(CodeInvalid, "settings.calendar.closes", "an hour from 0 to 23")
	}
	return nil
}

// Pause is a stretch during which a request waited for somebody outside the city.
type Pause struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

func (p Pause) covers(day time.Time) bool {
	y, m, d := day.Date()
	start := time.Date(y, m, d, 0, 0, 0, 0, day.Location())
	return p.From.Before(start.AddDate(0, 0, 1)) && p.To.After(start)
}

// Zone gives the city's time zone, UTC when its name is unknown.
func (s Settings) Zone() *time.Location {
	if zone, ok := zones.Load(s.TimeZone); ok {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return time.UTC
	}
	zones.Store(s.TimeZone, zone)
	return zone
}

// zones are those that were asked for, by name: a few hundred exist, and finding
// one reads a file, which a list with a date in each row would do for each.
var zones sync.Map
