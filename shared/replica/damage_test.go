package replica_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
)

// exec changes a row behind the program's back.
func (d *device) exec(file, statement string, args ...any) {
	d.t.Helper()
	if err := replica.Exec(d.ctx, d.Replica, file, statement, args...); err != nil {
		d.t.Fatal(err)
	}
}

func TestDamagedActIsSetAside(t *testing.T) {
	d := newDevice(t, city.DeviceKiosk)
	var ids []city.MutationID
	for i := range 3 {
		ids = append(ids, d.record(report(city.NewID(), fmt.Sprint(i)))...)
	}
	before := d.lines()
	d.exec("outbox", `UPDATE entry SET envelope = replace(CAST(envelope AS TEXT), 'request.file@1', 'request.fire@1') WHERE id = $1`, ids[1])
	d.reopen()
	if it := d.item(ids[1]); it.State != replica.StateAttention || it.Code != city.CodeDamaged || it.Title != "Fallen tree" {
		t.Fatalf("item %+v", it)
	}
	if s := d.summary(); s.Damaged != 1 || s.Attention != 1 || s.Pending != 2 {
		t.Fatalf("summary %+v", s)
	}
	after := d.lines() // on a new stream, in one piece, ids and content as before
	if len(after) != 2 || after[0].ID != ids[0] || after[1].ID != ids[2] || !bytes.Equal(after[1].Args, before[2].Args) {
		t.Fatalf("lines %+v", after)
	}
	d.reopen()
	if s := d.summary(); s.Damaged != 1 || s.Pending != 2 {
		t.Fatalf("after another start: %+v", s)
	}
}

// Damage to the bookkeeping alone costs nothing: the act is sent once more.
func TestActWithDamagedBookkeepingIsSent(t *testing.T) {
	for _, column := range []string{"state = 'received'", "state = ''", "damaged = 1", "n = 77", "link = x'00'", "subject = '?'",
		"title = x'ff80'", "id = 'x'", "type = ''", "stub = x'7b'", "hash = x'00'", "verdict = 'refused'", "at = 5", "blobs = 'x y'"} {
		t.Run(column, func(t *testing.T) {
			d := newDevice(t, city.DeviceKiosk)
			first := d.record(report(city.NewID(), "first"))
			d.record(report(city.NewID(), "second"))
			d.exec("outbox", `UPDATE entry SET `+column+` WHERE id = $1`, first[0])
			d.reopen()
			if sent := d.lines(); len(sent) != 2 || sent[0].ID != first[0] {
				t.Fatalf("lines %+v", sent)
			}
			if s := d.summary(); s.Damaged != 0 || s.Pending != 2 {
				t.Fatalf("summary %+v", s)
			}
		})
	}
}

// One flipped bit in a row costs nothing at all; more of them never show a title that
// nobody wrote.
func TestFlippedBitInARowIsPutRight(t *testing.T) {
	d := newDevice(t, city.DeviceKiosk)
	ids := d.record(report(city.NewID(), "first"))
	before := d.item(ids[0])
	for _, column := range []string{"title = 'Gallen tree'", "at = at + 4 - 2 * (at & 4)", "seq = 1024", "damaged = 1"} {
		d.exec("outbox", `UPDATE entry SET `+column)
		d.reopen()
		if it := d.item(ids[0]); it != before {
			t.Errorf("%s: %+v, not %+v", column, it, before)
		}
		if s := d.summary(); s.Damaged != 0 || s.Pending != 1 {
			t.Errorf("%s: %+v", column, s)
		}
	}
	d.exec("outbox", `UPDATE entry SET title = 'Ballen frog'`)
	d.reopen()
	if it := d.item(ids[0]); it.Title != "" || it.State != replica.StateSaved {
		t.Errorf("%+v", it)
	}
}

func TestDamagedStreamBeginsAnew(t *testing.T) {
	d := newDevice(t, city.DeviceKiosk)
	ids := d.record(report(city.NewID(), "one"))
	d.exec("outbox", `UPDATE stream SET n = 40`)
	d.reopen()
	ids = append(ids, d.record(report(city.NewID(), "two"))...)
	if sent := d.lines(); len(sent) != 2 || sent[0].ID != ids[0] || sent[1].ID != ids[1] {
		t.Fatalf("lines %+v", sent)
	}
}

func TestDamagedIdentityWaitsForEnrolment(t *testing.T) {
	d := newDevice(t, city.DeviceKiosk)
	ids := d.record(report(city.NewID(), "one"))
	d.exec("outbox", `UPDATE identity SET device = 'somebody-else'`)
	d.reopen()
	if _, ok := d.Identity(); ok {
		t.Fatal("a damaged identity was taken for good")
	}
	if it := d.item(ids[0]); it.State != replica.StateSaved {
		t.Fatalf("item %+v", it)
	}
}

