package disk

import (
	"os"
)

// happens counts an operation and says with which code it fails, 0 for none.
func (d *Disk) happens(code int, grows bool) int {
	if d.dead != nil {
		return code
	}
	n := d.events + d.reads
	switch {
	case d.failAt == 0 || n < d.failAt:
		return 0
	case d.full && !grows || !d.full && !d.lasts && n > d.failAt:
		return 0
	}
	d.failed = true
	if d.full && code != failShareSize {
		return full
	}
	return code
}

func (d *Disk) open(path string) (*file, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead != nil {
		return nil, failRead
	}
	f := d.files[path]
	raw, err := os.ReadFile(path)
	switch {
	case f == nil:
		f = &file{kept: raw, born: err == nil, size: int64(len(raw))}
	case f.open == 0 && !f.gone && int64(len(raw)) != f.size: // changed without SQLite
		f = &file{kept: raw, born: err == nil, size: int64(len(raw))}
	case f.gone:
		f = &file{ghost: f.ghost}
	}
	d.files[path] = f
	f.open++
	return f, 0
}

func (d *Disk) close(f *file) {
	d.mu.Lock()
	f.open--
	d.mu.Unlock()
}

func (d *Disk) read() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead != nil {
		return 0 // what the dying program reads is nobody's concern
	}
	d.reads++
	return d.happens(failRead, false)
}

func (d *Disk) share() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	return d.happens(failShareSize, true)
}

func (d *Disk) write(f *file, at int64, data []byte) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events++
	end := at + int64(len(data))
	if rc := d.happens(failWrite, end > f.size); rc != 0 {
		return rc
	}
	d.order++
	f.pending = append(f.pending, change{d.order, at, data})
	f.size = max(f.size, end)
	return d.perhapsCut(failWrite)
}

func (d *Disk) truncate(f *file, size int64) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events++
	if rc := d.happens(failTruncate, false); rc != 0 {
		return rc
	}
	d.order++
	f.pending = append(f.pending, change{d.order, size, nil})
	f.size = size
	return d.perhapsCut(failTruncate)
}

func (d *Disk) sync(f *file) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events++
	if rc := d.happens(failSync, false); rc != 0 {
		return rc
	}
	if rc := d.perhapsCut(failSync); rc != 0 { // the disk was about to
		return rc
	}
	for _, c := range f.pending {
		f.kept = c.apply(f.kept)
	}
	f.pending = nil
	if !f.born { // SQLite syncs the folder with a new file, and all that happened in it
		for _, other := range d.files {
			other.born, other.ghost = !other.gone, nil
		}
	}
	return 0
}

func (d *Disk) delete(path string, folder bool) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events++
	if rc := d.happens(failDelete, false); rc != 0 {
		return rc
	}
	f := d.files[path]
	if f == nil {
		raw, err := os.ReadFile(path)
		f = &file{kept: raw, born: err == nil}
		d.files[path] = f
	}
	if f.born {
		f.ghost = d.survivor(f, func(change, int64) bool { return true })
	}
	f.kept, f.pending, f.born, f.gone, f.size = nil, nil, false, true, 0
	rc := d.perhapsCut(failDelete)
	if folder && rc == 0 {
		f.ghost = nil
	}
	return rc
}

// perhapsCut cuts the power if this is the operation for it.
func (d *Disk) perhapsCut(code int) int {
	if d.cutAt == 0 || d.events != d.cutAt {
		return 0
	}
	d.dead = d.survivors()
	return code
}

// survivors are the files after a cut now.
func (d *Disk) survivors() map[string][]byte {
	survives := d.fate()
	out := map[string][]byte{}
	for path, f := range d.files {
		born := f.born || !f.gone && d.rng.IntN(2) == 0
		switch {
		case born:
			out[path] = d.survivor(f, survives)
		case f.ghost != nil && d.rng.IntN(2) == 0:
			out[path] = f.ghost
		}
	}
	return out
}

// fate draws what of the unsynced changes a cut leaves, sector by sector.
func (d *Disk) fate() func(change, int64) bool {
	first, last := 0, 0
	for _, f := range d.files {
		for _, c := range f.pending {
			if first == 0 || c.order < first {
				first = c.order
			}
			last = max(last, c.order)
		}
	}
	switch d.rng.IntN(4) {
	case 0:
		return func(change, int64) bool { return false }
	case 1:
		return func(change, int64) bool { return true }
	case 2:
		until := first + d.rng.IntN(last-first+1)
		return func(c change, _ int64) bool { return c.order < until || c.order == until && d.rng.IntN(2) == 0 }
	}
	part := 1 + d.rng.IntN(99)
	return func(change, int64) bool { return d.rng.IntN(100) < part }
}

func (d *Disk) survivor(f *file, survives func(change, int64) bool) []byte {
	out := append([]byte(nil), f.kept...)
	for _, c := range f.pending {
		if c.data == nil {
			if survives(c, c.at) {
				out = c.apply(out)
			}
			continue
		}
		for from := int64(0); from < int64(len(c.data)); {
			to := min(int64(len(c.data)), from+sector-(c.at+from)%sector)
			if survives(c, c.at+from) {
				out = change{at: c.at + from, data: c.data[from:to]}.apply(out)
			}
			from = to
		}
	}
	return out
}

func (c change) apply(to []byte) []byte {
	end := c.at + int64(len(c.data))
	if c.data == nil && end < int64(len(to)) {
		return to[:end]
	}
	if end > int64(len(to)) {
		to = append(to, make([]byte, end-int64(len(to)))...)
	}
	copy(to[c.at:], c.data)
	return to
}
