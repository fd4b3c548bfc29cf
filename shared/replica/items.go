package replica

import (
	"context"
	"fmt"

	"cityhall/shared/city"
)

// Items lists the device's acts, the newest first.
func (r *Replica) Items(ctx context.Context, limit int) ([]Item, error) {
	return r.items(ctx, selectNewest, limit)
}

// Item gives one act; false when it is not here.
func (r *Replica) Item(ctx context.Context, id city.MutationID) (Item, bool, error) {
	found, err := r.items(ctx, selectOne, id)
	if err != nil || len(found) == 0 {
		return Item{}, false, err
	}
	return found[0], true, nil
}

// ItemsAbout lists the acts about a request, the newest first.
func (r *Replica) ItemsAbout(ctx context.Context, request city.ID) ([]Item, error) {
	return r.items(ctx, selectAbout, request)
}

func (r *Replica) items(ctx context.Context, query string, args ...any) ([]Item, error) {
	entries, err := r.load(ctx, r.out, query, args...)
	if err != nil {
		return nil, err
	}
	out := make([]Item, len(entries))
	for i := range entries {
		if out[i], err = r.item(ctx, &entries[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *Replica) item(ctx context.Context, stored *entry) (Item, error) {
	told, err := r.fate(*stored)
	if err != nil {
		return Item{}, err
	}
	e := &told
	it := Item{ID: e.id, Type: e.typ, Title: e.title, Subject: e.subject, At: e.at, Verdict: e.verdict, Code: e.code, Field: e.field,
		Review: e.review, Blobs: len(e.blobs)}
	broken := false
	for _, sha := range e.blobs {
		state, err := blobState(ctx, r.out, sha)
		if err != nil {
			return it, err
		}
		switch state {
		case blobSent:
			it.BlobsSent++
		case blobDamaged:
			broken = true
		}
	}
	it.Waits = it.BlobsSent < it.Blobs && !broken && r.photosWait()
	stuck := r.stuckCode(e.id)
	toDecide, err := r.undecided(e)
	if err != nil {
		return it, err
	}
	safe := e.state == echoReceived && e.seq <= r.safeSeq() && it.Blobs == it.BlobsSent
	if safe {
		if safe, err = r.photosSafe(ctx, e); err != nil {
			return it, err
		}
	}
	switch {
	case e.damaged:
		it.State, it.Code = StateAttention, city.CodeDamaged
	case e.state != echoReceived && stuck != "":
		it.State, it.Code = StateAttention, stuck
	case broken:
		it.State, it.Code, it.Field = StateAttention, city.CodeDamaged, "blobs"
	case toDecide:
		it.State = StateAttention
	case e.state == handedOver && e.verdict == city.VerdictRefused || e.state == echoReceived && e.code == city.CodeRevoked:
		it.State = StateHanded
	case e.state == handedOver: // the city had it before
		it.State = StateReceived
	case safe:
		it.State = StateSafe
	case e.state == echoReceived:
		it.State = StateReceived
	case e.state == sentOnce:
		it.State = StateSent
	default:
		it.State = StateSaved
	}
	return it, nil
}

// safeSeq is up to where everything is in a verified backup, as the shown cache
// has it from a pull.
func (r *Replica) safeSeq() int64 {
	r.cache.mu.RLock()
	defer r.cache.mu.RUnlock()
	return r.cache.live.at.Load().safe
}

// undecided tells whether a person has yet to decide on an act of a crew. What a
// resident filed at a kiosk is the office's affair and never shown there.
func (r *Replica) undecided(e *entry) (bool, error) {
	id := r.who()
	if e.state != echoReceived || e.review == "" || id == nil || id.kind == city.DeviceKiosk {
		return false, nil
	}
	if e.code == city.CodeRevoked { // done under an earlier enrolment, whose reviews this one does not get
		return false, nil
	}
	if e.verdict != city.VerdictRefused && e.verdict != city.VerdictReview {
		return false, nil
	}
	review, ok, err := r.cache.Record(city.Ref{Kind: city.KindReview, ID: e.review})
	return !ok || review.Text("state") != "closed", err
}

// Summary gives the undelivered work in figures.
func (r *Replica) Summary(ctx context.Context) (Summary, error) {
	var s Summary
	waiting, err := r.load(ctx, r.out, selectWaiting)
	if err != nil {
		return s, err
	}
	for i := range waiting {
		e := &waiting[i]
		if e.damaged {
			continue
		}
		if e.state == handedOver {
			s.Handed++
			continue
		}
		if s.Pending++; s.Oldest.IsZero() {
			s.Oldest = e.at
		}
		if r.stuckCode(e.id) != "" {
			s.Attention++
		}
	}
	suspects, err := r.load(ctx, r.out, selectToCheck)
	if err != nil {
		return s, err
	}
	for i := range suspects {
		told, err := r.fate(suspects[i])
		if err != nil {
			return s, err
		}
		toDecide, err := r.undecided(&told)
		if err != nil {
			return s, err
		}
		if suspects[i].damaged {
			s.Damaged++
		}
		if suspects[i].damaged || toDecide {
			s.Attention++
		}
	}
	var broken int
	err = r.out.QueryRowContext(ctx, countUnsent).Scan(&s.Blobs, &broken)
	if err != nil {
		return s, fmt.Errorf("count the photos: %w", err)
	}
	s.Waits = s.Blobs > 0 && r.photosWait()
	s.Full = r.full.Load()
	s.Damaged += broken
	s.Attention += broken
	return s, nil
}