func TestUnreadableOutboxIsSalvaged(t *testing.T) {
	for name, ruin := range map[string]func([]byte){
		"one page":    func(b []byte) { clear(b[len(b)-8192 : len(b)-4096]) },
		"random page": func(b []byte) { copy(b[5*4096:], bytes.Repeat([]byte{0xa5}, 4096)) },
		"header":      func(b []byte) { copy(b, "not a database at all") },
		"first page":  func(b []byte) { clear(b[:4096]) },
		"inner pages": func(b []byte) {
			for p := 4096; p < len(b); p += 4096 {
				if b[p] == 5 {
					clear(b[p : p+4096])
				}
			}
		},
	} {
		if testing.Short() && name != "header" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, city.DeviceKiosk)
			for range 200 {
				d.record(report(city.NewID(), "a report of some length, so that the file has many pages"))
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(d.dir, "outbox.db")
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			ruin(raw)
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			d.open()
			kept, err := filepath.Glob(path + ".damaged-*[0-9]")
			if err != nil || len(kept) != 1 {
				t.Fatalf("kept aside: %v %v", kept, err)
			}
			s := d.summary()
			if s.Pending < 195 || name == "header" && s.Pending != 200 {
				t.Fatalf("summary %+v: more than the damage was lost", s)
			}
			if _, ok := d.Identity(); !ok {
				t.Fatal("the device does not know any longer who it is")
			}
			if sent := d.lines(); len(sent) != s.Pending {
				t.Fatalf("%d of %d acts can be sent", len(sent), s.Pending)
			}
			d.record(report(city.NewID(), "and on it goes"))
		})
	}
}

