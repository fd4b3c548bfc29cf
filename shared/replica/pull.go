package replica

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// pull reads pages until there are no more. A cursor that the server does not
// take, or doubt about what is here, means that the cache is built anew from a
// snapshot, beside the one that is shown, and takes its place when it is whole.
func (r *Replica) pull(ctx context.Context, id *identity) error {
	if r.cache.doubt.Load() && !r.cache.rebuilding() {
		if err := r.cache.rebuild(ctx); err != nil {
			return err
		}
	}
	for rebuilds := 0; ; {
		if r.cache.target().at.Load().cursor == "" {
			if err := r.arrive(ctx, id); err != nil && !errors.Is(err, errNoSnapshots) {
				return err
			}
		}
		f := r.cache.target()
		p, err := r.fetchPage(ctx, id, f.at.Load().cursor)
		if isRefusal(err, protocol.CodeLineage, protocol.CodeHorizon, protocol.CodeGrants) && rebuilds < maxRepeats {
			r.cfg.Log.Warn("cache rebuilt", "err", err)
			rebuilds++
			if isRefusal(err, protocol.CodeGrants) { // changed since this round's hello, which says how
				if _, err := r.hello(ctx, id); err != nil {
					return err
				}
				id = r.who()
			}
			if err := r.startOver(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := r.keepPage(ctx, f, p); err != nil {
			return err
		}
		if !p.end.More {
			break
		}
	}
	if r.cache.rebuilding() {
		return r.takeOver(ctx)
	}
	return nil
}

func (r *Replica) fetchPage(ctx context.Context, id *identity, cursor string) (page, error) {
	query := "limit=" + strconv.Itoa(protocol.MaxPage)
	if cursor != "" {
		query = "cursor=" + url.QueryEscape(cursor) + "&" + query
	}
	a, err := r.call(ctx, id, request{method: http.MethodGet, path: "/pull", query: query, header: map[string]string{"Accept-Encoding": "zstd"}})
	if err != nil {
		return page{}, err
	}
	return decodePage(a.body)
}

// decodePage reads a page. One without its end, or with another number of frames
// than the end says, was cut on the way and is thrown away.
func decodePage(body []byte) (page, error) {
	var p page
	all := lines(body)
	for i, line := range all {
		var f protocol.Frame
		if err := json.Unmarshal(line, &f); err != nil {
			return page{}, unreachable(fmt.Errorf("frame %d of a page: %w", i, err))
		}
		if f.End == nil {
			p.frames = append(p.frames, f)
			continue
		}
		if i != len(all)-1 || f.End.Count != len(p.frames) || f.End.Cursor == "" {
			return page{}, unreachable(errors.New("a page whose end does not fit it"))
		}
		p.end = *f.End
		return p, nil
	}
	return page{}, unreachable(errors.New("a page without its end"))
}

// keepPage writes a page. What is shown changes between two pages, never within.
func (r *Replica) keepPage(ctx context.Context, f *cacheFile, p page) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	evicted, gap, err := f.apply(ctx, p)
	if sqlite.IsCorrupt(err) {
		r.cfg.Log.Warn("cache damaged", "err", err)
		r.cache.doubt.Store(true)
		if r.cache.rebuilding() {
			return errors.Join(err, r.cache.rebuild(ctx))
		}
		return errors.Join(err, r.cache.drop(ctx))
	}
	if err != nil {
		return explain(err)
	}
	if gap {
		r.cache.doubt.Store(true)
	}
	for _, sha := range evicted {
		if err := os.Remove(r.fetchedPath(sha)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("forget a photo: %w", err)
		}
	}
	if hasEvict(p) { // nothing of it may stay in the log file
		if err := sqlite.Checkpoint(ctx, f.db); err != nil && !sqlite.IsBusy(err) {
			return err
		}
	}
	r.changed()
	return nil
}

func hasEvict(p page) bool {
	for _, f := range p.frames {
		if f.Evict != nil {
			return true
		}
	}
	return false
}

// takeOver shows the rebuilt cache, and forgets fetched photos that it does not
// name. Which of the own photos the server still has is asked again.
func (r *Replica) takeOver(ctx context.Context) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if err := r.cache.swap(ctx); err != nil {
		return err
	}
	r.changed()
	if err := r.forgetSnapshot(); err != nil {
		return err
	}
	named := map[string]bool{}
	photos, err := r.cache.query(ctx, selectKind, city.KindPhoto)
	if err != nil {
		return err
	}
	for _, p := range photos {
		named[p.Text("blob")] = true
	}
	settings, err := city.LoadSettings(r.cache)
	if err != nil {
		return err
	}
	named[settings.Places] = true
	if err := emptyFolder(filepath.Join(r.cfg.Dir, fetchedBlobs), named); err != nil {
		return err
	}
	return r.doubtBlobs(ctx)
}

// settle copies the echoes of the shown cache into the outbox. After a whole pull
// (final) an act that the server had answered, and that has no echo, is missing
// there: it is made to wait again. settle tells how many.
func (r *Replica) settle(ctx context.Context, final bool) (missing int, err error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	var all bool
	err = r.cache.read(ctx, func(f *cacheFile) error {
		all = !f.at.Load().settled
		return nil
	})
	if err != nil {
		return 0, err
	}
	query := selectWaiting
	if all {
		query = selectAll
	}
	entries, err := r.load(ctx, r.out, query)
	if err != nil {
		return 0, err
	}
	var moved []entry
	for i := range entries {
		e := &entries[i]
		change, lost, err := r.compare(ctx, e, final)
		if err != nil {
			return 0, err
		}
		if lost {
			missing++
		}
		if change {
			moved = append(moved, *e)
		}
	}
	if err := r.writeEntries(ctx, moved); err != nil {
		return 0, err
	}
	if final && all {
		return missing, r.cache.read(ctx, func(f *cacheFile) error { return f.settled(ctx) })
	}
	return missing, nil
}

// compare brings one act in line with its echo, or the lack of one.
func (r *Replica) compare(ctx context.Context, e *entry, final bool) (change, lost bool, err error) {
	if e.damaged {
		return false, false, nil
	}
	var a protocol.Ack
	var echoed bool
	err = r.cache.read(ctx, func(f *cacheFile) (err error) {
		a, echoed, err = ack(ctx, f.db, e.id)
		return err
	})
	if err != nil {
		return false, false, err
	}
	if echoed {
		delete(r.again, e.id)
		if e.state == echoReceived && e.seq == a.Seq && e.verdict == a.Verdict {
			return false, false, nil
		}
		e.state, e.seq, e.verdict, e.review, e.code, e.field = echoReceived, a.Seq, a.Verdict, a.Review, a.Code, a.Field
		return true, false, nil
	}
	id := r.who()
	if !final || e.state == savedHere || r.again[e.id] || id == nil || id.device != e.device {
		return false, false, nil
	}
	r.again[e.id] = true
	e.state, e.seq, e.verdict, e.review, e.code, e.field = savedHere, 0, "", "", "", ""
	e.stream, e.n = "", 0
	r.cfg.Log.Warn("no echo of an act; sent again", "mutation", string(e.id))
	return true, true, nil
}

// writeEntries writes changed entries in one transaction.
func (r *Replica) writeEntries(ctx context.Context, moved []entry) error {
	if len(moved) == 0 {
		return nil
	}
	err := sqlite.InTx(ctx, r.out, func(tx *sql.Tx) error {
		for i := range moved {
			if err := updateEntry(ctx, tx, &moved[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return explain(err)
	}
	r.changed()
	return nil
}
