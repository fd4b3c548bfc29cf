package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	_ "time/tzdata" // a tablet without zone files still knows the city's time

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"cityhall/cmd/flags"
	"cityhall/fieldapp"
	"cityhall/fieldapp/view"
	"cityhall/shared/replica"
	"cityhall/shared/touch"
)

// version is told to the server with every exchange.
const version = "1"

// Config is the command line.
type Config struct {
	Data       string        `help:"Folder of the tablet's copy and outbox." default:"fieldapp-data" env:"CITYHALL_DATA" type:"path"`
	Enrol      string        `help:"Enrolment line from the staff console; used when the tablet has not joined a city yet." env:"CITYHALL_ENROL"`
	Name       string        `help:"What the city calls this tablet, at enrolment." default:"Tablet"`
	PIN        string        `help:"PIN of 4 to 8 digits to set at the first start, instead of asking." env:"CITYHALL_PIN"`
	Pictures   string        `help:"Folder where the camera leaves its pictures." type:"path"`
	Width      int           `help:"Width of the window in pixels." default:"1280"`
	Height     int           `help:"Height of the window in pixels." default:"800"`
	Fullscreen bool          `help:"Fill the display."`
	Scale      float32       `help:"Draw everything smaller (below 1) or larger." default:"1"`
	Lock       time.Duration `help:"Lock when nobody has touched the tablet for so long." default:"10m"`
	Lang       string        `help:"Language of the first start." default:"en"`
	Keyboard   bool          `help:"Show a keyboard on the screen, for a tablet without one of its own."`
	Motion     bool          `help:"Slide pages; wants a graphics processor."`
	Probe      string        `help:"Unix socket on which to tell what the window shows." type:"path"`
	Log        string        `help:"Least important message to log: debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"CITYHALL_LOG"`
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
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log)); err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: level}))
	rep, err := replica.Open(ctx, replica.Config{Dir: c.Data, Now: time.Now, Log: log, Version: version})
	if err != nil {
		return err
	}
	if err := quiet(c.Data, c.Scale); err != nil {
		return err
	}
	var beside sync.WaitGroup
	a, err := fieldapp.Open(ctx, fieldapp.Config{Replica: rep, Pictures: c.Pictures, Language: c.Lang, Enrol: c.Enrol, Name: c.Name, PIN: c.PIN,
		LockAfter: c.Lock, Now: time.Now, Log: log, Post: fyne.Do, Background: func(f func()) { beside.Go(f) }})
	if err != nil {
		return err
	}
	screen := app.NewWithID("org.cityhall.fieldapp")
	w := screen.NewWindow("City Hall field app")
	v := view.New(a, view.Config{Device: c.device(), ReduceMotion: !c.Motion, Now: time.Now})
	v.Mount(w)
	w.Resize(fyne.NewSize(float32(c.Width)/c.Scale, float32(c.Height)/c.Scale))
	w.SetFullScreen(c.Fullscreen)
	w.SetMaster()

	screen.Lifecycle().SetOnStarted(func() {
		log.Info("first picture", "ms", time.Since(started).Milliseconds())
		if c.Enrol != "" {
			a.Enrol()
		}
		beside.Go(func() { a.Run(ctx) })
		beside.Go(func() {
			if err := rep.Run(ctx); err != nil {
				log.Error("sync ended", "err", err)
			}
		})
		if c.Probe != "" {
			beside.Go(func() {
				if err := v.Shell().ServeProbe(ctx, c.Probe); err != nil {
					log.Error("probe ended", "err", err)
				}
			})
		}
	})
	context.AfterFunc(ctx, func() { fyne.Do(screen.Quit) })
	w.ShowAndRun()
	a.Close()
	cancel()
	beside.Wait()
	return rep.Close()
}

// device is a tablet, with a keyboard on the screen where it has no other.
func (c Config) device() touch.Device {
	if c.Keyboard {
		return touch.Tablet().WithKeyboard()
	}
	return touch.Tablet()
}

// quiet keeps Fyne from guessing the screen's size, from fading the caret (which
// repaints the window all the time), and from keeping old pages for long. Its
// settings lie in the tablet's own folder.
func quiet(data string, scale float32) error {
	folder := filepath.Join(data, "screen")
	if err := os.MkdirAll(filepath.Join(folder, "fyne"), 0o700); err != nil {
		return fmt.Errorf("the folder for the tablet: %w (choose another with -data)", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "fyne", "settings.json"), []byte(`{"no_animations":true}`), 0o600); err != nil {
		return fmt.Errorf("the folder for the tablet: %w (choose another with -data)", err)
	}
	for name, value := range map[string]string{"XDG_CONFIG_HOME": folder, "FYNE_SCALE": fmt.Sprint(scale), "FYNE_CACHE": "10s"} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}
