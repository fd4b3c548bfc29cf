package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the PostgreSQL driver, as "pgx"

	"cityhall/shared/keys"
	"cityhall/shared/sqlite"
)

//go:embed schema/*.sql
var schema embed.FS

// Config is what a Store needs.
type Config struct {
	// DB is the path of a SQLite file, or a PostgreSQL connection string:
	// postgres://… or host=….
	DB string
	// Blobs is the folder of photos and other bytes.
	Blobs string
	// Ledger is the file, outside the database and its backups, that notes what a
	// restored database would have forgotten. Without one a restore is noticed only
	// by the cursors of devices, and revocations are as old as the database.
	Ledger string
	// Snapshots is the folder of snapshots; empty means that none are made.
	Snapshots string
	// SnapshotBytes bounds what lies in it; 0 means 4 GiB.
	SnapshotBytes int64
	// Horizon is how many changes a device may be behind before it has to begin with
	// a snapshot; 0 means 50,000.
	Horizon int64
	Keys    *keys.ServerKeys
	Now     func() time.Time
	Log     *slog.Logger
	// Room gives the bytes free on the disk of a folder; nil asks the system.
	Room func(dir string) (free int64, known bool)
}

// Store is the city's memory. It is safe for concurrent use.
type Store struct {
	db       *sql.DB
	postgres bool
	blobs    string
	ledger   *ledger // nil: none is kept
	foreign  string  // epoch of the database that the ledger did not know when last looked
	attached bool    // beside a server, which keeps the ledger's marks
	keys     *keys.ServerKeys
	now      func() time.Time
	log      *slog.Logger

	jobs   chan *job
	stop   chan struct{}
	done   chan struct{} // closed when the writer has ended
	marked chan struct{} // closed when the ledger is no longer written
	// sweepNow asks for a sweep before its time.
	sweepNow chan struct{}

	uploading uploads
	erased    atomic.Int64 // place of the newest erasure
	unscoured atomic.Bool  // what was erased is still in SQLite's log
	snaps     *snapshots
	horizon   int64
	decoding  sync.Mutex // one picture at a time
	room      func(dir string) (int64, bool)

	mu       sync.Mutex
	watchers map[chan int64]struct{}
}

// Open opens the database, makes or migrates its tables, brings it in line with
// the ledger and starts the writer.
func Open(ctx context.Context, c Config) (*Store, error) {
	s, err := begin(ctx, c, (*Store).prepare)
	if err != nil {
		return nil, err
	}
	if err := s.openSnapshots(ctx, c); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	go s.write()
	go s.keepTime()
	if s.ledger == nil {
		close(s.marked)
	} else {
		go s.keepMarks(s.Watch())
	}
	return s, nil
}

// Attach opens a database beside the server that may be running on it: it makes,
// migrates and replays nothing. One that needs any of it is refused.
func Attach(ctx context.Context, c Config) (*Store, error) {
	if !IsPostgres(c.DB) {
		if _, err := os.Stat(c.DB); err != nil {
			return nil, fmt.Errorf("open the database: %w", err)
		}
	}
	s, err := begin(ctx, c, (*Store).current)
	if err != nil {
		return nil, err
	}
	s.attached = true
	s.snaps = newSnapshots("", 0)
	go s.write()
	close(s.marked)
	return s, nil
}

func begin(ctx context.Context, c Config, ready func(*Store, context.Context) error) (*Store, error) {
	db, err := open(ctx, c.DB)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, postgres: IsPostgres(c.DB), blobs: c.Blobs, keys: c.Keys, now: c.Now, log: c.Log, watchers: map[chan int64]struct{}{},
		horizon: cmp.Or(c.Horizon, defaultHorizon), jobs: make(chan *job), stop: make(chan struct{}), done: make(chan struct{}), marked: make(chan struct{}), sweepNow: make(chan struct{}, 1)}
	if s.room = c.Room; s.room == nil {
		s.room = diskFree
	}
	if c.Ledger != "" {
		s.ledger, err = openLedger(c.Ledger)
	}
	if err == nil {
		err = ready(s, ctx)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func open(ctx context.Context, dsn string) (*sql.DB, error) {
	if !IsPostgres(dsn) {
		return sqlite.Open(ctx, dsn, sqlite.Options{SecureDelete: true, MaxConns: 8})
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	db.SetMaxOpenConns(16)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("reach PostgreSQL: %w", err)
	}
	return db, nil
}

// IsPostgres tells whether a data source is PostgreSQL and not a file.
func IsPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") || strings.HasPrefix(dsn, "host=")
}

