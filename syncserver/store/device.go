package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// The states of a device.
const (
	DeviceActive  = "active"
	DeviceRevoked = "revoked"
)

// Device is a kiosk or a tablet that was enrolled.
type Device struct {
	ID       city.DeviceID
	Kind     city.DeviceKind
	Name     string
	Public   keys.PublicKey
	Grants   []city.Scope
	GrantRev int64
	State    string
	Enrolled time.Time
	Seen     time.Time      // last hello; zero if never
	Hello    protocol.Hello // what it said of itself then
}

// scopes are what the device may see: what it was granted and its own affairs.
func (d Device) scopes() []city.Scope { return append(slices.Clone(d.Grants), city.ScopeDevice(d.ID)) }

// granted tells whether the device was granted the scope.
func (d Device) granted(s city.Scope) bool { return slices.Contains(d.Grants, s) }

// ErrCode means an enrolment code that is unknown, used up or expired.
var ErrCode = errors.New("the enrolment code is unknown, used or expired")

// ErrNoDevice means a device that was never enrolled.
var ErrNoDevice = errors.New("no such device")

// Enrol trades a code for a device. A device that asks again with the same code
// and key, because the answer was lost, gets the same answer.
func (s *Store) Enrol(ctx context.Context, code keys.EnrolCode, public keys.PublicKey, name string) (Device, error) {
	var d Device
	err := s.do(ctx, func(ctx context.Context, w *writeTx) error {
		hash := code.Hash(s.keys.MAC)
		var grants, expires, used string
		err := w.tx.QueryRowContext(ctx, `SELECT kind, name, grants, expires, used FROM enrolment WHERE code = $1`, hash).
			Scan(&d.Kind, &d.Name, &grants, &expires, &used)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrCode
		}
		if err != nil {
			return fmt.Errorf("read the enrolment: %w", err)
		}
		if used != "" {
			d, err = readDevice(ctx, w.tx, city.DeviceID(used))
			if err == nil && d.Public != public {
				err = ErrCode
			}
			return err
		}
		if s.now().After(parseStamp(expires)) {
			return ErrCode
		}
		if name != "" {
			d.Name = name
		}
		d.ID, d.Public, d.Grants, d.GrantRev, d.State = city.DeviceID(city.NewID()), public, splitScopes(grants), 1, DeviceActive
		d.Enrolled = s.now().UTC()
		// The ledger first, so that a database older than this knows the device too.
		if err := w.s.ledger.append(enrolLine(d, hash)); err != nil {
			return err
		}
		_, err = w.tx.ExecContext(ctx, `INSERT INTO device (id, kind, name, public, grants, grant_rev, state, enrolled, seen, hello)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '{}')`,
			d.ID, d.Kind, d.Name, public.String(), grants, d.GrantRev, d.State, stamp(d.Enrolled))
		if err != nil {
			return fmt.Errorf("keep the device: %w", err)
		}
		if _, err = w.tx.ExecContext(ctx, `UPDATE enrolment SET used = $1 WHERE code = $2`, d.ID, hash); err != nil {
			return err
		}
		return errors.Join(seal(ctx, w.tx, "device", d.ID), seal(ctx, w.tx, "enrolment", hash))
	})
	return d, err
}

// Device reads one device; ErrNoDevice when there is none.
func (s *Store) Device(ctx context.Context, id city.DeviceID) (Device, error) {
	return readDevice(ctx, s.db, id)
}

