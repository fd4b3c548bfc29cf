package atlas

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cityhall/shared/city"
)

// What a holiday does to a date.
const (
	HolidaysKeep = "keep" // nothing
	HolidaysSkip = "skip" // the date falls out
	HolidaysDay  = "day"  // a date on a holiday moves to the next day that is none
	HolidaysWeek = "week" // a holiday moves what follows it in its week by a day
)

// Rule says on which days something happens.
type Rule struct {
	days         []time.Weekday // sorted; empty is every day
	nth          []int          // of the month; -1 is the last; empty is every one
	every        int            // weeks, counted from the week of from; 0 and 1 are every week
	from         time.Time
	first, until time.Month // the season, both included; 0 is the whole year
}

var weekdays = map[string]time.Weekday{"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}

var monthNames = map[string]time.Month{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}

var ordinals = map[string]int{"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5}

// short finds a day or month by its first three letters.
func short[T any](names map[string]T, word string) (T, bool) {
	v, ok := names[word[:min(3, len(word))]]
	return v, ok
}

// ParseRule reads what a city writes: "every Monday", "every 2nd and 4th
// Tuesday", "Tuesdays and Fridays", "every other Wednesday from 2026-01-07",
// "last Friday, April to December", "daily". Words that it does not know are
// errors: a wrong date is worse than none.
func ParseRule(text string) (Rule, error) {
	var r Rule
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return c == ' ' || c == ',' || c == '&' || c == ';' || c == '.' })
	other, daily := false, false
	for i := 0; i < len(words); i++ {
		word := words[i]
		if day, err := time.Parse(time.DateOnly, word); err == nil {
			r.from = day
			continue
		}
		if n, ok := ordinals[word]; ok && !(other && n == 2) {
			r.nth = append(r.nth, n)
			continue
		}
		if day, ok := short(weekdays, word); ok && len(word) >= 3 && strings.HasSuffix(strings.TrimSuffix(word, "s"), tail(day.String(), word)) {
			r.days = append(r.days, day)
			continue
		}
		if month, ok := short(monthNames, word); ok && strings.HasPrefix(strings.ToLower(month.String()), word) {
			if r.first == 0 {
				r.first = month
			}
			r.until = month
			continue
		}
		switch word {
		case "every", "and", "of", "the", "month", "each", "from", "on", "to", "through", "until", "in", "starting", "-", "–", "week", "weeks", "weekly":
		case "other", "biweekly":
			other, r.every = true, 2
		case "daily", "day":
			daily = true
		default:
			n, err := strconv.Atoi(word)
			if err != nil || n < 2 || n > 52 || r.every != 0 {
				return Rule{}, fmt.Errorf("the rule %q: the word %q is not understood", text, word)
			}
			r.every = n
		}
	}
	slices.Sort(r.days)
	r.days = slices.Compact(r.days)
	switch {
	case len(r.days) == 0 && !daily || daily && len(r.days)+len(r.nth)+r.every > 0:
		return Rule{}, fmt.Errorf("the rule %q names no day of the week", text)
	case r.every > 1 && r.from.IsZero():
		return Rule{}, fmt.Errorf("the rule %q needs a date to count its weeks from", text)
	case r.every > 1 && len(r.nth) > 0:
		return Rule{}, fmt.Errorf("the rule %q counts weeks in two ways", text)
	}
	return r, nil
}

// tail is what a word must end in to be the day's name, its plural or a short
// form of it: "tue", "tues", "tuesday", "tuesdays".
func tail(day, word string) string {
	name := strings.ToLower(day)
	word = strings.TrimSuffix(word, "s")
	if strings.HasPrefix(name, word) {
		return ""
	}
	return name
}

// falls tells whether the rule names a day, holidays aside.
func (r Rule) falls(day time.Time) bool {
	if len(r.days) > 0 && !slices.Contains(r.days, day.Weekday()) {
		return false
	}
	if r.first != 0 {
		m := day.Month()
		if in := m >= r.first && m <= r.until; r.first <= r.until && !in || r.first > r.until && m < r.first && m > r.until {
			return false
		}
	}
	if !r.from.IsZero() && day.Before(r.from) {
		return false
	}
	if r.every > 1 {
		weeks := int(monday(day).Sub(monday(r.from)).Hours()) / (7 * 24)
		return weeks%r.every == 0
	}
	if len(r.nth) == 0 {
		return true
	}
	last := day.AddDate(0, 0, 7).Month() != day.Month()
	return slices.Contains(r.nth, (day.Day()-1)/7+1) || last && slices.Contains(r.nth, -1)
}

func monday(day time.Time) time.Time { return day.AddDate(0, 0, -(int(day.Weekday())+6)%7) }

// horizon is how many days ahead a date is looked for.
const horizon = 400

// Next is the first date on or after the day of from, in from's own zone, as
// midnight UTC of that date; false when there is none within a year.
func (r Rule) Next(from time.Time, holidays string, calendar city.Calendar) (time.Time, bool) {
	y, m, d := from.Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	closed := func(day time.Time) bool { return slices.Contains(calendar.Holidays, day.Format(time.DateOnly)) }
	var best time.Time
	// A date of last week may have been moved to today or later.
	for day := today.AddDate(0, 0, -7); day.Before(today.AddDate(0, 0, horizon)); day = day.AddDate(0, 0, 1) {
		if !best.IsZero() && day.After(best) {
			break
		}
		if !r.falls(day) {
			continue
		}
		moved, ok := shift(day, holidays, closed)
		if ok && !moved.Before(today) && (best.IsZero() || moved.Before(best)) {
			best = moved
		}
	}
	return best, !best.IsZero()
}

func shift(day time.Time, holidays string, closed func(time.Time) bool) (time.Time, bool) {
	switch holidays {
	case HolidaysSkip:
		return day, !closed(day)
	case HolidaysDay:
		for range 7 {
			if !closed(day) {
				break
			}
			day = day.AddDate(0, 0, 1)
		}
	case HolidaysWeek:
		for look := monday(day); !look.After(day); look = look.AddDate(0, 0, 1) {
			if weekend := look.Weekday() == time.Saturday || look.Weekday() == time.Sunday; closed(look) && !weekend {
				day = day.AddDate(0, 0, 1)
			}
		}
	}
	return day, true
}
