package basemap_test

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"cityhall/shared/basemap"
	"cityhall/shared/look"
)

// slow is a drawer that draws only when it is let.
type slow struct {
	mu      sync.Mutex
	drawn   []look.MapTile
	let     chan struct{} // nil draws at once
	broken  bool
	most    int // at once
	at      int
	edition string
}

func (s *slow) Edition() string { return s.edition }

func (s *slow) Draw(ctx context.Context, t look.MapTile) (*image.RGBA, error) {
	s.mu.Lock()
	s.at++
	s.most = max(s.most, s.at)
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.at--; s.mu.Unlock() }()
	if s.let != nil {
		select {
		case <-s.let:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drawn = append(s.drawn, t)
	if s.broken {
		return nil, errors.New("the file is damaged")
	}
	img := image.NewRGBA(image.Rect(0, 0, 256*t.Scale, 256*t.Scale))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	img.Pix[0] = byte(t.X)
	return img, nil
}

func (s *slow) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.drawn)
}

func tile(x int) look.MapTile { return look.MapTile{Z: 16, X: x, Y: 1, Scale: 1} }

// open makes a source that is closed with the test.
func open(t *testing.T, d basemap.Drawer, o basemap.Options) *basemap.Source {
	t.Helper()
	s := basemap.NewSource(d, o)
	t.Cleanup(func() { s.Close() })
	return s
}

