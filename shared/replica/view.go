package replica

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// picture is the cache with the device's own acts laid over it, as it was drawn
// at one time. It is never changed afterwards, so many may look at it.
type picture struct {
	gen  uint64
	over *city.Overlay
}

// View shows the records with the device's own acts laid over them. It stays
// usable; after a signal of Changes a new one shows more. On a kiosk, reports
// that the city has not confirmed appear as requests without a status.
func (r *Replica) View(ctx context.Context) (city.View, error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.view(ctx)
}

// view draws the picture if it is out of date. The caller holds r.writing.
func (r *Replica) view(ctx context.Context) (*city.Overlay, error) {
	gen := r.gen.Load()
	if r.shown != nil && r.shown.gen == gen {
		return r.shown.over, nil
	}
	waiting, err := r.load(ctx, r.out, selectWaiting)
	if err != nil {
		return nil, err
	}
	echoed, err := r.echoes(ctx, waiting)
	if err != nil {
		return nil, err
	}
	over := &city.Overlay{Under: r.cache}
	for i := range waiting {
		if _, ok := echoed[waiting[i].id]; ok || waiting[i].damaged { // an echoed one's effect is in the cache already
			continue
		}
		if err := replay(over, &waiting[i]); err != nil {
			return nil, err
		}
	}
	r.shown = &picture{gen: gen, over: over}
	return over, nil
}

// replay lays an act of the outbox over the picture. An act that cannot be
// applied to what the device sees by now changes nothing: the city decides.
func replay(over *city.Overlay, e *entry) error {
	if len(e.stub) > 0 {
		var stub city.Record
		if json.Unmarshal(e.stub, &stub) != nil { // a stub is only shown, never sent
			return nil
		}
		if _, there, err := over.Record(stub.Ref); err != nil || there {
			return err
		}
		over.Put(stub)
		return nil
	}
	var env protocol.Envelope
	if err := json.Unmarshal(e.envelope, &env); err != nil {
		return fmt.Errorf("read act %s: %w", e.id, err)
	}
	if env.Sealed != nil {
		return nil
	}
	res, err := city.Apply(over, env.Mutation(e.device, env.Args, time.Time{}))
	if err != nil {
		return err
	}
	for _, c := range res.Changed {
		if c.Record.Kind != city.KindReview { // a review is the city's to open
			over.Put(c.Record)
		}
	}
	return nil
}

// Records lists every record of a kind, by id, in the same picture as View.
func (r *Replica) Records(ctx context.Context, kind city.Kind) ([]city.Record, error) {
	return r.merged(ctx, func(rec city.Record) bool { return rec.Kind == kind }, selectKind, kind)
}

// Find lists the records of a kind whose text field has the value, by id, in the
// same picture as View. lookup, number and crew are indexed.
func (r *Replica) Find(ctx context.Context, kind city.Kind, field, value string) ([]city.Record, error) {
	matches := func(rec city.Record) bool { return rec.Kind == kind && value != "" && rec.Text(field) == value }
	if query, ok := selectByField[field]; ok {
		return r.merged(ctx, matches, query, kind, value)
	}
	all, err := r.Records(ctx, kind)
	return slices.DeleteFunc(all, func(rec city.Record) bool { return !matches(rec) }), err
}

// merged runs a query on the cache and lays the own acts over its result.
func (r *Replica) merged(ctx context.Context, matches func(city.Record) bool, query string, args ...any) ([]city.Record, error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	view, err := r.view(ctx)
	if err != nil {
		return nil, err
	}
	under, err := r.cache.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	over := view.Over()
	out := slices.DeleteFunc(under, func(rec city.Record) bool {
		_, covered := over[rec.Ref]
		return covered
	})
	for _, rec := range over {
		if matches(rec) {
			out = append(out, rec)
		}
	}
	slices.SortFunc(out, func(a, b city.Record) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, nil
}
