package replica

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

//go:embed schema/outbox/*.sql schema/cache/*.sql
var schema embed.FS

func migrate(ctx context.Context, db *sql.DB, which string) error {
	files, err := fs.Sub(schema, "schema/"+which)
	if err != nil {
		return err
	}
	return sqlite.MigrateSealed(ctx, db, files)
}

// Where an act stands in the outbox; the states that people see are made of it.
const (
	savedHere    = "saved"
	sentOnce     = "sent"
	echoReceived = "received"
	handedOver   = "handed" // to staff, after the device was revoked
)

// entry is an act in the outbox. See the table of the same name.
type entry struct {
	pos      int64
	id       city.MutationID
	typ      city.Type
	title    string
	subject  city.ID
	at       time.Time
	envelope []byte
	content  protocol.Hash
	stub     []byte
	blobs    []string
	device   city.DeviceID
	stream   string
	n        uint64
	link     protocol.Hash
	state    string
	seq      int64
	verdict  city.Verdict
	review   city.ID
	code     city.Code
	field    string
	damaged  bool
}

// rowHash is the hash of a row: over its columns as a JSON array, bytes in base64,
// so that nothing can move from one to the next. It is written by hand: every row
// that is read or written is hashed, and encoding/json took longer than SQLite.
func rowHash(columns ...any) []byte {
	room := 2
	for _, c := range columns {
		if b, ok := c.([]byte); ok {
			room += base64.StdEncoding.EncodedLen(len(b))
		}
		room += 24
	}
	b := append(make([]byte, 0, room), '[')
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		switch c := c.(type) {
		case []byte:
			if c == nil {
				b = append(b, "null"...)
				continue
			}
			b = append(base64.StdEncoding.AppendEncode(append(b, '"'), c), '"')
		case int64:
			b = strconv.AppendInt(b, c, 10)
		case uint64:
			b = strconv.AppendUint(b, c, 10)
		case bool:
			b = strconv.AppendBool(b, c)
		default:
			panic(fmt.Sprintf("replica: a column of type %T", c)) // a programming error
		}
	}
	sum := sha256.Sum256(append(b, ']'))
	return sum[:]
}

func (e *entry) hash() []byte {
	return rowHash([]byte(e.id), []byte(e.typ), []byte(e.title), []byte(e.subject), e.at.UnixMilli(), blob(e.envelope), e.content[:], blob(e.stub),
		[]byte(strings.Join(e.blobs, " ")), []byte(e.device), []byte(e.stream), e.n, e.link[:], []byte(e.state), e.seq,
		[]byte(e.verdict), []byte(e.review), []byte(e.code), []byte(e.field), e.damaged)
}

const entryColumns = `pos, id, type, title, subject, at, envelope, content, stub, blobs, device, stream, n, link, state, seq,
	verdict, review, code, field, damaged, hash`

// The queries for entries, each a whole constant text.
const (
	selectAll     = `SELECT ` + entryColumns + ` FROM entry ORDER BY pos`
	selectNewest  = `SELECT ` + entryColumns + ` FROM entry ORDER BY pos DESC LIMIT $1`
	selectOne     = `SELECT ` + entryColumns + ` FROM entry WHERE id = $1`
	selectAbout   = `SELECT ` + entryColumns + ` FROM entry WHERE subject = $1 ORDER BY pos DESC`
	selectWaiting = `SELECT ` + entryColumns + ` FROM entry WHERE state <> 'received' AND damaged = 0 ORDER BY pos`
	selectToCheck = `SELECT ` + entryColumns + ` FROM entry WHERE damaged <> 0 OR verdict = 'refused' OR verdict = 'review' OR verdict = 'held' ORDER BY pos`
	selectPlaced  = `SELECT ` + entryColumns + ` FROM entry WHERE stream = $1 AND n > $2 AND damaged = 0 ORDER BY n LIMIT $3`
	selectAt      = `SELECT ` + entryColumns + ` FROM entry WHERE stream = $1 AND n = $2`
	// The first condition of these is that of an index, which the second implies.
	countWaiting = `SELECT count(*) FROM entry WHERE state <> 'received' AND damaged = 0`
	countSent    = `SELECT count(*) FROM entry WHERE state <> 'received' AND state = 'sent' AND damaged = 0`
	selectUnsent = `SELECT sha256 FROM blob WHERE state <> 'sent' AND state = 'waiting' ORDER BY sha256`
	countUnsent  = `SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'damaged') FROM blob WHERE state <> 'sent'`
)

// querier is a database or a transaction.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}

// row is an entry as it was read, and whether its hash fits, or does so once one
// bit is put right.
type row struct {
	entry
	sound, mended bool
}

