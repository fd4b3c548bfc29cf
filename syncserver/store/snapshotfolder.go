package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cityhall/shared/sqlite"
)

// The folder of snapshots is one for all servers on a database: a part that one of
// them has made is read by the others, and one of them builds at a time.

// removeUnfinished removes what builds have left that were cut short; not while
// another server builds.
func (s *Store) removeUnfinished() error {
	site, err := s.snaps.site(false)
	if err != nil || site == nil {
		return err
	}
	defer site.Close()
	left, err := filepath.Glob(filepath.Join(s.snaps.dir, "*"+unfinished))
	if err != nil {
		return err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove a snapshot: %w", err)
		}
	}
	return nil
}

// siteLock ends the name of the file, beside the folder, that is locked by the server
// that builds a snapshot.
const siteLock = ".lock"

// sitePause is how often a server looks whether another has ended building.
const sitePause = 50 * time.Millisecond

// site keeps other servers from building; nil without wait when one builds.
func (n *snapshots) site(wait bool) (*os.File, error) {
	f, err := os.OpenFile(n.dir+siteLock, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the folder for snapshots: %w", err)
	}
	for {
		got, err := sqlite.Lock(f, false)
		switch {
		case err != nil:
			return nil, errors.Join(fmt.Errorf("lock the folder for snapshots: %w", err), f.Close())
		case got:
			return f, nil
		case !wait:
			return nil, f.Close()
		}
		select {
		case <-n.ctx.Done():
			return nil, errors.Join(n.ctx.Err(), f.Close())
		case <-time.After(sitePause):
		}
	}
}

// findSnapshots takes over what lies in the folder: of an earlier start, or of
// another server that shares it. What does not hold any more is removed.
func (s *Store) findSnapshots(ctx context.Context) error {
	found, err := os.ReadDir(s.snaps.dir)
	if err != nil {
		return fmt.Errorf("look for snapshots: %w", err)
	}
	n := s.snaps
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range found {
		dir := filepath.Join(n.dir, f.Name())
		if filepath.Ext(dir) == unfinished || slices.ContainsFunc(n.made, func(m *Snapshot) bool { return m.dir == dir }) {
			continue
		}
		m, err := readSnapshot(dir)
		if err == nil {
			err = s.stillTrue(ctx, m)
		}
		if err == nil {
			n.made = append(n.made, m)
			continue
		}
		if Unavailable(err) || ctx.Err() != nil {
			return err
		}
		s.log.Info("snapshot removed", "file", f.Name(), "why", err)
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove a snapshot: %w", err)
		}
	}
	slices.SortStableFunc(n.made, func(a, b *Snapshot) int { return a.Made.Compare(b.Made) })
	return nil
}

// onSite makes a snapshot while no other server makes one, or takes the one that
// another has made meanwhile.
func (s *Store) onSite(ctx context.Context, grants string) (*Snapshot, error) {
	site, err := s.snaps.site(true)
	if err != nil {
		return nil, err
	}
	defer site.Close()
	if err := s.findSnapshots(ctx); err != nil {
		return nil, err
	}
	head, err := s.Head(ctx)
	if err != nil {
		return nil, err
	}
	if m := s.young(head, grants); m != nil {
		return m, nil
	}
	return s.makeSnapshot(ctx, grants)
}
