package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/photo"
)

// arrivals is who tells of photos' arrivals and losses: the server itself.
var arrivals = city.Actor{Kind: city.ActorSystem, Name: "server"}

// arrived tells, in the city's order, of every photo that waited for a blob which
// is here now; of all such photos when sha is empty. Telling twice is once.
func (s *Store) arrived(ctx context.Context, sha string) error {
	const waiting = `SELECT r.id FROM record AS r JOIN blob AS b ON b.sha256 = r.fields->>'blob' AND b.complete = 1
		WHERE r.kind = 'photo' AND (r.fields->>'arrived') IS NULL`
	query, args := waiting+` ORDER BY r.id`, []any{}
	if sha != "" {
		query, args = waiting+` AND r.fields->>'blob' = $1`, []any{sha} // in order it would look at all photos
	}
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("find the photos that have arrived: %w", err)
	}
	ids, err := words(rows)
	if err != nil {
		return fmt.Errorf("find the photos that have arrived: %w", err)
	}
	for _, id := range ids {
		if err := s.tellArrival(ctx, city.ID(id)); err != nil {
			return fmt.Errorf("photo %s has arrived: %w", id, err)
		}
	}
	return nil
}

// arrivedBefore tells of photos whose bytes came before the acts that name them.
func (s *Store) arrivedBefore(ctx context.Context, lines []Incoming, opened []opening) {
	for i, l := range lines {
		if !strings.HasPrefix(string(l.Envelope.Type), "photo.") { // nothing else is decoded once more
			continue
		}
		act, err := city.Decode(l.Envelope.Type, opened[i].args)
		photo, ok := act.(*city.AddPhoto)
		if err != nil || !ok {
			continue
		}
		if photo.BadThumb() { // the photo stands without; whoever made the program may wonder why
			s.log.Warn("a thumbnail is left out: it is not a small plain JPEG", "mutation", l.Envelope.ID, "blob", photo.Blob, "bytes", len(photo.Thumb))
		}
		if err := s.arrived(ctx, photo.Blob); err != nil {
			s.log.Error("arrival not told", "blob", photo.Blob, "err", err)
		}
	}
}

func (s *Store) tellArrival(ctx context.Context, id city.ID) error {
	rec, err := newView(ctx, s.db).load(city.Ref{Kind: city.KindPhoto, ID: id})
	if err != nil {
		return err
	}
	act := &city.ArrivePhoto{Photo: id, Blob: rec.Text("blob")}
	if rec.Text("thumb") == "" { // outside the transaction: pictures cost
		act.Thumb = s.thumbnail(ctx, act.Blob)
	}
	return s.ownAct(ctx, rec.Record, act)
}

// thumbnail makes the small picture of a photo that came without one; none when
// the bytes are no picture. One at a time bounds the memory.
func (s *Store) thumbnail(ctx context.Context, sha string) []byte {
	s.decoding.Lock()
	defer s.decoding.Unlock()
	f, err := s.blobs.open(ctx, sha)
	if err != nil {
		return nil
	}
	defer f.Close()
	thumb, err := photo.Small(f)
	if err != nil {
		return nil
	}
	return thumb
}

// ownAct does something that the server itself has seen of a photo, once. What
// was said by others meanwhile is no failure.
func (s *Store) ownAct(ctx context.Context, photo city.Record, act city.Act) error {
	id := city.OwnID(act.Type(), photo)
	err := s.do(ctx, func(ctx context.Context, w *writeTx) error {
		if _, ok, err := w.known(ctx, id); err != nil || ok {
			return err
		}
		now := s.now().UTC().Truncate(time.Millisecond)
		m, err := city.Prepare(w, id, arrivals, city.OfficeDevice, now, act)
		if err != nil {
			return err
		}
		_, err = w.office(ctx, m, now)
		return err
	})
	if city.CodeOf(err) == city.CodeNotNow {
		return nil
	}
	return err
}

