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

// Salvaged is a record of a history that a restore has ended, as a device had it,
// beside what the city has now.
type Salvaged struct {
	ID         string
	Device     city.DeviceID
	DeviceName string
	city.Record
	Now       city.Fields // nil: the city has no such record
	Request   city.ID     // that it belongs to, as far as the city knows it
	About     city.Request
	Received  time.Time
	Settled   time.Time // zero: nobody has dealt with it
	SettledBy string
}

// SalvagedList is a page of evidence, oldest first.
type SalvagedList struct {
	Rows []Salvaged
	Next string // cursor of the next page, or empty
}

// What rests on a request of another department is that department's; what rests
// on none that the city knows is for every reviewer: somebody has to see it. What
// has come back by itself is no loss.
const (
	salvaged = `SELECT s.id, s.device, coalesce(d.name, ''), s.kind, s.record, s.parent, s.fields, s.writers, c.fields, coalesce(r.id, ''), coalesce(r.fields, '{}'),
 s.received, s.settled, coalesce(p.fields->>'name', '') FROM salvage s LEFT JOIN device d ON d.id = s.device
 LEFT JOIN record c ON c.kind = s.kind AND c.id = s.record LEFT JOIN record p ON p.kind = 'staff' AND p.id = s.settled_by
 LEFT JOIN record w ON w.kind = 'request.work' AND w.id = CASE WHEN s.parent = '' THEN s.record ELSE s.parent END
 LEFT JOIN record r ON r.kind = 'request' AND r.id = CASE WHEN s.parent = '' THEN s.record ELSE s.parent END
 WHERE (w.id IS NULL OR ` + own + `)`
	lost = ` AND EXISTS (SELECT 1 FROM salvage_missing x WHERE x.salvage = s.id AND NOT EXISTS (SELECT 1 FROM mutation m WHERE m.id = x.mutation))`
	page = ` AND (s.received, s.id) > ($2, $3) ORDER BY s.received, s.id LIMIT $4`

	lostSQL     = salvaged + lost + ` AND s.settled = ''` + page
	settledSQL  = salvaged + ` AND s.settled <> ''` + page
	oneLostSQL  = salvaged + ` AND s.id = $2`
	countLost   = `SELECT count(*) FROM (` + salvaged + lost + ` AND s.settled = '') AS found`
	stampFormat = "2006-01-02T15:04:05.000Z"
)

// Salvaged gives a page of what nobody has dealt with, or of what somebody has. The
// cursor is empty for the first page; an unreadable one starts at the beginning.
func (r *Reader) Salvaged(ctx context.Context, by Staff, settled bool, cursor string, limit int) (SalvagedList, error) {
	text := lostSQL
	if settled {
		text = settledSQL
	}
	at, _ := parseCursor(cursor)
	rows, err := r.relics(ctx, text, by.scope(), at.Key, string(at.ID), limit+1)
	l := SalvagedList{Rows: rows}
	if len(rows) > limit {
		l.Rows = rows[:limit]
		last := l.Rows[limit-1]
		l.Next = position{Key: last.Received.Format(stampFormat), ID: city.ID(last.ID)}.String()
	}
	return l, err
}

// CountSalvaged tells how much nobody has dealt with.
func (r *Reader) CountSalvaged(ctx context.Context, by Staff) (int, error) {
	var n int
	err := r.db.QueryRowContext(ctx, countLost, by.scope()).Scan(&n)
	return n, err
}

// OneSalvaged gives one piece of evidence; false when the asker may see none.
func (r *Reader) OneSalvaged(ctx context.Context, by Staff, id string) (Salvaged, bool, error) {
	rows, err := r.relics(ctx, oneLostSQL, by.scope(), id)
	if err != nil || len(rows) == 0 {
		return Salvaged{}, false, err
	}
	return rows[0], true, nil
}

func (r *Reader) relics(ctx context.Context, text string, args ...any) ([]Salvaged, error) {
	var out []Salvaged
	err := r.each(ctx, func(rows *sql.Rows) error {
		var s Salvaged
		var fields, writers, now, about []byte
		var received, settled string
		err := rows.Scan(&s.ID, &s.Device, &s.DeviceName, &s.Kind, &s.Record.ID, &s.Parent, &fields, &writers, &now, &s.Request, &about, &received, &settled, &s.SettledBy)
		if err != nil {
			return err
		}
		if now != nil {
			err = json.Unmarshal(now, &s.Now)
		}
		if err = errors.Join(err, json.Unmarshal(fields, &s.Fields), json.Unmarshal(writers, &s.Writers), json.Unmarshal(about, &s.About)); err != nil {
			return fmt.Errorf("evidence %s: %w", s.ID, err)
		}
		s.Received, _ = time.Parse(stampFormat, received) // as the store wrote it
		s.Settled, _ = time.Parse(stampFormat, settled)   // empty: not yet
		out = append(out, s)
		return nil
	}, text, args...)
	return out, err
}
