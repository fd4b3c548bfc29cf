package words

import (
	"strings"
	"time"
)

// Day names a day as people do: today, tomorrow, yesterday, "Fri 27 Nov", and
// with the year if it is another. Both times are taken in now's time zone.
func (w *Words) Day(t, now time.Time) string {
	t = t.In(now.Location())
	switch days(t, now) {
	case 0:
		return w.T("common.date.today")
	case 1:
		return w.T("common.date.tomorrow")
	case -1:
		return w.T("common.date.yesterday")
	}
	key := "common.date.day"
	if t.Year() != now.Year() {
		key = "common.date.day_year"
	}
	return w.T(key, w.calendar(t))
}

// DayTime is Day with the time of day: "today 14:05".
func (w *Words) DayTime(t, now time.Time) string {
	return w.Day(t, now) + " " + t.In(now.Location()).Format("15:04")
}

// Exact is the whole date with its time, for a title or a receipt.
func (w *Words) Exact(t time.Time) string { return w.T("common.date.exact", w.calendar(t)) }

// LongDay is the weekday and date in full as people say them: "Friday, November
// 27", with the year if it is another than now's.
func (w *Words) LongDay(t, now time.Time) string {
	if t.Year() != now.Year() {
		return w.FullDate(t)
	}
	return w.T("common.date.long", w.calendar(t))
}

// FullDate is the weekday, the date and the year: "Friday, November 27, 2026".
func (w *Words) FullDate(t time.Time) string { return w.T("common.date.long_year", w.calendar(t)) }

// PlainDate is a date without its weekday: "November 27, 2026".
func (w *Words) PlainDate(t time.Time) string { return w.T("common.date.plain", w.calendar(t)) }

// Ago says how long ago something was: "just now", "5 minutes ago", "2 hours
// ago", and from the day before on the day and time. A time that lies ahead by
// less than a minute is "just now": clocks differ.
func (w *Words) Ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < -time.Minute:
		return w.DayTime(t, now)
	case d < time.Minute:
		return w.T("common.date.just_now")
	case d < time.Hour:
		return w.T("common.date.minutes_ago", "count", int(d/time.Minute))
	case days(t.In(now.Location()), now) == 0:
		return w.T("common.date.hours_ago", "count", int(d/time.Hour))
	}
	return w.DayTime(t, now)
}

// WorkingDays says a promise: "today", "in 1 working day", "in 3 working days".
func (w *Words) WorkingDays(n int) string {
	if n <= 0 {
		return w.T("common.date.today")
	}
	return w.T("common.date.working_days", "count", n)
}

// Duration says how long something took or will take: "45 min", "2 h 10 min", "3 days".
func (w *Words) Duration(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	switch {
	case minutes < 1:
		return w.T("common.date.less_than_minute")
	case minutes < 60:
		return w.T("common.date.minutes", "m", minutes)
	case minutes < 24*60 && minutes%60 == 0:
		return w.T("common.date.hours", "h", minutes/60)
	case minutes < 24*60:
		return w.T("common.date.hours_minutes", "h", minutes/60, "m", minutes%60)
	}
	return w.T("common.date.days", "count", (minutes+12*60)/(24*60))
}

// calendar is the arguments of a date; names of days and months are lists in
// the language's file, separated by spaces.
func (w *Words) calendar(t time.Time) map[string]any {
	pick := func(key string, i int) string {
		if list := strings.Fields(w.T(key)); i < len(list) {
			return list[i]
		}
		return ""
	}
	day, month := int(t.Weekday()), int(t.Month())-1
	return map[string]any{
		"day": t.Day(), "year": t.Year(), "time": t.Format("15:04"),
		"weekday": pick("common.date.weekdays", day), "weekday_short": pick("common.date.weekdays_short", day),
		"month": pick("common.date.months", month), "month_short": pick("common.date.months_short", month),
	}
}

// days counts midnights between two times, negative for the past.
func days(t, now time.Time) int {
	a := time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC)
	b := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, time.UTC)
	return int(a.Sub(b).Hours()) / 24
}
