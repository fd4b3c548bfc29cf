package syncserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

const passphrase = "elm ash oak willow"

// opened opens a server on a folder; it is closed by the test.
func opened(t *testing.T, data string, plan syncserver.BackupPlan) *hall {
	t.Helper()
	h := &hall{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s, err := syncserver.Open(context.Background(), syncserver.Config{Data: data, Backups: plan, Now: func() time.Time { return h.now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h.Server = s
	return h
}

func (h *hall) act(act city.Act) {
	h.t.Helper()
	if _, err := h.Store().Act(context.Background(), city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 0, act); err != nil {
		h.t.Fatal(err)
	}
}

// pull gives the end of the one page that is new.
func (c *caller) pull(cursor string) (protocol.End, int, protocol.Problem) {
	c.h.t.Helper()
	path := "/sync/v1/pull"
	if cursor != "" {
		path += "?cursor=" + cursor
	}
	res := c.do(c.request("GET", path, nil))
	var problem protocol.Problem
	if res.Code != http.StatusOK {
		if err := json.Unmarshal(res.Body.Bytes(), &problem); err != nil {
			c.h.t.Fatal(err)
		}
		return protocol.End{}, res.Code, problem
	}
	lines := bytes.Split(bytes.TrimSpace(res.Body.Bytes()), []byte("\n"))
	var last protocol.Frame
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.End == nil {
		c.h.t.Fatalf("a page ends with %s, %v", lines[len(lines)-1], err)
	}
	return *last.End, res.Code, problem
}

func TestDevicesLearnOfARestore(t *testing.T) {
	root := t.TempDir()
	data, backups := filepath.Join(root, "data"), filepath.Join(root, "backups")
	h := opened(t, data, syncserver.BackupPlan{})
	h.act(&city.SetCrew{ID: "trees", Crew: city.Crew{Name: "Tree crew", Department: "parks"}})
	kiosk, thief := h.enrol(), h.enrol()
	old, _, _ := kiosk.pull("")
	if old.Safe != 0 {
		t.Errorf("safe is %d before the first backup", old.Safe)
	}
	b, err := h.Store().Backup(context.Background(), store.BackupOptions{To: backups, Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	if end, _, _ := kiosk.pull(old.Cursor); end.Safe != b.Seq {
		t.Errorf("a device is told safe %d of %d", end.Safe, b.Seq)
	}
	h.act(&city.SetCrew{ID: "roads", Crew: city.Crew{Name: "Road crew", Department: "works"}})
	newer, _, _ := kiosk.pull(old.Cursor)
	if err := h.Store().Revoke(context.Background(), city.DeviceID(thief.id)); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	ledger, err := os.ReadFile(filepath.Join(data, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "ledger"), ledger, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Restore(context.Background(), store.RestoreOptions{From: backups, Data: data, Passphrase: passphrase, Now: func() time.Time { return h.now }}); err != nil {
		t.Fatal(err)
	}

	again := opened(t, data, syncserver.BackupPlan{})
	defer again.Close()
	kiosk.h, thief.h = again, again
	for _, cursor := range []string{newer.Cursor, old.Cursor} { // also one that the backup still has
		if _, status, problem := kiosk.pull(cursor); status != http.StatusConflict || problem.Code != protocol.CodeLineage {
			t.Errorf("a cursor of the lost history: %d %+v", status, problem)
		}
	}
	if _, status, _ := kiosk.pull(""); status != http.StatusOK {
		t.Errorf("from the beginning: %d", status)
	}
	if _, status, problem := thief.pull(""); status != http.StatusForbidden || problem.Code != protocol.CodeRevoked {
		t.Errorf("the revoked device: %d %+v", status, problem)
	}
}

func TestServerMakesBackups(t *testing.T) {
	root := t.TempDir()
	plan := syncserver.BackupPlan{Every: time.Hour, BackupOptions: store.BackupOptions{To: filepath.Join(root, "backups"), Passphrase: passphrase}}
	count := func() int {
		all, err := filepath.Glob(filepath.Join(plan.To, "2*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	serve := func(want int, wait time.Duration) {
		t.Helper()
		h := opened(t, filepath.Join(root, "data"), plan)
		defer h.Close()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		served := make(chan error)
		go func() { served <- h.Serve(ctx, l) }()
		for until := time.Now().Add(wait); count() < want && time.Now().Before(until); {
			time.Sleep(5 * time.Millisecond)
		}
		stop()
		if err := <-served; err != nil {
			t.Fatal(err)
		}
		if count() != want {
			t.Errorf("%d backups, want %d", count(), want)
		}
	}
	serve(1, time.Minute) // none yet, so one at once
	serve(1, 0)           // and none again before its time
	if _, m, err := store.NewestBackup(plan.To); err != nil || m.Epoch == "" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestAPlanThatCannotWorkIsRefusedAtOnce(t *testing.T) {
	good := syncserver.BackupPlan{Every: time.Hour, BackupOptions: store.BackupOptions{To: t.TempDir(), Passphrase: passphrase}}
	t.Setenv("PATH", t.TempDir())
	weak, often := good, good
	weak.Passphrase, often.Every = "short", time.Second
	for name, c := range map[string]syncserver.Config{
		"a short passphrase": {Backups: weak},
		"too often":          {Backups: often},
		"without pg_dump":    {Backups: good, DB: "postgres://nowhere"},
	} {
		c.Data, c.Now, c.Log = t.TempDir(), time.Now, slog.New(slog.DiscardHandler)
		if s, err := syncserver.Open(context.Background(), c); err == nil {
			s.Close()
			t.Errorf("%s: taken", name)
		} else if name == "without pg_dump" && !errors.Is(err, store.ErrTools) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
