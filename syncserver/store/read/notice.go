package read

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cityhall/shared/city"
)

// Notice is a notice, its id and who wrote the edition that stands.
type Notice struct {
	ID city.ID
	city.Notice
	By city.Actor
	At time.Time // by our clock
}

// NoticeList is every notice as far as it was asked for.
type NoticeList struct {
	Ahead     []Notice // shown now or to come, the first to begin first
	Past      []Notice // over or taken back, newest first
	MoreAhead bool     // that are not in Ahead
	MorePast  bool
}

// False and empty fields are not stored, so a notice that stands has no "withdrawn".
const (
	noticed  = `SELECT r.id, r.fields, coalesce(m.actor, '{}'), coalesce(m.received, '') FROM record r LEFT JOIN mutation m ON m.id = r.writers->>'until' WHERE r.kind = 'notice'`
	standing = `(r.fields->>'withdrawn' IS NULL AND r.fields->>'until' >= $1)`
	aheadSQL = noticed + ` AND ` + standing + ` ORDER BY r.fields->>'from', r.id LIMIT $2`
	goneSQL  = noticed + ` AND NOT ` + standing + ` ORDER BY r.fields->>'until' DESC, r.id DESC LIMIT $2`
	oneNSQL  = noticed + ` AND r.id = $1`
)

// Notices gives the notices, at most limit of those ahead and of those past. The
// day (2006-01-02, in the city's zone) decides what is over. Everybody may know them.
func (r *Reader) Notices(ctx context.Context, day string, limit int) (NoticeList, error) {
	var l NoticeList
	ahead, err := r.notices(ctx, aheadSQL, day, limit+1)
	if err != nil {
		return l, err
	}
	past, err := r.notices(ctx, goneSQL, day, limit+1)
	l.Ahead, l.MoreAhead = ahead[:min(limit, len(ahead))], len(ahead) > limit
	l.Past, l.MorePast = past[:min(limit, len(past))], len(past) > limit
	return l, err
}

// Notice gives one notice; false when there is none.
func (r *Reader) Notice(ctx context.Context, id city.ID) (Notice, bool, error) {
	found, err := r.notices(ctx, oneNSQL, id)
	if err != nil || len(found) == 0 {
		return Notice{}, false, err
	}
	return found[0], true, nil
}

func (r *Reader) notices(ctx context.Context, text string, args ...any) ([]Notice, error) {
	var out []Notice
	err := r.each(ctx, func(rows *sql.Rows) error {
		var n Notice
		var fields, actor []byte
		var received string
		if err := rows.Scan(&n.ID, &fields, &actor, &received); err != nil {
			return err
		}
		if err := errors.Join(json.Unmarshal(fields, &n.Notice), json.Unmarshal(actor, &n.By)); err != nil {
			return fmt.Errorf("notice %s: %w", n.ID, err)
		}
		n.At, _ = time.Parse(time.RFC3339Nano, received) // empty: the archive has lost the act
		out = append(out, n)
		return nil
	}, text, args...)
	return out, err
}