// loadRows reads entries, sound or not.
func loadRows(ctx context.Context, q querier, query string, args ...any) ([]row, error) {
	found, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	defer found.Close()
	var out []row
	for found.Next() {
		values := make([]any, 22)
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := found.Scan(into...); err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
		out = append(out, mend(values))
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	return out, nil
}

// rowOf reads the columns leniently: damage may have changed their type too.
func rowOf(v []any) row {
	var r row
	e := &r.entry
	e.pos = number(v[0])
	e.id, e.typ = city.MutationID(text(v[1])), city.Type(text(v[2]))
	e.title, e.subject, e.at = text(v[3]), city.ID(text(v[4])), time.UnixMilli(number(v[5])).UTC()
	e.envelope, e.stub, e.blobs = []byte(text(v[6])), []byte(text(v[8])), strings.Fields(text(v[9]))
	copy(e.content[:], text(v[7]))
	e.device, e.stream, e.n = city.DeviceID(text(v[10])), text(v[11]), uint64(number(v[12]))
	copy(e.link[:], text(v[13]))
	e.state, e.seq = text(v[14]), number(v[15])
	e.verdict, e.review = city.Verdict(text(v[16])), city.ID(text(v[17]))
	e.code, e.field, e.damaged = city.Code(text(v[18])), text(v[19]), number(v[20]) != 0
	r.sound = string(e.hash()) == text(v[21])
	return r
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

func number(v any) int64 {
	n, _ := v.(int64)
	return n
}

// load reads entries whose hash fits, and sets the others aside.
func (r *Replica) load(ctx context.Context, q querier, query string, args ...any) ([]entry, error) {
	rows, err := loadRows(ctx, q, query, args...)
	if err != nil {
		return nil, err
	}
	out := make([]entry, 0, len(rows))
	for _, row := range rows {
		if !row.sound {
			if row.entry, err = r.repair(ctx, q, row); err != nil {
				return nil, err
			}
		}
		out = append(out, row.entry)
	}
	return out, nil
}

func insertEntry(ctx context.Context, q querier, e *entry) error {
	_, err := q.ExecContext(ctx, `INSERT INTO entry (id, type, title, subject, at, envelope, content, stub, blobs, device, stream, n, link,
		state, seq, verdict, review, code, field, damaged, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		e.id, e.typ, e.title, e.subject, e.at.UnixMilli(), blob(e.envelope), e.content[:], blob(e.stub), strings.Join(e.blobs, " "), e.device,
		e.stream, int64(e.n), e.link[:], e.state, e.seq, e.verdict, e.review, e.code, e.field, e.damaged, e.hash())
	if err != nil {
		return fmt.Errorf("write the outbox: %w", err)
	}
	return nil
}

// blob keeps an empty value from being stored as null.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// updateEntry writes an entry that is there already, with its new hash.
func updateEntry(ctx context.Context, q querier, e *entry) error {
	_, err := q.ExecContext(ctx, `UPDATE entry SET id = $1, type = $2, title = $3, subject = $4, at = $5, envelope = $6, content = $7,
		stub = $8, blobs = $9, device = $10, stream = $11, n = $12, link = $13, state = $14, seq = $15, verdict = $16, review = $17,
		code = $18, field = $19, damaged = $20, hash = $21 WHERE pos = $22`,
		e.id, e.typ, e.title, e.subject, e.at.UnixMilli(), blob(e.envelope), e.content[:], blob(e.stub), strings.Join(e.blobs, " "), e.device,
		e.stream, int64(e.n), e.link[:], e.state, e.seq, e.verdict, e.review, e.code, e.field, e.damaged, e.hash(), e.pos)
	if err != nil {
		return fmt.Errorf("write the outbox: %w", err)
	}
	return nil
}

// moveEntry writes what has become of an entry whose act stays what it was, with
// its new hash.
func moveEntry(ctx context.Context, q querier, e *entry) error {
	_, err := q.ExecContext(ctx, `UPDATE entry SET state = $1, seq = $2, verdict = $3, review = $4, code = $5, field = $6, hash = $7 WHERE pos = $8`,
		e.state, e.seq, e.verdict, e.review, e.code, e.field, e.hash(), e.pos)
	if err != nil {
		return fmt.Errorf("write the outbox: %w", err)
	}
	return nil
}

// tip is where the next act goes: behind n in the stream.
type tip struct {
	stream string
	n      uint64
	link   protocol.Hash
}

func (t tip) hash() []byte { return rowHash([]byte(t.stream), t.n, t.link[:]) }

// readTip gives the stream; a zero tip when there is none or it is damaged, for
// which a new stream has to be begun.
func readTip(ctx context.Context, q querier) (tip, error) {
	var t tip
	var n int64
	var link, hash []byte
	err := q.QueryRowContext(ctx, `SELECT id, n, link, hash FROM stream WHERE one = 1`).Scan(&t.stream, &n, &link, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return tip{}, nil
	}
	if err != nil {
		return tip{}, fmt.Errorf("read the stream: %w", err)
	}
	t.n = uint64(n)
	copy(t.link[:], link)
	if string(t.hash()) != string(hash) {
		return tip{}, nil
	}
	return t, nil
}

func writeTip(ctx context.Context, q querier, t tip) error {
	_, err := q.ExecContext(ctx, `INSERT INTO stream (one, id, n, link, hash) VALUES (1, $1, $2, $3, $4)
		ON CONFLICT (one) DO UPDATE SET id = excluded.id, n = excluded.n, link = excluded.link, hash = excluded.hash`,
		t.stream, int64(t.n), t.link[:], t.hash())
	if err != nil {
		return fmt.Errorf("write the stream: %w", err)
	}
	return nil
}

// place puts an entry at the end of the stream.
func (t *tip) place(e *entry) {
	t.n++
	t.link = protocol.Link(t.link, e.content)
	e.stream, e.n, e.link = t.stream, t.n, t.link
}

// explain turns a database's failure into what a person can be told.
func explain(err error) error {
	if sqlite.IsFull(err) {
		return &diskFull{cause: err}
	}
	return err
}

// diskFull is the domain's error with the system's behind it.
type diskFull struct{ cause error }

func (d *diskFull) Error() string { return "there is no room to save: " + d.cause.Error() }

func (d *diskFull) Unwrap() []error {
	return []error{city.Fail(city.CodeDiskFull, "", "there is no room to save"), d.cause}
}
