package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	_ "time/tzdata" // a tablet without zone files still knows the city's time

	"fyne.io/fyne/v2"

	"cityhall/cmd/flags"
	"cityhall/cmd/window"
	"cityhall/fieldapp"
	"cityhall/fieldapp/view"
	"cityhall/shared/peripheral/network"
	"cityhall/shared/peripheral/position"
	"cityhall/shared/peripheral/volume"
	"cityhall/shared/replica"
	"cityhall/shared/touch"
)

// version is told to the server with every exchange.
const version = "1"

// Config is the command line.
type Config struct {
	Data     string        `help:"Folder of the tablet's copy and outbox." default:"fieldapp-data" env:"CITYHALL_DATA" type:"path"`
	Enrol    string        `help:"Enrolment line from the staff console; used when the tablet has not joined a city yet." env:"CITYHALL_ENROL"`
	Name     string        `help:"What the city calls this tablet, at enrolment; empty for the name in the invitation."`
	PIN      string        `help:"PIN of 4 to 8 digits to set at the first start, instead of asking." env:"CITYHALL_PIN"`
	Pictures string        `help:"Folder where the camera leaves its pictures." type:"path"`
	GPSD     string        `name:"gpsd" help:"Where gpsd tells the tablet's position; without one, or empty, the tablet does not know it." default:"localhost:2947"`
	Width    int           `help:"Width of the window in pixels." default:"1280"`
	Height   int           `help:"Height of the window in pixels." default:"800"`
	Scale    float32       `help:"Draw everything smaller (below 1) or larger." default:"1"`
	Lock     time.Duration `help:"Lock when nobody has touched the tablet for so long." default:"10m"`
	Lang     string        `help:"Language of the first start." default:"en"`
	Keyboard bool          `help:"Show a keyboard on the screen, for a tablet without one of its own."`

	window.Flags `embed:""`
}

func main() {
	started := time.Now()
	var c Config
	flags.Parse(&c, "fieldapp", "The city on a crew's tablet.")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, c, started, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "fieldapp:", err)
		os.Exit(1)
	}
}

// run shows the field app until ctx ends or its window is closed.
func run(ctx context.Context, c Config, started time.Time, logs io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log := slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: c.Log}))
	woken := make(chan struct{}, 1)
	link := network.Watch(ctx, "", log, func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	})
	alone, err := replica.Occupy(c.Data)
	if err != nil {
		return err
	}
	defer alone.Close()
	rep, err := replica.Open(ctx, replica.Config{Dir: c.Data, Now: time.Now, Log: log, Version: version, Metered: link.Metered, Ballast: replica.Ballast})
	if err != nil {
		return err
	}
	go wake(ctx, woken, rep)
	receiver := position.Watch(ctx, c.GPSD, time.Now, log)
	w, err := window.Open("org.cityhall.fieldapp", "City Hall field app", c.Data, c.Flags, c.Scale, c.Width, c.Height)
	if err != nil {
		return err
	}
	a, err := fieldapp.Open(ctx, fieldapp.Config{Replica: rep, Pictures: c.Pictures, Tiles: filepath.Join(c.Data, "tiles"), Language: c.Lang, Enrol: c.Enrol, Name: c.Name, PIN: c.PIN,
		Position: func() (fieldapp.Fix, bool) { f, known := receiver.Last(); return fieldapp.Fix(f), known }, LockAfter: c.Lock, Sticks: func() ([]string, error) { return volume.Mounted(volume.Table) }, Now: time.Now, Log: log, Post: fyne.Do, Background: w.Go})
	if err != nil {
		return err
	}
	v := view.New(a, view.Config{Device: c.device(), ReduceMotion: !c.Motion, Now: time.Now, Tiles: func() touch.Tiles {
		if s := a.Tiles(); s != nil {
			return s
		}
		return nil
	}})
	v.Mount(w)
	w.Live(ctx, log, started, v.Shell(), func() {
		if c.Enrol != "" {
			a.Enrol()
		}
		w.Go(func() { a.Run(ctx) })
		w.Go(func() {
			if err := rep.Run(ctx); err != nil {
				log.Error("sync ended", "err", err)
			}
		})
	}, func() {
		a.Close()
		cancel()
	})
	return rep.Close()
}

// wake begins a round when the link has become another one.
func wake(ctx context.Context, woken <-chan struct{}, rep *replica.Replica) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-woken:
			rep.Wake()
		}
	}
}

// device is a tablet, with a keyboard on the screen where it has no other.
func (c Config) device() touch.Device {
	if c.Keyboard {
		return touch.Tablet().WithKeyboard()
	}
	return touch.Tablet()
}