// wait asks for a tile until it is there.
func wait(t *testing.T, s *basemap.Source, tile look.MapTile) image.Image {
	t.Helper()
	for range 2000 {
		if img := s.Tile(tile); img != nil {
			return img
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%v does not come", tile)
	return nil
}

func TestSamePictureIsTheSameValue(t *testing.T) {
	s := open(t, &slow{edition: "0-1"}, basemap.Options{})
	one := wait(t, s, tile(1))
	if s.Tile(tile(1)) != one {
		t.Error("the same tile is another value")
	}
}

func TestLatestIsMadeFirst(t *testing.T) {
	d := &slow{let: make(chan struct{}), edition: "0-1"}
	s := open(t, d, basemap.Options{Workers: 1})
	came := make(chan struct{}, 10)
	stop := s.Watch(func() { came <- struct{}{} })
	s.Tile(tile(0))
	for d.count() == 0 { // the worker has taken the first before others are asked for
		select {
		case d.let <- struct{}{}:
		default:
			time.Sleep(time.Millisecond)
		}
	}
	<-came
	// The worker hangs in a tile while three more are asked for, the first of them again.
	s.Tile(tile(9))
	for busy := false; !busy; time.Sleep(time.Millisecond) {
		d.mu.Lock()
		busy = d.at == 1
		d.mu.Unlock()
	}
	for _, x := range []int{1, 2, 3, 1} {
		if s.Tile(tile(x)) != nil {
			t.Fatalf("%d is there at once", x)
		}
	}
	for range 4 {
		d.let <- struct{}{}
		<-came
	}
	stop()
	var order []int
	for _, tile := range d.drawn {
		order = append(order, tile.X)
	}
	if !slices.Equal(order, []int{0, 9, 1, 3, 2}) {
		t.Errorf("drawn in the order %v", order)
	}
}

func TestForgottenWhenNoLongerAskedFor(t *testing.T) {
	d := &slow{let: make(chan struct{}), edition: "0-1"}
	s := open(t, d, basemap.Options{Workers: 1})
	s.Tile(tile(0))
	for busy := false; !busy; time.Sleep(time.Millisecond) {
		d.mu.Lock()
		busy = d.at == 1
		d.mu.Unlock()
	}
	for x := 1; x <= 100; x++ {
		s.Tile(tile(x))
	}
	for range 2000 { // frames of another place
		s.Tile(tile(500))
	}
	d.let <- struct{}{}
	close(d.let)
	wait(t, s, tile(500))
	wait(t, s, tile(501))
	if n := d.count(); n != 3 {
		t.Errorf("%d tiles were drawn: those that nobody looks at any more too", n)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	d := &slow{edition: "0-1"}
	s := open(t, d, basemap.Options{Memory: 3 * 256 * 256 * 4, Workers: 1})
	for x := range 4 {
		wait(t, s, tile(x))
	}
	if s.Tile(tile(3)) == nil || s.Tile(tile(1)) == nil {
		t.Error("those asked for last are gone")
	}
	if s.Tile(tile(0)) != nil {
		t.Error("four tiles are kept where there is room for three")
	}
}

func TestCloseEndsWorkers(t *testing.T) {
	d := &slow{let: make(chan struct{}), edition: "0-1"}
	s := basemap.NewSource(d, basemap.Options{Workers: 2})
	called := false
	s.Watch(func() { called = true })
	for x := range 10 {
		s.Tile(tile(x))
	}
	s.Close() // returns although both workers hang in a tile
	if s.Tile(tile(3)) != nil || called {
		t.Error("tiles come after the end")
	}
}

func TestTroubleCostsOnlyTheTile(t *testing.T) {
	d := &slow{broken: true, edition: "0-1"}
	s := open(t, d, basemap.Options{Workers: 1})
	s.Tile(tile(1))
	for d.count() == 0 {
		time.Sleep(time.Millisecond)
	}
	d.mu.Lock()
	d.broken = false
	d.mu.Unlock()
	wait(t, s, tile(1))
}

func TestDisk(t *testing.T) {
	folder := t.TempDir()
	mine := filepath.Join(folder, "0a-1")
	d := &slow{edition: "0a-1"}
	first := basemap.NewSource(d, basemap.Options{Folder: folder})
	for x := range 3 {
		wait(t, first, tile(x))
	}
	first.Close()
	names, err := filepath.Glob(filepath.Join(mine, "*"))
	if err != nil || len(names) != 3 {
		t.Fatalf("%v in the folder, %v", names, err)
	}
	// One is cut off by a power cut, and half of another was being written.
	if err := os.Truncate(filepath.Join(mine, "0-1-16-1-1.png"), 60); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(mine, "part123"), filepath.Join(folder, "0b-1", "0-1-16-1-1.png"), filepath.Join(folder, "keep", "letter.txt")} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, d, basemap.Options{Folder: folder})
	for x := range 3 {
		img := wait(t, again, tile(x))
		if r, _, _, _ := img.At(0, 0).RGBA(); int(r>>8) != x {
			t.Errorf("tile %d is another one", x)
		}
	}
	if n := d.count(); n != 4 {
		t.Errorf("%d tiles were drawn: only the damaged one had to be again", n)
	}
	for path, there := range map[string]bool{filepath.Join(mine, "part123"): false, filepath.Join(folder, "0b-1"): false, filepath.Join(folder, "keep", "letter.txt"): true} {
		if _, err := os.Stat(path); (err == nil) != there {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestDiskIsBounded(t *testing.T) {
	folder := t.TempDir()
	d := &slow{edition: "0a-1"}
	one := basemap.NewSource(d, basemap.Options{Folder: folder, Workers: 1})
	wait(t, one, tile(0))
	one.Close()
	files, _ := filepath.Glob(filepath.Join(folder, "0a-1", "*"))
	info, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	s := basemap.NewSource(d, basemap.Options{Folder: folder, Disk: 3 * info.Size(), Workers: 1})
	for x := 1; x < 6; x++ {
		wait(t, s, tile(x))
	}
	s.Close()
	files, _ = filepath.Glob(filepath.Join(folder, "0a-1", "*"))
	if len(files) > 3 || len(files) < 2 || slices.Contains(files, filepath.Join(folder, "0a-1", "0-1-16-0-1.png")) {
		t.Errorf("%v are kept where there is room for three", files)
	}
}

func TestFullDiskCostsOnlyDrawing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, &slow{edition: "0a-1"}, basemap.Options{Folder: filepath.Join(file, "below")})
	wait(t, s, tile(1))
	wait(t, s, tile(2))
}