func readDevice(ctx context.Context, q querier, id city.DeviceID) (Device, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, kind, name, public, grants, grant_rev, state, enrolled, seen, hello FROM device WHERE id = $1`, id)
	if err != nil {
		return Device{}, fmt.Errorf("read the device: %w", err)
	}
	ds, err := scanDevices(rows)
	if err != nil {
		return Device{}, err
	}
	if len(ds) == 0 {
		return Device{}, ErrNoDevice
	}
	return ds[0], nil
}

// Devices lists every device, the newest first.
func (s *Store) Devices(ctx context.Context) ([]Device, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, kind, name, public, grants, grant_rev, state, enrolled, seen, hello FROM device ORDER BY enrolled DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("list the devices: %w", err)
	}
	return scanDevices(rows)
}

func scanDevices(rows *sql.Rows) ([]Device, error) {
	defer rows.Close()
	var out []Device
	for rows.Next() {
		var d Device
		var public, grants, enrolled, seen string
		var hello []byte
		if err := rows.Scan(&d.ID, &d.Kind, &d.Name, &public, &grants, &d.GrantRev, &d.State, &enrolled, &seen, &hello); err != nil {
			return nil, err
		}
		var err error
		if d.Public, err = keys.ParsePublicKey(public); err != nil {
			return nil, fmt.Errorf("read device %s: %w", d.ID, err)
		}
		if err := json.Unmarshal(hello, &d.Hello); err != nil {
			return nil, fmt.Errorf("read device %s: %w", d.ID, err)
		}
		d.Grants, d.Enrolled, d.Seen = splitScopes(grants), parseStamp(enrolled), parseStamp(seen)
		out = append(out, d)
	}
	return out, rows.Err()
}

// seenWithin is how long a hello with nothing new to say is not noted: each note is
// a commit.
const seenWithin = 5 * time.Minute

// Greet notes what a device says of itself.
func (s *Store) Greet(ctx context.Context, d Device, h protocol.Hello) error {
	if since := s.now().Sub(d.Seen); since >= 0 && since < seenWithin && alike(d.Hello, h) {
		return nil
	}
	raw, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		_, err := w.tx.ExecContext(ctx, `UPDATE device SET seen = $1, hello = $2 WHERE id = $3`, stamp(s.now()), string(raw), d.ID)
		if err != nil {
			return err
		}
		return seal(ctx, w.tx, "device", d.ID)
	})
}

// alike tells whether a hello says what another one said, but for what changes
// with each.
func alike(a, b protocol.Hello) bool {
	a.Cursor, a.Clock, a.Disk, a.Safe = b.Cursor, b.Clock, b.Disk, b.Safe
	return a == b
}

// Revoke ends a device's welcome, for ever: the ledger has it before the database,
// so that no older database brings the device back.
func (s *Store) Revoke(ctx context.Context, id city.DeviceID) error {
	d, err := s.Device(ctx, id)
	if err != nil || d.State == DeviceRevoked {
		return err
	}
	if err := s.ledger.append(ledgerLine{At: s.now().UTC(), Kind: lineRevoke, Device: id}); err != nil {
		return err
	}
	return s.do(ctx, func(ctx context.Context, w *writeTx) error { return w.revoke(ctx, id) })
}

func (w *writeTx) revoke(ctx context.Context, id city.DeviceID) error {
	_, err := w.tx.ExecContext(ctx, `UPDATE device SET state = $1, grant_rev = grant_rev + 1 WHERE id = $2`, DeviceRevoked, id)
	if err != nil {
		return fmt.Errorf("revoke %s: %w", id, err)
	}
	return seal(ctx, w.tx, "device", id)
}

// SetGrants changes what a device may see. From the commit on its old cursors are
// refused; the row in the log makes its live connection tell it at once.
func (s *Store) SetGrants(ctx context.Context, id city.DeviceID, grants []city.Scope) error {
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		d, err := readDevice(ctx, w.tx, id)
		if err != nil || joinScopes(d.Grants) == joinScopes(grants) {
			return err
		}
		if err := w.noteGrants(id, grants, d.GrantRev+1); err != nil {
			return err
		}
		if _, err := w.tx.ExecContext(ctx, `UPDATE device SET grants = $1, grant_rev = grant_rev + 1 WHERE id = $2`, joinScopes(grants), id); err != nil {
			return fmt.Errorf("grant %s: %w", id, err)
		}
		if err := seal(ctx, w.tx, "device", id); err != nil {
			return err
		}
		seq, own := w.head.Seq+1, city.ScopeDevice(id)
		if err := w.log(ctx, change{Seq: seq, Tx: seq, Kind: kindNone, ID: city.ID(id), audience: audienceHash([]city.Scope{own}, nil)}); err != nil {
			return err
		}
		return w.logScope(ctx, own, seq, 0)
	})
}
