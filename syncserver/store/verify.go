package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// Finding is one thing that is not as it should be.
type Finding struct {
	Where string // "change 17", "record request/…", "blob …"
	What  string
}

func (f Finding) String() string { return f.Where + ": " + f.What }

// Counts tell how much was looked at.
type Counts struct {
	Changes, Records, Mutations, Blobs int
}

// Verify reads everything and reports what is damaged: the file's structure,
// every row of the log against its digest and the chain, every record against
// the log, every archived act against its content hash, every row of the other
// tables against its seal, and every blob against its name. A
// blob that is gone or damaged is no longer said to be here, so that a device that
// holds it puts it back. It takes one core about half a minute per million changes.
func (s *Store) Verify(ctx context.Context, report func(Finding)) (Counts, error) {
	if !s.postgres { // PostgreSQL's own structure is its amcheck's to look at
		if err := sqlite.Check(ctx, s.db, sqlite.Full); sqlite.IsCorrupt(err) {
			report(Finding{Where: "database", What: err.Error()})
		} else if err != nil {
			return Counts{}, err
		}
	}
	sound := true
	n, err := verifyLog(ctx, s.db, func(f Finding) {
		sound = false
		report(f)
	})
	if err != nil {
		return n, err
	}
	n.Blobs, err = s.verifyBlobs(ctx, sound, report)
	return n, err
}

// verifyLog reads one snapshot, so that it may run beside a writer.
func verifyLog(ctx context.Context, db *sql.DB, report func(Finding)) (Counts, error) {
	var n Counts
	err := sqlite.InReadTx(ctx, db, func(tx *sql.Tx) error {
		var err error
		var bad map[int64]bool
		if n.Changes, bad, err = verifyChain(ctx, tx, report); err != nil {
			return err
		}
		if n.Records, err = verifyRecords(ctx, tx, bad, report); err != nil {
			return err
		}
		if err := verifyScopes(ctx, tx, report); err != nil {
			return err
		}
		if n.Mutations, err = verifyMutations(ctx, tx, report); err != nil {
			return err
		}
		return verifySeals(ctx, tx, report)
	})
	return n, err
}

// changeRow is a row of the log as it stands in the database.
type changeRow struct {
	change
	whole           int64
	fields, ws      []byte
	salt, digest, h []byte
}

const changeColumns = `seq, tx, kind, id, parent, whole, fields, writer, ws, salt, digest, h`

func (r *changeRow) scan(rows *sql.Rows, more ...any) error {
	return rows.Scan(append([]any{&r.Seq, &r.Tx, &r.Kind, &r.ID, &r.Parent, &r.whole, &r.fields, &r.Writer, &r.ws, &r.salt, &r.digest, &r.h}, more...)...)
}

// wrong tells what is wrong with the row itself; empty for nothing. What the law
// had erased has neither fields nor salt, and its digest stands unproven.
func (r *changeRow) wrong() string {
	if r.fields == nil && r.salt == nil {
		return ""
	}
	if !bytes.Equal(r.sum(), r.digest) {
		return "its content does not match its digest"
	}
	return ""
}

// sum is salted: once fields and salt are erased by law it tells nothing, and the
// chain still stands.
func (r *changeRow) sum() []byte {
	sum := sha256.Sum256(append(slices.Clone(r.salt), r.text()...))
	return sum[:]
}

// left is the hash over what is left of a row that the law had erased.
func (r *changeRow) left() []byte {
	sum := sha256.Sum256(append(slices.Clone(r.digest), r.text()...))
	return sum[:]
}

// text is the canonical text that the digest was made of, put together from the
// columns as they stand: reading them and writing them anew would cost ten times
// as much, and would forgive a changed byte that means the same.
func (r *changeRow) text() []byte {
	b := make([]byte, 0, len(r.fields)+len(r.ws)+256)
	b = append(b, '{')
	if string(r.fields) != "{}" {
		b = append(append(append(b, `"fields":`...), r.fields...), ',')
	}
	b = city.AppendText(append(b, `"id":`...), string(r.ID))
	b = city.AppendText(append(b, `,"kind":`...), string(r.Kind))
	b = city.AppendText(append(b, `,"parent":`...), string(r.Parent))
	b = strconv.AppendInt(append(b, `,"seq":`...), r.Seq, 10)
	b = strconv.AppendInt(append(b, `,"tx":`...), r.Tx, 10)
	switch r.whole {
	case 0:
		b = append(b, `,"whole":false`...)
	case 1:
		b = append(b, `,"whole":true`...)
	default: // no program writes it
		b = strconv.AppendInt(append(b, `,"whole":`...), r.whole, 10)
	}
	b = city.AppendText(append(b, `,"writer":`...), string(r.Writer))
	if string(r.ws) != "{}" {
		b = append(append(b, `,"ws":`...), r.ws...)
	}
	return append(b, '}')
}

