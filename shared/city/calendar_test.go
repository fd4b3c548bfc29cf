package city_test

import (
	"testing"
	"time"

	"cityhall/shared/city"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestDue(t *testing.T) {
	plain := city.Calendar{}
	holidays := city.Calendar{Holidays: []string{"2026-07-03"}, Closes: 16}
	saturdays := city.Calendar{Weekdays: []int{2, 3, 4, 5, 6}}
	working, days := func(n int) city.Promise { return city.Promise{Days: n, Working: true} }, func(n int) city.Promise { return city.Promise{Days: n} }
	for _, c := range []struct {
		name     string
		calendar city.Calendar
		promise  city.Promise
		from, to string
		pauses   []string
	}{
		{"the next day", plain, working(1), "2026-03-02 09:00", "2026-03-03 17:00", nil},
		{"late in the evening", plain, working(1), "2026-03-02 23:59", "2026-03-03 17:00", nil},
		{"over the weekend", plain, working(1), "2026-03-06 10:00", "2026-03-09 17:00", nil},
		{"received on a Saturday", plain, working(1), "2026-03-07 10:00", "2026-03-09 17:00", nil},
		{"five working days", plain, working(5), "2026-03-02 09:00", "2026-03-09 17:00", nil},
		{"calendar days", plain, days(5), "2026-03-02 09:00", "2026-03-07 17:00", nil},
		{"a holiday", holidays, working(1), "2026-07-02 09:00", "2026-07-06 16:00", nil},
		{"a holiday counts among calendar days", holidays, days(1), "2026-07-02 09:00", "2026-07-03 16:00", nil},
		{"closed on Monday", saturdays, working(1), "2026-03-07 09:00", "2026-03-10 17:00", nil},
		{"no day is worked", city.Calendar{Weekdays: []int{9}}, working(2), "2026-03-06 09:00", "2026-03-08 17:00", nil},
		{"clocks go forward", plain, days(1), "2026-03-07 09:00", "2026-03-08 17:00", nil},
		{"in the hour that is not there", plain, days(1), "2026-03-07 02:30", "2026-03-08 17:00", nil},
		{"clocks go back", plain, days(1), "2026-10-31 23:30", "2026-11-01 17:00", nil},
		{"a leap day", plain, days(1), "2028-02-28 09:00", "2028-02-29 17:00", nil},
		{"the new year", plain, working(1), "2026-12-31 09:00", "2027-01-01 17:00", nil},
		{"a pause within a day", plain, working(1), "2026-03-02 09:00", "2026-03-04 17:00", []string{"2026-03-03 10:00", "2026-03-03 11:00"}},
		{"a pause on the day it came", plain, working(1), "2026-03-02 09:00", "2026-03-03 17:00", []string{"2026-03-02 10:00", "2026-03-02 11:00"}},
		{"a pause over days", plain, working(2), "2026-03-02 09:00", "2026-03-09 17:00", []string{"2026-03-03 10:00", "2026-03-05 11:00"}},
		{"two pauses", plain, working(2), "2026-03-02 09:00", "2026-03-06 17:00", []string{"2026-03-03 10:00", "2026-03-03 11:00", "2026-03-05 10:00", "2026-03-05 11:00"}},
		{"a pause over the weekend costs nothing", plain, working(1), "2026-03-06 09:00", "2026-03-09 17:00", []string{"2026-03-07 10:00", "2026-03-08 11:00"}},
		{"a pause until midnight", plain, working(1), "2026-03-02 09:00", "2026-03-04 17:00", []string{"2026-03-03 10:00", "2026-03-04 00:00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := zone(t, "America/New_York")
			at := func(s string) time.Time {
				v, err := time.ParseInLocation("2006-01-02 15:04", s, z)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			var pauses []city.Pause
			for i := 0; i < len(c.pauses); i += 2 {
				pauses = append(pauses, city.Pause{From: at(c.pauses[i]), To: at(c.pauses[i+1])})
			}
			got := c.calendar.Due(at(c.from).UTC(), c.promise, z, pauses...)
			if !got.Equal(at(c.to)) {
				t.Errorf("%v, want %v", got, at(c.to))
			}
		})
	}
	if due := plain.Due(start, city.Promise{}, time.UTC); !due.IsZero() {
		t.Errorf("nothing is promised, and due %v", due)
	}
}

// TestDueWhereMidnightIsMissing counts through zones whose clocks change at
// midnight or jump a whole day.
func TestDueWhereMidnightIsMissing(t *testing.T) {
	for _, c := range []struct {
		zone, from, to string
		days           int
	}{
		{"America/Asuncion", "2023-09-30T00:30:00-04:00", "2023-10-01", 1},
		{"Africa/Cairo", "2026-04-23T00:10:00+02:00", "2026-04-24", 1},
		{"Pacific/Apia", "2011-12-29T12:00:00-10:00", "2011-12-31", 1},
		{"Asia/Kathmandu", "2026-01-01T23:50:00+05:45", "2026-01-04", 3},
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		z := zone(t, c.zone)
		if got := (city.Calendar{}).Due(from, city.Promise{Days: c.days}, z); got.Format(time.DateOnly) != c.to || got.Hour() != 17 {
			t.Errorf("%s: %v, want %s", c.zone, got, c.to)
		}
	}
}

func TestZone(t *testing.T) {
	if z := (city.Settings{TimeZone: "America/New_York"}).Zone(); z.String() != "America/New_York" {
		t.Error(z)
	}
	if z := (city.Settings{TimeZone: "Moon/Base"}).Zone(); z != time.UTC {
		t.Error(z)
	}
}
