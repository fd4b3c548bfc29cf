package tiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/basemap"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/syncserver/store"
	"cityhall/syncserver/store/read"
)

// The bounds of what the map may take from the server.
const (
	mostMemory  = 48 << 20 // bytes of PNG files
	mostAtOnce  = 2        // drawings
	mostWaiting = 64
	patience    = 10 * time.Second
	// lookAgain is how long another map of the city may go unnoticed.
	lookAgain = 5 * time.Second
)

// ErrNoMap means that the city has no map, or none that can be opened.
var ErrNoMap = errors.New("the city has no map")

// ErrBusy means that too many wait already.
var ErrBusy = errors.New("too many pictures of the map are asked for")

// Config is what Tiles need. Folder is theirs alone: files of maps are copied to
// it from the store.
type Config struct {
	Store  *store.Store
	Folder string
	Now    func() time.Time
	Log    *slog.Logger
}

// Tiles show the city's map.
type Tiles struct {
	Config
	read    *read.Reader
	waiting chan struct{}

	mu     sync.Mutex // guards what follows
	looked time.Time
	shown  *shown
	tried  string // the file that was opened last, or could not be
}

// shown is a map while it is the city's, and until nobody draws from it.
type shown struct {
	pictures *basemap.Pictures
	extent   atlas.Bounds
	close    func() error
	users    sync.WaitGroup
}

// New shows the map of a store's city. Nothing is opened before somebody asks.
func New(c Config) *Tiles {
	return &Tiles{Config: c, read: read.New(c.Store.DB()), waiting: make(chan struct{}, mostWaiting)}
}

// Close closes the map's file. No request may be under way.
func (t *Tiles) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.replace(nil)
}

// replace shows another map, or none. The lock is held.
func (t *Tiles) replace(by *shown) error {
	old := t.shown
	t.shown = by
	if old == nil {
		return nil
	}
	old.users.Wait()
	return old.close()
}

// hold gives the city's map, which stays open until release is called.
func (t *Tiles) hold(ctx context.Context) (s *shown, release func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := t.Now(); t.looked.IsZero() || now.Sub(t.looked) >= lookAgain || now.Before(t.looked) {
		if err := t.follow(ctx); err != nil {
			t.Log.Error("open the city's map", "err", err)
		}
		t.looked = now
	}
	if t.shown == nil {
		return nil, nil, ErrNoMap
	}
	t.shown.users.Add(1)
	return t.shown, sync.OnceFunc(t.shown.users.Done), nil
}

// follow opens the map that the settings name now. A file that cannot be opened
// leaves the one before in use, and is not tried again.
func (t *Tiles) follow(ctx context.Context) error {
	settings, err := t.read.Settings(ctx)
	if err != nil {
		return err
	}
	sha := cmp.Or(settings.Map, settings.Places)
	if sha == t.tried {
		return nil
	}
	if sha == "" {
		t.tried = ""
		return t.replace(nil)
	}
	path, err := t.fetch(ctx, sha)
	if err != nil {
		return err
	}
	t.tried = sha
	open := openPlaces
	if sha == settings.Map {
		open = openOwn
	}
	next, err := open(context.WithoutCancel(ctx), path, sha)
	if err != nil {
		return err
	}
	return t.replace(next)
}

func openPlaces(ctx context.Context, path, sha string) (*shown, error) {
	a, err := atlas.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	extent, known, err := a.Extent(ctx)
	if err == nil && !known {
		err = ErrNoMap
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return &shown{pictures: basemap.NewPictures(basemap.New(a, sha), mostMemory, mostAtOnce), extent: extent, close: a.Close}, nil
}

func openOwn(ctx context.Context, path, sha string) (*shown, error) {
	o, err := basemap.OpenOwn(ctx, path, sha)
	if err != nil {
		return nil, err
	}
	return &shown{pictures: basemap.NewPictures(o, mostMemory, mostAtOnce), extent: o.Extent(), close: o.Close}, nil
}

// wait takes a place among those who wait.
func (t *Tiles) wait(ctx context.Context) (context.Context, func(), error) {
	select {
	case t.waiting <- struct{}{}:
	default:
		return nil, nil, ErrBusy
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	return ctx, func() { cancel(); <-t.waiting }, nil
}

// Still is a picture of a place as PNG, with a marker in its middle; wide and high
// are pixels at scale 1. Errors are ErrNoMap, ErrBusy or the drawing's own.
func (t *Tiles) Still(ctx context.Context, at city.Place, wide, high, scale int, theme look.MapTheme) ([]byte, error) {
	if !at.OnMap() {
		return nil, ErrNoMap
	}
	s, release, err := t.hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	ctx, done, err := t.wait(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	raw, err := s.pictures.Still(ctx, basemap.View{At: atlas.Point{Lat: at.Lat, Lon: at.Lon}, Zoom: 16, Wide: wide, High: high, Scale: scale, Theme: theme})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, ErrBusy
	}
	if err != nil {
		return nil, fmt.Errorf("draw a place: %w", err)
	}
	return raw, nil
}

// There tells whether the city has a map now.
func (t *Tiles) There(ctx context.Context) bool {
	_, release, err := t.hold(ctx)
	if err != nil {
		return false
	}
	release()
	return true
}
