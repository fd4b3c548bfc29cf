package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

func TestPushAppliesOnceWhateverIsRepeated(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		act := newRequest()
		env := kiosk.prepared(resident, act)
		if v := kiosk.push(env)[0]; v.Verdict != city.VerdictApplied {
			t.Fatalf("first push: %+v", v)
		}
		head := f.head()

		// The same push again, as after a lost answer.
		again := &device{f: f, Device: kiosk.Device, stream: kiosk.stream}
		if v := again.push(env)[0]; v.Verdict != city.VerdictDuplicate || v.Stored != city.VerdictApplied {
			t.Errorf("repeated push: %+v", v)
		}
		// The same act on another stream, as after a fork.
		other := &device{f: f, Device: kiosk.Device, stream: "s2"}
		if v := other.push(env)[0]; v.Verdict != city.VerdictDuplicate {
			t.Errorf("the same act on a new stream: %+v", v)
		}
		if now := f.head(); now.Seq != head.Seq || !bytes.Equal(now.Hash, head.Hash) {
			t.Errorf("repeats moved the head from %d to %d", head.Seq, now.Seq)
		}
	})
}

func TestForkIsNoticed(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		kiosk.push(kiosk.prepared(resident, newRequest()))
		place := *kiosk
		kiosk.push(kiosk.prepared(resident, newRequest()))

		clone := place // an image taken before the second act
		h := protocol.PushHeader{Stream: clone.stream, From: clone.n + 1, Prev: clone.link}
		lines := []store.Incoming{clone.line(clone.prepared(resident, newRequest()))}
		head := f.head().Seq
		var fork *store.Fork
		if _, _, err := f.Push(context.Background(), clone.Device, h, lines); !errors.As(err, &fork) || fork.LastN != 2 || fork.Link != kiosk.link {
			t.Fatalf("a clone's push: %v", err)
		}
		gap := protocol.PushHeader{Stream: kiosk.stream, From: 9, Prev: kiosk.link}
		if _, _, err := f.Push(context.Background(), kiosk.Device, gap, lines); !errors.As(err, &fork) {
			t.Fatalf("a gap: %v", err)
		}
		if f.head().Seq != head {
			t.Error("a fork left something behind")
		}
	})
}

func TestSameIdOtherContentKeepsBoth(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		first := kiosk.prepared(resident, newRequest())
		second := kiosk.prepared(resident, newRequest())
		second.ID = first.ID
		v := kiosk.push(first, second)
		if v[0].Verdict != city.VerdictApplied || v[1].Verdict != city.VerdictRefused || v[1].Review == "" {
			t.Fatalf("verdicts %+v", v)
		}
		var r city.Review
		if err := f.record(city.KindReview, v[1].Review).Into(&r); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(r.Payload), "Zenobia Quux") {
			t.Error("the second act's payload is lost")
		}
	})
}

func TestSealedActs(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		act := newRequest()
		env := kiosk.prepared(resident, act)
		pub := f.keys.Sealing.Newest()
		body, err := pub.Seal(keys.SealInfo(pub.ID(), string(env.ID), string(env.Type)), env.Args)
		if err != nil {
			t.Fatal(err)
		}
		env.Args, env.Sealed = nil, &protocol.Sealed{Key: pub.ID(), Body: body}
		broken := env
		broken.ID = city.NewMutationID() // sealed for another act
		v := kiosk.push(env, broken)
		if v[0].Verdict != city.VerdictApplied {
			t.Errorf("sealed: %+v", v[0])
		}
		if v[1].Verdict != city.VerdictRefused || v[1].Code != city.CodeDamaged {
			t.Errorf("sealed for another act: %+v", v[1])
		}
		if got := f.record(city.KindWork, act.Request).Text("description"); got != act.Description {
			t.Errorf("description %q", got)
		}
	})
}

func TestWhoMayCarryWhat(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		tablet := f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
		for _, c := range []struct {
			d *device
			a city.Actor
		}{{kiosk, treeCrew}, {kiosk, reviewer}, {kiosk, system}, {tablet, roadCrew}, {tablet, resident}, {tablet, reviewer}} {
			env := c.d.prepared(resident, newRequest())
			env.Actor = c.a
			if v := c.d.push(env)[0]; v.Verdict != city.VerdictRefused || v.Code != city.CodeForbidden {
				t.Errorf("%s as %s: %+v", c.d.Device.Kind, c.a.Kind, v)
			}
		}
	})
}