// A flipped byte anywhere in the outbox changes no act that is sent.
func TestFlippedBytesNeverChangeAnAct(t *testing.T) {
	d := newDevice(t, city.DeviceTablet)
	request, _ := d.assigned()
	want := map[city.MutationID]string{}
	for i := range 20 {
		note := &city.AddNote{Note: city.NewID(), Request: request, Text: fmt.Sprintf("note %d", i)}
		want[d.record(replica.Entry{Actor: crewA, Act: note})[0]] = ""
	}
	for _, m := range d.lines() {
		want[m.ID] = string(m.Args)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(d.dir, "outbox.db")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		at, bit := rng.IntN(len(whole)), byte(1)<<rng.IntN(8)
		clearFolder(t, d.dir, "outbox.db")
		raw := bytes.Clone(whole)
		raw[at] ^= bit
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		opened, err := replica.Open(d.ctx, replica.Config{Dir: d.dir, Now: clock})
		if err != nil {
			t.Fatalf("byte %d bit %d: %v", at, bit, err)
		}
		d.Replica = opened
		for _, m := range d.lines() {
			if want[m.ID] != string(m.Args) {
				t.Fatalf("byte %d bit %d: act %s became %s", at, bit, m.ID, m.Args)
			}
		}
		if s := d.summary(); s.Pending+s.Damaged < 10 {
			t.Fatalf("byte %d bit %d: %+v left of 20 acts", at, bit, s)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func clearFolder(t *testing.T, dir, prefix string) {
	t.Helper()
	old, err := filepath.Glob(filepath.Join(dir, prefix+"*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRuinedCacheIsThrownAway(t *testing.T) {
	for name, bytes := range map[string][]byte{"garbage": []byte("garbage garbage garbage garbage"), "empty": {}, "half": nil} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, city.DeviceKiosk)
			ids := d.record(report(city.NewID(), "one"))
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(d.dir, "cache.db")
			if name == "half" {
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Truncate(path, info.Size()/2); err != nil {
					t.Fatal(err)
				}
			} else if err := os.WriteFile(path, bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			d.open()
			if _, err := d.Records(d.ctx, city.KindService); err != nil {
				t.Fatal(err)
			}
			if it := d.item(ids[0]); it.State != replica.StateSaved {
				t.Fatalf("item %+v", it)
			}
			stubs, err := d.Records(d.ctx, city.KindRequest)
			if err != nil || len(stubs) != 1 {
				t.Fatalf("own report is not shown: %v %v", stubs, err)
			}
		})
	}
}

func TestDamagedRecordIsNotShown(t *testing.T) {
	d := newDevice(t, city.DeviceKiosk)
	d.exec("cache", `UPDATE record SET fields = replace(fields, 'Fallen', 'Fallow') WHERE kind = 'service'`)
	services, err := d.Records(d.ctx, city.KindService)
	if err != nil || len(services) != 0 {
		t.Fatalf("services %v %v", services, err)
	}
	if crews, err := d.Records(d.ctx, city.KindCrew); err != nil || len(crews) != 1 {
		t.Fatalf("crews %v %v: only what is damaged is lost", crews, err)
	}
	if !replica.Doubtful(d.Replica) {
		t.Fatal("the cache is not going to be rebuilt")
	}
}

// A ruined echo costs one more push, never a false "received".
func TestDamagedEchoIsNoEcho(t *testing.T) {
	d := newDevice(t, city.DeviceKiosk)
	ids := d.record(report(city.NewID(), "one"))
	if err := replica.FeedOnly(d.ctx, d.Replica, protocol.Frame{Ack: &protocol.Ack{Mutation: ids[0], Seq: 9, Verdict: city.VerdictApplied}}); err != nil {
		t.Fatal(err)
	}
	d.exec("cache", `UPDATE ack SET seq = 4`)
	d.reopen()
	if it := d.item(ids[0]); it.State != replica.StateSaved {
		t.Fatalf("item %+v", it)
	}
}

func TestFullDiskStoresNothing(t *testing.T) {
	d := newDevice(t, city.DeviceKiosk)
	d.record(report(city.NewID(), "before"))
	if err := replica.LimitOutbox(d.ctx, d.Replica, 3); err != nil {
		t.Fatal(err)
	}
	var stored, failed int
	for range 40 {
		_, err := d.Record(d.ctx, report(city.NewID(), string(bytes.Repeat([]byte("long "), 300))), report(city.NewID(), "short"))
		if err == nil {
			stored += 2
			continue
		}
		failed++
		wantCode(t, err, city.CodeDiskFull)
		if s := d.summary(); s.Pending != 1+stored {
			t.Fatalf("%d pending after a refusal, want %d", s.Pending, 1+stored)
		}
	}
	if failed == 0 {
		t.Fatal("the disk was never full")
	}
	wantCode(t, d.SetSetting(d.ctx, "k", string(make([]byte, 100_000))), city.CodeDiskFull)
	if err := replica.LimitOutbox(d.ctx, d.Replica, 0); err != nil {
		t.Fatal(err)
	}
	d.record(report(city.NewID(), "after"))
	if got := len(d.lines()); got != stored+2 {
		t.Fatalf("%d acts can be sent, want %d", got, stored+2)
	}
}

func TestNotesAndDrafts(t *testing.T) {
	d := newDevice(t, city.DeviceTablet)
	ctx := context.Background()
	if v, err := d.Setting(ctx, "volume"); err != nil || v != "" {
		t.Fatalf("%q %v", v, err)
	}
	data := binary.BigEndian.AppendUint64(nil, 42)
	for _, v := range []string{"3", "4"} {
		if err := d.SetSetting(ctx, "volume", v); err != nil {
			t.Fatal(err)
		}
		if err := d.SaveDraft(ctx, "job", append(data, v...)); err != nil {
			t.Fatal(err)
		}
	}
	d.reopen()
	if v, err := d.Setting(ctx, "volume"); err != nil || v != "4" {
		t.Fatalf("%q %v", v, err)
	}
	if b, ok, err := d.Draft(ctx, "job"); err != nil || !ok || !bytes.Equal(b, append(data, '4')) {
		t.Fatalf("%x %v %v", b, ok, err)
	}
	d.exec("outbox", `UPDATE setting SET value = ''`)
	d.exec("outbox", `UPDATE draft SET value = x'00'`)
	_, err := d.Setting(ctx, "volume")
	wantCode(t, err, city.CodeDamaged)
	_, _, err = d.Draft(ctx, "job")
	wantCode(t, err, city.CodeDamaged)
	if err := d.DeleteDraft(ctx, "job"); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := d.Draft(ctx, "job"); err != nil || ok {
		t.Fatal(ok, err)
	}
}

// TestTheHashOfARowStays: files that are out there have hashes over the JSON array.
func TestTheHashOfARowStays(t *testing.T) {
	columns := []any{[]byte("a\x00<é>"), []byte{}, []byte(nil), int64(-5), uint64(1 << 63), true, false, bytes.Repeat([]byte{0xff}, 301)}
	raw, err := json.Marshal(columns)
	if err != nil {
		t.Fatal(err)
	}
	if want := sha256.Sum256(raw); string(replica.RowHash(columns...)) != string(want[:]) {
		t.Error("the hash of a row has changed")
	}
}
