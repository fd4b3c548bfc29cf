package window

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"cityhall/shared/touch"
)

// Flags are what both programs can be told of their window.
type Flags struct {
	Fullscreen bool       `help:"Fill the display."`
	Motion     bool       `help:"Slide pages; wants a graphics processor."`
	Probe      string     `help:"Unix socket on which to tell what the window shows." type:"path"`
	Log        slog.Level `help:"Least important message to log: debug, info, warn or error." default:"info" env:"CITYHALL_LOG"`
}

// Window is a window that is not shown yet.
type Window struct {
	fyne.Window
	app    fyne.App
	flags  Flags
	beside sync.WaitGroup
}

// Open makes the program's one window, size in pixels. Fyne's settings go into
// the device's folder; scale draws everything larger or smaller.
func Open(id, title, data string, f Flags, scale float32, width, height int) (*Window, error) {
	if err := settle(data, scale); err != nil {
		return nil, err
	}
	w := &Window{app: app.NewWithID(id), flags: f}
	w.Window = w.app.NewWindow(title)
	w.Resize(fyne.NewSize(float32(width)/scale, float32(height)/scale))
	w.SetFullScreen(f.Fullscreen)
	w.SetMaster()
	return w, nil
}

// settle keeps Fyne from guessing the panel's size, from fading the caret (which
// repaints the window all the time), and from keeping old pages for long.
func settle(data string, scale float32) error {
	folder := filepath.Join(data, "screen")
	if err := os.MkdirAll(filepath.Join(folder, "fyne"), 0o700); err != nil {
		return fmt.Errorf("the device's folder: %w (choose another with -data)", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "fyne", "settings.json"), []byte(`{"no_animations":true}`), 0o600); err != nil {
		return fmt.Errorf("the device's folder: %w (choose another with -data)", err)
	}
	for name, value := range map[string]string{"XDG_CONFIG_HOME": folder, "FYNE_SCALE": fmt.Sprint(scale), "FYNE_CACHE": "10s"} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// Go runs work beside the window; Live waits for it.
func (w *Window) Go(work func()) { w.beside.Go(work) }

// Live shows the window until it is closed or ctx ends. begin runs once the first
// picture stands. After the window has gone, end runs and has to end ctx: Live
// waits for the work that Go began.
func (w *Window) Live(ctx context.Context, log *slog.Logger, started time.Time, shell *touch.Shell, begin, end func()) {
	w.app.Lifecycle().SetOnStarted(func() {
		log.Info("first picture", "ms", time.Since(started).Milliseconds())
		begin()
		if w.flags.Probe != "" {
			w.Go(func() {
				if err := shell.ServeProbe(ctx, w.flags.Probe); err != nil {
					log.Error("probe ended", "err", err)
				}
			})
		}
	})
	context.AfterFunc(ctx, func() { fyne.Do(w.app.Quit) })
	w.ShowAndRun()
	end()
	w.beside.Wait()
}
