package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Trouble says in words why nothing can be written just now; empty when it can. It
// is for whoever operates the server.
func (s *Store) Trouble() string {
	if s.others == nil {
		return ""
	}
	if why := s.others.trouble.Load(); why != nil {
		return *why
	}
	return ""
}

// noteTrouble keeps why writing failed, if the operator can do something about it.
func (s *Store) noteTrouble(err error) {
	if s.others == nil {
		return
	}
	var why string
	switch {
	case errors.Is(err, ErrOutdated):
		why = err.Error()
	case sqlState(err) == stateLockTimeout:
		ctx, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		who, herr := holders(ctx, s.db)
		if who == "" {
			who = "a session that cannot be seen"
		}
		why = "writing waits for a lock that is held by " + who
		if herr != nil {
			why += ": " + herr.Error()
		}
	default:
		return
	}
	s.log.Error("nothing can be written", "why", why)
	s.others.trouble.Store(&why)
}

// seeTrouble looks whether the trouble is over, or has come by a newer program.
func (s *Store) seeTrouble(ctx context.Context, conn *pgx.Conn, needs int) {
	have := s.Trouble()
	if needs > schemaKnown {
		if have == "" {
			s.noteTrouble(outdated(needs))
		}
		return
	}
	if have == "" {
		return
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return // the next look tells
	}
	defer tx.Rollback(ctx)
	if _, err := tx.Exec(ctx, `SELECT 1 FROM sync_head WHERE one = 1 FOR UPDATE NOWAIT`); err == nil {
		s.log.Info("it can be written again")
		s.others.trouble.Store(nil)
	}
}

// holders says which other sessions hold locks on the head, for the operator.
func holders(ctx context.Context, q querier) (string, error) {
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT a.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), coalesce(a.state, ''),
		coalesce(to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), '')
		FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
		WHERE l.relation = 'sync_head'::regclass AND l.granted AND l.mode <> 'AccessShareLock' AND l.pid <> pg_backend_pid() ORDER BY a.pid`)
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
