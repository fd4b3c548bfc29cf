package replica_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
)

var (
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	crewA = city.Actor{Kind: city.ActorCrew, ID: "ana", Name: "Ana", Crew: "tree"}
	guest = city.Actor{Kind: city.ActorResident}
)

// device is a replica in a folder of its own.
type device struct {
	*replica.Replica
	t    *testing.T
	ctx  context.Context
	dir  string
	seal keys.SealingKey
	seq  int64
	hall city.Memory // what the city has

	ballast int64
}

func newDevice(t *testing.T, kind city.DeviceKind) *device {
	t.Helper()
	d := &device{t: t, ctx: context.Background(), dir: t.TempDir(), hall: city.Memory{}}
	d.join(kind)
	return d
}

// join opens the device and makes it one of a small city.
func (d *device) join(kind city.DeviceKind) {
	t := d.t
	t.Helper()
	d.open()
	t.Cleanup(func() { d.Close() })
	grants := []city.Scope{city.ScopePublic}
	if kind == city.DeviceTablet {
		grants = append(grants, city.ScopeCrew("tree"))
	}
	var err error
	if d.seal, err = replica.Join(d.ctx, d.Replica, kind, grants...); err != nil {
		t.Fatal(err)
	}
	d.feed(d.does(&city.SetCity{Settings: city.Settings{Name: "Testburg", TimeZone: "UTC", Languages: []string{"en"}}})...)
	d.feed(d.does(&city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", Active: true, Version: 1}})...)
	d.feed(d.does(&city.SetCrew{ID: "tree", Crew: city.Crew{Name: "Tree crew", Department: "parks"}})...)
}

func (d *device) open() {
	d.t.Helper()
	r, err := replica.Open(d.ctx, replica.Config{Dir: d.dir, Now: func() time.Time { return noon }, Ballast: d.ballast})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Replica = r
}

// reopen stops the program and starts it again.
func (d *device) reopen() {
	d.t.Helper()
	if err := d.Close(); err != nil {
		d.t.Fatal(err)
	}
	d.open()
}

// does lets the city act, and gives the frames that follow from it.
func (d *device) does(act city.Act) []protocol.Frame {
	d.t.Helper()
	m, err := city.Prepare(d.hall, city.NewMutationID(), city.Actor{Kind: city.ActorSystem}, city.OfficeDevice, noon, act)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.lands(m)
}

// lands applies a mutation at the city and gives the frames.
func (d *device) lands(m city.Mutation) []protocol.Frame {
	d.t.Helper()
	m.Received = noon.Add(time.Hour)
	res, err := city.Apply(d.hall, m)
	if err != nil {
		d.t.Fatal(err)
	}
	var frames []protocol.Frame
	for _, c := range res.Changed {
		d.hall[c.Record.Ref] = c.Record
		d.seq++
		frames = append(frames, protocol.Frame{Put: &protocol.Put{Ref: c.Record.Ref, Parent: c.Record.Parent, Seq: d.seq, Full: true,
			Fields: c.Record.Fields, W: m.ID, WS: c.Record.Writers}})
	}
	if m.Device != city.OfficeDevice {
		frames = append(frames, protocol.Frame{Ack: &protocol.Ack{Mutation: m.ID, Seq: d.seq, Verdict: res.Verdict}})
	}
	return frames
}

func (d *device) feed(frames ...protocol.Frame) {
	d.t.Helper()
	if err := replica.Feed(d.ctx, d.Replica, 0, frames...); err != nil {
		d.t.Fatal(err)
	}
}

// lines opens the outbox as the server would.
func (d *device) lines() []city.Mutation {
	d.t.Helper()
	_, lines, err := replica.OutboxLines(d.ctx, d.Replica)
	if err != nil {
		d.t.Fatal(err)
	}
	var out []city.Mutation
	for i, line := range lines {
		var env protocol.Envelope
		if err := json.Unmarshal(line, &env); err != nil {
			d.t.Fatal(err)
		}
		if env.N != uint64(i+1) {
			d.t.Fatalf("line %d stands at %d", i+1, env.N)
		}
		args := env.Args
		if env.Sealed != nil {
			if args, err = d.seal.Open(keys.SealInfo(env.Sealed.Key, string(env.ID), string(env.Type)), env.Sealed.Body); err != nil {
				d.t.Fatal(err)
			}
		}
		out = append(out, env.Mutation("device-1", args, time.Time{}))
	}
	return out
}

func (d *device) record(entries ...replica.Entry) []city.MutationID {
	d.t.Helper()
	ids, err := d.Record(d.ctx, entries...)
	if err != nil {
		d.t.Fatal(err)
	}
	return ids
}

func (d *device) view() city.View {
	d.t.Helper()
	v, err := d.View(d.ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	return v
}

func (d *device) item(id city.MutationID) replica.Item {
	d.t.Helper()
	it, ok, err := d.Item(d.ctx, id)
	if err != nil || !ok {
		d.t.Fatalf("item %s: %v %v", id, ok, err)
	}
	return it
}

func (d *device) summary() replica.Summary {
	d.t.Helper()
	s, err := d.Summary(d.ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

// report is a resident's report; fallen names it.
func report(request city.ID, words string) replica.Entry {
	return replica.Entry{Actor: guest, Title: "Fallen tree", Act: &city.FileRequest{Request: request, Service: "tree", Version: 1,
		Place: city.Place{Lat: 435_512_345, Lon: -702_598_765, Address: "12 Secretstreet"}, Description: words, Lookup: "key-" + string(request),
		Person: city.Person{Name: "Canary Birdsong", Phone: "+1 207 555 0123"}}}
}

// assigned gives the tablet a job.
func (d *device) assigned() (request, order city.ID) {
	d.t.Helper()
	request, order = city.NewID(), city.NewID()
	d.feed(d.does(&city.FileRequest{Request: request, Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: "A tree"})...)
	d.feed(d.does(&city.AssignRequest{Request: request, WorkOrder: order, Crew: "tree", Priority: city.PriorityNormal})...)
	return request, order
}

func wantCode(t *testing.T, err error, code city.Code) {
	t.Helper()
	if e, ok := city.AsError(err); !ok || e.Code != code {
		t.Fatalf("error %v, want code %s", err, code)
	}
}

func TestRecordNeedsEnrolment(t *testing.T) {
	r, err := replica.Open(context.Background(), replica.Config{Dir: t.TempDir(), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, err = r.Record(context.Background(), report(city.NewID(), "x"))
	wantCode(t, err, city.CodeNotNow)
	wantCode(t, r.Step(context.Background()), city.CodeNotNow)
	if _, ok := r.Identity(); ok {
		t.Fatal("an identity without an enrolment")
	}
	_, err = r.Enrol(context.Background(), "cityhall://enrol?nonsense", "")
	wantCode(t, err, city.CodeInvalid)
}

func TestTabletSeesItsOwnWorkAtOnce(t *testing.T) {
	d := newDevice(t, city.DeviceTablet)
	request, order := d.assigned()
	visit := city.NewID()
	ids := d.record(
		replica.Entry{Actor: crewA, Title: "Start", Act: &city.StartVisit{Visit: visit, WorkOrder: order}},
		replica.Entry{Actor: crewA, Title: "Finish", Act: &city.FinishVisit{Visit: visit, WorkOrder: order, Outcome: city.OutcomeFixed, Notes: "Sawn up"}})
	for _, again := range []bool{false, true} {
		if again {
			d.reopen()
		}
		job, ok, err := city.LoadWorkOrder(d.view(), order)
		if err != nil || !ok || job.State != city.JobDone {
			t.Fatalf("job %+v %v %v", job, ok, err)
		}
		visits, err := d.Records(d.ctx, city.KindVisit)
		if err != nil || len(visits) != 1 || visits[0].Text("notes") != "Sawn up" {
			t.Fatalf("visits %+v %v", visits, err)
		}
		about, err := d.ItemsAbout(d.ctx, request)
		if err != nil || len(about) != 2 || about[0].ID != ids[1] || about[0].State != replica.StateSaved {
			t.Fatalf("about %+v %v", about, err)
		}
	}
	if s := d.summary(); s.Pending != 2 || !s.Oldest.Equal(noon) {
		t.Fatalf("summary %+v", s)
	}
	// The second rests on the first: its base names the first's id.
	sent := d.lines()
	if base := sent[1].Base[city.Ref{Kind: city.KindWorkOrder, ID: order}.Field("state")]; base != ids[0] {
		t.Fatalf("base %q, want the first act %q", base, ids[0])
	}
	for _, m := range sent {
		d.feed(d.lands(m)...)
	}
	if it := d.item(ids[1]); it.State != replica.StateReceived || it.Verdict != city.VerdictApplied {
		t.Fatalf("after the echo: %+v", it)
	}
	if err := replica.Feed(d.ctx, d.Replica, d.seq); err != nil {
		t.Fatal(err)
	}
	if it := d.item(ids[0]); it.State != replica.StateSafe {
		t.Fatalf("after the backup: %+v", it)
	}
	if s := d.summary(); s.Pending != 0 {
		t.Fatalf("summary %+v", s)
	}
}

func TestRecordRefusesWhatCannotBe(t *testing.T) {
	d := newDevice(t, city.DeviceTablet)
	_, order := d.assigned()
	start := replica.Entry{Actor: crewA, Act: &city.StartVisit{Visit: city.NewID(), WorkOrder: order}}
	_, err := d.Record(d.ctx, start, replica.Entry{Actor: crewA, Act: &city.StartVisit{Visit: city.NewID(), WorkOrder: "nothing"}})
	wantCode(t, err, city.CodeUnknown)
	if s := d.summary(); s.Pending != 0 {
		t.Fatalf("half of a refused call was stored: %+v", s)
	}
	if job, _, _ := city.LoadWorkOrder(d.view(), order); job.State != city.JobAssigned {
		t.Fatalf("half of a refused call is shown: %+v", job)
	}
	_, err = d.Record(d.ctx, replica.Entry{Actor: crewA, Act: start.Act, Blobs: []string{"0123"}})
	wantCode(t, err, city.CodeUnknown)
	if ids, err := d.Record(d.ctx); err != nil || len(ids) != 0 {
		t.Fatalf("nothing to record: %v %v", ids, err)
	}
}

func TestFindLooksThroughBoth(t *testing.T) {
	d := newDevice(t, city.DeviceKiosk)
	sent, waiting := city.NewID(), city.NewID()
	ids := d.record(report(sent, "one"))
	d.feed(d.lands(d.lines()[0])...)
	d.record(report(waiting, "two"))
	for request, status := range map[city.ID]string{sent: "received", waiting: ""} {
		for field, value := range map[string]string{"lookup": "key-" + string(request), "number": request.Number(), "service": "tree"} {
			found, err := d.Find(d.ctx, city.KindRequest, field, value)
			at := slices.IndexFunc(found, func(r city.Record) bool { return r.ID == request })
			if err != nil || at < 0 {
				t.Fatalf("find %s: %+v %v", field, found, err)
			}
			if got := found[at].Text("status"); got != status {
				t.Fatalf("status %q, want %q", got, status)
			}
		}
	}
	if found, err := d.Find(d.ctx, city.KindRequest, "lookup", ""); err != nil || len(found) != 0 {
		t.Fatalf("nothing finds %+v %v", found, err)
	}
	if it := d.item(ids[0]); it.State != replica.StateReceived || it.Subject != sent {
		t.Fatalf("item %+v", it)
	}
}

func TestEchoIsCopiedAtTheNextStart(t *testing.T) {
	d := newDevice(t, city.DeviceTablet)
	_, order := d.assigned()
	ids := d.record(replica.Entry{Actor: crewA, Act: &city.StartVisit{Visit: city.NewID(), WorkOrder: order}})
	if err := replica.FeedOnly(d.ctx, d.Replica, d.lands(d.lines()[0])...); err != nil {
		t.Fatal(err)
	}
	// The act is in the cache and in the outbox: it must not be shown twice over.
	if job, _, err := city.LoadWorkOrder(d.view(), order); err != nil || job.State != city.JobStarted {
		t.Fatalf("job %+v %v", job, err)
	}
	if it := d.item(ids[0]); it.State != replica.StateSaved {
		t.Fatalf("before the copy: %+v", it)
	}
	d.reopen()
	if it := d.item(ids[0]); it.State != replica.StateReceived {
		t.Fatalf("after the start: %+v", it)
	}
}

func TestPutsApplyInOrderOnly(t *testing.T) {
	d := newDevice(t, city.DeviceKiosk)
	ref := city.Ref{Kind: "hologram", ID: "h1"}
	put := func(seq int64, full bool, fields city.Fields) protocol.Frame {
		return protocol.Frame{Put: &protocol.Put{Ref: ref, Seq: seq, Full: full, Fields: fields, W: city.NewMutationID()}}
	}
	d.feed(put(100, true, city.Fields{"a": json.RawMessage(`{"new":[1,2]}`), "b": json.RawMessage(`"x"`)}))
	d.feed(put(90, false, city.Fields{"b": json.RawMessage(`"old"`)}))
	d.feed(put(110, false, city.Fields{"b": json.RawMessage(`null`), "c": json.RawMessage(`1`)}))
	rec, ok, err := d.view().Record(ref)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if got := fmt.Sprintf("%s", rec.Fields); got != `map[a:{"new":[1,2]} c:1]` {
		t.Fatalf("fields %s", got)
	}
	if len(rec.Writers) != 3 {
		t.Fatalf("writers %v: a cleared field keeps its writer", rec.Writers)
	}
	d.feed(protocol.Frame{Evict: &protocol.Evict{Ref: ref, Seq: 105}})
	if _, ok, _ := d.view().Record(ref); !ok {
		t.Fatal("an older eviction took a newer record")
	}
	d.feed(protocol.Frame{Evict: &protocol.Evict{Ref: ref, Seq: 120}})
	if _, ok, _ := d.view().Record(ref); ok {
		t.Fatal("the record stayed")
	}
	if replica.Doubtful(d.Replica) {
		t.Fatal("doubt without a reason")
	}
	d.feed(put(130, false, city.Fields{"b": json.RawMessage(`"x"`)}))
	if !replica.Doubtful(d.Replica) {
		t.Fatal("a change of a record that is not here went unnoticed")
	}
}

func TestCutPagesAreThrownAway(t *testing.T) {
	frame := `{"ack":{"mutation":"m","seq":1,"verdict":"applied"}}` + "\n"
	end := `{"end":{"cursor":"c","more":false,"safe_seq":0,"count":1}}` + "\n"
	if err := replica.DecodePage([]byte(frame + end)); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"", frame, end, frame + frame + end, frame + end[:20], end + frame, frame + end + end, "<html>"} {
		if err := replica.DecodePage([]byte(body)); err == nil {
			t.Errorf("taken for a page: %q", body)
		}
	}
}
