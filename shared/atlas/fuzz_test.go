package atlas_test

import (
	"context"
	"testing"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

func FuzzSearch(f *testing.F) {
	a := open(f, alderBend())
	for _, typed := range []string{"120 maple ave", "Maple & Cooper", "12 de la calle Main", "\xff\xfe@/", "st st st st", "ñandú 5th, ,,#"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		found, err := a.Search(context.Background(), typed, 6)
		if err != nil || len(found) > 6 {
			t.Fatalf("%d matches, %v", len(found), err)
		}
		for _, m := range found {
			if !m.Place.OnMap() || m.Label == "" {
				t.Fatalf("%+v", m)
			}
		}
	})
}

func FuzzRule(f *testing.F) {
	for _, rule := range []string{"every 2nd and 4th Tuesday", "every other Wednesday from 2026-01-07", "last Friday, April to December", "daily"} {
		f.Add(rule)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rule, err := atlas.ParseRule(text)
		if err != nil {
			return
		}
		if next, ok := rule.Next(day, atlas.HolidaysWeek, city.Calendar{Holidays: []string{"2026-11-26"}}); ok && (next.Before(day.Truncate(24*time.Hour)) || next.After(day.AddDate(1, 2, 0))) {
			t.Fatalf("%q: %v", text, next)
		}
	})
}
