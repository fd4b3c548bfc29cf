package basemap

import (
	"context"
	"image"
	"log/slog"
	"sync"

	"cityhall/shared/look"
)

// Options bound what a [Source] takes.
type Options struct {
	// Folder keeps drawn tiles from one start to the next; empty keeps none. It
	// is the source's alone: what it does not know there is removed.
	Folder string
	Disk   int64 // bytes in Folder at most; 0 is 256 MiB
	Memory int64 // bytes of pictures in memory at most; 0 is 96 MiB
	// Workers draw at once; 0 is 2.
	Workers int
	Log     *slog.Logger // nil is the default one
}

// The bounds where Options says nothing. What a 4K screen shows at scale 2,
// with the tiles just beyond its edge, takes 88 MiB.
const (
	defaultMemory  = 96 << 20
	defaultDisk    = 256 << 20
	defaultWorkers = 2
)

// Tiles that wait: more than a screen shows at once, and no longer than some
// frames after they were last asked for.
const (
	mostWaiting   = 512
	forgottenNext = 1024 // calls of Tile
)

// Source gives tiles to maps on a screen, and makes those that are asked for in
// the background: the latest asked for first. It satisfies touch.Tiles.
type Source struct {
	from   Drawer
	own    *Own  // that is closed with the source; nil for a drawn map
	disk   *disk // nil keeps nothing
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu       sync.Mutex
	wake     *sync.Cond
	memory   *shelf[*image.RGBA]
	waiting  map[look.MapTile]int64 // by the number of the call that asked last
	making   map[look.MapTile]bool
	calls    int64
	watchers map[int]func()
	next     int    // watcher
	told     string // the last trouble
}

// NewSource serves the tiles of a drawer until Close. The drawer must stay
// usable until then.
func NewSource(from Drawer, o Options) *Source {
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	if o.Workers == 0 {
		o.Workers = defaultWorkers
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Source{
		from: from, log: o.Log, memory: newShelf[*image.RGBA](o.Memory),
		waiting: map[look.MapTile]int64{}, making: map[look.MapTile]bool{}, watchers: map[int]func(){},
	}
	s.wake = sync.NewCond(&s.mu)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if o.Folder != "" {
		if o.Disk == 0 {
			o.Disk = defaultDisk
		}
		s.disk = newDisk(o.Folder, from.Edition(), o.Disk)
	}
	for range o.Workers {
		s.work.Go(s.serve)
	}
	return s
}

// OpenSource serves a city's own map, the file at path that is named sha, or where
// path is empty or the file cannot be read, what is drawn of its places.
func OpenSource(ctx context.Context, drawn *Map, path, sha string, o Options) *Source {
	if path == "" {
		return NewSource(drawn, o)
	}
	own, err := OpenOwn(ctx, path, sha)
	if err != nil {
		s := NewSource(drawn, o)
		s.tell("the city's own map cannot be shown", err)
		return s
	}
	s := NewSource(own, o)
	s.own = own
	return s
}

// Attribution is who made the map, to be shown with it; empty for a drawn one.
func (s *Source) Attribution() string {
	if s.own == nil {
		return ""
	}
	return s.own.Attribution()
}

// Tile gives a tile at once, or nil while it is not there; then it is made soon.
// The same picture is the same value, for as long as it is in memory.
func (s *Source) Tile(t look.MapTile) image.Image {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if img, ok := s.memory.get(t); ok {
		return img
	}
	if s.ctx.Err() != nil || s.making[t] {
		return nil
	}
	if _, asked := s.waiting[t]; !asked && len(s.waiting) >= mostWaiting {
		delete(s.waiting, s.oldest())
	}
	s.waiting[t] = s.calls
	s.wake.Signal()
	return nil
}

// Watch has changed called, from any goroutine, when tiles have come that were
// asked for, until stop is called.
func (s *Source) Watch(changed func()) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.next
	s.next++
	s.watchers[id] = changed
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, id)
	}
}

// Close ends the workers, and returns when they have ended. It is called once.
func (s *Source) Close() error {
	s.mu.Lock()
	s.cancel()
	clear(s.waiting)
	clear(s.watchers)
	s.wake.Broadcast()
	s.mu.Unlock()
	s.work.Wait()
	if s.own != nil {
		return s.own.Close()
	}
	return nil
}

// serve is a worker.
func (s *Source) serve() {
	for {
		t, ok := s.take()
		if !ok {
			return
		}
		img := s.make(t)
		s.mu.Lock()
		delete(s.making, t)
		if img != nil {
			s.memory.put(t, img, int64(len(img.Pix)))
		}
		var told []func()
		for _, changed := range s.watchers {
			if img != nil {
				told = append(told, changed)
			}
		}
		s.mu.Unlock()
		for _, changed := range told {
			changed()
		}
	}
}

// take waits for a tile that is asked for; false when all is over.
func (s *Source) take() (look.MapTile, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.ctx.Err() != nil {
			return look.MapTile{}, false
		}
		for len(s.waiting) > 0 {
			t, asked := s.latest()
			delete(s.waiting, t)
			if s.calls-asked > forgottenNext {
				clear(s.waiting) // the others were asked for even earlier
				break
			}
			s.making[t] = true
			return t, true
		}
		s.wake.Wait()
	}
}

func (s *Source) latest() (best look.MapTile, asked int64) {
	for t, at := range s.waiting {
		if at > asked {
			best, asked = t, at
		}
	}
	return best, asked
}

func (s *Source) oldest() (worst look.MapTile) {
	asked := s.calls + 1
	for t, at := range s.waiting {
		if at < asked {
			worst, asked = t, at
		}
	}
	return worst
}

// make reads a tile from the disk or draws it; nil when neither can be. A tile
// that cannot be drawn is asked for again with the next frame.
func (s *Source) make(t look.MapTile) *image.RGBA {
	if s.disk != nil {
		if img := s.disk.read(t); img != nil {
			return img
		}
	}
	img, err := s.from.Draw(s.ctx, t)
	if err != nil {
		if s.ctx.Err() == nil {
			s.tell("a tile of the map cannot be drawn", err)
		}
		return nil
	}
	if s.disk != nil {
		if err := s.disk.write(t, img); err != nil {
			s.tell("a tile of the map is not kept on disk", err)
		}
	}
	return img
}

// tell logs what went wrong, once and not for every tile.
func (s *Source) tell(what string, err error) {
	s.mu.Lock()
	again := s.told == what
	s.told = what
	s.mu.Unlock()
	if !again {
		s.log.Warn(what, "error", err)
	}
}
