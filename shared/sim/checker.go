package sim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/syncserver/store"
)

// Violation is a promise that did not hold.
type Violation struct{ Invariant, Detail string }

func (v Violation) Error() string { return v.Invariant + ": " + v.Detail }

// Check asks whether all that was promised holds, after quiet.
func (f *Fleet) Check(ctx context.Context) error {
	for _, d := range f.out {
		if err := f.checkOut(ctx, d); err != nil {
			return err
		}
	}
	if len(f.out) > 0 { // photos that the revoked still owed have arrived meanwhile
		if err := f.Quiet(ctx); err != nil {
			return err
		}
	}
	if err := CheckLog(ctx, f.city.Server().Store()); err != nil {
		return err
	}
	if err := f.checkArchive(ctx); err != nil {
		return err
	}
	if err := f.checkStreams(ctx); err != nil {
		return err
	}
	if err := f.checkErased(ctx); err != nil {
		return err
	}
	for _, d := range f.devices {
		for _, check := range []func(context.Context, *Device) error{f.checkDelivered, f.checkBlobs, f.checkSame, f.checkAfresh, f.checkWholeLog, f.checkForgotten} {
			if err := check(ctx, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkDelivered: every act of an outbox that exists stands once in the archive,
// with its words, and the device knows.
func (f *Fleet) checkDelivered(ctx context.Context, d *Device) error {
	db := f.city.Server().Store().DB()
	for id, words := range d.Owed {
		var n, erased int
		var args []byte
		err := db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM mutation WHERE id = $1), (SELECT coalesce(args, envelope) FROM mutation WHERE id = $1 LIMIT 1),
			(SELECT count(*) FROM erasure WHERE id = $1)`, id).Scan(&n, &args, &erased)
		if err != nil {
			return err
		}
		if n == 0 && (erased > 0 || f.gone[words]) { // one that comes again after it was erased is not kept
			continue
		}
		if n != 1 {
			return Violation{"every act stands once in the archive", fmt.Sprintf("%s: %s stands %d times", d.Name, id, n)}
		}
		if erased == 0 && !bytes.Contains(args, []byte(words)) {
			return Violation{"an act arrives as it was recorded", fmt.Sprintf("%s: %s has lost %s", d.Name, id, words)}
		}
		it, ok, err := d.Item(ctx, id)
		if err != nil {
			return err
		}
		if !ok && (erased > 0 || f.safe(ctx, id)) {
			f.Forgot++
			continue
		}
		if !ok || it.Verdict == "" || it.State == replica.StateSaved || it.State == replica.StateSent {
			return Violation{"an act that has arrived is known to have", fmt.Sprintf("%s: %s is %+v", d.Name, id, it)}
		}
	}
	s, err := d.Summary(ctx)
	if err != nil {
		return err
	}
	if s.Pending != 0 || s.Damaged != 0 || s.Blobs != 0 {
		return Violation{"nothing waits after quiet", fmt.Sprintf("%s: %+v", d.Name, s)}
	}
	return nil
}

// checkOut: who was revoked stays out, and has lost nothing.
func (f *Fleet) checkOut(ctx context.Context, d *Device) error {
	d.Line.Cut(false)
	d.Line.Weather(Faults{})
	if err := d.start(ctx, d.dir); err != nil {
		return err
	}
	defer d.halt()
	if err := d.Step(ctx); err == nil || d.Link().State != replica.LinkRevoked {
		return Violation{"who was revoked stays out", fmt.Sprintf("%s: %v, %+v", d.Name, err, d.Link())}
	}
	for id := range d.Owed {
		var n int
		if err := f.city.Server().Store().DB().QueryRowContext(ctx, `SELECT count(*) FROM mutation WHERE id = $1`, id).Scan(&n); err != nil {
			return err
		}
		if _, here, err := d.Item(ctx, id); err != nil || n == 0 && !here {
			return errors.Join(err, Violation{"a revoked device loses nothing", fmt.Sprintf("%s: %s", d.Name, id)})
		}
	}
	return nil
}

// safe tells whether an act is in every backup that may be put back.
func (f *Fleet) safe(ctx context.Context, id city.MutationID) bool {
	var seq int64
	err := f.city.Server().Store().DB().QueryRowContext(ctx, `SELECT seq FROM mutation WHERE id = $1`, id).Scan(&seq)
	return err == nil && seq <= f.backups[0].safe
}

// checkBlobs: the city has every photo whole.
func (f *Fleet) checkBlobs(ctx context.Context, d *Device) error {
	for sha := range d.Blobs {
		file, size, err := f.city.Server().Store().OpenBlob(ctx, sha)
		if err != nil {
			return Violation{"every photo arrives", fmt.Sprintf("%s: %s: %v", d.Name, sha, err)}
		}
		raw := make([]byte, size)
		_, err = file.Read(raw)
		if err = errors.Join(err, file.Close()); err != nil {
			return err
		}
		if sum := sha256.Sum256(raw); fmt.Sprintf("%x", sum) != sha {
			return Violation{"a photo arrives as it was taken", d.Name + ": " + sha}
		}
	}
	return nil
}

// kinds are all kinds of record.
var kinds = []city.Kind{city.KindCity, city.KindService, city.KindNotice, city.KindCrew, city.KindStaff, city.KindRequest, city.KindWork, city.KindPerson,
	city.KindWorkOrder, city.KindVisit, city.KindNote, city.KindPhoto, city.KindReview}

// checkSame: the device shows what the server has for it, no more and no less.
func (f *Fleet) checkSame(ctx context.Context, d *Device) error {
	return CheckSame(ctx, f.city.Server().Store(), d.Name, d.Replica)
}

// CheckSame compares what a device shows with what the city has for it.
func CheckSame(ctx context.Context, s *store.Store, who string, r *replica.Replica) error {
	want, err := visible(ctx, s, r)
	if err != nil {
		return err
	}
	got, err := all(ctx, r)
	if err != nil {
		return err
	}
	return compare("device and server come to the same records", who, got, want)
}

// checkAfresh: a pull from the beginning gives what all the small pulls gave.
func (f *Fleet) checkAfresh(ctx context.Context, d *Device) error {
	img, err := d.image()
	if err != nil {
		return err
	}
	twin := &Device{Name: d.Name, Kind: d.Kind, root: d.root, lives: d.lives + 1000, Clock: d.Clock, Line: &Line{To: f.city, Rand: f.rng}, Owed: img.owed}
	if err := twin.start(ctx, img.dir); err != nil {
		return err
	}
	defer func() { twin.Close(); os.RemoveAll(img.dir) }()
	if err := errors.Join(twin.Wipe(ctx), twin.Step(ctx)); err != nil {
		return err
	}
	want, err := all(ctx, d.Replica)
	if err != nil {
		return err
	}
	got, err := all(ctx, twin.Replica)
	if err != nil {
		return err
	}
	return compare("pull(0) equals the sum of all pulls", d.Name, got, want)
}

// all writes down every record that a device shows.
func all(ctx context.Context, r *replica.Replica) (map[string]string, error) {
	out := map[string]string{}
	for _, kind := range kinds {
		recs, err := r.Records(ctx, kind)
		if err != nil {
			return nil, err
		}
		for _, rec := range recs {
			if out[rec.Ref.String()], err = written(rec); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// visible writes down every record of the server that the device may see.
func visible(ctx context.Context, s *store.Store, d *replica.Replica) (map[string]string, error) {
	id, _ := d.Identity()
	may := append(slices.Clone(id.Grants), city.ScopeDevice(id.Device))
	rows, err := s.DB().QueryContext(ctx, `SELECT kind, id, parent, fields, writers, scopes FROM record`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var rec city.Record
		var fields, writers []byte
		var scopes string
		if err := rows.Scan(&rec.Kind, &rec.ID, &rec.Parent, &fields, &writers, &scopes); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(may, func(s city.Scope) bool { return slices.Contains(strings.Fields(scopes), string(s)) }) {
			continue
		}
		if err := errors.Join(json.Unmarshal(fields, &rec.Fields), json.Unmarshal(writers, &rec.Writers)); err != nil {
			return nil, err
		}
		if out[rec.Ref.String()], err = written(rec); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}

func written(rec city.Record) (string, error) {
	raw, err := json.Marshal([]any{rec.Parent, rec.Fields, rec.Writers})
	return string(raw), err
}

func compare(invariant, who string, got, want map[string]string) error {
	for _, ref := range slices.Sorted(maps.Keys(want)) {
		if got[ref] != want[ref] {
			return Violation{invariant, fmt.Sprintf("%s: %s is\n%s, not\n%s", who, ref, got[ref], want[ref])}
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[ref]; !ok {
			return Violation{invariant, fmt.Sprintf("%s: %s should not be here", who, ref)}
		}
	}
	return nil
}

// CheckLog: the log has no gap and its chain recomputes.
func CheckLog(ctx context.Context, s *store.Store) error {
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	rows, err := s.DB().QueryContext(ctx, `SELECT seq, digest, h FROM change ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	at, link := int64(0), make([]byte, sha256.Size)
	for rows.Next() {
		var seq int64
		var digest, h []byte
		if err := rows.Scan(&seq, &digest, &h); err != nil {
			return err
		}
		sum := sha256.Sum256(append(slices.Clone(link), digest...))
		if at++; seq != at || !bytes.Equal(sum[:], h) {
			return Violation{"the log has no gap and its chain recomputes", fmt.Sprintf("at %d", at)}
		}
		link = h
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if at != head.Seq || !bytes.Equal(link, head.Hash) {
		return Violation{"the head is where the log ends", fmt.Sprintf("%d, %d", at, head.Seq)}
	}
	return nil
}
