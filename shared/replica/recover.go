package replica

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

const outboxFile = "outbox.db"

// openOutbox opens the outbox. One that cannot be used is kept aside, and what
// can be read of it goes into a new one. A newer program's is left as it is.
func (r *Replica) openOutbox(ctx context.Context) (*sql.DB, error) {
	path := filepath.Join(r.cfg.Dir, outboxFile)
	fresh := path + ".new"
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		// A salvage that ended between its two renames.
		if _, err := os.Stat(fresh); err == nil {
			if err := sqlite.Replace(fresh, path); err != nil {
				return nil, fmt.Errorf("finish the salvage of the outbox: %w", err)
			}
		}
	}
	db, err := r.openOutboxAt(ctx, path)
	if blames(ctx, err) {
		db, err = r.openOutboxAt(ctx, path) // the disk may only have stumbled
	}
	if !blames(ctx, err) || errors.Is(err, sqlite.ErrNewer) {
		return db, err
	}
	r.cfg.Log.Error("outbox damaged", "err", err)
	if err := r.salvage(ctx, path, fresh); err != nil {
		return nil, fmt.Errorf("salvage the outbox: %w", err)
	}
	return r.openOutboxAt(ctx, path)
}

// blames tells whether an error of opening a file is the file's own fault, and not
// one of the disk's room, of the folder, or of a program that ends.
func blames(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && !sqlite.IsFull(err) && !sqlite.IsBusy(err) && !errors.Is(err, sqlite.ErrUnwritable)
}

