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
		if lostPlace(err) && rebuilds < maxRepeats {
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
		if err := r.sendEvidence(ctx, id); err != nil {
			return err
		}
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
	r.changed()
	return r.forgetBytes(ctx, f, evicted, hasEvict(p))
}

// forgetBytes removes what remains of forgotten records: fetched photos, and, if
// something was deleted, what the log file still has of it.
func (r *Replica) forgetBytes(ctx context.Context, f *cacheFile, photos []string, deleted bool) error {
	for _, sha := range photos {
		if err := os.Remove(r.fetchedPath(sha)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("forget a photo: %w", err)
		}
	}
	if !deleted {
		return nil
	}
	if err := sqlite.Checkpoint(ctx, f.db); err != nil && !sqlite.IsBusy(err) {
		return err
	}
	return nil
}

func hasEvict(p page) bool {
	for _, f := range p.frames {
		if f.Evict != nil {
			return true
		}
		if f.Put == nil {
			continue
		}
		for _, v := range f.Put.Fields {
			if string(v) == "null" { // cleared, which an erasure does
				return true
			}
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
	named[settings.Places], named[settings.Map] = true, true
	if err := emptyFolder(filepath.Join(r.cfg.Dir, fetchedBlobs), named); err != nil {
		return err
	}
	return r.doubtBlobs(ctx)
}

// settle copies the echoes of the shown cache into the outbox, and marks what the
// server has answered and not echoed.
func (r *Replica) settle(ctx context.Context) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	query := selectWaitingAfter
	err := r.cache.read(ctx, func(f *cacheFile) error {
		if !f.at.Load().settled {
			query = selectAllAfter
		}
		return nil
	})
	if err != nil {
		return err
	}
	for pos := int64(0); ; {
		some, err := r.load(ctx, r.out, query, pos, claimsAtOnce)
		if err != nil {
			return err
		}
		if len(some) == 0 {
			break
		}
		pos = some[len(some)-1].pos
		echoed, err := r.echoes(ctx, some)
		if err != nil {
			return err
		}
		if err := r.writeEntries(ctx, r.moved(some, echoed), moveEntry); err != nil {
			return err
		}
	}
	r.answered = stretch{}
	return nil
}

// moved gives those of the acts of which something else is known now.
func (r *Replica) moved(some []entry, echoed map[city.MutationID]protocol.Ack) []entry {
	out := some[:0]
	for _, e := range some {
		a, ok := echoed[e.id]
		switch {
		case ok && e.state == echoReceived && e.seq == a.Seq && e.verdict == a.Verdict:
			continue
		case ok:
			e.echo(a)
		case e.state == savedHere && r.answered.has(&e):
			e.state = sentOnce
		default:
			continue
		}
		out = append(out, e)
	}
	return out
}

// echoes finds those of the acts whose echo the shown cache has.
func (r *Replica) echoes(ctx context.Context, some []entry) (map[city.MutationID]protocol.Ack, error) {
	var found map[city.MutationID]protocol.Ack
	err := r.cache.read(ctx, func(f *cacheFile) (err error) {
		found, err = acks(ctx, f.db, some)
		return err
	})
	return found, err
}

// writeEntries writes changed entries in one transaction.
func (r *Replica) writeEntries(ctx context.Context, moved []entry, write func(context.Context, querier, *entry) error) error {
	if len(moved) == 0 {
		return nil
	}
	err := sqlite.InTx(ctx, r.out, func(tx *sql.Tx) error {
		for i := range moved {
			if err := write(ctx, tx, &moved[i]); err != nil {
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