// fallenTree files a request, assigns it to the tree crew and gives the ids.
func (f *fixture) fallenTree(kiosk *device) (request, order city.ID) {
	act := newRequest()
	kiosk.push(kiosk.prepared(resident, act))
	order = city.NewID()
	f.mustAct(dispatcher, &city.AssignRequest{Request: act.Request, WorkOrder: order, Crew: "trees", Priority: city.PriorityHigh})
	return act.Request, order
}

func TestEachScopeSeesItsFaces(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		trees := f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
		roads := f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("roads"))
		request, order := f.fallenTree(kiosk)
		kinds := func(d *device) map[city.Kind]int {
			seen := map[city.Kind]int{}
			for _, fr := range d.pull(100) {
				if fr.Put != nil {
					seen[fr.Put.Kind]++
				}
			}
			return seen
		}
		if got := kinds(kiosk); got[city.KindRequest] == 0 || got[city.KindWork]+got[city.KindPerson]+got[city.KindWorkOrder]+got[city.KindStaff] != 0 {
			t.Errorf("the kiosk sees %v", got)
		}
		if got := kinds(trees); got[city.KindWork] == 0 || got[city.KindWorkOrder] == 0 || got[city.KindPerson] != 0 {
			t.Errorf("the crew sees %v", got)
		}
		if got := kinds(roads); got[city.KindWork]+got[city.KindWorkOrder] != 0 {
			t.Errorf("the other crew sees %v", got)
		}

		// Given to the other crew, all of it moves.
		f.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "roads", Priority: city.PriorityHigh})
		evicted := map[city.Kind]bool{}
		for _, fr := range trees.pull(100) {
			if fr.Evict != nil {
				evicted[fr.Evict.Kind] = true
			}
			if fr.Put != nil && fr.Put.Kind != city.KindRequest {
				t.Errorf("the first crew still gets %s", fr.Put.Kind)
			}
		}
		if !evicted[city.KindWork] || !evicted[city.KindWorkOrder] {
			t.Errorf("the first crew has to forget %v", evicted)
		}
		full := map[city.Kind]bool{}
		for _, fr := range roads.pull(100) {
			if fr.Put != nil && fr.Put.Full {
				full[fr.Put.Kind] = true
			}
		}
		if !full[city.KindWork] || !full[city.KindWorkOrder] {
			t.Errorf("the second crew gets whole %v", full)
		}
	})
}

// replay applies frames the way a device does.
func replay(records map[city.Ref]city.Record, frames []protocol.Frame) {
	for _, fr := range frames {
		if fr.Evict != nil {
			delete(records, fr.Evict.Ref)
		}
		if fr.Put == nil {
			continue
		}
		r, ok := records[fr.Put.Ref]
		if !ok || fr.Put.Full {
			r = city.Record{Ref: fr.Put.Ref, Parent: fr.Put.Parent, Fields: city.Fields{}, Writers: map[string]city.MutationID{}}
		}
		for f, v := range fr.Put.Fields {
			r.Writers[f] = fr.Put.W
			if r.Fields[f] = v; string(v) == "null" {
				delete(r.Fields, f)
			}
		}
		for f, w := range fr.Put.WS {
			r.Writers[f] = w
		}
		records[fr.Put.Ref] = r
	}
}

func TestAnySplitIntoPagesGivesTheSame(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		for i := range 12 {
			request, order := f.fallenTree(kiosk)
			if i%3 == 0 {
				f.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "roads", Priority: city.PriorityLow})
			}
			if i%4 == 0 {
				f.mustAct(reviewer, &city.CloseRequest{Request: request, Outcome: city.OutcomeNotOurs, Owner: "the railway"})
			}
		}
		tablet := f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
		want := map[city.Ref]city.Record{}
		replay(want, tablet.pull(100_000))
		for _, limit := range []int{1, 2, 7, 50} {
			got := map[city.Ref]city.Record{}
			again := &device{f: f, Device: tablet.Device}
			replay(got, again.pull(limit))
			a, _ := json.Marshal(sorted(want))
			b, _ := json.Marshal(sorted(got))
			if !bytes.Equal(a, b) {
				t.Errorf("pages of %d give something else", limit)
			}
		}
		// And what a device has is what the store has.
		for ref, r := range want {
			stored := f.record(ref.Kind, ref.ID)
			a, _ := json.Marshal(r)
			b, _ := json.Marshal(stored)
			if !bytes.Equal(a, b) {
				t.Errorf("%s: device %s, store %s", ref, a, b)
			}
		}
	})
}