// prepare migrates, and gives a new database its lineage.
func (s *Store) prepare(ctx context.Context) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	if err := sqlite.Migrate(ctx, s.db, files); err != nil {
		return err
	}
	if err := s.prepareBlobs(); err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO sync_head (one, epoch, seq, hash, safe, turn) VALUES (1, $1, 0, $2, 0, 0) ON CONFLICT DO NOTHING`,
		rand.Text(), make([]byte, 32))
	if err != nil {
		return fmt.Errorf("begin the log: %w", err)
	}
	if err := s.sealOld(ctx); err != nil {
		return err
	}
	return s.replay(ctx)
}

// ErrSchema means a database that this program would have to migrate first, or
// that a newer one has migrated.
var ErrSchema = errors.New("the database is of another version of this program; start the server of this version on it once")

// current refuses a database that is not of this program's schema.
func (s *Store) current(ctx context.Context) error {
	have, want, err := schemaVersions(ctx, s.db)
	if err == nil && have != want {
		err = fmt.Errorf("%w: schema %d, not %d", ErrSchema, have, want)
	}
	return err
}

// schemaVersions gives the database's version and the program's.
func schemaVersions(ctx context.Context, db *sql.DB) (have, want int, err error) {
	files, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		return 0, 0, err
	}
	have, err = sqlite.SchemaVersion(ctx, db)
	return have, len(files), err
}

// Close waits for the acts under way, notes the head in the ledger and closes
// the database.
func (s *Store) Close() error {
	close(s.stop)
	<-s.done
	<-s.marked
	s.snaps.close()
	var err error
	if !s.attached {
		err = s.markHead(context.Background())
	}
	if errors.Is(err, ErrClosed) {
		err = nil // the head has gone back: the next start sees to it
	}
	return errors.Join(err, s.db.Close())
}

// DB is for the queries of store/read. Nothing else writes or reads past Store.
func (s *Store) DB() *sql.DB { return s.db }

// Keys are the server's keys.
func (s *Store) Keys() *keys.ServerKeys { return s.keys }

// Head is the end of the log.
type Head struct {
	Epoch string // names this lineage
	Seq   int64
	Hash  []byte // chain hash at Seq
	Safe  int64  // everything up to here is in a verified backup
	// Erased is the place of the newest erasure: what was made of the log before it
	// holds what it must not. Only Store.Head knows it.
	Erased int64
}

// Head reads the end of the log.
func (s *Store) Head(ctx context.Context) (Head, error) {
	h, err := readHead(ctx, s.db)
	h.Erased = s.erased.Load()
	return h, err
}

func readHead(ctx context.Context, q querier) (Head, error) {
	var h Head
	err := q.QueryRowContext(ctx, `SELECT epoch, seq, hash, safe FROM sync_head WHERE one = 1`).Scan(&h.Epoch, &h.Seq, &h.Hash, &h.Safe)
	if err != nil {
		return h, fmt.Errorf("read the head: %w", err)
	}
	return h, nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}

// Watch gives the head after each commit, the newest only. Call the function
// when done.
func (s *Store) Watch() (<-chan int64, func()) {
	c := make(chan int64, 1)
	s.mu.Lock()
	s.watchers[c] = struct{}{}
	s.mu.Unlock()
	return c, func() {
		s.mu.Lock()
		delete(s.watchers, c)
		s.mu.Unlock()
	}
}

func (s *Store) announce(head int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.watchers {
		select { // an unread older head is replaced
		case <-c:
		default:
		}
		c <- head
	}
}

// stampFormat sorts as text in the order of time.
const stampFormat = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(stampFormat)
}

func parseStamp(s string) time.Time {
	t, err := time.Parse(stampFormat, s)
	if err != nil {
		return time.Time{} // empty means never
	}
	return t
}

// ErrClosed says that the store is shutting down.
var ErrClosed = errors.New("the store is closed")
