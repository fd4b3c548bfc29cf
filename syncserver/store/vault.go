package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// TabletKey is the key that a tablet's records of persons are sealed to.
type TabletKey struct {
	Public keys.SealingPublic // zero: it has told none, and gets no such records
	Asked  time.Time          // when it last asked for another one, which it did not get; zero if never
}

// SealTo notes the key that records of persons are sealed to for a tablet, and
// gives the device as it is then. The first key counts as another grant, for which
// the tablet builds its cache anew. It stays for the device's life, since who has
// the tablet's disk can ask for another: one that has lost it joins again. A
// kiosk's key is passed over.
func (s *Store) SealTo(ctx context.Context, d Device, key keys.SealingPublic) (Device, error) {
	if d.Kind != city.DeviceTablet {
		return d, nil
	}
	if now, err := tabletKey(ctx, s.db, d.ID); err != nil || now.Public.String() == key.String() {
		return d, err
	}
	err := s.do(ctx, func(ctx context.Context, w *writeTx) error {
		now, err := tabletKey(ctx, w.tx, d.ID)
		if err != nil || now.Public.String() == key.String() {
			return err
		}
		if now.Public.String() != "" {
			s.log.Warn("a tablet asked for another key to seal to, and did not get it", "device", d.ID)
			_, err := w.tx.ExecContext(ctx, `UPDATE device_seal SET asked = $1 WHERE device = $2`, stamp(s.now()), d.ID)
			return errors.Join(err, seal(ctx, w.tx, "device_seal", d.ID))
		}
		// The ledger first, so that a database older than this gives it to nobody else.
		if err := s.ledger.append(ledgerLine{At: s.now().UTC(), Kind: lineSeal, Device: d.ID, SealTo: key.String()}); err != nil {
			return err
		}
		return w.sealTo(ctx, d.ID, key.String())
	})
	if err != nil {
		return d, err
	}
	return s.Device(ctx, d.ID)
}

func (w *writeTx) sealTo(ctx context.Context, id city.DeviceID, public string) error {
	_, err := w.tx.ExecContext(ctx, `INSERT INTO device_seal (device, public) VALUES ($1, $2)`, id, public)
	if err != nil {
		return fmt.Errorf("keep the key of %s: %w", id, err)
	}
	if _, err := w.tx.ExecContext(ctx, `UPDATE device SET grant_rev = grant_rev + 1 WHERE id = $1`, id); err != nil {
		return fmt.Errorf("count the grants of %s: %w", id, err)
	}
	return errors.Join(seal(ctx, w.tx, "device_seal", id), seal(ctx, w.tx, "device", id))
}

// TabletKey reads the key to seal to for a device.
func (s *Store) TabletKey(ctx context.Context, id city.DeviceID) (TabletKey, error) {
	return tabletKey(ctx, s.db, id)
}

func tabletKey(ctx context.Context, q querier, id city.DeviceID) (TabletKey, error) {
	var k TabletKey
	var public, asked string
	err := q.QueryRowContext(ctx, `SELECT public, asked FROM device_seal WHERE device = $1`, id).Scan(&public, &asked)
	if errors.Is(err, sql.ErrNoRows) {
		return k, nil
	}
	if err != nil {
		return k, fmt.Errorf("read the key of %s: %w", id, err)
	}
	k.Asked = parseStamp(asked)
	k.Public, err = keys.ParseSealingPublic(public)
	return k, err
}

// envelopes seals for one device what may not lie in clear on it.
type envelopes struct {
	device city.DeviceID
	kind   city.DeviceKind
	to     keys.SealingPublic
}

// envelopesFor reads how a device wants its records of persons.
func envelopesFor(ctx context.Context, q querier, d Device) (envelopes, error) {
	k, err := tabletKey(ctx, q, d.ID)
	return envelopes{device: d.ID, kind: d.Kind, to: k.Public}, err
}

// may tells whether the device gets records of persons at all.
func (e envelopes) may() bool { return e.kind == city.DeviceTablet && e.to.String() != "" }

// fill makes whole the records of persons that changed in part, as they stood at
// their place in the log, since a locked tablet cannot put the parts together.
// What the device may not have at all is left out.
func (e envelopes) fill(ctx context.Context, q querier, frames []protocol.Frame) ([]protocol.Frame, error) {
	out := frames[:0]
	for _, f := range frames {
		if f.Put == nil || f.Put.Kind != city.KindPerson {
			out = append(out, f)
			continue
		}
		if !e.may() {
			continue
		}
		if !f.Put.Full {
			whole, err := wholeAt(ctx, q, *f.Put)
			if err != nil {
				return nil, err
			}
			if whole.Fields == nil { // erased by law since
				continue
			}
			f.Put = &whole
		}
		out = append(out, f)
	}
	return out, nil
}

// wholeAt is the whole record as of a put of some of its fields; without fields
// when some of what it was made of has been erased.
func wholeAt(ctx context.Context, q querier, p protocol.Put) (protocol.Put, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+changeColumns+` FROM change WHERE kind = $1 AND id = $2 AND seq <= $3 AND seq >=
		(SELECT max(seq) FROM change WHERE kind = $1 AND id = $2 AND seq <= $3 AND whole = 1) ORDER BY seq`, p.Kind, p.ID, p.Seq)
	if err != nil {
		return p, fmt.Errorf("read the log of %s: %w", p.Ref, err)
	}
	defer rows.Close()
	f := folded{Record: city.Record{Ref: p.Ref, Parent: p.Parent, Fields: city.Fields{}, Writers: map[string]city.MutationID{}}}
	for rows.Next() {
		var r changeRow
		if err := r.scan(rows); err != nil {
			return p, fmt.Errorf("read the log of %s: %w", p.Ref, err)
		}
		f.take(&r, false)
	}
	p.Full, p.Fields, p.WS = true, f.Fields, map[string]city.MutationID{}
	for name, by := range f.Writers {
		if by != p.W || f.Fields[name] == nil {
			p.WS[name] = by
		}
	}
	if f.bad {
		p.Fields = nil
	}
	return p, rows.Err()
}

// frames seals every record of a person in a page. It costs about 0.1 ms each, so
// it is done outside of any transaction.
func (e envelopes) frames(frames []protocol.Frame) error {
	for i := range frames {
		if p := frames[i].Put; p != nil && p.Kind == city.KindPerson {
			sealed, err := e.put(*p)
			if err != nil {
				return err
			}
			frames[i].Put = &sealed
		}
	}
	return nil
}

// put is the one place where a record of a person is made ready for a tablet: p
// is whole, and comes back with its fields sealed to the tablet's own key.
func (e envelopes) put(p protocol.Put) (protocol.Put, error) {
	plain, err := city.Canonical(p.Fields)
	if err != nil {
		return p, fmt.Errorf("seal %s: %w", p.Ref, err)
	}
	id := e.to.ID()
	body, err := e.to.Seal(keys.SealRecordInfo(id, string(e.device), string(p.Kind), string(p.ID), p.Seq), plain)
	if err != nil {
		return p, fmt.Errorf("seal %s: %w", p.Ref, err)
	}
	p.Full, p.Fields, p.Sealed = true, nil, &protocol.Sealed{Key: id, Body: body}
	return p, nil
}
