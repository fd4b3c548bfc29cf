package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// ErrHandedOver means that the hand-over of a revoked device has ended, or would
// go beyond its bounds. Nothing of the batch was taken.
var ErrHandedOver = errors.New("the hand-over of this device has ended")

// ErrWelcome means a hand-over by a device that may push.
var ErrWelcome = errors.New("this device is welcome: it pushes")

// revokedWork is why nothing that a revoked device hands over is applied.
var revokedWork = &city.Error{Code: city.CodeRevoked, Field: "device", Message: "done on a device that was revoked"}

// Quarantine takes the unsent work of a revoked device, once over its life. Each
// act is archived as refused, whole, in a review for staff; nothing is applied.
// Acts that are known already are duplicates, however often they come.
func (s *Store) Quarantine(ctx context.Context, d Device, h protocol.QuarantineHeader, lines []Incoming) ([]protocol.PushVerdict, protocol.QuarantineEnd, error) {
	if d.State != DeviceRevoked {
		return nil, protocol.QuarantineEnd{}, ErrWelcome
	}
	opened := make([]opening, len(lines))
	for i, l := range lines {
		var err error
		if opened[i], err = s.open(l); err != nil {
			return nil, protocol.QuarantineEnd{}, city.Fail(city.CodeInvalid, "envelope", err.Error())
		}
		if opened[i].refusal == nil {
			opened[i].refusal = revokedWork
		}
	}
	var verdicts []protocol.PushVerdict
	var end protocol.QuarantineEnd
	err := s.do(ctx, func(ctx context.Context, w *writeTx) error {
		was, err := readDeparture(ctx, w.tx, d.ID)
		if err != nil {
			return err
		}
		now, p := was, &push{w: w, device: d, stream: "quarantine"}
		verdicts = verdicts[:0]
		for i, l := range lines {
			v, err := p.handOver(ctx, l, opened[i], &now)
			if err != nil {
				return err
			}
			verdicts = append(verdicts, v)
		}
		if h.Last && now.Closed.IsZero() {
			now.Closed = s.now()
		}
		if h.Wiped && now.Wiped.IsZero() && !now.Ordered.IsZero() {
			now.Wiped = s.now()
			if err := s.ledger.append(ledgerLine{At: now.Wiped.UTC().Truncate(time.Millisecond), Kind: lineWiped, Device: d.ID}); err != nil {
				return err
			}
		}
		end = protocol.QuarantineEnd{End: true, Taken: now.Acts, Closed: !now.Closed.IsZero()}
		if now == was {
			return nil
		}
		return w.writeDeparture(ctx, d.ID, now)
	})
	return verdicts, end, err
}

// handOver puts one act before staff, unless it is known.
func (p *push) handOver(ctx context.Context, l Incoming, o opening, d *Departure) (protocol.PushVerdict, error) {
	v := protocol.PushVerdict{N: l.Envelope.N, ID: l.Envelope.ID}
	old, ok, err := p.w.known(ctx, v.ID)
	if err != nil {
		return v, err
	}
	if ok && old.same(o.content) {
		return duplicate(v, old), nil
	}
	if ok {
		v, err = p.clash(ctx, v, l, o)
	} else {
		v, err = p.append(ctx, v, v.ID, l, o)
	}
	if err != nil || v.Verdict == city.VerdictDuplicate {
		return v, err
	}
	d.Acts, d.Bytes = d.Acts+1, d.Bytes+int64(len(l.Line))
	if !d.Closed.IsZero() || d.Acts > protocol.MaxHandoverActs || d.Bytes > protocol.MaxHandoverBytes {
		return v, ErrHandedOver // undone with the savepoint
	}
	return v, p.expect(ctx, l.Envelope.Blobs)
}

// expect lets the device upload the photos that an act in quarantine names.
func (p *push) expect(ctx context.Context, blobs []string) error {
	for _, sha := range blobs[:min(len(blobs), protocol.MaxEnvelopeBlobs)] {
		if !BlobName(sha) {
			continue
		}
		_, err := p.w.tx.ExecContext(ctx, `INSERT INTO departure_blob (device, sha256) VALUES ($1, $2) ON CONFLICT DO NOTHING`, p.device.ID, sha)
		if err != nil {
			return fmt.Errorf("expect a photo: %w", err)
		}
		if err := seal(ctx, p.w.tx, "departure_blob", p.device.ID, sha); err != nil {
			return err
		}
	}
	return nil
}

// Expected tells whether a revoked device may still upload a blob: one that its
// acts in quarantine name, or that a record of the city waits for.
func (s *Store) Expected(ctx context.Context, id city.DeviceID, sha string) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM departure_blob WHERE device = $1 AND sha256 = $2`, id, sha).Scan(&n)
	if err == nil && n == 0 {
		err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM record WHERE kind = 'photo' AND fields->>'blob' = $1`, sha).Scan(&n)
	}
	if err != nil {
		return false, fmt.Errorf("who expects blob: %w", err)
	}
	return n > 0, nil
}
