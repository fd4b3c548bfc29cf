package syncserver

import (
	"context"
	"errors"
	"time"

	"cityhall/syncserver/store"
)

// BackupPlan says where backups go and how often. One that is late, because the
// server was down, is made at once.
type BackupPlan struct {
	store.BackupOptions
	Every time.Duration
}

// retryBackup is how soon a backup that failed is tried again.
const retryBackup = 5 * time.Minute

// check refuses a plan that could never make a backup, at start rather than at night.
func (p BackupPlan) check(db string) error {
	switch {
	case p.To == "":
		return nil
	case p.Every < time.Minute:
		return errors.New("backups are made at most every minute")
	case len(p.Passphrase) < store.MinPassphrase:
		return store.ErrPassphrase
	case store.IsPostgres(db):
		return store.CheckTools()
	}
	return nil
}

// startBackups makes backups by the plan until ctx ends. The channel is closed
// when the last one has ended.
func (s *Server) startBackups(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	if s.plan.To == "" {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		for timer := time.NewTimer(s.untilBackup()); ; {
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
				timer.Reset(s.backUp(ctx))
			}
		}
	}()
	return done
}

// untilBackup looks at the newest backup that is there.
func (s *Server) untilBackup() time.Duration {
	_, m, err := store.NewestBackup(s.plan.To)
	if err != nil {
		return 0
	}
	age := s.now().Sub(m.Created)
	if age < 0 { // made by a clock that was ahead
		return 0
	}
	return max(0, s.plan.Every-age)
}

// backUp makes one and gives how long to wait for the next. Of several servers with
// one folder for backups whoever is first makes it.
func (s *Server) backUp(ctx context.Context) time.Duration {
	if rest := s.untilBackup(); rest > 0 {
		return rest
	}
	begun := s.now()
	b, err := s.store.Backup(ctx, s.plan.BackupOptions)
	switch {
	case ctx.Err() != nil:
		return s.plan.Every
	case errors.Is(err, store.ErrBackupBusy):
		return min(s.plan.Every, retryBackup)
	case err != nil:
		s.log.Error("backup failed", "to", s.plan.To, "err", err)
		return min(s.plan.Every, retryBackup)
	}
	for _, f := range b.Absent {
		s.log.Error("not in the backup", "what", f.String())
	}
	s.log.Info("backup", "path", b.Path, "seq", b.Seq, "safe", b.Safe, "blobs", b.Blobs, "waiting", b.Waiting, "took", s.now().Sub(begun).String())
	return s.plan.Every
}