// LosePhotos calls those photos lost whose bytes the city has waited for long
// enough, and whose device is revoked or has been silent for as long. It gives
// how many.
func (s *Store) LosePhotos(ctx context.Context) (int, error) {
	before := stamp(s.now().Add(-city.MayNotCome))
	rows, err := s.db.QueryContext(ctx, `SELECT r.id FROM record AS r JOIN mutation AS m ON m.id = r.writers->>'blob' LEFT JOIN device AS d ON d.id = m.device
		WHERE r.kind = 'photo' AND (r.fields->>'arrived') IS NULL AND (r.fields->>'lost_at') IS NULL AND m.received < $1
		AND (d.id IS NULL OR d.state = $2 OR d.seen < $1 AND d.enrolled < $1)
		AND NOT EXISTS (SELECT 1 FROM blob AS b WHERE b.sha256 = r.fields->>'blob' AND b.complete = 1) ORDER BY r.id`, before, DeviceRevoked)
	if err != nil {
		return 0, fmt.Errorf("find photos that will not come: %w", err)
	}
	ids, err := words(rows)
	if err != nil {
		return 0, fmt.Errorf("find photos that will not come: %w", err)
	}
	for _, id := range ids {
		rec, err := newView(ctx, s.db).load(city.Ref{Kind: city.KindPhoto, ID: city.ID(id)})
		if err == nil {
			err = s.ownAct(ctx, rec.Record, &city.LosePhoto{Photo: city.ID(id)})
		}
		if err != nil {
			return 0, fmt.Errorf("photo %s is lost: %w", id, err)
		}
	}
	return len(ids), nil
}

// KeepPhotos is the housekeeping of photos, done at the start of a server and
// every now and then: arrivals that a crash kept from being told, losses, and
// unfinished uploads that nobody will finish.
func (s *Store) KeepPhotos(ctx context.Context) error {
	arrived := s.arrived(ctx, "")
	lost, err := s.LosePhotos(ctx)
	swept, err2 := s.SweepUploads(ctx)
	if lost > 0 || swept > 0 {
		s.log.Info("photos", "lost", lost, "swept", swept)
	}
	return errors.Join(arrived, err, err2, s.dropLeft(ctx))
}

// doubtBlob takes back that a blob is here, because its file is gone or damaged:
// a device that still holds the bytes then puts them back by itself. A damaged
// file is kept beside its place, for whoever wants to try to read it.
func (s *Store) doubtBlob(ctx context.Context, sha string) error {
	unlock, err := s.lockBlob(sha)
	if err != nil {
		return err
	}
	defer unlock()
	_, size, whole, err := s.blobRow(ctx, sha)
	what := ""
	if err == nil && whole {
		what, err = wrong(ctx, s.blobs, listed{SHA: sha, Bytes: size})
	}
	if err != nil || what == "" {
		if errors.Is(err, ErrNoBlob) {
			err = nil
		}
		return err // somebody was faster: it is taken back, or here again
	}
	err = s.do(ctx, func(ctx context.Context, w *writeTx) error {
		if _, err := w.tx.ExecContext(ctx, `UPDATE blob SET complete = 0, device = '' WHERE sha256 = $1`, sha); err != nil {
			return err
		}
		return seal(ctx, w.tx, "blob", sha)
	})
	if err != nil {
		return fmt.Errorf("take back blob %s: %w", sha, err)
	}
	if err := s.blobs.setAside(ctx, sha); err != nil {
		return fmt.Errorf("set blob %s aside: %w", sha, err)
	}
	rows, err := s.db.QueryContext(ctx, `SELECT r.id FROM record AS r WHERE r.kind = 'photo' AND r.fields->>'blob' = $1 AND (r.fields->>'arrived') IS NOT NULL`, sha)
	if err != nil {
		return fmt.Errorf("find the photos of blob %s: %w", sha, err)
	}
	ids, err := words(rows)
	if err != nil {
		return fmt.Errorf("find the photos of blob %s: %w", sha, err)
	}
	for _, id := range ids {
		rec, err := newView(ctx, s.db).load(city.Ref{Kind: city.KindPhoto, ID: city.ID(id)})
		if err == nil {
			err = s.ownAct(ctx, rec.Record, &city.MissPhoto{Photo: city.ID(id)})
		}
		if err != nil {
			return fmt.Errorf("photo %s is missed: %w", id, err)
		}
	}
	return nil
}

// words reads a result of one text a row.
func words(rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	var out []string
	for rows.Next() {
		var w string
		if err := rows.Scan(&w); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, rows.Err()
}
