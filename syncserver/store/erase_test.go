package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/shared/sim/canary"
	"cityhall/syncserver/store"
)

const zenobia = "Zenobia-Quux-canary"

var admin = city.Actor{Kind: city.ActorStaff, ID: "ada", Name: "Ada"}

// hits lists the files below a folder that hold it.
func hits(t *testing.T, dir string) []string {
	t.Helper()
	found, err := canary.Words{zenobia}.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// told is a request of somebody who left much of themselves, with a photo and an
// act that was refused.
type told struct {
	act    *city.FileRequest
	filed  protocol.Envelope
	sha    string
	review city.ID
}

func (f *fixture) tell(kiosk *device) told {
	f.t.Helper()
	ctx := context.Background()
	f.mustAct(system, &city.SetStaff{ID: "ada", Staff: city.Staff{Name: "Ada", Roles: []city.Role{city.RoleAdmin}, Active: true}})
	f.mustAct(system, &city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", Active: true, Version: 1, ShareContact: true}})
	act := newRequest()
	act.Description, act.Person, act.Place.Detail = "My name is "+zenobia, city.Person{Name: zenobia, Email: zenobia + "@example.org"}, "behind "+zenobia
	env := kiosk.prepared(resident, act)
	pub := f.keys.Sealing.Newest()
	body, err := pub.Seal(keys.SealInfo(pub.ID(), string(env.ID), string(env.Type)), env.Args)
	if err != nil {
		f.t.Fatal(err)
	}
	env.Args, env.Sealed = nil, &protocol.Sealed{Key: pub.ID(), Body: body}
	again := kiosk.prepared(resident, newRequest()) // the same request once more: refused, and kept in a review
	other := *act
	other.Description = "once more " + zenobia
	if again.Args, err = city.Canonical(&other); err != nil {
		f.t.Fatal(err)
	}
	v := kiosk.push(env, again)
	if v[0].Verdict != city.VerdictApplied || v[1].Verdict != city.VerdictRefused {
		f.t.Fatalf("%+v", v)
	}
	sha, err := f.PutBlob(ctx, []byte("a face, and a sign: "+zenobia))
	if err != nil {
		f.t.Fatal(err)
	}
	f.mustAct(reviewer, &city.AddPhoto{Photo: city.NewID(), Request: act.Request, Blob: sha, Stage: "report", Caption: zenobia, Bytes: 1, Width: 1, Height: 1})
	f.mustAct(dispatcher, &city.AssignRequest{Request: act.Request, WorkOrder: city.NewID(), Crew: "trees", Priority: city.PriorityHigh})
	return told{act: act, filed: env, sha: sha, review: v[1].Review}
}

func (f *fixture) mustErase(request city.ID) {
	f.t.Helper()
	if _, err := f.Erase(context.Background(), admin, city.NewMutationID(), request, "asked for it"); err != nil {
		f.t.Fatal(err)
	}
}

func TestErasureLeavesNoByte(t *testing.T) {
	h := newHall(t)
	h.Close()
	h.snaps = t.TempDir()
	h.open()
	ctx := context.Background()
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	c := h.tell(kiosk)
	tablet := h.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
	tablet.pull(1000)
	if _, err := h.Snapshot(ctx, tablet.Device); err != nil {
		t.Fatal(err)
	}
	b := h.backup()
	if found := hits(t, h.data); len(found) < 2 {
		t.Fatalf("there is nothing to erase in %v", found)
	}
	if _, err := h.Erase(ctx, dispatcher, city.NewMutationID(), c.act.Request, "x"); city.CodeOf(err) != city.CodeForbidden {
		t.Fatalf("a dispatcher: %v", err)
	}
	if len(hits(t, h.data)) < 2 {
		t.Fatal("a refused erasure has erased")
	}
	h.mustErase(c.act.Request)
	if parts, err := os.ReadDir(h.snaps); err != nil || len(parts) > 0 {
		t.Errorf("%d snapshots hold what was erased, %v", len(parts), err)
	}
	if m, err := h.Snapshot(ctx, tablet.Device); err != nil || m.Seq < h.head().Seq {
		t.Errorf("a snapshot of %+v, %v", m, err)
	}
	clean := func(when string) {
		t.Helper()
		if found := hits(t, h.data); len(found) > 0 {
			t.Errorf("%s: still in %v", when, found)
		}
		h.verified()
		if f, _, err := h.OpenBlob(ctx, c.sha); !errors.Is(err, store.ErrNoBlob) {
			t.Errorf("%s: the photo is there: %v, %v", when, f, err)
		}
		if err := h.BeginBlob(ctx, "", c.sha, 10); !errors.Is(err, store.ErrErased) {
			t.Errorf("%s: the photo is taken again: %v", when, err)
		}
		if w := h.record(city.KindWork, c.act.Request); w.Text("crew") != "trees" || w.Text("department") != "parks" {
			t.Errorf("%s: more was erased than the resident gave: %v", when, w.Fields)
		}
		// What a device still holds does not bring it back.
		again := &device{f: h.fixture, Device: kiosk.Device, stream: string(city.NewID())}
		if v := again.push(c.filed)[0]; v.Verdict != city.VerdictDuplicate || v.Stored != city.VerdictErased {
			t.Errorf("%s: pushed again: %+v", when, v)
		}
		forged := c.filed
		forged.Sealed, forged.Args = nil, []byte(`{"description":"`+zenobia+`"}`)
		again = &device{f: h.fixture, Device: kiosk.Device, stream: string(city.NewID())}
		if v := again.push(forged)[0]; v.Stored != city.VerdictErased {
			t.Errorf("%s: its id with other words: %+v", when, v)
		}
		// Everybody who pulls from the beginning gets whole records.
		fresh := &device{f: h.fixture, Device: tablet.Device}
		have := map[city.Ref]city.Record{}
		for _, fr := range fresh.pull(7) {
			if fr.Put != nil && !fr.Put.Full {
				if _, there := have[fr.Put.Ref]; !there {
					t.Errorf("%s: a change of %s, which nobody sent", when, fr.Put.Ref)
				}
			}
			replay(have, []protocol.Frame{fr})
		}
		if _, there := have[city.Ref{Kind: city.KindPerson, ID: c.act.Request}]; there {
			t.Errorf("%s: the crew still gets the person", when)
		}
		if r := have[city.Ref{Kind: city.KindWork, ID: c.act.Request}]; r.Text("crew") != "trees" {
			t.Errorf("%s: the crew gets %v", when, r.Fields)
		}
		if found := hits(t, h.data); len(found) > 0 {
			t.Errorf("%s, after pushes: in %v", when, found)
		}
	}
	clean("erased")
	evicted := false
	for _, fr := range tablet.pull(1000) {
		evicted = evicted || fr.Evict != nil && fr.Evict.Kind == city.KindPerson
	}
	if !evicted {
		t.Error("the crew does not learn that it has to forget the person")
	}
	h.Close()
	h.open()
	clean("after a start")

	// The newest backup knows nothing of it; the ledger does.
	h.die("ledger")
	r := h.restore()
	if r.Seq != b.Seq {
		t.Fatalf("restored %d, backed up %d", r.Seq, b.Seq)
	}
	clean("restored")
	h.Close()
	h.open()
	clean("restored, and started once more")
}

// A backup that is older than the request: the device that still holds it does
// not bring it back.
func TestErasedRequestDoesNotComeBackByItself(t *testing.T) {
	h := newHall(t)
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	h.backup()
	c := h.tell(kiosk)
	h.mustErase(c.act.Request)
	h.die("ledger")
	h.restore()
	again := &device{f: h.fixture, Device: kiosk.Device, stream: "after"}
	if v := again.push(c.filed)[0]; v.Verdict != city.VerdictDuplicate || v.Stored != city.VerdictErased {
		t.Errorf("pushed again: %+v", v)
	}
	if _, there, err := h.View(context.Background()).Record(city.Ref{Kind: city.KindRequest, ID: c.act.Request}); there || err != nil {
		t.Error("the request is back", err)
	}
	if found := hits(t, h.data); len(found) > 0 {
		t.Errorf("in %v", found)
	}
	h.verified()
}

func TestErasureOnBothEngines(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		c := f.tell(kiosk)
		before := f.head()
		f.mustErase(c.act.Request)
		f.mustErase(c.act.Request) // nothing is left to do
		if p := f.record(city.KindPerson, c.act.Request); len(p.Fields) > 0 {
			t.Errorf("person %v", p.Fields)
		}
		if w := f.record(city.KindWork, c.act.Request); w.Text("description") != "" || bytes.Contains(w.Fields["place"], []byte(zenobia)) {
			t.Errorf("work %v", w.Fields)
		}
		if r := f.record(city.KindReview, c.review); len(r.Fields["payload"]) > 0 {
			t.Errorf("review %s", r.Fields["payload"])
		}
		var left int
		err := f.DB().QueryRow(`SELECT count(*) FROM change WHERE fields IS NULL AND salt IS NOT NULL OR fields IS NOT NULL AND salt IS NULL`).Scan(&left)
		if err != nil || left != 0 {
			t.Errorf("%d rows are erased by halves, %v", left, err)
		}
		var verdict string
		var envelope []byte
		err = f.DB().QueryRow(`SELECT verdict, envelope FROM mutation WHERE id = $1`, c.filed.ID).Scan(&verdict, &envelope)
		if err != nil || verdict != string(city.VerdictErased) || len(envelope) > 0 {
			t.Errorf("archive: %s %q, %v", verdict, envelope, err)
		}
		if f.head().Seq <= before.Seq {
			t.Error("nothing says that it was erased")
		}
	})
}

