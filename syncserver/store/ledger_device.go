package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"cityhall/shared/city"
)

// ledgerDevice is what a ledger keeps of an enrolment, so that a database which
// is older than it knows the device all the same.
type ledgerDevice struct {
	Kind   city.DeviceKind `json:"kind"`
	Name   string          `json:"name"`
	Public string          `json:"public"`
	Code   string          `json:"code,omitempty"` // hash of the code that it used up
}

// noteDevice takes in a line about a device. What a later line makes superfluous
// is not kept: an enrolment that was begun twice with one key, older grants.
func (l *ledger) noteDevice(line ledgerLine) {
	superseded := func(k ledgerLine) bool {
		switch line.Kind {
		case lineEnrol:
			return k.Kind == lineEnrol && k.Who.Public == line.Who.Public
		case lineRevoke:
			return false
		}
		return k.Kind == line.Kind && k.Device == line.Device
	}
	l.kept = append(slices.DeleteFunc(l.kept, superseded), line)
}

// about gives the kept lines of a kind, by device.
func (l *ledger) about(kind string) map[city.DeviceID]ledgerLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[city.DeviceID]ledgerLine{}
	for _, line := range l.kept {
		if line.Kind == kind {
			out[line.Device] = line
		}
	}
	return out
}

func enrolLine(d Device, code string) ledgerLine {
	return ledgerLine{At: d.Enrolled, Kind: lineEnrol, Device: d.ID, Grants: joinScopes(d.Grants), GrantRev: d.GrantRev,
		Who: &ledgerDevice{Kind: d.Kind, Name: d.Name, Public: d.Public.String(), Code: code}}
}

// noteGrants writes a device's new grants into the ledger. Call it within the
// transaction that changes them, before it commits.
func (w *writeTx) noteGrants(id city.DeviceID, grants []city.Scope, rev int64) error {
	return w.s.ledger.append(ledgerLine{At: w.s.now().UTC(), Kind: lineGrants, Device: id, Grants: joinScopes(grants), GrantRev: rev})
}

