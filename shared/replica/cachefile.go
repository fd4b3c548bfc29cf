package replica

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// cacheFile is one file of records from the server.
type cacheFile struct {
	path string
	db   *sql.DB
	at   atomic.Pointer[progress] // as the file has it; changed only by who pulls
}

// progress is how far a file has come.
type progress struct {
	cursor  string
	safe    int64
	whole   bool   // pulled to the end at least once
	settled bool   // every act of the outbox was compared with the echoes
	epoch   string // history that the file is of, in a table of its own
}

func (p progress) hash() []byte { return rowHash([]byte(p.cursor), p.safe, p.whole, p.settled) }

// errDamagedRow means a row that does not match its hash.
var errDamagedRow = errors.New("a row of the cache does not match its hash")

func openCacheFile(ctx context.Context, path string) (*cacheFile, error) {
	db, err := sqlite.Open(ctx, path, sqlite.Options{SecureDelete: true})
	if err != nil {
		return nil, err
	}
	f := &cacheFile{path: path, db: db}
	if err := f.prepare(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return f, nil
}

func (f *cacheFile) prepare(ctx context.Context) error {
	if err := migrate(ctx, f.db, "cache"); err != nil {
		return err
	}
	var p progress
	f.at.Store(&p)
	err := f.db.QueryRowContext(ctx, `SELECT epoch FROM lineage WHERE one = 1`).Scan(&p.epoch)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: %w", errDamagedRow, err)
	}
	var hash []byte
	err = f.db.QueryRowContext(ctx, `SELECT cursor, safe, whole, settled, hash FROM progress WHERE one = 1`).
		Scan(&p.cursor, &p.safe, &p.whole, &p.settled, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil && string(hash) != string(p.hash()) {
		err = errDamagedRow
	}
	return err
}

// settled notes that every act of the outbox was compared with the echoes.
func (f *cacheFile) settled(ctx context.Context) error {
	p := *f.at.Load()
	p.settled = true
	if err := writeProgress(ctx, f.db, p); err != nil {
		return err
	}
	f.at.Store(&p)
	return nil
}

func writeProgress(ctx context.Context, q querier, p progress) error {
	_, err := q.ExecContext(ctx, `INSERT INTO progress (one, cursor, safe, whole, settled, hash) VALUES (1, $1, $2, $3, $4, $5)
		ON CONFLICT (one) DO UPDATE SET cursor = excluded.cursor, safe = excluded.safe, whole = excluded.whole,
		settled = excluded.settled, hash = excluded.hash`, p.cursor, p.safe, p.whole, p.settled, p.hash())
	if err != nil {
		return fmt.Errorf("write the cursor: %w", err)
	}
	return nil
}

func writeLineage(ctx context.Context, q querier, epoch string) error {
	_, err := q.ExecContext(ctx, `INSERT INTO lineage (one, epoch) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch`, epoch)
	if err != nil {
		return fmt.Errorf("write the history's name: %w", err)
	}
	return nil
}

// stored is a record as the file has it.
type stored struct {
	city.Record
	seq    int64
	sealed string // a shut, or empty
}

const recordColumns = `kind, id, parent, seq, fields, writers, sealed, hash`

// The queries for records, each a whole constant text. The fields that Find
// knows have an index.
const (
	selectRecord   = `SELECT ` + recordColumns + ` FROM record WHERE kind = $1 AND id = $2`
	selectNamed    = `SELECT ` + recordColumns + ` FROM record WHERE (kind, id) IN (SELECT value->>0, value->>1 FROM json_each($1))`
	selectKind     = `SELECT ` + recordColumns + ` FROM record WHERE kind = $1 ORDER BY id`
	selectChildren = `SELECT ` + recordColumns + ` FROM record WHERE parent = $1 AND kind = $2` // in order it would read all of the kind
	selectAcks     = `SELECT mutation, seq, verdict, review, code, field, hash FROM json_each($1) AS ids JOIN ack ON mutation = ids.value`
)

var selectByField = map[string]string{
	"lookup": `SELECT ` + recordColumns + ` FROM record WHERE kind = $1 AND fields->>'lookup' = $2 ORDER BY id`,
	"number": `SELECT ` + recordColumns + ` FROM record WHERE kind = $1 AND fields->>'number' = $2 ORDER BY id`,
	"crew":   `SELECT ` + recordColumns + ` FROM record WHERE kind = $1 AND fields->>'crew' = $2 ORDER BY id`,
}

// records runs a query for records. Damaged ones are left out and told by
// errDamagedRow beside the others.
func records(ctx context.Context, q querier, query string, args ...any) ([]stored, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the cache: %w", err)
	}
	defer rows.Close()
	var out []stored
	var damage error
	for rows.Next() {
		var s stored
		var fields, writers, hash []byte
		if err := rows.Scan(&s.Kind, &s.ID, &s.Parent, &s.seq, &fields, &writers, &s.sealed, &hash); err != nil {
			return nil, fmt.Errorf("read the cache: %w", err)
		}
		sound := string(hash) == string(recordHash(s, fields, writers))
		if sound {
			var bad [2]error
			s.Fields, bad[0] = city.DecodeFields(fields)
			s.Writers, bad[1] = city.DecodeWriters(writers)
			sound = errors.Join(bad[:]...) == nil
		}
		if !sound {
			damage = fmt.Errorf("%w: %s", errDamagedRow, s.Ref)
			continue
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the cache: %w", err)
	}
	return out, damage
}

func recordHash(s stored, fields, writers []byte) []byte {
	return rowHash([]byte(s.Kind), []byte(s.ID), []byte(s.Parent), s.seq, fields, writers, []byte(s.sealed))
}

const keepRecord = `INSERT INTO record (kind, id, parent, seq, fields, writers, sealed, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
	ON CONFLICT (kind, id) DO UPDATE SET parent = excluded.parent, seq = excluded.seq, fields = excluded.fields,
	writers = excluded.writers, sealed = excluded.sealed, hash = excluded.hash`

func writeRecord(ctx context.Context, q querier, s stored) error {
	row, err := recordRow(s)
	if err == nil {
		_, err = q.ExecContext(ctx, keepRecord, row...)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", s.Ref, err)
	}
	return nil
}

// recordRow gives the values of keepRecord.
func recordRow(s stored) ([]any, error) {
	fields, err := city.ObjectText(s.Fields)
	if err != nil {
		return nil, err
	}
	writers, err := city.ObjectText(s.Writers)
	if err != nil {
		return nil, err
	}
	return []any{s.Kind, s.ID, s.Parent, s.seq, string(fields), string(writers), s.sealed, recordHash(s, fields, writers)}, nil
}

// acks reads the echoes of acts: those that are there and not damaged.
func acks(ctx context.Context, q querier, of []entry) (map[city.MutationID]protocol.Ack, error) {
	if len(of) == 0 {
		return nil, nil
	}
	ids := make([]city.MutationID, len(of))
	for i := range of {
		ids[i] = of[i].id
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, selectAcks, string(list))
	if err != nil {
		return nil, fmt.Errorf("read the echoes: %w", err)
	}
	defer rows.Close()
	found := map[city.MutationID]protocol.Ack{}
	for rows.Next() {
		var a protocol.Ack
		var hash []byte
		if err := rows.Scan(&a.Mutation, &a.Seq, &a.Verdict, &a.Review, &a.Code, &a.Field, &hash); err != nil {
			return nil, fmt.Errorf("read the echoes: %w", err)
		}
		if string(hash) == string(ackHash(a)) {
			found[a.Mutation] = a
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the echoes: %w", err)
	}
	return found, nil
}

func ackHash(a protocol.Ack) []byte {
	return rowHash([]byte(a.Mutation), a.Seq, []byte(a.Verdict), []byte(a.Review), []byte(a.Code), []byte(a.Field))
}

func writeAck(ctx context.Context, q querier, a protocol.Ack) error {
	_, err := q.ExecContext(ctx, `INSERT INTO ack (mutation, seq, verdict, review, code, field, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (mutation) DO UPDATE SET seq = excluded.seq, verdict = excluded.verdict, review = excluded.review,
		code = excluded.code, field = excluded.field, hash = excluded.hash`,
		a.Mutation, a.Seq, a.Verdict, a.Review, a.Code, a.Field, ackHash(a))
	if err != nil {
		return fmt.Errorf("write the echo of %s: %w", a.Mutation, err)
	}
	return nil
}

// page is a pull's answer, whole.
type page struct {
	frames []protocol.Frame
	end    protocol.End
}

// apply writes a page with its echoes and its cursor in one transaction. It gives
// the blobs of photos that were evicted, and whether a record turned out to be
// missing that the server thinks is here.
func (f *cacheFile) apply(ctx context.Context, p page) (evicted []string, gap bool, err error) {
	next := *f.at.Load()
	next.cursor, next.safe = p.end.Cursor, p.end.Safe
	next.whole = next.whole || !p.end.More
	moved := p.end.Epoch != next.epoch
	next.epoch = p.end.Epoch
	err = sqlite.InTx(ctx, f.db, func(tx *sql.Tx) error {
		have, err := recordsOf(ctx, tx, p.frames)
		if err != nil {
			return err
		}
		for _, frame := range p.frames {
			var err error
			switch {
			case frame.Put != nil:
				var missing bool
				missing, err = put(ctx, tx, have, *frame.Put)
				gap = gap || missing
			case frame.Evict != nil:
				var blob string
				if blob, err = evict(ctx, tx, have, *frame.Evict); blob != "" {
					evicted = append(evicted, blob)
				}
			case frame.Ack != nil:
				err = writeAck(ctx, tx, *frame.Ack)
			} // a frame of a kind to come is passed over
			if err != nil {
				return err
			}
		}
		if moved {
			if err := writeLineage(ctx, tx, next.epoch); err != nil {
				return err
			}
		}
		return writeProgress(ctx, tx, next)
	})
	if err != nil {
		return nil, false, fmt.Errorf("keep a page: %w", err)
	}
	f.at.Store(&next)
	return evicted, gap, nil
}

// recordsOf reads the records that frames are about by one query. Damaged ones are
// left out, as if they were not there.
func recordsOf(ctx context.Context, q querier, frames []protocol.Frame) (map[city.Ref]stored, error) {
	var refs [][2]string
	for _, f := range frames {
		if f.Put != nil {
			refs = append(refs, [2]string{string(f.Put.Kind), string(f.Put.ID)})
		} else if f.Evict != nil {
			refs = append(refs, [2]string{string(f.Evict.Kind), string(f.Evict.ID)})
		}
	}
	have := map[city.Ref]stored{}
	if len(refs) == 0 {
		return have, nil
	}
	list, err := json.Marshal(refs)
	if err != nil {
		return nil, err
	}
	found, err := records(ctx, q, selectNamed, string(list))
	if err != nil && !errors.Is(err, errDamagedRow) {
		return nil, err
	}
	for _, s := range found {
		have[s.Ref] = s
	}
	return have, nil
}

// put applies one put if it is newer than the record that the file has. Kinds and
// fields that this version does not know are kept as they came.
func put(ctx context.Context, tx *sql.Tx, have map[city.Ref]stored, p protocol.Put) (missing bool, err error) {
	s := blank(p)
	was, there := have[p.Ref]
	if there {
		if was.seq >= p.Seq {
			return false, nil
		}
		if !p.Full {
			s.Record = was.Record
		}
	}
	shut, keep, err := shutOf(p)
	if err != nil || !keep {
		return false, err
	}
	s.sealed = shut
	s.take(p)
	have[p.Ref] = s
	return !p.Full && !there, writeRecord(ctx, tx, s)
}

// blank is a record of which nothing is known yet.
func blank(p protocol.Put) stored {
	return stored{Record: city.Record{Ref: p.Ref, Parent: p.Parent, Fields: city.Fields{}, Writers: map[string]city.MutationID{}}}
}

// take lays a put over the record.
func (s *stored) take(p protocol.Put) {
	s.seq = p.Seq
	for name, value := range p.Fields {
		if value == nil || string(value) == "null" {
			delete(s.Fields, name)
		} else {
			s.Fields[name] = value
		}
		s.Writers[name] = p.W
	}
	for name, by := range p.WS {
		s.Writers[name] = by
	}
}

// evict forgets a record and names the blob of a photo.
func evict(ctx context.Context, tx *sql.Tx, have map[city.Ref]stored, e protocol.Evict) (string, error) {
	if _, err := tx.ExecContext(ctx, `DELETE FROM record WHERE kind = $1 AND id = $2 AND seq < $3`, e.Kind, e.ID, e.Seq); err != nil {
		return "", fmt.Errorf("forget %s: %w", e.Ref, err)
	}
	was, there := have[e.Ref]
	if !there || was.seq >= e.Seq {
		return "", nil
	}
	delete(have, e.Ref)
	if e.Kind == city.KindPhoto {
		return was.Text("blob"), nil
	}
	return "", nil
}
