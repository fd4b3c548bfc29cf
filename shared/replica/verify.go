package replica

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

const selectRecords = `SELECT ` + recordColumns + ` FROM record`

// verify compares the records here with those of the city, once a day and after a
// start that followed no orderly end, and puts right what differs.
func (r *Replica) verify(ctx context.Context, id *identity) error {
	f := r.cache.target()
	if !r.checkup.due(r.cfg.Now()) || !f.at.Load().whole || r.cache.doubt.Load() {
		return nil
	}
	have, places, err := f.digests(ctx)
	if sqlite.IsCorrupt(err) {
		r.cfg.Log.Warn("cache damaged", "err", err)
		r.cache.doubt.Store(true) // the next round rebuilds it
		return nil
	}
	if err != nil {
		return err
	}
	for from := 0; from < protocol.Buckets; {
		puts, end, err := r.compare(ctx, id, f, protocol.Verify{Digests: have, From: from})
		if isRefusal(err, protocol.CodeBehind, protocol.CodeBusy) || lostPlace(err) {
			return nil // the next round tries again
		}
		if isRefusal(err, protocol.CodeNotFound, protocol.CodeMalformed, protocol.CodeTooLarge) { // so it will be all day
			r.cfg.Log.Error("records cannot be compared", "err", err)
			break
		}
		if err != nil {
			return err
		}
		if err := r.replace(ctx, f, puts, end.Buckets, places); err != nil {
			return err
		}
		if end.People {
			r.cfg.Log.Warn("cache rebuilt", "err", "the records of residents differ")
			r.cache.doubt.Store(true)
		}
		from = end.Next
	}
	r.keepCheckup(ctx)
	return nil
}

// compare asks the city what differs.
func (r *Replica) compare(ctx context.Context, id *identity, f *cacheFile, v protocol.Verify) ([]protocol.Put, protocol.Replaced, error) {
	var end protocol.Replaced
	body, err := json.Marshal(v)
	if err != nil {
		return nil, end, err
	}
	a, err := r.call(ctx, id, request{method: http.MethodPost, path: "/verify", query: "cursor=" + url.QueryEscape(f.at.Load().cursor), body: r.codec.encode(body),
		header: map[string]string{"Content-Encoding": "zstd", "Accept-Encoding": "zstd"}})
	if err != nil {
		return nil, end, err
	}
	var puts []protocol.Put
	for _, line := range lines(a.body) {
		var l protocol.Repair
		if err := json.Unmarshal(line, &l); err != nil {
			return nil, end, unreachable(fmt.Errorf("the answer to a comparison: %w", err))
		}
		if l.Put != nil {
			puts = append(puts, *l.Put)
		}
		if l.End != nil && l.End.Count == len(puts) && l.End.Next > v.From {
			return puts, *l.End, nil
		}
	}
	return nil, end, unreachable(errors.New("the answer to a comparison ended early"))
}

// digests goes through all records of the file, one by one, and tells in which
// bucket each of them lies. The places hold until the next pull.
func (f *cacheFile) digests(ctx context.Context) (protocol.Digests, map[int][]city.Ref, error) {
	d, places := protocol.NewDigests(), map[int][]city.Ref{}
	err := f.eachRecord(ctx, f.db, func(h held) error {
		d.Add(h.Ref, h.Parent, h.seq, h.fields, h.writers)
		if h.Kind != city.KindPerson {
			b := protocol.Bucket(h.Ref)
			places[b] = append(places[b], h.Ref)
		}
		return nil
	}, selectRecords)
	return d, places, err
}

// held is a record as the file has it, in canonical text. One that does not match
// its hash has text that is like no other record's.
type held struct {
	stored
	fields, writers []byte
	damaged         bool
}

func (h *held) digest() protocol.Hash {
	return protocol.RecordDigest(h.Ref, h.Parent, h.seq, h.fields, h.writers)
}

func (f *cacheFile) eachRecord(ctx context.Context, q querier, do func(held) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read the cache: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var v [8]any
		if err := rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]); err != nil {
			return fmt.Errorf("read the cache: %w", err)
		}
		if err := do(holding(v)); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the cache: %w", err)
	}
	return nil
}

