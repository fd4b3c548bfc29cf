package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cityhall/shared/city"
)

// say says things as people do, at a moment and in the city's time zone.
type say struct {
	now  time.Time
	zone *time.Location
}

// when is a time in words, with the exact one beside it. Empty means never.
type when struct{ Words, Exact, ISO string }

func (s say) when(t time.Time) when {
	if t.IsZero() {
		return when{}
	}
	t, now := t.In(s.zone), s.now.In(s.zone)
	w := when{Exact: t.Format("Monday, January 2, 2006, 3:04:05 pm MST"), ISO: t.Format(time.RFC3339)}
	clock, days := t.Format("3:04 pm"), daysBetween(now, t)
	switch {
	case days == 0:
		w.Words = "Today, " + clock
	case days == -1:
		w.Words = "Yesterday, " + clock
	case days == 1:
		w.Words = "Tomorrow, " + clock
	case days > -7 && days < 7:
		w.Words = t.Format("Mon, Jan 2, ") + clock
	case t.Year() == now.Year():
		w.Words = t.Format("Mon, Jan 2")
	default:
		w.Words = t.Format("Jan 2, 2006")
	}
	return w
}

// day is a day of the calendar (2006-01-02) in words; what is none stays as it is.
func (s say) day(written string) when {
	d, err := time.ParseInLocation(time.DateOnly, written, s.zone)
	if err != nil {
		return when{Words: written, Exact: written, ISO: written}
	}
	w := when{Words: d.Format("Mon, Jan 2"), Exact: d.Format("Monday, January 2, 2006"), ISO: written}
	if d.Year() != s.now.In(s.zone).Year() {
		w.Words = d.Format("Mon, Jan 2, 2006")
	}
	return w
}

// ago is a time as a distance, for what is fresh by nature.
func (s say) ago(t time.Time) when {
	w := s.when(t)
	if t.IsZero() {
		return w
	}
	switch d := s.now.Sub(t); {
	case d < 0:
	case d < time.Minute:
		w.Words = "Just now"
	case d < time.Hour:
		w.Words = plural(int(d/time.Minute), "minute") + " ago"
	case d < 6*time.Hour:
		w.Words = plural(int(d/time.Hour), "hour") + " ago"
	}
	return w
}

// daysBetween counts midnights from a to b, which are in one zone.
func daysBetween(a, b time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(day(b).Sub(day(a)) / (24 * time.Hour))
}

func plural(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// grouped writes a number below a million with its thousands apart.
func grouped(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// tag is a state: words, a shape and a tone, so that colour never stands alone.
type tag struct{ Words, Icon, Tone string }

func (s say) status(r city.Request) tag {
	switch r.Status {
	case city.StatusReceived:
		return tag{"New", "star", "info"}
	case city.StatusAssigned:
		return tag{"With a crew", "users", "neutral"}
	case city.StatusWorking:
		return tag{"Crew on site", "wrench", "neutral"}
	case city.StatusChecking:
		return tag{"To check", "eye", "warn"}
	case city.StatusWaiting:
		return tag{"Waiting", "pause", "neutral"}
	}
	return outcomeTag(r.Outcome)
}

func outcomeTag(o city.Outcome) tag {
	switch o {
	case city.OutcomeFixed:
		return tag{"Fixed", "check-circle", "good"}
	case city.OutcomeNotFixed:
		return tag{"Not fixed", "close", "bad"}
	case city.OutcomeDuplicate:
		return tag{"Duplicate", "document", "neutral"}
	case city.OutcomeNotOurs:
		return tag{"Not ours", "forward", "neutral"}
	}
	return tag{"Closed", "check", "neutral"}
}

// promise says how the promise stands.
func (s say) promise(r city.Request) tag {
	due := r.DueAt.In(s.zone)
	switch {
	case r.Status == city.StatusWaiting:
		return tag{"Paused", "pause", "neutral"}
	case r.DueAt.IsZero():
		return tag{"No promise", "", "none"}
	case r.Status == city.StatusClosed && r.ClosedAt.After(r.DueAt):
		if n := daysBetween(due, r.ClosedAt.In(s.zone)); n > 0 {
			return tag{plural(n, "day") + " late", "clock", "bad"}
		}
		return tag{"Hours late", "clock", "bad"}
	case r.Status == city.StatusClosed:
		return tag{"Kept", "check", "good"}
	}
	days := daysBetween(s.now.In(s.zone), due)
	switch {
	case s.now.After(r.DueAt) && days == 0:
		return tag{"Overdue today", "warning", "bad"}
	case s.now.After(r.DueAt):
		return tag{plural(-days, "day") + " overdue", "warning", "bad"}
	case days == 0:
		return tag{"Due today", "clock", "warn"}
	case days == 1:
		return tag{"Due tomorrow", "clock", "warn"}
	}
	return tag{plural(days, "day") + " left", "clock", "none"}
}

func priorityTag(p city.Priority) tag {
	switch p {
	case city.PriorityUrgent:
		return tag{"Urgent", "warning", "bad"}
	case city.PriorityHigh:
		return tag{"High", "chevron-up", "warn"}
	case city.PriorityLow:
		return tag{"Low", "chevron-down", "none"}
	case city.PriorityNormal:
		return tag{"Normal", "", "none"}
	}
	return tag{}
}

// heading makes an id or a department readable: "water-and-sewer" is "Water and sewer".
func heading(id string) string {
	words := strings.NewReplacer("-", " ", "_", " ").Replace(id)
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// sentence gives an error's terse words as a person would write them.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

func bytesWords(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d kB", n>>10)
}

// span is a length of time in its two largest parts.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return plural(int(d/time.Second), "second")
	case d < time.Hour:
		return plural(int(d/time.Minute), "minute")
	case d < 48*time.Hour:
		return plural(int(d/time.Hour), "hour")
	}
	return plural(int(d/(24*time.Hour)), "day")
}
