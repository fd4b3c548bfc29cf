package sim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	_ "cityhall/shared/keys/cheap" // what is stored behind a password or a PIN is the point, not its cost
	"cityhall/syncserver"
)

// Address is where the devices think that the server is.
const Address = "https://city.example"

// Clock is a clock that is set by hand, and may go by itself in between. It is
// safe for concurrent use.
type Clock struct {
	mu   sync.Mutex
	now  time.Time
	tick func() time.Time // nil: it stands still
	from time.Time        // what tick said when the clock was started
}

// NewClock makes a clock that stands still.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Running makes a clock that goes as tick does.
func Running(at time.Time, tick func() time.Time) *Clock {
	return &Clock{now: at, tick: tick, from: tick()}
}

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tick == nil {
		return c.now
	}
	return c.now.Add(c.tick().Sub(c.from))
}

// Advance moves the clock, back too.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}

// Database is a PostgreSQL database that can be copied and put back under a name
// while nobody is connected.
type Database interface {
	DSN() string
	Copy(name string) error
	Restore(name string) error
	Forget(name string) error
}

// City is the server and its files.
type City struct {
	Clock *Clock
	// Horizon is the server's from its next start on; 0 is the usual one.
	Horizon int64
	dir     string // holds one folder a life of the server
	lives   int
	data    string   // folder of the present life
	db      Database // nil: a file in data

	mu   sync.RWMutex
	srv  *syncserver.Server
	life context.Context // ends with the present life
	kill context.CancelFunc
}

// The city's one crew and one person at a desk.
var (
	Crew  = city.ID("tree")
	Staff = city.Actor{Kind: city.ActorStaff, ID: "sam", Name: "Sam"}
)

// NewCity starts a server in an empty folder and sets up a small city.
func NewCity(ctx context.Context, dir string, clock *Clock) (*City, error) {
	return NewCityOn(ctx, dir, clock, nil)
}

