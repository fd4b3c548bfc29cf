package load

import (
	"context"
	"math/rand/v2"
	"time"
)

// beat is how often acts are dealt out.
const beat = 10 * time.Millisecond

// Acts makes so many acts a second for a time, spread over the devices at random;
// each is sent at once. With a day, the time stands for its 24 hours and the rate
// is that of the busiest.
func (c *Crowd) Acts(ctx context.Context, rate float64, lasting time.Duration, day *Day, live bool) (Figures, error) {
	return c.play(ctx, "acts", func(ctx context.Context) error {
		if live {
			c.listen(ctx)
		}
		return c.deal(ctx, lasting, func(place float64) float64 {
			if day == nil {
				return rate
			}
			return rate * day.At(place)
		})
	})
}

// deal makes acts at a rate that follows the place, from 0 to 1, in the time. When
// this side is late it catches up: the rate is kept, not the rhythm.
func (c *Crowd) deal(ctx context.Context, lasting time.Duration, rate func(place float64) float64) error {
	began, last, due := c.cfg.Now(), time.Duration(0), 0.0
	for tick := time.NewTicker(beat); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return ctx.Err()
		case <-tick.C:
		}
		now := min(c.cfg.Now().Sub(began), lasting)
		due += rate(float64(now)/float64(lasting)) * (now - last).Seconds()
		for last = now; due >= 1; due-- {
			d := c.devices[rand.IntN(len(c.devices))]
			if err := d.record(); err != nil {
				return err
			}
			d.hurry()
		}
		if now == lasting {
			tick.Stop()
			return nil
		}
	}
}

// Reconnect is the end of an outage: every device has a queue of acts, and all of
// them come back in the same moment, each with a live connection too.
func (c *Crowd) Reconnect(ctx context.Context, queue int) (Figures, error) {
	for _, d := range c.devices { // nobody looks: the line is down
		for range queue {
			if err := d.record(); err != nil {
				return Figures{}, err
			}
		}
	}
	c.http.CloseIdleConnections()
	return c.play(ctx, "reconnect", func(ctx context.Context) error {
		c.listen(ctx)
		for _, d := range c.devices {
			d.hurry()
		}
		return nil
	})
}

// Idle holds a live connection of every device for a time. Now and then, so many
// times a second, somebody does something, and those whom it concerns are poked.
func (c *Crowd) Idle(ctx context.Context, rate float64, lasting time.Duration) (Figures, error) {
	var per int64
	f, err := c.play(ctx, "idle", func(ctx context.Context) error {
		before := c.memory()
		c.listen(ctx)
		for end := time.After(c.cfg.Patience); c.figures.live.Load() < int64(len(c.devices)); {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-end:
				return nil
			case <-time.After(100 * time.Millisecond):
			}
		}
		err := c.deal(ctx, lasting, func(float64) float64 { return rate })
		if before > 0 {
			per = (c.memory() - before) / int64(len(c.devices))
		}
		return err
	})
	if f.Server != nil {
		f.Server.PerConnection = per
	}
	return f, err
}

// memory is the server's, 0 when it cannot be seen.
func (c *Crowd) memory() int64 {
	if c.cfg.PID == 0 {
		return 0
	}
	rss, _, _, _, err := look(c.cfg.PID)
	if err != nil {
		return 0
	}
	return rss
}

// listen opens a live connection of every device and keeps it until ctx ends.
func (c *Crowd) listen(ctx context.Context) {
	for _, d := range c.devices {
		c.beside.Go(func() { d.listen(ctx) })
	}
}