func sorted(m map[city.Ref]city.Record) []city.Record {
	var out []city.Record
	for _, r := range m {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b city.Record) int { return strings.Compare(a.Ref.String(), b.Ref.String()) })
	return out
}

func TestEchoesComeToTheirDeviceOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		a, b := f.enrolled(city.DeviceKiosk, city.ScopePublic), f.enrolled(city.DeviceKiosk, city.ScopePublic)
		env := a.prepared(resident, newRequest())
		a.push(env)
		acks := func(d *device) (out []protocol.Ack) {
			for _, fr := range d.pull(100) {
				if fr.Ack != nil {
					out = append(out, *fr.Ack)
				}
			}
			return out
		}
		if got := acks(a); len(got) != 1 || got[0].Mutation != env.ID || got[0].Verdict != city.VerdictApplied {
			t.Errorf("echoes %+v", got)
		}
		if got := acks(b); len(got) != 0 {
			t.Errorf("another device gets %+v", got)
		}
		if got := acks(a); len(got) != 0 {
			t.Errorf("a second time: %+v", got)
		}
	})
}

func TestCursorOfAnotherHistory(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		kiosk.pull(100)
		for name, change := range map[string]func(*protocol.Cursor){
			"epoch": func(c *protocol.Cursor) { c.Epoch = "other" },
			"hash":  func(c *protocol.Cursor) { c.Chain = make([]byte, 8) },
			"ahead": func(c *protocol.Cursor) { c.Seq += 1000 },
		} {
			c := kiosk.cursor
			change(&c)
			if _, err := f.Pull(context.Background(), kiosk.Device, c, 10); !errors.Is(err, store.ErrLineage) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestOfficeSeesWhatItSaw: staff who act on an old page do not overwrite what
// has happened since.
func TestOfficeSeesWhatItSaw(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		request, order := f.fallenTree(kiosk)
		page := f.head().Seq
		f.mustAct(dispatcher, &city.SetPriority{Request: request, WorkOrder: order, Priority: city.PriorityUrgent})
		v, err := f.Act(context.Background(), reviewer, city.NewMutationID(), page, &city.SetPriority{Request: request, WorkOrder: order, Priority: city.PriorityLow})
		if err != nil || v.Verdict != city.VerdictReview {
			t.Fatalf("acting on an old page: %+v, %v", v, err)
		}
		if got := f.record(city.KindWorkOrder, order).Text("priority"); got != "urgent" {
			t.Errorf("priority is %s", got)
		}
		var r city.Review
		if err := f.record(city.KindReview, v.Review).Into(&r); err != nil || len(r.Contests) != 1 {
			t.Fatalf("review %+v, %v", r, err)
		}
		f.mustAct(reviewer, &city.DecideReview{Review: v.Review, Sides: r.Sides(), Theirs: []city.FieldRef{r.Contests[0].Field}})
		if got := f.record(city.KindWorkOrder, order).Text("priority"); got != "low" {
			t.Errorf("after the decision the priority is %s", got)
		}
	})
}

func TestOfficeActTwiceIsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		request, _ := f.fallenTree(kiosk)
		id, note := city.NewMutationID(), &city.AddNote{Note: city.NewID(), Request: request, Text: "Called back"}
		for range 2 {
			if _, err := f.Act(context.Background(), reviewer, id, f.head().Seq, note); err != nil {
				t.Fatal(err)
			}
		}
		notes, err := f.View(context.Background()).Children(request, city.KindNote)
		if err != nil || len(notes) != 1 {
			t.Errorf("%d notes, %v", len(notes), err)
		}
	})
}

func TestRefusedOfficeActLeavesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		head := f.head().Seq
		_, err := f.Act(context.Background(), dispatcher, city.NewMutationID(), head, &city.SetCrew{ID: "x", Crew: city.Crew{Name: "X"}})
		if city.CodeOf(err) != city.CodeForbidden {
			t.Errorf("a dispatcher makes a crew: %v", err)
		}
		if f.head().Seq != head {
			t.Error("something was written")
		}
	})
}

// TestLogIsGapFreeAndChained reads the log as an auditor would.
func TestLogIsGapFreeAndChained(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := f.Act(context.Background(), reviewer, city.NewMutationID(), f.head().Seq, newRequest())
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		f.fallenTree(kiosk)
		rows, err := f.DB().Query(`SELECT seq, digest, h FROM change ORDER BY seq`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		h, want := make([]byte, 32), int64(1)
		for ; rows.Next(); want++ {
			var seq int64
			var digest, link []byte
			if err := rows.Scan(&seq, &digest, &link); err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(append(slices.Clone(h), digest...))
			if h = sum[:]; seq != want || !bytes.Equal(link, h) {
				t.Fatalf("row %d (want %d): chain %x, want %x", seq, want, link, h)
			}
		}
		if head := f.head(); head.Seq != want-1 || !bytes.Equal(head.Hash, h) {
			t.Errorf("the head is %d, the log ends at %d", head.Seq, want-1)
		}
	})
}

func TestEverythingIsThereAfterReopening(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		request, _ := f.fallenTree(kiosk)
		before := f.head()
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		f.open()
		if after := f.head(); after.Epoch != before.Epoch || after.Seq != before.Seq || !bytes.Equal(after.Hash, before.Hash) {
			t.Errorf("head %+v, before %+v", after, before)
		}
		f.record(city.KindWork, request)
		kiosk.push(kiosk.prepared(resident, newRequest()))
	})
}

func TestEnrolment(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		code, err := f.CreateEnrolment(ctx, city.DeviceKiosk, "Library", []city.Scope{city.ScopePublic}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		one, _ := keys.NewIdentity(nil)
		two, _ := keys.NewIdentity(nil)
		d, err := f.Enrol(ctx, code, one.Public(), "")
		if err != nil || d.Name != "Library" {
			t.Fatalf("%+v, %v", d, err)
		}
		if again, err := f.Enrol(ctx, code, one.Public(), ""); err != nil || again.ID != d.ID {
			t.Errorf("asked again: %+v, %v", again, err)
		}
		if _, err := f.Enrol(ctx, code, two.Public(), ""); !errors.Is(err, store.ErrCode) {
			t.Errorf("another key with a used code: %v", err)
		}
		late, err := f.CreateEnrolment(ctx, city.DeviceKiosk, "Late", nil, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		f.now.pass(2 * time.Hour)
		if _, err := f.Enrol(ctx, late, two.Public(), ""); !errors.Is(err, store.ErrCode) {
			t.Errorf("an expired code: %v", err)
		}
		if err := f.Revoke(ctx, d.ID); err != nil {
			t.Fatal(err)
		}
		if d, err = f.Device(ctx, d.ID); err != nil || d.State != store.DeviceRevoked {
			t.Errorf("%+v, %v", d, err)
		}
		if err := f.Revoke(ctx, "nobody"); !errors.Is(err, store.ErrNoDevice) {
			t.Errorf("revoking nobody: %v", err)
		}
	})
}

func TestSignIn(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		if err := f.SetLogin(ctx, " Rosa ", "rosa", "correct horse"); err != nil {
			t.Fatal(err)
		}
		token, who, err := f.SignIn(ctx, "ROSA", "correct horse")
		if err != nil || who != "rosa" {
			t.Fatalf("%s, %v", who, err)
		}
		if who, ok, err := f.Session(ctx, token); !ok || who != "rosa" || err != nil {
			t.Errorf("session of %s: %v, %v", who, ok, err)
		}
		_, _, wrong := f.SignIn(ctx, "rosa", "x")
		_, _, nobody := f.SignIn(ctx, "nobody", "x")
		if city.CodeOf(wrong) != city.CodeSignIn || wrong.Error() != nobody.Error() {
			t.Errorf("wrong password says %q, unknown name %q", wrong, nobody)
		}
		for range 10 {
			f.SignIn(ctx, "rosa", "x")
		}
		if _, _, err := f.SignIn(ctx, "rosa", "correct horse"); city.CodeOf(err) != city.CodeSignIn {
			t.Errorf("after ten failures: %v", err)
		}
		f.now.pass(16 * time.Minute)
		if _, _, err := f.SignIn(ctx, "rosa", "correct horse"); err != nil {
			t.Errorf("after the lock: %v", err)
		}
		if err := f.SignOut(ctx, token); err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := f.Session(ctx, token); ok {
			t.Error("the session outlives its end")
		}
		f.now.pass(13 * time.Hour)
	})
}

