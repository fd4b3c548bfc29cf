package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// holding is what a device makes of frames by the rules of PROTOCOL.md.
type holding struct {
	Records map[string]held
	Acks    map[city.MutationID]protocol.Ack
}

type held struct {
	Seq    int64
	Record city.Record
}

func newHolding() *holding {
	return &holding{Records: map[string]held{}, Acks: map[city.MutationID]protocol.Ack{}}
}

func (h *holding) take(t *testing.T, frames ...protocol.Frame) {
	t.Helper()
	for _, f := range frames {
		switch {
		case f.Ack != nil:
			h.Acks[f.Ack.Mutation] = *f.Ack
		case f.Evict != nil:
			if h.Records[f.Evict.Ref.String()].Seq < f.Evict.Seq {
				delete(h.Records, f.Evict.Ref.String())
			}
		case f.Put != nil:
			have, there := h.Records[f.Put.Ref.String()]
			if there && have.Seq >= f.Put.Seq {
				continue
			}
			if !there && !f.Put.Full {
				t.Errorf("a part of %s comes to who does not have it", f.Put.Ref)
			}
			one := map[city.Ref]city.Record{}
			if there {
				one[f.Put.Ref] = have.Record
			}
			replay(one, []protocol.Frame{f})
			h.Records[f.Put.Ref.String()] = held{Seq: f.Put.Seq, Record: one[f.Put.Ref]}
		}
	}
}

func (h *holding) text(t *testing.T) string {
	t.Helper()
	raw, err := json.MarshalIndent(h, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// differ gives the first line in which two texts differ, with those before it.
func differ(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return strings.Join(x[max(0, i-20):i+1], "\n") + "\nand not\n" + y[min(i, len(y)-1)]
		}
	}
	return strings.Join(y[len(x):], "\n")
}

// parts reads a snapshot whole, as a device does, and checks every hash and size.
func (d *device) parts(m *store.Snapshot) []protocol.Frame {
	t := d.f.t
	t.Helper()
	var frames []protocol.Frame
	for _, p := range m.Parts {
		file, err := d.f.SnapshotPart(context.Background(), d.Device, p.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(file)
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%x", sha256.Sum256(raw)) != p.SHA256 || int64(len(raw)) != p.Bytes || p.Bytes > protocol.MaxPart {
			t.Fatalf("a part of %d bytes is not what the manifest says: %+v", len(raw), p)
		}
		z, err := zstd.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(z)
		rows := 0
		for ; ; rows++ {
			var f protocol.Frame
			if err := dec.Decode(&f); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if f.Put == nil || !f.Put.Full || f.Put.Kind == city.KindPerson {
				t.Fatalf("in a snapshot: %+v", f)
			}
			frames = append(frames, f)
		}
		z.Close()
		if rows != p.Rows {
			t.Fatalf("%d rows, not %d", rows, p.Rows)
		}
	}
	return frames
}

func (d *device) snapshot() *store.Snapshot {
	d.f.t.Helper()
	m, err := d.f.Snapshot(context.Background(), d.Device)
	if err != nil {
		d.f.t.Fatal(err)
	}
	return m
}

