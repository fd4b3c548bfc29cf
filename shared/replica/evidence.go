package replica

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

const selectRecordsAfter = `SELECT ` + recordColumns + ` FROM record WHERE (kind, id) > ($1, $2) ORDER BY kind, id LIMIT $3`

const (
	evidenceAtOnce  = 512 << 10 // bytes of records in one salvage, about
	maxEvidenceFail = 5         // rounds in which the server may fail to take it
)

// sendEvidence gives the city what the shown cache has of a history that ended,
// before the cache of the new one takes its place. When both are of one history
// there is none. Only a city that cannot be reached makes it wait: a device must
// not hang on what nobody takes.
func (r *Replica) sendEvidence(ctx context.Context, id *identity) error {
	r.cache.mu.RLock()
	old, next := r.cache.live, r.cache.next
	r.cache.mu.RUnlock()
	was, is := old.at.Load(), next.at.Load()
	if was.epoch == "" || is.epoch == "" || was.epoch == is.epoch {
		return nil
	}
	kept, err := r.sendHeld(ctx, id, old, next)
	var f *refusal
	switch {
	case err == nil:
	case sqlite.IsCorrupt(err):
	case isRefusal(err, protocol.CodeInternal):
		if r.evidenceFails++; r.evidenceFails < maxEvidenceFail {
			return err
		}
	case hopeless(err) || !errors.As(err, &f):
		return err
	}
	if err != nil {
		r.cfg.Log.Error("what a restore has lost was not handed over", "err", err)
	}
	if kept > 0 {
		r.cfg.Log.Warn("the city has been restored; it has what it had lost as evidence", "records", kept)
	}
	r.evidenceFails = 0
	return nil
}

// sendHeld sends every record of the old file that the next one does not have in
// the same words, page by page. Which of them rest on lost acts the city finds out.
func (r *Replica) sendHeld(ctx context.Context, id *identity, old, next *cacheFile) (kept int, err error) {
	var kind city.Kind
	var last city.ID
	for {
		page, err := old.heldAfter(ctx, kind, last)
		if err != nil || len(page) == 0 {
			return kept, err
		}
		kind, last = page[len(page)-1].Kind, page[len(page)-1].ID
		var body []byte
		for i := range page {
			line, err := page[i].unlike(ctx, next)
			if err != nil {
				return kept, err
			}
			if len(body)+len(line) > evidenceAtOnce && len(body) > 0 {
				n, err := r.sendEvidencePage(ctx, id, old, body)
				if kept += n; err != nil {
					return kept, err
				}
				body = nil
			}
			body = append(body, line...)
		}
		if len(body) == 0 {
			continue
		}
		n, err := r.sendEvidencePage(ctx, id, old, body)
		if kept += n; err != nil {
			return kept, err
		}
	}
}

func (r *Replica) sendEvidencePage(ctx context.Context, id *identity, old *cacheFile, body []byte) (kept int, err error) {
	a, err := r.call(ctx, id, request{method: http.MethodPost, path: "/salvage", query: "cursor=" + url.QueryEscape(old.at.Load().cursor), body: r.codec.encode(body),
		header: map[string]string{"Content-Type": protocol.ContentType, "Content-Encoding": "zstd"}})
	if err != nil {
		return 0, err
	}
	var reply protocol.SalvageReply
	if err := json.Unmarshal(a.body, &reply); err != nil {
		return 0, unreachable(fmt.Errorf("the answer to a salvage: %w", err))
	}
	return reply.Kept, nil
}

// heldAfter reads the next records in the order of kind and id.
func (f *cacheFile) heldAfter(ctx context.Context, kind city.Kind, id city.ID) ([]held, error) {
	var page []held
	err := f.eachRecord(ctx, f.db, func(h held) error {
		page = append(page, h)
		return nil
	}, selectRecordsAfter, kind, id, protocol.MaxSalvage)
	return page, err
}

// unlike gives the record as a line, or nothing when the other file has the same,
// when it is damaged, or when it is of a resident: those are handed to nobody.
func (h *held) unlike(ctx context.Context, other *cacheFile) ([]byte, error) {
	if h.damaged || h.Kind == city.KindPerson {
		return nil, nil
	}
	there, err := records(ctx, other.db, selectRecord, h.Kind, h.ID)
	if err != nil && !errors.Is(err, errDamagedRow) {
		return nil, err
	}
	if len(there) > 0 {
		fields, err := city.Canonical(there[0].Fields)
		if err != nil {
			return nil, err
		}
		writers, err := city.Canonical(there[0].Writers)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(fields, h.fields) && bytes.Equal(writers, h.writers) {
			return nil, nil
		}
	}
	line := protocol.Held{Ref: h.Ref, Parent: h.Parent, Seq: h.seq}
	if err := errors.Join(json.Unmarshal(h.fields, &line.Fields), json.Unmarshal(h.writers, &line.Writers)); err != nil {
		return nil, nil // not of our making
	}
	raw, err := city.Canonical(line)
	if err != nil || len(raw) >= protocol.MaxEnvelope {
		return nil, err
	}
	return append(raw, '\n'), nil
}
