package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cityhall/shared/sqlite"
)

const (
	// lookEvery is how often a server looks at the head by itself. What others write
	// it mostly learns at once, by a notification.
	lookEvery = 250 * time.Millisecond
	// tellPause is the least time between two notifications of one server.
	tellPause = 10 * time.Millisecond
	// clockTolerance is how far a server's clock may be from the database's.
	clockTolerance = time.Second
	// sessionPatience is how long the session of a server that has ended may be seen.
	sessionPatience = 3 * time.Second
	// sessionPrefix begins the name of a server's session that listens.
	sessionPrefix = "cityhall "
	serversFolder = "servers"
)

// ErrOtherFolder means that another server of this database uses another folder.
var ErrOtherFolder = errors.New("another server on this database uses another data folder. All servers of a city share one: its keys, ledger, photos and snapshots")

// others are the further servers on this PostgreSQL, as far as this one has to know
// of them: that there is news, and what time it is. Nothing of a server's memory is
// needed by another.
type others struct {
	config  *pgx.ConnConfig
	name    string   // of this server, while it runs
	present *os.File // in the shared folder, locked; nil without one
	tell    chan struct{}
	ctx     context.Context
	end     context.CancelFunc
	ended   chan struct{} // closed when nothing of it runs any more
	last    sight
	ahead   atomic.Int64            // nanoseconds, of the database's clock before ours; 0 within the tolerance
	trouble atomic.Pointer[trouble] // nil: it can be written
}

// sight is what a look at the head shows.
type sight struct {
	epoch       string
	seq, erased int64
	schema      int // of the database
	needs       int // of a program
}

// meetOthers makes itself known to the other servers on this database and looks
// whether they are in the same folder. Each has a locked file there, made before
// its session can be seen.
func (s *Store) meetOthers(ctx context.Context, c Config) error {
	if !s.postgres || !c.Several {
		return nil
	}
	o := &others{name: sessionPrefix + rand.Text(), tell: make(chan struct{}, 1), ended: make(chan struct{})}
	o.ctx, o.end = context.WithCancel(context.Background())
	s.others = o
	close(o.ended) // nothing runs yet
	var err error
	if o.config, err = pgx.ParseConfig(c.DB); err != nil {
		return fmt.Errorf("open PostgreSQL: %w", err)
	}
	o.config.RuntimeParams["application_name"] = o.name
	s.now = func() time.Time { return c.Now().Add(time.Duration(o.ahead.Load())) }
	if err := s.askTime(ctx); err != nil {
		return err
	}
	if s.ledger == nil {
		return nil
	}
	return s.sameFolder(ctx, filepath.Join(filepath.Dir(s.ledger.path), serversFolder))
}