// holding reads the columns leniently: damage may have changed their type too.
func holding(v [8]any) held {
	var h held
	h.Kind, h.ID, h.Parent, h.seq = city.Kind(text(v[0])), city.ID(text(v[1])), city.ID(text(v[2])), number(v[3])
	h.sealed = text(v[6])
	fields, writers := []byte(text(v[4])), []byte(text(v[5]))
	if text(v[7]) == string(recordHash(h.stored, fields, writers)) {
		var errs [2]error
		h.fields, errs[0] = city.Canonical(json.RawMessage(fields))
		h.writers, errs[1] = city.Canonical(json.RawMessage(writers))
		if errors.Join(errs[:]...) == nil {
			return h
		}
	}
	h.seq = -1 // of a person only the place counts
	h.damaged, h.fields, h.writers = true, fields, append([]byte("damaged"), writers...)
	return h
}

// replace makes the records of some buckets those that the city gave, and counts
// how many were otherwise. A city that answers something else than was asked for
// changes nothing beyond the buckets.
func (r *Replica) replace(ctx context.Context, f *cacheFile, puts []protocol.Put, buckets []int, places map[int][]city.Ref) error {
	if len(buckets) == 0 {
		return nil
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	var changed int
	var gone []string
	err := sqlite.InTx(ctx, f.db, func(tx *sql.Tx) (err error) {
		changed, gone, err = f.replace(ctx, tx, puts, buckets, places)
		return err
	})
	if err != nil {
		return fmt.Errorf("repair the cache: %w", explain(err))
	}
	if changed == 0 {
		return nil
	}
	r.checkup.repaired.Add(int64(changed))
	r.cfg.Log.Warn("cache repaired", "repaired", changed)
	r.changed()
	return r.forgetBytes(ctx, f, gone, true)
}

func (f *cacheFile) replace(ctx context.Context, tx *sql.Tx, puts []protocol.Put, buckets []int, places map[int][]city.Ref) (changed int, gone []string, err error) {
	have := map[city.Ref]held{}
	for _, b := range buckets {
		for _, ref := range places[b] {
			err := f.eachRecord(ctx, tx, func(h held) error {
				have[h.Ref] = h
				return nil
			}, selectRecords+` WHERE kind = $1 AND id = $2`, ref.Kind, ref.ID)
			if err != nil {
				return 0, nil, err
			}
		}
	}
	for _, p := range puts {
		if p.Kind == city.KindPerson || !slices.Contains(buckets, protocol.Bucket(p.Ref)) {
			continue
		}
		s := stored{Record: city.Record{Ref: p.Ref, Parent: p.Parent, Fields: p.Fields, Writers: p.WS}, seq: p.Seq}
		h, there := have[p.Ref]
		delete(have, p.Ref)
		if same, err := h.is(s); err != nil {
			return changed, gone, err
		} else if there && same {
			continue
		}
		changed++
		if err := writeRecord(ctx, tx, s); err != nil {
			return changed, gone, err
		}
	}
	for _, ref := range slices.Collect(maps.Keys(have)) {
		if _, err := tx.ExecContext(ctx, `DELETE FROM record WHERE kind = $1 AND id = $2`, ref.Kind, ref.ID); err != nil {
			return changed, gone, fmt.Errorf("forget %s: %w", ref, err)
		}
		changed++
		if h := have[ref]; ref.Kind == city.KindPhoto && !h.damaged && json.Unmarshal(h.fields, &h.Fields) == nil {
			gone = append(gone, h.Text("blob"))
		}
	}
	return changed, gone, nil
}

// is tells whether the file has the record as it was given.
func (h *held) is(s stored) (bool, error) {
	fields, err := city.Canonical(s.Fields)
	if err != nil {
		return false, err
	}
	writers, err := city.Canonical(s.Writers)
	return err == nil && h.digest() == protocol.RecordDigest(s.Ref, s.Parent, s.seq, fields, writers), err
}
