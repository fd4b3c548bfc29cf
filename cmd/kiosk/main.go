package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	_ "time/tzdata" // a kiosk without zone files still knows the city's time

	"fyne.io/fyne/v2"

	"cityhall/cmd/flags"
	"cityhall/cmd/window"
	"cityhall/kiosk"
	"cityhall/kiosk/view"
	"cityhall/shared/replica"
	"cityhall/shared/touch"
)

// version is told to the server with every exchange.
const version = "1"

// Config is the command line.
type Config struct {
	Data       string  `help:"Folder of the kiosk's copy and outbox." default:"kiosk-data" env:"CITYHALL_DATA" type:"path"`
	Enrol      string  `help:"Enrolment line from the staff console; used when the kiosk has not joined a city yet." env:"CITYHALL_ENROL"`
	Name       string  `help:"What the city calls this kiosk, at enrolment; empty for the name in the invitation."`
	Width      int     `help:"Width of the window in pixels." default:"1080"`
	Height     int     `help:"Height of the window in pixels." default:"1920"`
	Scale      float32 `help:"Draw everything smaller (below 1) or larger, to try a panel on a desk." default:"1"`
	MMPerPixel float32 `help:"Width of one pixel of the panel in millimetres; 0 takes it for a 24-inch panel." name:"mm-per-pixel" default:"0"`
	Idle       int     `help:"Seconds without a touch before the kiosk asks whether anybody is there." default:"60"`
	Grace      int     `help:"Seconds to answer that." default:"20"`
	At         string  `help:"Where this kiosk stands: an address, a landmark or LAT,LON in degrees; maps begin there. Empty for the middle of the city." env:"CITYHALL_AT"`
	Lang       string  `help:"Language in which people are greeted." default:"en"`

	window.Flags `embed:""`
}

func main() {
	started := time.Now()
	var c Config
	flags.Parse(&c, "kiosk", "The city at a touch screen in a lobby.")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, c, started, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "kiosk:", err)
		os.Exit(1)
	}
}

// run shows the kiosk until ctx ends or its window is closed.
func run(ctx context.Context, c Config, started time.Time, logs io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log := slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: c.Log}))
	alone, err := replica.Occupy(c.Data)
	if err != nil {
		return err
	}
	defer alone.Close()
	rep, err := replica.Open(ctx, replica.Config{Dir: c.Data, Now: time.Now, Log: log, Version: version, Ballast: replica.Ballast})
	if err != nil {
		return err
	}
	// The kit scales by itself, from millimetres, so Fyne does not.
	w, err := window.Open("org.cityhall.kiosk", "City Hall kiosk", c.Data, c.Flags, 1, c.Width, c.Height)
	if err != nil {
		return err
	}
	k := kiosk.New(ctx, kiosk.Config{Replica: rep, Now: time.Now, Log: log, Name: c.Name, Language: c.Lang, At: c.At, Maps: filepath.Join(c.Data, "maps"),
		Idle: time.Duration(c.Idle) * time.Second, Grace: time.Duration(c.Grace) * time.Second, Async: async})
	v := view.New(k, view.Config{Device: touch.Kiosk(c.pixel()), ReduceMotion: !c.Motion, Now: time.Now, Tiles: tiles(k)})
	v.Mount(w)
	w.Live(ctx, log, started, v.Shell(), func() {
		c.begin(ctx, k)
		w.Go(func() { tick(ctx, k) })
		w.Go(func() {
			if err := rep.Run(ctx); err != nil {
				log.Error("sync ended", "err", err)
			}
		})
	}, func() {
		k.Close()
		cancel()
	})
	return rep.Close()
}

// tiles gives the maps of the places that the kiosk has now.
func tiles(k *kiosk.Kiosk) func() touch.Tiles {
	return func() touch.Tiles {
		if t := k.Tiles(); t != nil {
			return t
		}
		return nil
	}
}

// begin follows the replica and joins the city if there is a line to do it with.
func (c Config) begin(ctx context.Context, k *kiosk.Kiosk) {
	k.Watch()
	if c.Enrol != "" && ctx.Err() == nil && k.Screen() == kiosk.ScreenEnrol {
		k.SetEnrolLink(c.Enrol)
		k.Enrol()
	}
}

// async runs work off the screen's goroutine and what it returns on it.
func async(work func() func()) {
	go func() {
		if done := work(); done != nil {
			fyne.Do(done)
		}
	}()
}

// tick lets the kiosk notice once a second that nobody is there.
func tick(ctx context.Context, k *kiosk.Kiosk) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			fyne.Do(k.Tick)
		}
	}
}

// pixel is the width of a pixel as it is drawn, in millimetres.
func (c Config) pixel() float32 {
	mm := c.MMPerPixel
	if mm <= 0 {
		const inches, perInch = 24, 25.4
		mm = float32(inches * perInch / math.Hypot(float64(c.Width), float64(c.Height)) * float64(c.Scale))
	}
	return mm / c.Scale
}
