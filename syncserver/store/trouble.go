package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// trouble is why nothing can be written just now.
type trouble struct {
	why   string
	tried time.Time // when it was last looked whether the disk has room again; zero when that is not the trouble
}

// roomEvery is the pause between two such looks: each writes and takes it back.
const roomEvery = 5 * time.Second

// Trouble says in words why nothing can be written just now; empty when it can. It
// is for whoever operates the server.
func (s *Store) Trouble() string {
	if s.others == nil {
		return ""
	}
	if t := s.others.trouble.Load(); t != nil {
		return t.why
	}
	return ""
}

// NoteTrouble keeps why writing failed, if the operator can do something about it.
func (s *Store) NoteTrouble(err error) {
	if s.others == nil {
		return
	}
	var t trouble
	switch state := sqlState(err); {
	case errors.Is(err, ErrOutdated):
		t.why = err.Error()
	case state == stateDiskFull:
		t = trouble{"nothing can be written: the disk of the database is full", s.now()}
	case state == stateReadOnly:
		t.why = "nothing can be written: this PostgreSQL is a standby, or was set to read only"
	case state == stateLockTimeout:
		ctx, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		who, herr := holders(ctx, s.db, true)
		if who == "" {
			who = "a session that cannot be seen"
		}
		t.why = "writing waits for a lock that is held by " + who
		if herr != nil {
			t.why += ": " + herr.Error()
		}
	default:
		return
	}
	if was := s.others.trouble.Swap(&t); was == nil || was.why != t.why {
		s.log.Error("nothing can be written", "why", t.why)
	}
}

// seeTrouble looks whether the trouble is over, or has come by a newer program.
func (s *Store) seeTrouble(ctx context.Context, conn *pgx.Conn, needs int) {
	have := s.others.trouble.Load()
	if needs > schemaKnown {
		if have == nil {
			s.NoteTrouble(outdated(needs))
		}
		return
	}
	if have == nil || !have.tried.IsZero() && s.now().Sub(have.tried).Abs() < roomEvery {
		return
	}
	if err := s.writable(ctx, conn, !have.tried.IsZero()); err != nil {
		if !have.tried.IsZero() {
			s.others.trouble.Store(&trouble{have.why, s.now()})
		}
		return // the next look tells
	}
	s.log.Info("it can be written again")
	s.others.trouble.Store(nil)
}

// writable tries to write, and takes it back.
func (s *Store) writable(ctx context.Context, conn *pgx.Conn, room bool) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if _, err := tx.Exec(ctx, `SELECT 1 FROM sync_head WHERE one = 1 FOR UPDATE NOWAIT`); err != nil {
		return err
	}
	if room {
		_, err := tx.Exec(ctx, `CREATE TABLE cityhall_room AS SELECT generate_series(1, 30000)`) // a megabyte
		return err
	}
	who, err := holders(ctx, s.db, false)
	if err == nil && who != "" {
		err = errors.New(who)
	}
	return err
}

// holders says which other sessions hold locks on our tables that no server of ours
// takes, for the operator; with head, also who holds the head, as each writer does.
func holders(ctx context.Context, q querier, head bool) (string, error) {
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT a.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), coalesce(a.state, ''),
		coalesce(to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), '')
		FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
		WHERE l.granted AND l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND (l.relation = 'sync_head'::regclass AND l.mode <> 'AccessShareLock' AND $1
		OR l.relation IN (SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'sync_head'::regclass))
		AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')) ORDER BY a.pid`, head)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var pid int
		var user, program, state, since string
		if err := rows.Scan(&pid, &user, &program, &state, &since); err != nil {
			return "", err
		}
		all = append(all, fmt.Sprintf("session %d of %s (%s, %s, since %s UTC)", pid, user, program, state, since))
	}
	return strings.Join(all, ", "), rows.Err()
}
