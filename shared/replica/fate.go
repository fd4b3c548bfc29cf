package replica

import (
	"maps"
	"slices"

	"cityhall/shared/city"
)

// fate gives an act with what became of it after it was held. The echo of an act
// never changes, so what came later is read off the records and reviews that the
// city sends: a review that holds the act, or a record that it wrote.
func (r *Replica) fate(e entry) (entry, error) {
	if e.state != echoReceived || e.verdict != city.VerdictHeld {
		return e, nil
	}
	for id, verdict := range city.ReviewsOf(e.id) {
		rec, ok, err := r.cache.Record(city.Ref{Kind: city.KindReview, ID: id})
		if err != nil {
			return e, err
		}
		if !ok {
			continue
		}
		var review city.Review
		if err := rec.Into(&review); err != nil {
			return e, err
		}
		e.verdict, e.review, e.code, e.field = verdict, id, "", ""
		if review.Refusal != nil {
			e.code, e.field = review.Refusal.Code, review.Refusal.Field
		}
		return e, nil
	}
	if e.subject == "" {
		return e, nil
	}
	for _, kind := range []city.Kind{city.KindVisit, city.KindNote, city.KindPhoto, city.KindWork} {
		found, err := r.cache.Children(e.subject, kind)
		if err != nil {
			return e, err
		}
		for _, rec := range found {
			if slices.Contains(slices.Collect(maps.Values(rec.Writers)), e.id) {
				e.verdict, e.code, e.field = city.VerdictApplied, "", ""
				return e, nil
			}
		}
	}
	return e, nil
}
