package basemap

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cityhall/shared/look"
)

// disk keeps tiles as PNG files in a folder of their edition. Whatever goes
// wrong with it only costs that a tile is drawn again: files are put in place
// whole, what cannot be read is removed, and nothing waits for the disk.
type disk struct {
	folder string
	most   int64
	ready  sync.Once

	mu    sync.Mutex
	files []kept // the oldest first
	used  int64
}

type kept struct {
	name string
	size int64
}

// edition is the name of a folder of tiles; others in the same place are none of ours.
var edition = regexp.MustCompile(`^[0-9a-f]{1,16}-[0-9]+$`)

func newDisk(folder, name string, most int64) *disk {
	return &disk{folder: filepath.Join(folder, name), most: most}
}

// open removes other editions and counts what is there, at the first use: that
// is a worker's time, not the screen's.
func (d *disk) open() {
	parent := filepath.Dir(d.folder)
	others, _ := os.ReadDir(parent)
	for _, o := range others {
		if edition.MatchString(o.Name()) && o.Name() != filepath.Base(d.folder) {
			os.RemoveAll(filepath.Join(parent, o.Name()))
		}
	}
	type dated struct {
		kept
		at int64
	}
	var all []dated
	entries, _ := os.ReadDir(d.folder)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !strings.HasSuffix(e.Name(), ".png") || !info.Mode().IsRegular() {
			os.RemoveAll(filepath.Join(d.folder, e.Name()))
			continue
		}
		all = append(all, dated{kept{e.Name(), info.Size()}, info.ModTime().UnixNano()})
	}
	slices.SortFunc(all, func(a, b dated) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.name, b.name)) })
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range all {
		d.files = append(d.files, f.kept)
		d.used += f.size
	}
	d.trim(0)
}

// trim makes room for a file. The lock is held.
func (d *disk) trim(size int64) {
	n := 0
	for ; n < len(d.files) && d.used+size > d.most; n++ {
		os.Remove(filepath.Join(d.folder, d.files[n].name))
		d.used -= d.files[n].size
	}
	d.files = slices.Delete(d.files, 0, n)
}

func nameOf(t look.MapTile) string {
	return fmt.Sprintf("%d-%d-%d-%d-%d.png", t.Theme, t.Scale, t.Z, t.X, t.Y)
}

// read gives a tile, or nil.
func (d *disk) read(t look.MapTile) *image.RGBA {
	d.ready.Do(d.open)
	path := filepath.Join(d.folder, nameOf(t))
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	config, err := png.DecodeConfig(bytes.NewReader(raw))
	if err == nil && config.Width == 256*t.Scale && config.Height == config.Width {
		if img, err := png.Decode(bytes.NewReader(raw)); err == nil {
			return toRGBA(img)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.IndexFunc(d.files, func(k kept) bool { return k.name == nameOf(t) }); i >= 0 {
		d.used -= d.files[i].size
		d.files = slices.Delete(d.files, i, i+1)
	}
	os.Remove(path)
	return nil
}

func toRGBA(img image.Image) *image.RGBA {
	if out, ok := img.(*image.RGBA); ok {
		return out
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out
}

// A little larger than could be, and several times as fast.
var encoder = png.Encoder{CompressionLevel: png.BestSpeed}

func (d *disk) write(t look.MapTile, img *image.RGBA) error {
	var raw bytes.Buffer
	if err := encoder.Encode(&raw, img); err != nil {
		return err
	}
	size := int64(raw.Len())
	d.mu.Lock()
	defer d.mu.Unlock()
	if size > d.most {
		return nil
	}
	d.trim(size)
	if err := os.MkdirAll(d.folder, 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(d.folder, "part")
	if err != nil {
		return err
	}
	_, err = part.Write(raw.Bytes())
	if shut := part.Close(); err == nil {
		err = shut
	}
	name := nameOf(t)
	if err == nil {
		err = os.Rename(part.Name(), filepath.Join(d.folder, name))
	}
	if err != nil {
		os.Remove(part.Name())
		return err
	}
	d.files, d.used = append(d.files, kept{name, size}), d.used+size
	return nil
}
