package read

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"cityhall/shared/city"
)

// Case is a request with all that belongs to it.
type Case struct {
	ID      city.ID
	Request city.Request
	Work    city.Work
	Person  *city.Person // nil when nobody left a word or the asker may not see it
	// Contact tells whether the resident left a way to reach them, for an asker
	// who may not see it.
	Contact   bool
	WorkOrder *WorkOrder // the present job
	Visits    []Visit    // oldest first
	Notes     []city.Note
	Photos    []Photo
	Reviews   []city.ID // open ones
}

// WorkOrder is a job and its id.
type WorkOrder struct {
	ID city.ID
	city.WorkOrder
}

// Visit is a visit and its id.
type Visit struct {
	ID city.ID
	city.Visit
}

// Photo is a photo and its id. Arrived tells whether its bytes are here yet.
type Photo struct {
	ID      city.ID
	Request city.ID
	city.Photo
	Arrived bool
}

const caseSQL = `SELECT w.fields, r.kind, r.id, r.fields FROM record w JOIN record r ON r.parent = w.id OR r.kind = 'request' AND r.id = w.id
 WHERE ` + own + ` AND w.kind = 'request.work' AND w.id = $2 ORDER BY r.id`

// Case gives a request; false when there is none that the asker may see.
func (r *Reader) Case(ctx context.Context, by Staff, id city.ID) (Case, bool, error) {
	c := Case{ID: id}
	found := false
	err := r.each(ctx, func(rows *sql.Rows) error {
		var work, fields []byte
		var ref city.Ref
		if err := rows.Scan(&work, &ref.Kind, &ref.ID, &fields); err != nil {
			return err
		}
		if !found {
			found = true
			if err := json.Unmarshal(work, &c.Work); err != nil {
				return err
			}
		}
		return c.add(by, ref, fields)
	}, caseSQL, by.scope(), id)
	if err != nil || !found {
		return c, false, err
	}
	sortBy(c.Visits, func(v Visit) string { return stamp(v.StartedAt) })
	sortBy(c.Notes, func(n city.Note) string { return stamp(n.At) })
	sortBy(c.Photos, func(p Photo) string { return stageOrder[p.Stage] + stamp(p.At) + string(p.ID) })
	for i := range c.Photos {
		if c.Photos[i].Arrived, err = r.arrived(ctx, c.Photos[i].Blob); err != nil {
			return c, false, err
		}
	}
	return c, true, nil
}

func (c *Case) add(by Staff, ref city.Ref, fields []byte) error {
	switch ref.Kind {
	case city.KindRequest:
		return json.Unmarshal(fields, &c.Request)
	case city.KindPerson:
		var p city.Person
		err := json.Unmarshal(fields, &p)
		c.Contact = !p.Empty()
		if c.Contact && by.MayContact(c.Work.Department) {
			c.Person = &p
		}
		return err
	case city.KindWorkOrder:
		if ref.ID == c.Work.WorkOrder {
			c.WorkOrder = &WorkOrder{ID: ref.ID}
			return json.Unmarshal(fields, &c.WorkOrder.WorkOrder)
		}
	case city.KindVisit:
		c.Visits = append(c.Visits, Visit{ID: ref.ID})
		return json.Unmarshal(fields, &c.Visits[len(c.Visits)-1].Visit)
	case city.KindNote:
		c.Notes = append(c.Notes, city.Note{})
		return json.Unmarshal(fields, &c.Notes[len(c.Notes)-1])
	case city.KindPhoto:
		c.Photos = append(c.Photos, Photo{ID: ref.ID, Request: c.ID})
		return json.Unmarshal(fields, &c.Photos[len(c.Photos)-1].Photo)
	case city.KindReview:
		var v city.Review
		err := json.Unmarshal(fields, &v)
		if v.State == "open" {
			c.Reviews = append(c.Reviews, ref.ID)
		}
		return err
	}
	return nil
}

// stageOrder lists what was reported, then before, then after.
var stageOrder = map[string]string{"report": "0", "before": "1", "after": "2"}

const numberSQL = `SELECT r.id` + joined + ` WHERE ` + own + ` AND r.kind = 'request' AND r.fields->>'number' = $2 ORDER BY r.id DESC LIMIT 2`

// Numbered gives the requests with a public number, at most two of them: 40 bits
// are many, but not enough to rule out that two are alike.
func (r *Reader) Numbered(ctx context.Context, by Staff, number string) ([]city.ID, error) {
	var ids []city.ID
	err := r.each(ctx, func(rows *sql.Rows) error {
		ids = append(ids, "")
		return rows.Scan(&ids[len(ids)-1])
	}, numberSQL, by.scope(), number)
	return ids, err
}

const numberOfSQL = `SELECT coalesce(r.fields->>'number', '') FROM record r WHERE r.kind = 'request' AND r.id = $1`

// Number gives the public number of a request, which everybody may know.
func (r *Reader) Number(ctx context.Context, id city.ID) (string, error) {
	var n string
	err := r.db.QueryRowContext(ctx, numberOfSQL, id).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return n, err
}

const photoSQL = `SELECT p.parent, p.fields FROM record p JOIN record w ON w.kind = 'request.work' AND w.id = p.parent
 WHERE ` + own + ` AND p.kind = 'photo' AND p.id = $2`

// Photo gives a photo; false when there is none that the asker may see.
func (r *Reader) Photo(ctx context.Context, by Staff, id city.ID) (Photo, bool, error) {
	p := Photo{ID: id}
	var fields []byte
	err := r.db.QueryRowContext(ctx, photoSQL, by.scope(), id).Scan(&p.Request, &fields)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("read photo: %w", err)
	}
	if err := json.Unmarshal(fields, &p.Photo); err != nil {
		return p, false, fmt.Errorf("read photo: %w", err)
	}
	p.Arrived, err = r.arrived(ctx, p.Blob)
	return p, true, err
}

const arrivedSQL = `SELECT count(*) FROM blob WHERE sha256 = $1 AND complete = 1`

func (r *Reader) arrived(ctx context.Context, sha string) (bool, error) {
	var n int
	err := r.db.QueryRowContext(ctx, arrivedSQL, sha).Scan(&n)
	return n > 0, err
}
