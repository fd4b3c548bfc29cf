package sim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"cityhall/shared/city"
)

// event is something that happens at a time of the city's clock.
type event struct {
	at time.Time
	do func(context.Context) error
}

// inspection is how often all becomes quiet and is checked.
const inspection = 30 * 24 * time.Hour

// live lets days pass. Kiosks are on from 8 to 20 on all days but Sunday, tablets
// from 7 to 17 on weekdays, a few minutes more or less; at night their programs
// are ended. In between they exchange by their own Run and nobody else's help.
func (f *Fleet) live(ctx context.Context) error {
	first := f.city.Clock.Now()
	for day := range f.o.Days {
		today := first.AddDate(0, 0, day).Truncate(24 * time.Hour)
		if err := f.day(ctx, today); err != nil {
			return fmt.Errorf("day %d: %w", day, err)
		}
		tomorrow := today.Add(24 * time.Hour)
		if since := tomorrow.Sub(first.Truncate(24 * time.Hour)); since%inspection != 0 && day != f.o.Days-1 {
			continue
		}
		if err := f.inspect(ctx); err != nil {
			return fmt.Errorf("day %d: %w", day, err)
		}
	}
	return nil
}

// day makes the events of one day and lets them happen.
func (f *Fleet) day(ctx context.Context, today time.Time) error {
	var plan []event
	at := func(hour, hours int, do func(context.Context) error) {
		when := today.Add(time.Duration(hour)*time.Hour + time.Duration(f.rng.Int64N(int64(hours)*int64(time.Hour))))
		plan = append(plan, event{when, do})
	}
	sunday, weekend := today.Weekday() == time.Sunday, today.Weekday() == time.Sunday || today.Weekday() == time.Saturday
	for _, d := range f.devices {
		from, to := 8, 20
		if d.Kind == city.DeviceTablet {
			from, to = 7, 17
		}
		if sunday || weekend && d.Kind == city.DeviceTablet {
			continue
		}
		at(from, 1, d.On)
		at(to, 1, func(context.Context) error { return d.Off() })
		for range f.rng.IntN(5) {
			at(from+1, to-from-1, func(ctx context.Context) error {
				if slices.Contains(f.out, d) {
					return nil
				}
				return f.work(ctx, d)
			})
		}
		f.weather(d, at)
		if d.old.dir == "" {
			at(12, 1, func(context.Context) (err error) { d.old, err = d.image(); return err })
		}
	}
	if !weekend {
		for range 2 + f.rng.IntN(4) {
			at(9, 8, f.office)
		}
		for range f.mishaps() {
			x := f.nextFault()
			at(10, 6, func(ctx context.Context) error { return f.strike(ctx, x, f.devices[f.rng.IntN(len(f.devices))]) })
		}
	}
	at(22, 1, f.backUp)
	slices.SortStableFunc(plan, func(a, b event) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	for _, e := range plan {
		if err := wait(ctx, e.at.Sub(f.city.Clock.Now())); err != nil {
			return err
		}
		if err := e.do(ctx); err != nil {
			return err
		}
	}
	return wait(ctx, today.Add(24*time.Hour).Sub(f.city.Clock.Now()))
}

// weather gives one day in five a bad line for hours, and now and then none.
func (f *Fleet) weather(d *Device, at func(int, int, func(context.Context) error)) {
	if f.rng.IntN(5) == 0 {
		at(9, 3, func(context.Context) error { d.Line.Weather(f.o.Faults); return nil })
		at(12, 6, func(context.Context) error { d.Line.Weather(Faults{}); return nil })
	}
	if f.rng.IntN(10) == 0 {
		at(9, 6, func(context.Context) error { d.Line.Cut(true); f.Faults["outage"]++; return nil })
		at(15, 4, func(context.Context) error { d.Line.Cut(false); return nil })
	}
}

// mishaps is how many faults a weekday has.
func (f *Fleet) mishaps() int { return f.rng.IntN(3) }

// nextFault deals the faults like cards, so that every history has all of them.
func (f *Fleet) nextFault() fault {
	if len(f.deck) == 0 {
		f.deck = slices.Clone(faults)
		f.rng.Shuffle(len(f.deck), func(i, j int) { f.deck[i], f.deck[j] = f.deck[j], f.deck[i] })
	}
	x := f.deck[0]
	f.deck = f.deck[1:]
	return x
}

// settling is the longest pause between two attempts, twice: after it all that
// waited has to be delivered, with nobody touching anything.
const settling = 31 * time.Minute

// inspect lets the fleet come to rest by itself and checks the promises.
func (f *Fleet) inspect(ctx context.Context) error {
	for _, d := range f.devices {
		d.Line.Cut(false)
		d.Line.Weather(Faults{})
		if !d.on {
			if err := d.On(ctx); err != nil {
				return err
			}
		}
	}
	if err := wait(ctx, settling); err != nil {
		return err
	}
	for _, d := range f.devices {
		s, err := d.Summary(ctx)
		if err != nil {
			return err
		}
		if s.Pending > 0 || s.Blobs > 0 {
			return Violation{"reachable means an attempt within the cap", fmt.Sprintf("%s after %v: %+v, %+v", d.Name, settling, s, d.Link())}
		}
		d.pauseRun()
	}
	if err := f.Quiet(ctx); err != nil {
		return err
	}
	if err := f.Check(ctx); err != nil {
		return err
	}
	for _, d := range f.devices {
		if err := d.Off(); err != nil {
			return err
		}
	}
	return nil
}
