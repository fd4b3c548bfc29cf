package replica

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"cityhall/shared/city"
	"cityhall/shared/sqlite"
)

const (
	cacheName   = "cache.db"
	rebuildName = "cache-next.db"
)

// cache is the copy of the city's records: the file that is shown and, while it
// is being rebuilt, the file that is to take its place.
type cache struct {
	cfg     Config
	mu      sync.RWMutex // who reads a file holds it open
	live    *cacheFile
	next    *cacheFile // nil: no rebuild under way
	doubt   atomic.Bool
	reveal  func(stored) city.Record // a record as it may be read now
	dropped func()                   // told after the live file had to be thrown away
	hidden  func(city.Kind) bool     // records that are there and must not be shown
}

// openCache opens the file that is shown. What cannot be used is thrown away,
// whatever is wrong with it: everything in it comes back by a pull.
func openCache(ctx context.Context, cfg Config) (*cache, error) {
	c := &cache{cfg: cfg, dropped: func() {}, hidden: func(city.Kind) bool { return false }}
	var err error
	if c.live, err = c.openOrDrop(ctx, cacheName); err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.path(rebuildName)); errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if c.next, err = c.openOrDrop(ctx, rebuildName); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *cache) path(name string) string { return filepath.Join(c.cfg.Dir, name) }

func (c *cache) openOrDrop(ctx context.Context, name string) (*cacheFile, error) {
	f, err := openCacheFile(ctx, c.path(name))
	if err == nil {
		return f, nil
	}
	if !blames(ctx, err) {
		return nil, fmt.Errorf("open the cache: %w", err)
	}
	c.cfg.Log.Warn("cache thrown away", "file", name, "err", err)
	if err := sqlite.Remove(c.path(name)); err != nil {
		return nil, fmt.Errorf("throw away the cache: %w", err)
	}
	return openCacheFile(ctx, c.path(name))
}

func (c *cache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, f := range []*cacheFile{c.live, c.next} {
		if f != nil {
			errs = append(errs, f.db.Close())
		}
	}
	return errors.Join(errs...)
}

// read runs do on the file that is shown. A damaged row is left out and noted; a
// file that cannot be read is replaced by an empty one, and do runs again.
func (c *cache) read(ctx context.Context, do func(*cacheFile) error) error {
	err := c.readOnce(do)
	if sqlite.IsCorrupt(err) {
		if err := c.drop(ctx); err != nil {
			return err
		}
		err = c.readOnce(do)
	}
	if errors.Is(err, errDamagedRow) {
		c.cfg.Log.Warn("cache damaged", "err", err)
		c.doubt.Store(true) // the next round rebuilds it
		return nil
	}
	return err
}

func (c *cache) readOnce(do func(*cacheFile) error) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return do(c.live)
}

// drop replaces the live file by an empty one.
func (c *cache) drop(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cfg.Log.Warn("cache thrown away", "file", cacheName)
	if err := c.live.db.Close(); err != nil {
		c.cfg.Log.Warn("cache thrown away", "err", err)
	}
	if err := sqlite.Remove(c.live.path); err != nil {
		return fmt.Errorf("throw away the cache: %w", err)
	}
	f, err := openCacheFile(ctx, c.live.path)
	if err != nil {
		return fmt.Errorf("begin a new cache: %w", err)
	}
	c.live = f
	c.dropped()
	return nil
}

// rebuild begins, or begins anew, the file that is to take the live one's place.
func (c *cache) rebuild(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next != nil {
		if err := c.next.db.Close(); err != nil {
			return err
		}
		c.next = nil
	}
	path := c.path(rebuildName)
	if err := sqlite.Remove(path); err != nil {
		return fmt.Errorf("rebuild the cache: %w", err)
	}
	f, err := openCacheFile(ctx, path)
	if err != nil {
		return fmt.Errorf("rebuild the cache: %w", err)
	}
	c.next = f
	c.doubt.Store(false)
	return nil
}

// swap puts the rebuilt file in the live one's place.
func (c *cache) swap(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := errors.Join(sqlite.Checkpoint(ctx, c.next.db), c.next.db.Close(), c.live.db.Close()); err != nil {
		return errors.Join(fmt.Errorf("swap the cache: %w", err), c.reopen(ctx))
	}
	if err := sqlite.Replace(c.next.path, c.live.path); err != nil {
		return errors.Join(fmt.Errorf("swap the cache: %w", err), c.reopen(ctx))
	}
	c.next = nil
	c.doubt.Store(false)
	return c.reopen(ctx)
}

// reopen opens what is there after a swap, whether that went well or not.
func (c *cache) reopen(ctx context.Context) error {
	live, err := c.openOrDrop(ctx, cacheName)
	if err != nil {
		return err
	}
	c.live = live
	if c.next == nil {
		return nil
	}
	c.next, err = c.openOrDrop(ctx, rebuildName)
	return err
}

// target is the file that a pull goes into.
func (c *cache) target() *cacheFile {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.next != nil {
		return c.next
	}
	return c.live
}

func (c *cache) rebuilding() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.next != nil
}

// Record implements city.View on the live file. Views outlive the call that made
// them, so they read under the cache's own life and not a caller's context.
func (c *cache) Record(ref city.Ref) (city.Record, bool, error) {
	if c.hidden(ref.Kind) {
		return city.Record{}, false, nil
	}
	var found []stored
	err := c.read(context.Background(), func(f *cacheFile) (err error) {
		found, err = records(context.Background(), f.db, selectRecord, ref.Kind, ref.ID)
		return err
	})
	if err != nil || len(found) == 0 {
		return city.Record{}, false, err
	}
	return c.reveal(found[0]), true, nil
}

// Children implements city.View.
func (c *cache) Children(parent city.ID, kind city.Kind) ([]city.Record, error) {
	found, err := c.query(context.Background(), selectChildren, parent, kind)
	slices.SortFunc(found, func(a, b city.Record) int { return cmp.Compare(a.ID, b.ID) })
	return found, err
}

func (c *cache) query(ctx context.Context, query string, args ...any) ([]city.Record, error) {
	var found []stored
	err := c.read(ctx, func(f *cacheFile) (err error) {
		found, err = records(ctx, f.db, query, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]city.Record, 0, len(found))
	for _, s := range found {
		if !c.hidden(s.Kind) {
			out = append(out, c.reveal(s))
		}
	}
	return out, nil
}
