package read

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// Act is something that somebody did, as the archive has it.
type Act struct {
	ID       city.MutationID
	Seq      int64
	Type     city.Type
	Actor    city.Actor
	At       time.Time // by the author's clock
	Received time.Time // by ours
	Device   city.DeviceID
	// DeviceName is empty for the office and for a device that is not known.
	DeviceName string
	Verdict    city.Verdict
	Review     city.ID
	Code       city.Code
	Field      string
	Args       json.RawMessage
}

// What became of an act that was held counts once it is there.
const act = `SELECT m.id, m.seq, m.type, m.actor, m.at, m.received, m.device, coalesce(d.name, ''), coalesce(h.verdict, m.verdict),
 coalesce(h.review, m.review), coalesce(h.code, m.code), coalesce(h.field, m.field), m.envelope, m.args
 FROM mutation m LEFT JOIN device d ON d.id = m.device LEFT JOIN held h ON h.id = m.id AND h.seq > 0`

const timelineSQL = act + ` JOIN record w ON w.kind = 'request.work' AND w.id = m.subject WHERE ` + own + ` AND m.subject = $2 ORDER BY m.seq`

// Timeline gives all that was ever done about a request, oldest first.
func (r *Reader) Timeline(ctx context.Context, by Staff, request city.ID) ([]Act, error) {
	var out []Act
	err := r.each(ctx, func(rows *sql.Rows) error {
		a, err := scanAct(rows)
		out = append(out, a)
		return err
	}, timelineSQL, by.scope(), request)
	return out, err
}

const actSQL = act + ` WHERE m.id = $1`

// acts gives what the archive has of each mutation. Whoever may see a review may
// see its sides, so the caller has asked for permission already.
func (r *Reader) acts(ctx context.Context, ids []city.MutationID) (map[city.MutationID]Act, error) {
	out := map[city.MutationID]Act{}
	for _, id := range ids {
		err := r.each(ctx, func(rows *sql.Rows) error {
			a, err := scanAct(rows)
			out[id] = a
			return err
		}, actSQL, id)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func scanAct(rows *sql.Rows) (Act, error) {
	var a Act
	var actor, envelope, opened []byte
	var at, received string
	err := rows.Scan(&a.ID, &a.Seq, &a.Type, &actor, &at, &received, &a.Device, &a.DeviceName, &a.Verdict, &a.Review, &a.Code, &a.Field, &envelope, &opened)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(actor, &a.Actor); err != nil {
		return a, fmt.Errorf("actor of %s: %w", a.ID, err)
	}
	if a.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return a, fmt.Errorf("time of %s: %w", a.ID, err)
	}
	if a.Received, err = time.Parse(time.RFC3339Nano, received); err != nil {
		return a, fmt.Errorf("time of %s: %w", a.ID, err)
	}
	if a.Args = opened; len(opened) > 0 {
		return a, nil // of a sealed act, as the server opened it
	}
	var e protocol.Envelope
	if err := json.Unmarshal(envelope, &e); err != nil {
		return a, nil // a form that this version cannot read shows without its details
	}
	a.Args = e.Args
	return a, nil
}
