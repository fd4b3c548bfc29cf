package postgres_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/shared/sim"
	"cityhall/shared/sim/postgres"
	"cityhall/syncserver/store"
)

// servers opens several stores on one database, as several servers would.
func servers(t *testing.T, n int) []*store.Store {
	t.Helper()
	dsn, dir := postgres.New(t), t.TempDir()
	k, err := keys.OpenServerKeys(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]*store.Store, n)
	for i := range all {
		all[i], err = store.Open(t.Context(), store.Config{DB: dsn, Blobs: filepath.Join(dir, "blobs"), Keys: k, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { all[i].Close() })
	}
	return all
}

// public is a device that reads what everybody may see.
var public = store.Device{ID: "reader", Kind: city.DeviceKiosk, Grants: []city.Scope{city.ScopePublic}}

// follow pulls until stop and once more, and gives every put's place.
func follow(ctx context.Context, s *store.Store, stop <-chan struct{}) (map[int64]bool, error) {
	seen, at := map[int64]bool{}, protocol.Cursor{}
	for last := false; ; {
		page, err := s.Pull(ctx, public, at, protocol.MaxPage)
		if err != nil {
			return nil, err
		}
		for _, f := range page.Frames {
			if f.Put != nil {
				seen[f.Put.Seq] = true
			}
		}
		at = protocol.Cursor{Epoch: page.Head.Epoch, Seq: page.Seq, Chain: page.Hash[:8]}
		if last && !page.More {
			return seen, nil
		}
		select {
		case <-stop:
			last = true
		default:
		}
	}
}

// Two servers write at once, and a reader who polls misses nothing: the head is
// locked first and moved last.
func TestReadersMissNothing(t *testing.T) {
	all := servers(t, 2)
	ctx := t.Context()
	system := city.Actor{Kind: city.ActorSystem}
	set := func(s *store.Store, n int) error {
		_, err := s.Act(ctx, system, city.NewMutationID(), 0, &city.PublishService{ID: city.ID(fmt.Sprintf("service-%d", n)),
			Service: city.Service{Name: city.Text{"en": "A service"}, Department: "parks", Active: true, Version: 1}})
		return err
	}
	if _, err := all[0].Act(ctx, system, city.NewMutationID(), 0, &city.SetCity{Settings: city.Settings{Name: "Testburg", TimeZone: "UTC", Languages: []string{"en"}}}); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var writers, readers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := range 15 {
				if err := set(all[w%2], w*1000+n); err != nil {
					t.Error(sim.Violation{Invariant: "writers wait for their turn", Detail: err.Error()})
					return
				}
			}
		})
	}
	seen := make([]map[int64]bool, 2)
	for i := range seen {
		readers.Go(func() {
			var err error
			if seen[i], err = follow(ctx, all[i], stop); err != nil {
				t.Error(sim.Violation{Invariant: "who sees N sees all up to N", Detail: err.Error()})
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	afresh, err := follow(ctx, all[0], stop)
	if err != nil {
		t.Fatal(sim.Violation{Invariant: "who sees N sees all up to N", Detail: err.Error()})
	}
	head, err := all[0].Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(afresh) != 4*15+1 || int64(len(afresh)) != head.Seq {
		t.Error(sim.Violation{Invariant: "the log has no gap", Detail: fmt.Sprintf("%d puts, head %d", len(afresh), head.Seq)})
	}
	for i := range seen {
		for seq := range afresh {
			if seen[i] != nil && !seen[i][seq] {
				t.Error(sim.Violation{Invariant: "who sees N sees all up to N", Detail: fmt.Sprintf("reader %d has missed %d", i, seq)})
				break
			}
		}
	}
}