// TestSnapshotAndPullAreAllOfIt is the property: a snapshot at S and what comes
// after it, in pages of any size and while the city goes on, is what a pull from
// the beginning gives, byte for byte: records, their writers and places, echoes.
func TestSnapshotAndPullAreAllOfIt(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		f.mustAct(system, &city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", ShareContact: true,
			Promise: city.Promise{Days: 2, Working: true}, Active: true, Version: 2}})
		w := &wanderer{fixture: f, rng: rand.New(rand.NewPCG(7, 7)), kiosk: f.enrolled(city.DeviceKiosk, city.ScopePublic),
			trees: f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees")),
			both:  f.enrolled(city.DeviceTablet, city.ScopeCrew("roads"), city.ScopePublic, city.ScopeCrew("trees"))}
		for _, who := range []*device{w.trees, w.both} {
			who.sealTo()
		}
		persons, own := 0, 0
		for _, limit := range []int{1, 2, 3, 7, 50, 2000} {
			for range 6 {
				w.act()
			}
			for _, who := range []*device{w.kiosk, w.trees, w.both} {
				f.now.pass(11 * time.Minute) // an older one would be reused
				m := who.snapshot()
				got := newHolding()
				got.take(t, who.parts(m)...)
				w.act()
				d := &device{f: f, Device: who.Device, key: who.key, cursor: m.Cursor(who.Device)}
				for more := true; more; {
					p, err := f.Pull(context.Background(), d.Device, d.cursor, limit)
					if err != nil {
						t.Fatal(err)
					}
					got.take(t, d.opened(p.Frames)...)
					d.cursor, more = p.Next(d.Device), p.More
					if more && w.rng.IntN(4) == 0 && f.head().Seq-m.Seq < 60 {
						w.act()
					}
				}
				want := newHolding()
				want.take(t, (&device{f: f, Device: who.Device, key: who.key}).pull(limit)...)
				if diff := differ(got.text(t), want.text(t)); diff != "" {
					t.Fatalf("%s in pages of %d: a snapshot and pull differ from pull alone: %s", who.Device.Kind, limit, diff)
				}
				for ref := range want.Records {
					if kind, _, _ := bytes.Cut([]byte(ref), []byte("/")); string(kind) == string(city.KindPerson) {
						persons++
					} else if string(kind) == string(city.KindReview) {
						own++
					}
				}
			}
		}
		if persons == 0 || own == 0 {
			t.Fatalf("the history has %d persons and %d own reviews: it proves nothing of them", persons, own)
		}
	})
}

// sealTo gives a tablet a key, without which it is sent no persons.
func (d *device) sealTo() {
	d.f.t.Helper()
	key, err := keys.NewSealingKey(nil)
	if err == nil {
		d.key = &key
		d.Device, err = d.f.SealTo(context.Background(), d.Device, key.Public())
	}
	if err != nil {
		d.f.t.Fatal(err)
	}
}

// opened opens what is sealed to the device, as it would be shown.
func (d *device) opened(frames []protocol.Frame) []protocol.Frame {
	d.f.t.Helper()
	for i, f := range frames {
		if f.Put == nil || f.Put.Sealed == nil {
			continue
		}
		put := *f.Put
		plain, err := d.key.Open(keys.SealRecordInfo(put.Sealed.Key, string(d.Device.ID), string(put.Kind), string(put.ID), put.Seq), put.Sealed.Body)
		if err == nil {
			err = json.Unmarshal(plain, &put.Fields)
		}
		if err != nil {
			d.f.t.Fatalf("open %s: %v", put.Ref, err)
		}
		put.Sealed, frames[i].Put = nil, &put
	}
	return frames
}

// wanderer makes a history in which records come, change hands and go.
type wanderer struct {
	*fixture
	rng                *rand.Rand
	kiosk, trees, both *device
	jobs               [][2]city.ID
}

func (w *wanderer) act() {
	if len(w.jobs) < 3 || w.rng.IntN(3) == 0 {
		request, order := w.fallenTree(w.kiosk)
		w.jobs = append(w.jobs, [2]city.ID{request, order})
		return
	}
	i := w.rng.IntN(len(w.jobs))
	request, order := w.jobs[i][0], w.jobs[i][1]
	switch w.rng.IntN(5) {
	case 0: // a tablet acts on what was taken from its crew: a review in its own scope
		w.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "trees", Priority: city.PriorityLow})
		env := w.trees.prepared(treeCrew, &city.StartVisit{Visit: city.NewID(), WorkOrder: order})
		w.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "roads", Priority: city.PriorityHigh})
		w.trees.push(env)
	case 1:
		w.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "roads", Priority: city.PriorityNormal, Instruction: "mind the wires"})
	case 2:
		w.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "trees", Priority: city.PriorityNormal})
	case 3:
		w.mustAct(reviewer, &city.AddNote{Note: city.NewID(), Request: request, Text: fmt.Sprintf("note <%d>", w.rng.IntN(1000))})
	case 4:
		w.mustAct(reviewer, &city.CloseRequest{Request: request, Outcome: city.OutcomeNotOurs, Owner: "the railway"})
		w.jobs = slices.Delete(w.jobs, i, i+1)
	}
}

func TestSnapshotIsMadeOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		twin := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		for range 20 {
			f.fallenTree(kiosk)
		}
		var all sync.WaitGroup
		got := make([]*store.Snapshot, 2000)
		for i := range got {
			all.Go(func() {
				d := []*device{kiosk, twin}[i%2]
				m, err := f.Snapshot(context.Background(), d.Device)
				if err != nil {
					t.Error(err)
				}
				got[i] = m
			})
		}
		all.Wait()
		if folders(t, f.snaps) != 1 {
			t.Fatalf("%d folders", folders(t, f.snaps))
		}
		for _, m := range got {
			if m != got[0] {
				t.Fatal("two snapshots for the same grants")
			}
		}
		f.now.pass(9 * time.Minute)
		f.fallenTree(kiosk)
		if kiosk.snapshot() != got[0] {
			t.Error("a young one was not reused")
		}
		f.now.pass(2 * time.Minute)
		if kiosk.snapshot() == got[0] {
			t.Error("an old one was reused")
		}
	})
}

func folders(t *testing.T, dir string) int {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// TestPartsAreForTheirGrantsOnly asks for parts with other grants, with grants
// that have changed, after their time, and of another history.
func TestPartsAreForTheirGrantsOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		tablet := f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
		f.fallenTree(kiosk)
		m := tablet.snapshot()
		sha := m.Parts[0].SHA256
		may := func(d store.Device) bool {
			t.Helper()
			file, err := f.SnapshotPart(context.Background(), d, sha)
			if err == nil {
				file.Close()
			} else if !errors.Is(err, store.ErrNoSnapshot) {
				t.Fatal(err)
			}
			return err == nil
		}
		if !may(tablet.Device) {
			t.Fatal("the tablet may not have its own")
		}
		if may(kiosk.Device) {
			t.Error("parts are for their grants: a kiosk reads a crew's snapshot")
		}
		if err := f.SetGrants(context.Background(), tablet.Device.ID, []city.Scope{city.ScopePublic}); err != nil {
			t.Fatal(err)
		}
		now, err := f.Device(context.Background(), tablet.Device.ID)
		if err != nil || may(now) {
			t.Errorf("after its grant went: %v", err)
		}
		f.now.pass(protocol.SnapshotLife)
		if may(tablet.Device) {
			t.Error("after its time")
		}
		if err := f.SweepSnapshots(context.Background()); err != nil || folders(t, f.snaps) != 0 {
			t.Errorf("swept: %v, %d left", err, folders(t, f.snaps))
		}
	})
}

// TestSnapshotsOverARestart keeps what is whole and true, and removes the rest.
func TestSnapshotsOverARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		f.fallenTree(kiosk)
		m := kiosk.snapshot()
		reopen := func(between func()) {
			t.Helper()
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			between()
			f.open()
		}
		reopen(func() {
			for _, junk := range []string{"AAAA.unfinished", "BBBB"} { // a crash while one was made
				if err := os.MkdirAll(filepath.Join(f.snaps, junk), 0o700); err != nil {
					t.Fatal(err)
				}
			}
		})
		if folders(t, f.snaps) != 1 || kiosk.snapshot().Parts[0] != m.Parts[0] {
			t.Fatal("what was made before the restart is not kept, or what is no snapshot is")
		}
		kiosk.parts(m)
		reopen(func() { // a disk that lost the end of a part
			if err := filepath.WalkDir(f.snaps, func(path string, e os.DirEntry, err error) error {
				if err == nil && e.Name() == m.Parts[0].SHA256 {
					err = os.Truncate(path, 10)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		})
		if folders(t, f.snaps) != 0 {
			t.Error("a part of another size is kept")
		}
		kiosk.snapshot()
		reopen(func() { f.now.pass(25 * time.Hour) })
		if folders(t, f.snaps) != 0 {
			t.Error("what has expired is kept")
		}
		kiosk.snapshot()
		if _, err := f.DB().Exec(`UPDATE sync_head SET epoch = 'another'`); err != nil {
			t.Fatal(err)
		}
		reopen(func() {})
		if folders(t, f.snaps) != 0 {
			t.Error("what is of another history is kept")
		}
	})
}

func TestSnapshotsTakeBoundedRoom(t *testing.T) {
	f := newFixture(t, filepath.Join(t.TempDir(), "city.db"))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f.room = 1
	f.open()
	kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
	for range 4 {
		f.fallenTree(kiosk)
		f.now.pass(11 * time.Minute)
		kiosk.parts(kiosk.snapshot())
	}
	if n := folders(t, f.snaps); n != 1 {
		t.Errorf("%d snapshots in a room for none", n)
	}
}

