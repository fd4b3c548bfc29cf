package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Config is what a Crowd needs.
type Config struct {
	Server   string        // its address, without a slash at the end
	Seats    []Seat        // one a device
	PID      int           // of the server, when it is on this machine: its memory is measured
	Patience time.Duration // for the last echoes
	Now      func() time.Time
}

// Crowd is a city's devices, seated at a server.
type Crowd struct {
	cfg     Config
	http    *http.Client
	enc     *zstd.Encoder
	dec     *zstd.Decoder
	figures counts
	devices []*device
	beside  sync.WaitGroup // what the devices of a run do, live connections too
}

// atOnce is how many devices take their seats at a time: that is no part of a run.
const atOnce = 32

// Open seats the crowd: every device joins and pulls what there is.
func Open(ctx context.Context, cfg Config) (*Crowd, error) {
	if len(cfg.Seats) == 0 {
		return nil, errors.New("there are no seats")
	}
	c := &Crowd{cfg: cfg, http: &http.Client{Transport: newTransport(len(cfg.Seats)), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	var err error
	if c.enc, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(128<<10)); err != nil {
		return nil, err
	}
	if c.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxAnswer)); err != nil {
		return nil, err
	}
	for _, s := range cfg.Seats {
		d, err := newDevice(c, s)
		if err != nil {
			return nil, err
		}
		c.devices = append(c.devices, d)
	}
	return c, c.seat(ctx)
}

// Close ends the crowd's connections.
func (c *Crowd) Close() {
	c.http.CloseIdleConnections()
	c.dec.Close()
	c.enc.Close()
}

func (c *Crowd) seat(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan *device)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for d := range next {
				if err := d.sit(ctx); err != nil {
					cancel(fmt.Errorf("seat a device: %w", err))
				}
			}
		})
	}
	for _, d := range c.devices {
		select {
		case next <- d:
		case <-ctx.Done():
		}
	}
	close(next)
	all.Wait()
	return context.Cause(ctx)
}

// sitTries is how often a device tries to take its seat.
const sitTries = 8

func (d *device) sit(ctx context.Context) error {
	var err error
	for range sitTries {
		if d.id == "" {
			err = d.join(ctx)
		}
		if err == nil {
			err = d.round(ctx)
		}
		f := (*refusal)(nil)
		if err == nil || !errors.As(err, &f) || f.after == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(f.after):
		}
		err = nil
	}
	return errors.New("the server was busy all the time")
}

// play runs every device while a scenario goes on, then waits until every act is
// echoed, or patience ends.
func (c *Crowd) play(ctx context.Context, name string, scenario func(context.Context) error) (Figures, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer c.beside.Wait()
	defer cancel()
	process, err := watch(ctx, c.cfg.PID)
	if err != nil {
		return Figures{}, err
	}
	c.figures.begin()
	for _, d := range c.devices {
		c.beside.Go(func() { d.run(ctx) })
	}
	began := c.cfg.Now()
	if err = scenario(ctx); err == nil {
		err = c.drain(ctx)
	}
	f := c.figures.figures(name, len(c.devices), c.cfg.Now().Sub(began))
	f.Server = process()
	return f, err
}

// drain waits until nothing is open. What is still open then is lost, as far as
// anybody can tell.
func (c *Crowd) drain(ctx context.Context) error {
	over := time.After(c.cfg.Patience)
	for {
		open := 0
		for _, d := range c.devices {
			if d.open() > 0 {
				open++
				d.hurry()
			}
		}
		if open == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over:
			return nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}