// TestErasureTakesWhatWaitsAndWhatWasSalvaged: a photo's act that is held has no
// record yet, and evidence is none; neither keeps a byte, and nobody waits for ever.
func TestErasureTakesWhatWaitsAndWhatWasSalvaged(t *testing.T) {
	h := newHall(t)
	ctx := context.Background()
	kiosk, tablet := h.enrolled(city.DeviceKiosk, city.ScopePublic), h.crewTablet()
	c := h.tell(kiosk)
	late := kiosk.prepared(resident, newRequest())
	photo := kiosk.prepared(resident, newRequest()) // as a kiosk of another version might send it
	photo.Type, photo.Base, photo.Deps = "photo.add@1", nil, []city.MutationID{late.ID}
	var err error
	if photo.Args, err = city.Canonical(&city.AddPhoto{Photo: city.NewID(), Request: c.act.Request, Blob: c.sha, Stage: "report", Caption: zenobia}); err != nil {
		t.Fatal(err)
	}
	note := tablet.prepared(treeCrew, &city.AddNote{Note: city.NewID(), Request: c.act.Request, Text: "Rests on the photo"})
	note.Deps = []city.MutationID{photo.ID}
	wantVerdicts(t, kiosk.push(photo), "held missing")
	wantVerdicts(t, tablet.push(note), "held")
	lost := protocol.Held{Ref: city.Ref{Kind: city.KindWork, ID: c.act.Request}, Seq: 3, Fields: city.Fields{"description": []byte(`"` + zenobia + `"`)},
		Writers: map[string]city.MutationID{"description": city.NewMutationID()}}
	child := lost
	child.Ref, child.Parent = city.Ref{Kind: city.KindNote, ID: "n"}, c.act.Request
	if r, err := h.Salvage(ctx, tablet.Device, protocol.Cursor{Epoch: "before", Seq: 10}, []protocol.Held{lost, child}); err != nil || r.Kept != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	h.mustErase(c.act.Request)
	if found := hits(t, h.data); len(found) > 0 {
		t.Errorf("still in %v", found)
	}
	h.verified()
	h.sweep()
	if verdict, _, _ := h.fate(note.ID); verdict == "" {
		t.Error("what rests on an erased act waits for ever")
	}
	h.now.pass(25 * time.Hour)
	h.sweep()
	var waiting int
	if err := h.DB().QueryRow(`SELECT count(*) FROM held WHERE seq = 0`).Scan(&waiting); err != nil || waiting != 0 {
		t.Errorf("%d acts wait still, %v", waiting, err)
	}
	wantVerdicts(t, kiosk.push(late), "applied")
	if found := hits(t, h.data); len(found) > 0 {
		t.Errorf("after what it waited for: in %v", found)
	}
	h.verified()
}

// TestErasureBesideAReader: a reader on an older snapshot keeps the log as it was;
// a sweep cleans it once that one has gone.
func TestErasureBesideAReader(t *testing.T) {
	h := newHall(t)
	ctx := context.Background()
	c := h.tell(h.enrolled(city.DeviceKiosk, city.ScopePublic))
	reader, err := h.DB().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	var n int
	if err := reader.QueryRow(`SELECT count(*) FROM record`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	h.mustErase(c.act.Request)
	if len(hits(t, h.data)) == 0 {
		t.Fatal("the reader has kept nothing")
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	var found []string
	for range 50 { // another goroutine of the store may be reading at the moment: then the next sweep does it
		h.sweep()
		if found = hits(t, h.data); len(found) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("still in %v", found)
}