func TestHorizon(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		f.behind = 20
		f.open()
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		kiosk.pull(2000)
		here := kiosk.cursor
		m := kiosk.snapshot()
		for f.head().Seq-here.Seq <= 20 {
			f.fallenTree(kiosk)
		}
		if _, err := f.Pull(context.Background(), kiosk.Device, here, 10); !errors.Is(err, store.ErrHorizon) {
			t.Errorf("far behind: %v", err)
		}
		if kiosk.snapshot() == m {
			t.Error("a snapshot beyond the horizon is given out")
		}
		// A walk that has begun ends, also the one that a snapshot begins.
		(&device{f: f, Device: kiosk.Device}).pull(3)
		(&device{f: f, Device: kiosk.Device, cursor: m.Cursor(kiosk.Device)}).pull(3)
		here.Seq = f.head().Seq - 20
		if err := f.DB().QueryRow(`SELECT h FROM change WHERE seq = $1`, here.Seq).Scan(&here.Chain); err != nil {
			t.Fatal(err)
		}
		here.Chain = here.Chain[:8]
		if _, err := f.Pull(context.Background(), kiosk.Device, here, 10); err != nil {
			t.Errorf("just within: %v", err)
		}
	})
}

// TestMissingRowOfTheLog is damage, which no device can mend by asking again.
func TestMissingRowOfTheLog(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		kiosk.pull(100)
		f.fallenTree(kiosk)
		before := f.head().Epoch
		if _, err := f.DB().Exec(`DELETE FROM change WHERE seq = $1`, kiosk.cursor.Seq); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Pull(context.Background(), kiosk.Device, kiosk.cursor, 10); !errors.Is(err, store.ErrLineage) {
			t.Errorf("%v", err)
		}
		if f.head().Epoch != before {
			t.Error("damage was taken for a restore")
		}
	})
}

// TestDamagedLogIsWalkedAround: a change that is not what was logged is sent to
// nobody, and keeps nobody from the rest.
func TestDamagedLogIsWalkedAround(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		request, _ := f.fallenTree(kiosk)
		if _, err := f.DB().Exec(`UPDATE change SET digest = h WHERE kind = 'request'`); err != nil {
			t.Fatal(err)
		}
		if p, err := f.Pull(context.Background(), kiosk.Device, kiosk.cursor, 100); !errors.Is(err, store.ErrHorizon) {
			t.Fatalf("%d frames, %v", len(p.Frames), err)
		}
		m := kiosk.snapshot()
		seen := map[city.Ref]city.Record{}
		replay(seen, kiosk.parts(m))
		kiosk.cursor = m.Cursor(kiosk.Device)
		replay(seen, kiosk.pull(100))
		if got, want := seen[city.Ref{Kind: city.KindRequest, ID: request}].Text("status"), f.record(city.KindRequest, request).Text("status"); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	})
}

func TestSetGrants(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		tablet := f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
		f.fallenTree(kiosk)
		tablet.pull(100)
		head := f.head().Seq
		if err := f.SetGrants(ctx, tablet.Device.ID, tablet.Device.Grants); err != nil || f.head().Seq != head {
			t.Errorf("the same grants again: %v, head %d", err, f.head().Seq)
		}
		if err := f.SetGrants(ctx, tablet.Device.ID, []city.Scope{city.ScopePublic, city.ScopeCrew("roads")}); err != nil {
			t.Fatal(err)
		}
		now, err := f.Device(ctx, tablet.Device.ID)
		if err != nil || now.GrantRev != tablet.Device.GrantRev+1 || !slices.Contains(now.Grants, city.ScopeCrew("roads")) {
			t.Fatalf("%+v, %v", now, err)
		}
		if concerns, err := f.Concerns(ctx, now, head); err != nil || !concerns {
			t.Errorf("the device is not told: %v", err)
		}
		if concerns, err := f.Concerns(ctx, kiosk.Device, head); err != nil || concerns {
			t.Errorf("another device is told: %v", err)
		}
		d := &device{f: f, Device: now}
		for _, fr := range d.pull(100) {
			if fr.Put != nil && (fr.Put.Kind == city.KindWork || fr.Put.Kind == "none") {
				t.Errorf("it gets %s", fr.Put.Ref)
			}
		}
		if err := f.SetGrants(ctx, "nobody", nil); !errors.Is(err, store.ErrNoDevice) {
			t.Errorf("nobody: %v", err)
		}
	})
}