// NewCityOn is NewCity on an empty PostgreSQL database, or on a file if it is nil.
func NewCityOn(ctx context.Context, dir string, clock *Clock, db Database) (*City, error) {
	c := &City{Clock: clock, dir: dir, db: db}
	if err := c.start(ctx, c.newData()); err != nil {
		return nil, err
	}
	for _, act := range []city.Act{
		&city.SetCity{Settings: city.Settings{Name: "Testburg", TimeZone: "UTC", Languages: []string{"en"}}},
		&city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", Active: true, Version: 1}},
		&city.SetCrew{ID: Crew, Crew: city.Crew{Name: "Tree crew", Department: "parks"}},
		&city.SetStaff{ID: Staff.ID, Staff: city.Staff{Name: "Sam", Roles: []city.Role{city.RoleReviewer, city.RoleDispatcher}, Active: true}},
	} {
		if _, err := c.srv.Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 0, act); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// OpenCity starts a server on a folder that a server has left.
func OpenCity(ctx context.Context, dir, data string, clock *Clock) (*City, error) {
	c := &City{Clock: clock, dir: dir}
	return c, c.start(ctx, data)
}

func (c *City) newData() string {
	c.lives++
	return filepath.Join(c.dir, fmt.Sprintf("server-%d", c.lives))
}

func (c *City) start(ctx context.Context, data string) error {
	dsn := ""
	if c.db != nil {
		dsn = c.db.DSN()
	}
	srv, err := syncserver.Open(ctx, syncserver.Config{Data: data, DB: dsn, Horizon: c.Horizon, Now: c.Clock.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.srv, c.data = srv, data
	c.life, c.kill = context.WithCancel(context.Background())
	return nil
}

// Server is the present life of the server.
func (c *City) Server() *syncserver.Server {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.srv
}

// ServeHTTP passes a request to the server as it is now. A connection ends with
// the server's life.
func (c *City) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.RLock()
	srv, life := c.srv, c.life
	c.mu.RUnlock()
	ctx, end := context.WithCancel(r.Context())
	defer end()
	defer context.AfterFunc(life, end)()
	srv.Handler().ServeHTTP(w, r.WithContext(ctx))
}

// Close stops the server.
func (c *City) Close() error {
	c.kill()
	return c.srv.Close()
}

// Crash kills the server: the next life begins with the files as they are now,
// and remembers nothing else.
func (c *City) Crash(ctx context.Context) error {
	next := c.newData()
	if err := copyFolder(c.data, next); err != nil {
		return err
	}
	return c.move(ctx, next)
}

// Restart ends this life, without asking whether it ended well, and begins the
// next one in the same folder. between happens while nothing runs.
func (c *City) Restart(ctx context.Context, between func() error) error {
	_ = c.Close() // the power may be gone
	if err := between(); err != nil {
		return err
	}
	return c.start(ctx, c.data)
}

// MarkSafe tells the log that all up to seq is in a verified backup.
func (c *City) MarkSafe(ctx context.Context, seq int64) error {
	return c.Server().Store().MarkSafe(ctx, seq)
}

// Data is the folder of the present life.
func (c *City) Data() string { return c.data }

// Backup copies the server's files and gives the copy's folder. PostgreSQL copies
// a database while nobody is connected, so there the server has a short rest.
func (c *City) Backup() (string, error) {
	c.lives++
	to := filepath.Join(c.dir, fmt.Sprintf("backup-%d", c.lives))
	if c.db == nil {
		return to, copyFolder(c.data, to)
	}
	return to, c.Restart(context.Background(), func() error { return errors.Join(copyFolder(c.data, to), c.db.Copy(copyName(to))) })
}

// Forget removes a backup.
func (c *City) Forget(backup string) error {
	err := os.RemoveAll(backup)
	if c.db != nil {
		err = errors.Join(err, c.db.Forget(copyName(backup)))
	}
	return err
}

func copyName(backup string) string { return strings.ReplaceAll(filepath.Base(backup), "-", "_") }

// Restore begins a life from a backup, with nobody saying so to anybody. What
// stands outside the backup, the ledger, is lost too.
func (c *City) Restore(ctx context.Context, backup string) error {
	return c.restore(ctx, backup, false)
}

// RestoreBesideLedger is Restore where the ledger was not lost.
func (c *City) RestoreBesideLedger(ctx context.Context, backup string) error {
	return c.restore(ctx, backup, true)
}

func (c *City) restore(ctx context.Context, backup string, withLedger bool) error {
	next := c.newData()
	if err := copyFolder(backup, next); err != nil {
		return err
	}
	if withLedger {
		raw, err := os.ReadFile(filepath.Join(c.data, "ledger"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(next, "ledger"), raw, 0o600); err != nil {
			return err
		}
	}
	return c.move(ctx, next)
}

func (c *City) move(ctx context.Context, next string) error {
	return c.moveWith(ctx, next, func() error { return nil })
}

// moveWith begins a life in another folder; between happens while nothing runs.
func (c *City) moveWith(ctx context.Context, next string, between func() error) error {
	old := c.data
	if err := c.Close(); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(old), between()); err != nil {
		return err
	}
	return c.start(ctx, next)
}

// Enrolment makes a one-time link for a device.
func (c *City) Enrolment(ctx context.Context, kind city.DeviceKind, url string, grants ...city.Scope) (string, error) {
	code, err := c.srv.Store().CreateEnrolment(ctx, kind, "A device", grants, time.Hour)
	if err != nil {
		return "", err
	}
	return keys.Enrolment{URL: url, Code: code, Fingerprint: c.srv.Keys().Identity.Public().Fingerprint()}.Link(), nil
}

// Act lets Sam do something who has seen all there is.
func (c *City) Act(ctx context.Context, act city.Act) error {
	head, err := c.Server().Store().Head(ctx)
	if err != nil {
		return err
	}
	return c.ActSeen(ctx, head.Seq, act)
}

// ActSeen lets Sam do something who has seen the city as it was at seen.
func (c *City) ActSeen(ctx context.Context, seen int64, act city.Act) error {
	_, err := c.Server().Store().Act(ctx, Staff, city.NewMutationID(), seen, act)
	return err
}

// copyFolder copies files as they are, the way a power cut would leave them.
func copyFolder(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		if filepath.Ext(rel) == ".db-shm" { // shared memory does not outlive its processes
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), raw, 0o600)
	})
}