// welcomeAgain puts back devices and grants that an older database does not
// know, and gives the lines of the devices that the ledger does not know yet.
func (w *writeTx) welcomeAgain(ctx context.Context) ([]ledgerLine, error) {
	enrolled, grants := w.s.ledger.about(lineEnrol), w.s.ledger.about(lineGrants)
	var missing []ledgerLine
	have, err := w.grantsOf(ctx)
	if err != nil {
		return nil, err
	}
	for id, d := range have {
		if _, known := enrolled[id]; !known {
			missing = append(missing, enrolLine(d, ""))
		}
	}
	slices.SortFunc(missing, func(a, b ledgerLine) int { return a.At.Compare(b.At) })
	for id, line := range enrolled {
		if _, there := have[id]; there {
			continue
		}
		w.s.log.Warn("a device that an older database did not know is back", "device", id)
		if err := w.enrolAgain(ctx, line); err != nil {
			return nil, err
		}
		have[id] = Device{GrantRev: line.GrantRev}
	}
	for id, line := range grants {
		if d, there := have[id]; !there || d.GrantRev >= line.GrantRev {
			continue
		}
		_, err := w.tx.ExecContext(ctx, `UPDATE device SET grants = $1, grant_rev = $2 WHERE id = $3`, line.Grants, line.GrantRev, id)
		if err != nil {
			return nil, fmt.Errorf("put back the grants of %s: %w", id, err)
		}
		if err := seal(ctx, w.tx, "device", id); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

func (w *writeTx) grantsOf(ctx context.Context) (map[city.DeviceID]Device, error) {
	rows, err := w.tx.QueryContext(ctx, `SELECT id, kind, name, public, grants, grant_rev, state, enrolled, seen, hello FROM device`)
	if err != nil {
		return nil, fmt.Errorf("read the devices: %w", err)
	}
	ds, err := scanDevices(rows)
	out := map[city.DeviceID]Device{}
	for _, d := range ds {
		out[d.ID] = d
	}
	return out, err
}

func (w *writeTx) enrolAgain(ctx context.Context, l ledgerLine) error {
	_, err := w.tx.ExecContext(ctx, `INSERT INTO device (id, kind, name, public, grants, grant_rev, state, enrolled, seen, hello)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '{}') ON CONFLICT DO NOTHING`,
		l.Device, l.Who.Kind, l.Who.Name, l.Who.Public, l.Grants, l.GrantRev, DeviceActive, stamp(l.At))
	if err == nil { // or the same code would enrol a second device
		_, err = w.tx.ExecContext(ctx, `UPDATE enrolment SET used = $1 WHERE code = $2 AND used = ''`, l.Device, l.Who.Code)
	}
	if err != nil {
		return fmt.Errorf("put back device %s: %w", l.Device, err)
	}
	return errors.Join(seal(ctx, w.tx, "device", l.Device), seal(ctx, w.tx, "enrolment", l.Who.Code))
}

// wipeAgain gives every wipe order anew that an older database does not know.
func (w *writeTx) wipeAgain(ctx context.Context) error {
	for id, line := range w.s.ledger.about(lineWipe) {
		d, err := readDeparture(ctx, w.tx, id)
		if err != nil {
			return err
		}
		if d.Ordered.IsZero() {
			if err := w.order(ctx, id, line.At); err != nil {
				return err
			}
		}
	}
	for id, line := range w.s.ledger.about(lineWiped) {
		d, err := readDeparture(ctx, w.tx, id)
		if err != nil || !d.Wiped.IsZero() {
			if err != nil {
				return err
			}
			continue
		}
		d.Closed, d.Wiped = line.At, line.At
		if err := w.writeDeparture(ctx, id, d); err != nil {
			return err
		}
	}
	return nil
}

// sealAgain puts back the keys of tablets that an older database does not know.
func (w *writeTx) sealAgain(ctx context.Context) error {
	for id, line := range w.s.ledger.about(lineSeal) {
		k, err := tabletKey(ctx, w.tx, id)
		if err != nil {
			return err
		}
		if k.Public.String() != "" {
			continue
		}
		if err := w.sealTo(ctx, id, line.SealTo); err != nil {
			return err
		}
	}
	return nil
}

// Departure is what became of a device that the city no longer takes.
type Departure struct {
	Acts    int       // handed over, to be looked at by staff
	Bytes   int64     // of them
	Closed  time.Time // the hand-over ended; zero while it has not
	Ordered time.Time // staff ordered the device to wipe itself; zero if they did not
	Wiped   time.Time // the device said that it had; zero if it did not
}

// Departure tells what became of a revoked device; its zero value for others.
func (s *Store) Departure(ctx context.Context, id city.DeviceID) (Departure, error) {
	return readDeparture(ctx, s.db, id)
}

func readDeparture(ctx context.Context, q querier, id city.DeviceID) (Departure, error) {
	var d Departure
	var closed, ordered, wiped string
	err := q.QueryRowContext(ctx, `SELECT acts, bytes, closed, ordered, wiped FROM departure WHERE device = $1`, id).
		Scan(&d.Acts, &d.Bytes, &closed, &ordered, &wiped)
	if errors.Is(err, sql.ErrNoRows) {
		return d, nil
	}
	if err != nil {
		return d, fmt.Errorf("read the departure of %s: %w", id, err)
	}
	d.Closed, d.Ordered, d.Wiped = parseStamp(closed), parseStamp(ordered), parseStamp(wiped)
	return d, nil
}

func (w *writeTx) writeDeparture(ctx context.Context, id city.DeviceID, d Departure) error {
	_, err := w.tx.ExecContext(ctx, `INSERT INTO departure (device, acts, bytes, closed, ordered, wiped) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (device) DO UPDATE SET acts = excluded.acts, bytes = excluded.bytes, closed = excluded.closed,
		ordered = excluded.ordered, wiped = excluded.wiped`, id, d.Acts, d.Bytes, stamp(d.Closed), stamp(d.Ordered), stamp(d.Wiped))
	if err != nil {
		return fmt.Errorf("note the departure of %s: %w", id, err)
	}
	return seal(ctx, w.tx, "departure", id)
}

// OrderWipe revokes a device and tells it to delete all that it holds, as soon
// as it asks for anything. Ordering again changes nothing.
func (s *Store) OrderWipe(ctx context.Context, id city.DeviceID) error {
	if err := s.Revoke(ctx, id); err != nil {
		return err
	}
	d, err := s.Departure(ctx, id)
	if err != nil || !d.Ordered.IsZero() {
		return err
	}
	at := s.now().UTC().Truncate(time.Millisecond)
	if err := s.ledger.append(ledgerLine{At: at, Kind: lineWipe, Device: id}); err != nil {
		return err
	}
	return s.do(ctx, func(ctx context.Context, w *writeTx) error { return w.order(ctx, id, at) })
}

func (w *writeTx) order(ctx context.Context, id city.DeviceID, at time.Time) error {
	d, err := readDeparture(ctx, w.tx, id)
	if err != nil || !d.Ordered.IsZero() {
		return err
	}
	d.Ordered = at
	return w.writeDeparture(ctx, id, d)
}