// verifyChain gives the damaged rows, so that they are not reported once more.
func verifyChain(ctx context.Context, q querier, report func(Finding)) (n int, bad map[int64]bool, err error) {
	head, err := readHead(ctx, q)
	if err != nil {
		return 0, nil, err
	}
	rows, err := q.QueryContext(ctx, `SELECT `+changeColumns+`, emptied FROM change ORDER BY seq`)
	if err != nil {
		return 0, nil, fmt.Errorf("read the log: %w", err)
	}
	defer rows.Close()
	last, h := int64(0), make([]byte, 32)
	bad = map[int64]bool{}
	for ; rows.Next(); n++ {
		var r changeRow
		var emptied []byte
		if err := r.scan(rows, &emptied); err != nil {
			report(Finding{Where: fmt.Sprintf("change after %d", last), What: err.Error()})
			continue
		}
		where := fmt.Sprintf("change %d", r.Seq)
		if r.Seq != last+1 {
			report(Finding{where, fmt.Sprintf("it follows on %d: rows are missing", last)})
			h = nil
		}
		if what := r.wrong(); what != "" {
			report(Finding{where, what})
			bad[r.Seq] = true
		} else if r.fields == nil && !bytes.Equal(r.left(), emptied) || r.fields != nil && len(emptied) > 0 {
			report(Finding{where, "what was left of it by an erasure has changed"})
		} else if h != nil && !bytes.Equal(chain(h, r.digest), r.h) {
			report(Finding{where, "the chain breaks here"})
		}
		last, h = r.Seq, r.h // go on from here: each damaged row is named, and no others
	}
	if err := rows.Err(); err != nil {
		return n, bad, fmt.Errorf("read the log: %w", err)
	}
	if head.Seq != last || h != nil && !bytes.Equal(head.Hash, h) {
		report(Finding{"head", fmt.Sprintf("it says %d, the log ends at %d, or with another hash", head.Seq, last)})
	}
	if head.Safe < 0 || head.Safe > head.Seq {
		report(Finding{"head", fmt.Sprintf("the safe mark %d is not within the log", head.Safe)})
	}
	return n, bad, nil
}

// verifyMutations compares what every act said with the hash made as it came, and
// its place with the log. An act and its changes name each other.
func verifyMutations(ctx context.Context, q querier, report func(Finding)) (int, error) {
	rows, err := q.QueryContext(ctx, `SELECT m.id, m.n, m.envelope, m.content, coalesce(c.writer, ''), coalesce(c.tx, 0) - m.seq,
		m.verdict = 'erased' AND EXISTS (SELECT 1 FROM erasure AS e WHERE e.id = m.id)
		FROM mutation AS m LEFT JOIN change AS c ON c.seq = m.seq ORDER BY m.seq, m.id`)
	if err != nil {
		return 0, fmt.Errorf("read the archive: %w", err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var id, writer string
		var place, off int64
		var envelope, content []byte
		var erased bool
		if err := rows.Scan(&id, &place, &envelope, &content, &writer, &off, &erased); err != nil {
			return n, fmt.Errorf("read the archive: %w", err)
		}
		switch {
		case erased && len(envelope) > 0:
			report(Finding{"act " + id, "it was erased, and its envelope is here"})
		case !erased && !cameSo(envelope, place, content):
			report(Finding{"act " + id, "its envelope or its place in its stream is not what it came with"})
		case writer != id || off != 0:
			report(Finding{"act " + id, "it does not stand in the log where the archive says"})
		}
	}
	return n, rows.Err()
}

// cameSo tells whether an envelope with its place in its stream has this content
// hash. Our devices write the place first and the rest canonically, so that it is
// enough to leave the place out.
func cameSo(envelope []byte, place int64, content []byte) bool {
	member := append(strconv.AppendInt([]byte(`{"n":`), place, 10), ',')
	if rest, ok := bytes.CutPrefix(envelope, member); ok {
		h := sha256.New()
		h.Write([]byte{'{'})
		h.Write(rest)
		if bytes.Equal(h.Sum(nil), content) {
			return true
		}
	}
	var said struct {
		N int64 `json:"n"`
	}
	sum, err := protocol.ContentOf(envelope)
	return err == nil && bytes.Equal(sum[:], content) && json.Unmarshal(envelope, &said) == nil && said.N == place
}

// verifyScopes compares who may see each record with what the log says at the
// record's last change.
func verifyScopes(ctx context.Context, q querier, report func(Finding)) error {
	rows, err := q.QueryContext(ctx, `SELECT r.kind, r.id, r.scopes, coalesce(s.scope, '') FROM record AS r
		LEFT JOIN (SELECT seq, scope FROM change_scope WHERE evict = 0) AS s ON s.seq = r.seq ORDER BY r.kind, r.id, s.scope`)
	if err != nil {
		return fmt.Errorf("read the audiences: %w", err)
	}
	defer rows.Close()
	var ref city.Ref
	var kept string
	var logged []city.Scope
	judge := func() {
		if ref != (city.Ref{}) && joinScopes(logged) != kept {
			report(Finding{"record " + ref.String(), "who may see it is not what the log says"})
		}
	}
	for rows.Next() {
		var r city.Ref
		var scopes string
		var scope city.Scope
		if err := rows.Scan(&r.Kind, &r.ID, &scopes, &scope); err != nil {
			return fmt.Errorf("read the audiences: %w", err)
		}
		if r != ref {
			judge()
			ref, kept, logged = r, scopes, nil
		}
		if scope != "" {
			logged = append(logged, scope)
		}
	}
	judge()
	return rows.Err()
}

// verifyBlobs takes back what is wrong only in a sound log: nothing is written
// into a damaged one.
func (s *Store) verifyBlobs(ctx context.Context, sound bool, report func(Finding)) (int, error) {
	all, err := completeBlobs(ctx, s.db)
	if err != nil {
		return 0, err
	}
	for _, l := range all {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		what, err := wrong(ctx, s.blobs, l)
		if err != nil {
			return 0, err
		}
		if what != "" {
			report(Finding{"blob " + l.SHA, what})
			if !sound {
				continue
			}
			if err := s.doubtBlob(ctx, l.SHA); err != nil {
				return 0, err
			}
		}
	}
	return len(all), nil
}
