package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cityhall/shared/keys"
	"cityhall/shared/sqlite"
)

// Config is what a Store needs.
type Config struct {
	// DB is the path of a SQLite file, or a PostgreSQL connection string:
	// postgres://… or host=….
	DB string
	// Blobs is the folder of photos and other bytes, or a bucket:
	// s3://bucket/prefix?endpoint=…&region=….
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
	// Several says that other servers may be on the same PostgreSQL: they tell each
	// other of news, must be in one folder, and go by the database's clock where Now is
	// off by more than a second.
	Several bool
	Log     *slog.Logger
	// Room gives the bytes free on the disk of a folder; nil asks the system.
	Room func(dir string) (free int64, known bool)
}

// Store is the city's memory. It is safe for concurrent use.
type Store struct {
	db       *sql.DB
	dsn      string // where that is
	postgres bool
	blobs    shelf
	ledger   *ledger  // nil: none is kept
	occupied *os.File // of SQLite: says that the database is in use
	foreign  string   // epoch of the database that the ledger did not know when last looked
	attached bool     // beside a server, which keeps the ledger's marks
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
	unscoured atomic.Bool // what was erased is still in SQLite's log
	undropped atomic.Bool // photos that were erased still lie in a store that was away
	snaps     *snapshots
	horizon   int64
	decoding  sync.Mutex // one picture at a time
	room      func(dir string) (int64, bool)

	others *others // nil on SQLite, where there are none

	mu       sync.Mutex
	watchers map[chan int64]struct{}
	told     int64 // head that was announced last
}

// Open opens the database, makes or migrates its tables, brings it in line with
// the ledger and starts the writer.
func Open(ctx context.Context, c Config) (*Store, error) {
	s, err := begin(ctx, c, func(s *Store, ctx context.Context) error {
		if err := s.meetOthers(ctx, c); err != nil {
			return err
		}
		return s.prepare(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	if err := s.openSnapshots(ctx, c); err != nil {
		return nil, errors.Join(err, s.release())
	}
	go s.write()
	go s.keepTime()
	s.joinOthers()
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
	s := &Store{db: db, dsn: c.DB, postgres: IsPostgres(c.DB), keys: c.Keys, now: c.Now, log: c.Log, watchers: map[chan int64]struct{}{},
		horizon: cmp.Or(c.Horizon, defaultHorizon), jobs: make(chan *job), stop: make(chan struct{}), done: make(chan struct{}), marked: make(chan struct{}), sweepNow: make(chan struct{}, 1)}
	if s.room = c.Room; s.room == nil {
		s.room = diskFree
	}
	if err := s.ready(ctx, c, ready); err != nil {
		return nil, errors.Join(err, s.leaveOthers(), s.release())
	}
	return s, nil
}

func (s *Store) ready(ctx context.Context, c Config, ready func(*Store, context.Context) error) error {
	var err error
	if s.blobs, err = openShelf(c.Blobs, s.room); err != nil {
		return err
	}
	if c.Ledger != "" {
		if s.ledger, err = openLedger(c.Ledger); err != nil {
			return err
		}
	}
	if s.postgres {
		if err := notRestoring(ctx, s.db); err != nil {
			return err
		}
	} else {
		if s.occupied, err = sqlite.Occupy(c.DB, false); err != nil {
			return err
		}
		if s.ledger != nil && s.ledger.moved != "" {
			return fmt.Errorf("%w (%s)", ErrMoved, s.ledger.moved)
		}
	}
	if err := mayServe(ctx, s.db); err != nil {
		return err
	}
	if err := ready(s, ctx); err != nil {
		return err
	}
	return mayServe(ctx, s.db)
}

// release gives the database back.
func (s *Store) release() error {
	err := s.db.Close()
	if s.occupied != nil {
		err = errors.Join(err, s.occupied.Close())
	}
	return err
}

func open(ctx context.Context, dsn string) (*sql.DB, error) {
	if !IsPostgres(dsn) {
		return sqlite.Open(ctx, dsn, sqlite.Options{SecureDelete: true, MaxConns: 8})
	}
	return openPostgres(ctx, dsn, lockPatience)
}

// IsPostgres tells whether a data source is PostgreSQL and not a file.
func IsPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") || strings.HasPrefix(dsn, "host=")
}

// prepare migrates, and gives a new database its lineage.
func (s *Store) prepare(ctx context.Context, c Config) error {
	if err := s.migrate(ctx, c.DB); err != nil {
		return err
	}
	if err := s.blobs.prepare(); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO sync_head (one, epoch, seq, hash, safe, turn) VALUES (1, $1, 0, $2, 0, 0) ON CONFLICT DO NOTHING`,
		rand.Text(), make([]byte, 32))
	if err != nil {
		return fmt.Errorf("begin the log: %w", err)
	}
	if err := s.sealOld(ctx); err != nil {
		return err
	}
	if err := s.ownKeys(ctx); err != nil {
		return err
	}
	return s.replay(ctx)
}

// ErrSchema means a database that this program would have to migrate first, or
// that a newer one has migrated.
var ErrSchema = errors.New("the database is of another version of this program; start the server of this version on it once")

// current refuses a database that is not of this program's schema.
func (s *Store) current(ctx context.Context) error {
	if s.postgres {
		if err := cityIn(ctx, s.db); err != nil {
			return err
		}
	}
	have, want, err := schemaVersions(ctx, s.db)
	if err == nil && have != want {
		err = fmt.Errorf("%w: schema %d, not %d", ErrSchema, have, want)
	}
	if err == nil {
		err = s.sameKeys(ctx, s.db)
	}
	return err
}

// schemaVersions gives the database's version and the program's.
func schemaVersions(ctx context.Context, db *sql.DB) (have, want int, err error) {
	have, err = sqlite.SchemaVersion(ctx, db)
	return have, schemaKnown, err
}

// Close waits for the acts under way, notes the head in the ledger and closes
// the database.
func (s *Store) Close() error {
	close(s.stop)
	<-s.done
	<-s.marked
	s.snaps.close()
	err := s.leaveOthers()
	if !s.attached {
		if merr := s.markHead(context.Background()); !errors.Is(merr, ErrClosed) { // the head has gone back: the next start sees to it
			err = errors.Join(err, merr)
		}
	}
	return errors.Join(err, s.release())
}

// DB is for the queries of store/read. Nothing else writes or reads past Store.
func (s *Store) DB() *sql.DB { return s.db }

// Now is the city's time, as all its servers have it.
func (s *Store) Now() time.Time { return s.now() }

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
	var h Head
	err := s.db.QueryRowContext(ctx, `SELECT epoch, seq, hash, safe, (SELECT coalesce(max(seq), 0) FROM erasure) FROM sync_head WHERE one = 1`).
		Scan(&h.Epoch, &h.Seq, &h.Hash, &h.Safe, &h.Erased)
	if err != nil {
		return h, fmt.Errorf("read the head: %w", err)
	}
	return h, nil
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

// Watch gives the head after each commit, of other servers on this database too,
// the newest only. Call the function when done.
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
	s.told = head
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
