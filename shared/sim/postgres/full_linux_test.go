package postgres_test

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// The database's disk becomes full in the middle of the work: no act is lost, doubled
// or said to be received that is not, the operator reads why, and with room again all
// arrives without anybody starting anything.
func TestDiskOfPostgresIsFull(t *testing.T) {
	w := newTwins(t)
	dir, err := os.MkdirTemp("", "cityhall-full-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m,mode=700"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	if err := w.db.MoveTo(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.db.MoveBack(); err != nil {
			t.Error(err)
		}
	})
	a, b := w.open(), w.open()
	w.settle(a)
	r, _ := w.join(a)
	conn := w.operator()
	fill := func() error {
		_, err := conn.Exec(t.Context(), `INSERT INTO filler SELECT repeat(md5(n::text), 30) FROM generate_series(1, 700) AS n`)
		return err
	}
	w.sql(conn, `CREATE TABLE filler (text TEXT)`)
	for fill() == nil {
	}
	for len(w.waiting(r)) == 0 { // what is left of pages is used up
		for range 20 {
			w.report(r)
		}
		_ = r.Step(t.Context())
	}
	was := w.waiting(r)
	code, says := health(a)
	if code != http.StatusServiceUnavailable || !strings.Contains(says, "disk of the database is full") {
		t.Errorf("the operator reads %d %s", code, says)
	}
	head, err := b.Store().Head(t.Context())
	if err != nil {
		t.Fatal("the other server cannot read: ", err)
	}
	if r.Step(t.Context()) == nil && len(w.waiting(r)) >= len(was) {
		t.Error("a round in which nothing was taken has succeeded")
	}
	if err := sim.CheckLog(t.Context(), b.Store()); err != nil {
		t.Error(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=96m"); err != nil {
		t.Fatal(err)
	}
	w.soon("the server finds that there is room again", func() bool { code, _ := health(a); return code == http.StatusOK })
	w.step(r)
	w.step(r)
	if left := w.waiting(r); len(left) != 0 {
		t.Error(sim.Violation{Invariant: "every act arrives", Detail: string(left[0])})
	}
	var stand, distinct int
	if err := b.Store().DB().QueryRowContext(t.Context(), `SELECT count(*), count(DISTINCT id) FROM mutation WHERE device <> '' AND seq > 0`).Scan(&stand, &distinct); err != nil || stand != distinct {
		t.Errorf("%d acts, %d of them different, %v", stand, distinct, err)
	}
	if now, err := b.Store().Head(t.Context()); err != nil || now.Seq <= head.Seq {
		t.Errorf("the log ends at %d and was at %d, %v", now.Seq, head.Seq, err)
	}
	if err := sim.CheckLog(t.Context(), b.Store()); err != nil {
		t.Error(err)
	}
	for _, s := range []interface{ Close() error }{a, b} {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	conn.Close(t.Context())
}

// waiting lists what the server has not said it has.
func (w *twins) waiting(r *replica.Replica) (ids []string) {
	w.t.Helper()
	items, err := r.Items(w.t.Context(), 1<<20)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, it := range items {
		if it.State == replica.StateSaved {
			ids = append(ids, string(it.ID))
		}
	}
	return ids
}