// openOutboxAt opens a file, looks through its structure, and reads every act
// once, which sets aside what does not fit its hash.
func (r *Replica) openOutboxAt(ctx context.Context, path string) (*sql.DB, error) {
	db, err := sqlite.Open(ctx, path, sqlite.Options{SecureDelete: true})
	if err != nil {
		return nil, err
	}
	if err = sqlite.Check(ctx, db, sqlite.Full); err == nil {
		err = migrate(ctx, db, "outbox")
	}
	if err == nil {
		err = sqlite.InTx(ctx, db, func(tx *sql.Tx) error {
			_, err := r.load(ctx, tx, selectAll)
			return err
		})
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return db, nil
}

// salvage builds fresh from what can be read of path, then moves path aside and
// fresh into its place. A crash at any point leaves one of them to go on from.
func (r *Replica) salvage(ctx context.Context, path, fresh string) error {
	if err := sqlite.Remove(fresh); err != nil {
		return err
	}
	db, err := r.openOutboxAt(ctx, fresh)
	if err != nil {
		return err
	}
	err = r.copyReadable(ctx, db, path)
	if err == nil {
		err = sqlite.Checkpoint(ctx, db)
	}
	if closed := db.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	aside := path + ".damaged-" + strconv.FormatInt(r.cfg.Now().UnixNano(), 10)
	for _, end := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+end, aside+end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	r.cfg.Log.Error("outbox salvaged", "kept", aside)
	return sqlite.Replace(fresh, path)
}

// table is what is salvaged of one table. kinds are what its columns hold, a letter
// each: r the row's id, n a number, t text, b bytes. By them a row is known whose
// table is not.
type table struct {
	name    string
	columns []string
	kinds   string
	insert  string
}

func (t table) fits(values []any) bool {
	if len(values) != len(t.kinds) {
		return false
	}
	for i, v := range values {
		kind := byte('b')
		switch v.(type) {
		case nil:
			kind = 'r'
		case int64:
			kind = 'n'
		case string:
			kind = 't'
		}
		if kind != t.kinds[i] {
			return false
		}
	}
	return true
}

// named puts the row's id where the table shows it.
func (t table) named(rowID int64, values []any) []any {
	if t.kinds[0] == 'r' {
		values[0] = rowID
	}
	return values
}

// put stores a row unless it is there already.
func (t table) put(ctx context.Context, db *sql.DB, values []any) error {
	for i, v := range values {
		if v == nil { // every column is wanted; what was lost is empty
			values[i] = ""
		}
	}
	_, err := db.ExecContext(ctx, t.insert, values...)
	if sqlite.IsConstraint(err) {
		return nil
	}
	return err
}

var outboxTables = []table{
	{"identity", strings.Fields("one device kind name server server_key sealing_key grants grant_rev epoch seed hash"), "rtttttttntbb",
		`INSERT OR IGNORE INTO identity (one, device, kind, name, server, server_key, sealing_key, grants, grant_rev, epoch, seed, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`},
	{"entry", strings.Fields("pos id type title subject at envelope content stub blobs device stream n link state seq verdict review code field damaged hash"), "rttttnbbbtttnbtnttttnb",
		`INSERT OR IGNORE INTO entry (` + entryColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`},
	{"blob", strings.Fields("sha256 bytes state hash"), "tntb", `INSERT OR IGNORE INTO blob (sha256, bytes, state, hash) VALUES ($1, $2, $3, $4)`},
	{"setting", strings.Fields("name value hash"), "ttb", `INSERT OR IGNORE INTO setting (name, value, hash) VALUES ($1, $2, $3)`},
	{"draft", strings.Fields("name value hash"), "tbb", `INSERT OR IGNORE INTO draft (name, value, hash) VALUES ($1, $2, $3)`},
}

// copyReadable copies row by row and judges nothing: rows are judged by their
// hash when they are read. The stream is left out, so a new one begins. Where the
// way to a row is damaged, the row is looked for on the pages themselves.
func (r *Replica) copyReadable(ctx context.Context, db *sql.DB, path string) error {
	whole := true
	for _, t := range outboxTables {
		done, err := sqlite.Salvage(ctx, path, t.name, t.columns, func(_ int64, values []any) error {
			return t.put(ctx, db, values)
		})
		if ctx.Err() != nil || sqlite.IsFull(err) {
			return err
		}
		if err != nil || done.Gaps > 0 { // go on: another table may be whole
			whole = false
			r.cfg.Log.Error("salvage of the outbox", "table", t.name, "rows", done.Rows, "gaps", done.Gaps, "err", err)
		}
	}
	if whole {
		return nil
	}
	return sqlite.Carve(ctx, path, func(rowID int64, values []any) error {
		for _, t := range outboxTables {
			if t.fits(values) {
				return t.put(ctx, db, t.named(rowID, values))
			}
		}
		return nil
	})
}

// repair judges a row whose hash does not fit. When the envelope is what the
// content hash says, the act is whole and only its bookkeeping is lost: it is
// sent again, which its id makes harmless. Otherwise it is set aside.
func (r *Replica) repair(ctx context.Context, q querier, found row) (entry, error) {
	e := found.entry
	if found.mended {
		r.cfg.Log.Error("damaged row in the outbox put right", "mutation", string(e.id))
		return e, updateEntry(ctx, q, &e)
	}
	var env protocol.Envelope
	whole := sha256.Sum256(e.envelope) == e.content && json.Unmarshal(e.envelope, &env) == nil && env.Check() == nil
	if e.subject != "" && !e.subject.Valid() {
		e.subject = ""
	}
	if whole {
		e.title, e.subject = "", "" // nothing tells whether they are what was stored
		e.id, e.typ, e.at, e.blobs = env.ID, env.Type, env.At, env.Blobs
		e.await(savedHere)
		e.stream, e.n, e.damaged = "", 0, false
		e.stub = nil // nothing tells whether it is what was stored; the echo brings the record
	} else {
		e.title = readable(e.title)
		e.damaged, e.stream, e.n, e.code, e.field = true, "", 0, city.CodeDamaged, ""
		if !e.id.Valid() || r.idTaken(ctx, q, e) {
			e.id = city.NewMutationID() // it needs a name to be shown by
		}
	}
	r.cfg.Log.Error("damaged row in the outbox", "mutation", string(e.id), "whole", whole)
	return e, updateEntry(ctx, q, &e)
}

func (r *Replica) idTaken(ctx context.Context, q querier, e entry) bool {
	var others int
	err := q.QueryRowContext(ctx, `SELECT count(*) FROM entry WHERE id = $1 AND pos <> $2`, e.id, e.pos).Scan(&others)
	return err == nil && others > 0
}

func readable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "�")
}