func (s *Store) sameFolder(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of the servers: %w", err)
	}
	if err := sweepServers(dir); err != nil {
		return err
	}
	path := func(name string) string { return filepath.Join(dir, strings.TrimPrefix(name, sessionPrefix)) }
	var err error
	if s.others.present, err = signIn(path(s.others.name)); err != nil {
		return fmt.Errorf("sign in to the folder of the servers: %w", err)
	}
	for end := time.NewTimer(sessionPatience); ; {
		strange, err := s.strangeSession(ctx, path)
		if err != nil || strange == "" {
			return err
		}
		select { // a session outlives its server for a moment
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return fmt.Errorf("%w (its session is called %q)", ErrOtherFolder, strange)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// strangeSession names a server's session whose file is not in our folder.
func (s *Store) strangeSession(ctx context.Context, path func(string) string) (string, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE $1`, sessionPrefix+"%")
	if err != nil {
		return "", fmt.Errorf("look for other servers: %w", err)
	}
	there, err := words(rows)
	if err != nil {
		return "", fmt.Errorf("look for other servers: %w", err)
	}
	for _, name := range there {
		if _, err := os.Stat(path(name)); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		} else if err != nil {
			return "", fmt.Errorf("look for other servers: %w", err)
		}
	}
	return "", nil
}

// signIn makes a locked file. One that another server took for a leftover, between
// making and locking it, is made again.
func signIn(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		if err := lockInPlace(f, path); errors.Is(err, errReplaced) {
			f.Close()
			continue
		} else if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return f, nil
	}
}

// sweepServers removes the files of servers that have ended: nobody locks them.
func sweepServers(dir string) error {
	found, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look for other servers: %w", err)
	}
	for _, f := range found {
		path := filepath.Join(dir, f.Name())
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look for other servers: %w", err)
		}
		got, err := sqlite.Lock(file, false)
		if err == nil && got {
			err = removeFile(path)
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("look for other servers: %w", err)
		}
	}
	return nil
}

// joinOthers begins to listen and to tell.
func (s *Store) joinOthers() {
	if s.others == nil {
		return
	}
	s.others.ended = make(chan struct{})
	told := make(chan struct{})
	go func() {
		defer close(told)
		s.keepTelling()
	}()
	go func() {
		defer close(s.others.ended)
		s.keepLooking()
		<-told
	}()
}

// leaveOthers ends it.
func (s *Store) leaveOthers() error {
	o := s.others
	if o == nil {
		return nil
	}
	o.end()
	<-o.ended
	if o.present == nil {
		return nil
	}
	return errors.Join(removeFile(o.present.Name()), o.present.Close())
}

// tellOthers lets the other servers know that the head has moved. It costs a commit
// nothing, and one that a crash keeps from being told is seen by their next look.
func (s *Store) tellOthers() {
	if s.others == nil {
		return
	}
	select {
	case s.others.tell <- struct{}{}:
	default:
	}
}

func (s *Store) keepTelling() {
	o := s.others
	for {
		select {
		case <-o.ctx.Done():
			return
		case <-o.tell:
		}
		if _, err := s.db.ExecContext(o.ctx, `SELECT pg_notify('cityhall', $1)`, o.name); err != nil && o.ctx.Err() == nil {
			s.log.Debug("others not told", "err", err) // they look by themselves
		}
		select {
		case <-o.ctx.Done():
			return
		case <-time.After(tellPause):
		}
	}
}

// keepLooking follows the head until the store closes, and connects again when the
// line is lost.
func (s *Store) keepLooking() {
	for s.others.ctx.Err() == nil {
		err := s.follow(s.others.ctx)
		if s.others.ctx.Err() != nil {
			return
		}
		s.log.Warn("the database is out of sight", "err", err)
		select {
		case <-s.others.ctx.Done():
		case <-time.After(lookEvery):
		}
	}
}

func (s *Store) follow(ctx context.Context) error {
	dial, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	conn, err := pgx.ConnectConfig(dial, s.others.config)
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		conn.Close(end)
	}()
	if err := settle(dial, conn, lockPatience); err != nil {
		return err
	}
	if _, err := conn.Exec(dial, `LISTEN cityhall`); err != nil {
		return err
	}
	for {
		look, stop := context.WithTimeout(ctx, 10*time.Second)
		err := s.look(look, conn)
		stop()
		if err != nil {
			return err
		}
		if err := s.others.wait(ctx, conn); err != nil {
			return err
		}
	}
}

// wait returns at the next notification of somebody else, or when it is time to look.
func (o *others) wait(ctx context.Context, conn *pgx.Conn) error {
	ctx, stop := context.WithTimeout(ctx, lookEvery)
	defer stop()
	for {
		n, err := conn.WaitForNotification(ctx)
		switch {
		case o.ctx.Err() != nil:
			return o.ctx.Err()
		case pgconn.Timeout(err):
			return nil
		case err != nil || n.Payload != o.name:
			return err
		}
	}
}

// look reads the head and the time, and does what follows from them.
func (s *Store) look(ctx context.Context, conn *pgx.Conn) error {
	var now sight
	var at time.Time
	asked := s.now()
	err := conn.QueryRow(ctx, `SELECT epoch, seq, needs, (SELECT max(version) FROM schema_version), (SELECT coalesce(max(seq), 0) FROM erasure), clock_timestamp()
		FROM sync_head WHERE one = 1`).Scan(&now.epoch, &now.seq, &now.needs, &now.schema, &now.erased, &at)
	if err != nil {
		return err
	}
	s.others.setClock(s, at, asked, s.now())
	s.seeTrouble(ctx, conn, now.needs)
	was := s.others.last
	if now.schema != was.schema {
		forgetPlans(s.db)
	}
	if was.epoch != "" && (now.epoch != was.epoch || now.seq < was.seq) {
		if err := s.putBack(ctx, was); err != nil {
			return err
		}
	}
	if now.erased != was.erased && was.epoch != "" {
		if err := s.SweepSnapshots(ctx); err != nil {
			s.log.Error("snapshots not removed", "err", err)
		}
	}
	s.others.last = now
	s.mu.Lock()
	news := now.seq > s.told || now.epoch != was.epoch
	s.mu.Unlock()
	if news {
		s.announce(now.seq)
	}
	return nil
}

// putBack brings a database in line that was put back, or has lost what it had
// committed, while the servers ran. The first to see it begins the new epoch.
func (s *Store) putBack(ctx context.Context, was sight) error {
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		why := ""
		if w.head.Epoch == was.epoch && w.head.Seq < was.seq {
			why = fmt.Sprintf("the database ends at %d, this server has seen %d", w.head.Seq, was.seq)
		}
		return w.inLine(ctx, why)
	})
}

// askTime reads the database's clock once, at the start.
func (s *Store) askTime(ctx context.Context) error {
	var at time.Time
	asked := s.now()
	if err := s.db.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&at); err != nil {
		return fmt.Errorf("ask the database for the time: %w", err)
	}
	s.others.setClock(s, at, asked, s.now())
	return nil
}

// setClock takes over the database's clock where ours is far from it.
func (o *others) setClock(s *Store, at, asked, answered time.Time) {
	off := at.Sub(asked.Add(answered.Sub(asked) / 2))
	if off.Abs() <= clockTolerance+answered.Sub(asked).Abs() {
		return
	}
	s.log.Warn("this server's clock is not the database's, which counts", "off", off.Round(time.Millisecond).String())
	o.ahead.Add(int64(off))
}