func TestBlobs(t *testing.T) { onBoth(t, blobsConform) }

func blobsConform(t *testing.T, f *fixture) {
	ctx := context.Background()
	data := bytes.Repeat([]byte("photo "), 50_000)
	sum := sha256.Sum256(data)
	sha := hex.EncodeToString(sum[:])
	if _, _, _, err := f.BlobOffset(ctx, sha); !errors.Is(err, store.ErrNoBlob) {
		t.Fatalf("before: %v", err)
	}
	if err := f.BeginBlob(ctx, "", sha, int64(len(data))); err != nil {
		t.Fatal(err)
	}
	if n, err := f.AppendBlob(ctx, sha, 0, data[:100_000]); n != 100_000 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := f.AppendBlob(ctx, sha, 0, data[:10]); n != 100_000 || !errors.Is(err, store.ErrOffset) {
		t.Errorf("a chunk at the wrong place: %d, %v", n, err)
	}
	if _, _, err := f.OpenBlob(ctx, sha); !errors.Is(err, store.ErrNoBlob) {
		t.Errorf("half a blob is readable: %v", err)
	}
	if _, err := f.AppendBlob(ctx, sha, 100_000, data[100_000:]); err != nil {
		t.Fatal(err)
	}
	file, size, err := f.OpenBlob(ctx, sha)
	if err != nil || size != int64(len(data)) {
		t.Fatal(size, err)
	}
	file.Close()

	// Bytes that are not what their name says never become visible.
	other := sha[:63] + map[bool]string{true: "0", false: "1"}[sha[63] == '1']
	if err := f.BeginBlob(ctx, "", other, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := f.AppendBlob(ctx, other, 0, []byte("wrong")); !errors.Is(err, store.ErrChecksum) {
		t.Errorf("wrong bytes: %v", err)
	}
	if n, _, whole, _ := f.BlobOffset(ctx, other); n != 0 || whole {
		t.Errorf("wrong bytes stay: %d, %v", n, whole)
	}
	kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
	if may, err := f.MaySeeBlob(ctx, kiosk.Device, sha); may || err != nil {
		t.Errorf("a photo that nobody published: %v, %v", may, err)
	}
}

// TestBothEnginesWriteTheSameLog drives one schedule on both engines: apart from
// salts and what rests on them the logs are equal.
func TestBothEnginesWriteTheSameLog(t *testing.T) {
	logs := map[string]string{}
	acts := []city.Act{newRequest(), newRequest()}
	ids := []city.MutationID{city.NewMutationID(), city.NewMutationID()}
	onBoth(t, func(t *testing.T, f *fixture) {
		for i, a := range acts {
			if _, err := f.Act(context.Background(), reviewer, ids[i], f.head().Seq, a); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := f.DB().Query(`SELECT seq, tx, kind, id, whole, fields FROM change WHERE writer = $1 OR writer = $2 ORDER BY seq`, ids[0], ids[1])
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var log strings.Builder
		for rows.Next() {
			var seq, tx, whole int64
			var kind, id, fields string
			if err := rows.Scan(&seq, &tx, &kind, &id, &whole, &fields); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&log, seq, tx, kind, id, whole, fields)
		}
		logs[t.Name()] = log.String()
	})
	if len(logs) == 2 { // PostgreSQL is left out under -short
		var all []string
		for _, l := range logs {
			all = append(all, l)
		}
		if all[0] != all[1] || all[0] == "" {
			t.Errorf("one log:\n%s\nthe other:\n%s", all[0], all[1])
		}
	}
}
