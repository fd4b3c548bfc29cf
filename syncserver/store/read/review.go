package read

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"cityhall/shared/city"
)

// Review is something to decide, its id and the request that it belongs to.
type Review struct {
	ID      city.ID
	Request city.ID // empty when it belongs to none
	Number  string
	Place   city.Place
	Service city.ID
	city.Review
	// Acts holds the archive's entry of every side, when one review was asked for.
	Acts map[city.MutationID]Act
}

// whose joins what a review's department follows from: the notice or the request that
// it is about. One about nothing that has a department is for every reviewer: somebody
// has to see it.
const whose = ` LEFT JOIN record w ON w.kind = CASE v.fields->'about'->>'kind' WHEN 'notice' THEN 'notice' ELSE 'request.work' END
 AND w.id = CASE v.fields->'about'->>'kind' WHEN 'notice' THEN v.fields->'about'->>'id' ELSE v.parent END`

const reviewing = `SELECT v.id, v.parent, v.fields, coalesce(r.fields, '{}') FROM record v` + whose + `
 LEFT JOIN record r ON r.kind = 'request' AND r.id = v.parent
 WHERE (w.id IS NULL OR ` + own + `) AND v.kind = 'review'`

const (
	openSQL = reviewing + ` AND v.fields->>'state' = 'open' ORDER BY v.fields->>'opened_at', v.id LIMIT $2`
	pastSQL = reviewing + ` AND v.fields->>'state' = 'closed' ORDER BY v.fields->>'closed_at' DESC, v.id LIMIT $2`
	oneRSQL = reviewing + ` AND v.id = $2`
	openNum = `SELECT count(*) FROM record v` + whose + `
 WHERE (w.id IS NULL OR ` + own + `) AND v.kind = 'review' AND v.fields->>'state' = 'open'`
)

// OpenReviews gives what waits for a decision, longest waiting first.
func (r *Reader) OpenReviews(ctx context.Context, by Staff, limit int) ([]Review, error) {
	return r.reviews(ctx, openSQL, by.scope(), limit)
}

// PastReviews gives what has been decided, newest first.
func (r *Reader) PastReviews(ctx context.Context, by Staff, limit int) ([]Review, error) {
	return r.reviews(ctx, pastSQL, by.scope(), limit)
}

// CountReviews tells how many decisions are open.
func (r *Reader) CountReviews(ctx context.Context, by Staff) (int, error) {
	var n int
	err := r.db.QueryRowContext(ctx, openNum, by.scope()).Scan(&n)
	return n, err
}

// Review gives one review with its sides; false when the asker may see none.
func (r *Reader) Review(ctx context.Context, by Staff, id city.ID) (Review, bool, error) {
	found, err := r.reviews(ctx, oneRSQL, by.scope(), id)
	if err != nil || len(found) == 0 {
		return Review{}, false, err
	}
	v := found[0]
	v.Acts, err = r.acts(ctx, v.Sides())
	return v, true, err
}

func (r *Reader) reviews(ctx context.Context, text string, args ...any) ([]Review, error) {
	var out []Review
	err := r.each(ctx, func(rows *sql.Rows) error {
		var v Review
		var fields, request []byte
		if err := rows.Scan(&v.ID, &v.Request, &fields, &request); err != nil {
			return err
		}
		var about city.Request
		if err := errors.Join(json.Unmarshal(fields, &v.Review), json.Unmarshal(request, &about)); err != nil {
			return fmt.Errorf("review %s: %w", v.ID, err)
		}
		v.Number, v.Place, v.Service = about.Number, about.Place, about.Service
		out = append(out, v)
		return nil
	}, text, args...)
	return out, err
}
