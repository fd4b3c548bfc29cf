package sim_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/canary"
)

// zenobia is what must not be found where it was erased.
const zenobia = "Zenobia-Quux-canary"

// hits lists the files below a folder that hold it.
func hits(t *testing.T, dir string) []string {
	t.Helper()
	found, err := canary.Words{zenobia}.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// tablet is a device in a folder that is known, so that it can be killed and
// looked through.
type tablet struct {
	*replica.Replica
	t     *testing.T
	c     *sim.City
	dir   string
	wire  *sim.Line
	clock *sim.Clock
}

func newTablet(t *testing.T, c *sim.City) *tablet {
	t.Helper()
	d := &tablet{t: t, c: c, dir: t.TempDir(), wire: line(c), clock: sim.NewClock(noon)}
	d.open()
	t.Cleanup(func() { d.Close() })
	d.enrol()
	return d
}

func (d *tablet) open() {
	d.t.Helper()
	var err error
	if d.Replica, err = replica.Open(ctx, replica.Config{Dir: d.dir, Now: d.clock.Now, Version: "test", Transport: d.wire}); err != nil {
		d.t.Fatal(err)
	}
}

func (d *tablet) enrol() {
	d.t.Helper()
	link, err := d.c.Enrolment(ctx, city.DeviceTablet, sim.Address, city.ScopePublic, city.ScopeCrew(sim.Crew))
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.Enrol(ctx, link, "Truck 4"); err != nil {
		d.t.Fatal(err)
	}
}

func (d *tablet) id() city.DeviceID {
	me, _ := d.Identity()
	return me.Device
}

// job gives the crew a request of somebody whose contact it may see.
func job(t *testing.T, c *sim.City) city.ID {
	t.Helper()
	request := city.NewID()
	for _, act := range []city.Act{
		&city.FileRequest{Request: request, Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: "fallen on my car, " + zenobia,
			Person: city.Person{Name: zenobia, Phone: "207 555 0121"}},
		&city.AssignRequest{Request: request, WorkOrder: city.NewID(), Crew: sim.Crew, Priority: city.PriorityNormal},
	} {
		if err := c.Act(ctx, act); err != nil {
			t.Fatal(err)
		}
	}
	return request
}

func shareContact(t *testing.T, c *sim.City) {
	t.Helper()
	_, err := c.Server().Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 1<<40, &city.PublishService{ID: "tree",
		Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", Active: true, Version: 1, ShareContact: true}})
	if err != nil {
		t.Fatal(err)
	}
}

func note(request city.ID, words string) replica.Entry {
	return replica.Entry{Actor: ana, Title: "Fallen tree", Act: &city.AddNote{Note: city.NewID(), Request: request, Text: words}}
}

func review(t *testing.T, c *sim.City, id city.ID) city.Review {
	t.Helper()
	r, ok, err := city.LoadReview(c.Server().Store().View(ctx), id)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return r
}

// A revoked device gives what it has not delivered to staff, once, with photos;
// nothing is applied.
func TestRevokedDeviceHandsOver(t *testing.T) {
	c := newCity(t)
	d := newTablet(t, c)
	request := job(t, c)
	step(t, d.Replica)
	photo := bytes.Repeat([]byte("photo"), 1000)
	sha, err := d.SaveBlob(ctx, photo)
	if err != nil {
		t.Fatal(err)
	}
	words := record(t, d.Replica, note(request, "the dog bites"))
	picture := record(t, d.Replica, replica.Entry{Actor: ana, Blobs: []string{sha}, Act: &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "after"}})
	st := c.Server().Store()
	if err := st.Revoke(ctx, d.id()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing left to give
		if err := d.Step(ctx); err == nil || d.Link().State != replica.LinkRevoked {
			t.Fatalf("%v %+v", err, d.Link())
		}
	}
	for _, id := range []city.MutationID{words, picture} {
		it, _, err := d.Item(ctx, id)
		if err != nil || it.State != replica.StateHanded || it.Review == "" || it.Verdict != city.VerdictRefused || it.Blobs != it.BlobsSent {
			t.Fatalf("%+v, %v", it, err)
		}
	}
	sum, err := d.Summary(ctx)
	if err != nil || sum.Pending != 0 || sum.Handed != 2 || sum.Blobs != 0 {
		t.Fatalf("%+v, %v", sum, err)
	}
	it, _, _ := d.Item(ctx, words)
	if r := review(t, c, it.Review); r.Refusal.Code != city.CodeRevoked || !strings.Contains(string(r.Payload), "the dog bites") || r.Actor != ana {
		t.Fatalf("%+v", r)
	}
	if notes, err := st.View(ctx).Children(request, city.KindNote); err != nil || len(notes) != 0 {
		t.Fatalf("applied: %v, %v", notes, err)
	}
	if f, _, err := st.OpenBlob(ctx, sha); err != nil {
		t.Fatal(err)
	} else {
		f.Close()
	}
	if left, err := st.Departure(ctx, d.id()); err != nil || left.Acts != 2 || left.Closed.IsZero() {
		t.Fatalf("%+v, %v", left, err)
	}
	// What is done after the end stays here, and says so.
	late := record(t, d.Replica, note(request, "too late"))
	if err := d.Step(ctx); err == nil || state(t, d.Replica, late) != replica.StateSaved {
		t.Fatal(err, state(t, d.Replica, late))
	}
	// Welcomed again, it delivers that, and files nothing twice.
	d.enrol()
	step(t, d.Replica)
	step(t, d.Replica)
	for id, want := range map[city.MutationID]replica.State{words: replica.StateHanded, picture: replica.StateHanded, late: replica.StateReceived} {
		if got := state(t, d.Replica, id); got != want {
			t.Errorf("%s after a new enrolment, want %s", got, want)
		}
	}
	if sum, err := d.Summary(ctx); err != nil || sum != (replica.Summary{}) {
		t.Errorf("%+v, %v", sum, err)
	}
	if notes, err := st.View(ctx).Children(request, city.KindNote); err != nil || len(notes) != 1 {
		t.Errorf("%d notes, %v", len(notes), err)
	}
}

// A kiosk's sealed reports are opened, and stand before staff whole.
func TestRevokedKioskHandsOverWhatItSealed(t *testing.T) {
	c := newCity(t)
	r := newReplica(t, c, city.DeviceKiosk, sim.Address, line(c), sim.NewClock(noon))
	step(t, r)
	id := record(t, r, report(city.NewID()))
	me, _ := r.Identity()
	if err := c.Server().Store().Revoke(ctx, me.Device); err != nil {
		t.Fatal(err)
	}
	_ = r.Step(ctx)
	it, _, err := r.Item(ctx, id)
	if err != nil || it.State != replica.StateHanded {
		t.Fatalf("%+v, %v", it, err)
	}
	if r := review(t, c, it.Review); !strings.Contains(string(r.Payload), "it fell") {
		t.Fatalf("%s", r.Payload)
	}
}

// Whatever is lost or comes twice on the line, the hand-over ends with every act
// before staff once.
func TestHandOverOnABadLine(t *testing.T) {
	c := newCity(t)
	d := newTablet(t, c)
	request := job(t, c)
	step(t, d.Replica)
	var ids []city.MutationID
	for range 30 {
		ids = append(ids, record(t, d.Replica, note(request, "a word")))
	}
	me := d.id()
	if err := c.Server().Store().Revoke(ctx, me); err != nil {
		t.Fatal(err)
	}
	for nth := 1; nth < 6; nth++ { // the device dies before each of its calls
		d.wire.Calls = 0
		d.wire.BeforeN = func() error { d.wire.Down = d.wire.Calls >= nth; return nil }
		_ = d.Step(ctx)
		d.wire.BeforeN, d.wire.Down = nil, false
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d.open()
	}
	_ = d.Step(ctx)
	for _, id := range ids {
		if got := state(t, d.Replica, id); got != replica.StateHanded {
			t.Fatal(got)
		}
	}
	if left, err := c.Server().Store().Departure(ctx, me); err != nil || left.Acts != len(ids) {
		t.Fatalf("%+v, %v", left, err)
	}
}

// A job that went to another crew: what was done about it stands before staff.
func TestReassignedWorkStandsBeforeStaff(t *testing.T) {
	c := newCity(t)
	d := newTablet(t, c)
	request := job(t, c)
	step(t, d.Replica)
	work, _, err := city.LoadWork(c.Server().Store().View(ctx), request)
	if err != nil {
		t.Fatal(err)
	}
	id := record(t, d.Replica, replica.Entry{Actor: ana, Act: &city.StartVisit{Visit: city.NewID(), WorkOrder: work.WorkOrder}})
	_, err = c.Server().Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 1<<40, &city.SetCrew{ID: "roads", Crew: city.Crew{Name: "Roads", Department: "parks"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Act(ctx, &city.AssignRequest{Request: request, WorkOrder: work.WorkOrder, Crew: "roads", Priority: city.PriorityNormal}); err != nil {
		t.Fatal(err)
	}
	step(t, d.Replica)
	it, _, err := d.Item(ctx, id)
	if err != nil || it.Code != city.CodeNotYours || it.State != replica.StateAttention {
		t.Fatalf("%+v, %v", it, err)
	}
	if r := review(t, c, it.Review); !strings.Contains(string(r.Payload), string(work.WorkOrder)) || r.Refusal.Code != city.CodeNotYours {
		t.Fatalf("%+v", r)
	}
}

// laden is a tablet with everything on it that a wipe has to take away.
func laden(t *testing.T, c *sim.City) (*tablet, city.MutationID) {
	t.Helper()
	shareContact(t, c)
	d := newTablet(t, c)
	request := job(t, c)
	step(t, d.Replica)
	if err := d.SaveDraft(ctx, "visit", []byte("a draft of "+zenobia)); err != nil {
		t.Fatal(err)
	}
	if err := d.SetPIN(ctx, "4711"); err != nil {
		t.Fatal(err)
	}
	sha, err := d.SaveBlob(ctx, []byte("a photo of "+zenobia))
	if err != nil {
		t.Fatal(err)
	}
	record(t, d.Replica, replica.Entry{Actor: ana, Title: zenobia, Blobs: []string{sha}, Act: &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "after"}})
	return d, record(t, d.Replica, note(request, "met "+zenobia))
}

// wiped checks that nothing of the city is left, and that the device begins anew.
func (d *tablet) wiped(me city.DeviceID) {
	d.t.Helper()
	if found := hits(d.t, d.dir); len(found) > 0 {
		d.t.Errorf("still in %v", found)
	}
	if _, ok := d.Identity(); ok {
		d.t.Error("it still has an identity")
	}
	for _, left := range []string{"blobs", "fetched"} {
		if files, err := os.ReadDir(filepath.Join(d.dir, left)); err != nil || len(files) > 0 {
			d.t.Errorf("%s holds %d files, %v", left, len(files), err)
		}
	}
	has, err := d.HasPIN(ctx)
	sum, failed := d.Summary(ctx)
	if has || err != nil || sum != (replica.Summary{}) || failed != nil {
		d.t.Errorf("a PIN %v %v, %+v %v", has, err, sum, failed)
	}
	left, err := d.c.Server().Store().Departure(ctx, me)
	if err != nil || left.Acts != 2 || left.Wiped.IsZero() {
		d.t.Errorf("%+v, %v", left, err)
	}
}

func TestWipe(t *testing.T) {
	c := newCity(t)
	d, _ := laden(t, c)
	me := d.id()
	if len(hits(t, d.dir)) < 3 {
		t.Fatal("there is nothing to wipe")
	}
	if err := c.Server().Store().OrderWipe(ctx, me); err != nil {
		t.Fatal(err)
	}
	step(t, d.Replica)
	d.wiped(me)
	wantCode(t, d.Step(ctx), city.CodeNotNow)
	d.enrol()
	step(t, d.Replica)
}

// A wipe goes on wherever it was interrupted. What people could read is gone
// with the order; what nobody else has goes once staff have it.
func TestWipeSurvivesEveryKill(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 3
	}
	for nth := 2; nth < 9; nth += step {
		c := newCity(t)
		d, id := laden(t, c)
		me := d.id()
		if err := c.Server().Store().OrderWipe(ctx, me); err != nil {
			t.Fatal(err)
		}
		d.wire.Calls = 0
		d.wire.BeforeN = func() error { d.wire.Down = d.wire.Calls >= nth; return nil }
		_ = d.Step(ctx)
		if _, there, err := d.Item(ctx, id); err != nil || !there && nth < 4 {
			t.Fatalf("cut at call %d, the unsent work is gone: %v", nth, err)
		}
		image := t.TempDir() // as a kill would leave it
		if err := os.CopyFS(image, os.DirFS(d.dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(image, "outbox.db-shm")); err != nil {
			t.Fatal(err)
		}
		for _, path := range hits(t, image) {
			if strings.Contains(path, "cache") || strings.Contains(path, "fetched") {
				t.Errorf("cut at call %d: %s", nth, path)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d.dir = image
		d.open()
		if draft, there, err := d.Draft(ctx, "visit"); there || err != nil {
			t.Errorf("cut at call %d: draft %s, %v", nth, draft, err)
		}
		if _, err := d.Record(ctx, note("r", "x")); err == nil {
			t.Errorf("cut at call %d: an act was taken", nth)
		}
		d.wire.BeforeN, d.wire.Down = nil, false
		_ = d.Step(ctx)
		d.wiped(me)
	}
}

// Only an order of the device's own city, for this device and its key, is one.
func TestForeignWipeOrdersAreIgnored(t *testing.T) {
	c, other := newCity(t), newCity(t)
	d, id := laden(t, c)
	me := d.id()
	second := newTablet(t, c)
	st := c.Server().Store()
	for _, x := range []city.DeviceID{me, second.id()} {
		if err := st.Revoke(ctx, x); err != nil {
			t.Fatal(err)
		}
	}
	mine, err := st.Device(ctx, me)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := st.Device(ctx, second.id())
	if err != nil {
		t.Fatal(err)
	}
	order := protocol.WipeOrder{Device: me, Public: mine.Public.String(), At: noon}
	foreign, otherKey := order, order
	foreign.Device, foreign.Public, otherKey.Public = theirs.ID, theirs.Public.String(), theirs.Public.String()
	own, stranger := c.Server().Keys().Identity, other.Server().Keys().Identity
	for name, x := range map[string]struct {
		order protocol.WipeOrder
		sign  func([]byte) []byte
	}{
		"unsigned":           {order, func([]byte) []byte { return nil }},
		"of another city":    {order, func(b []byte) []byte { return keys.SignBytes(stranger, keys.LabelWipe, b) }},
		"for another use":    {order, func(b []byte) []byte { return keys.SignBytes(own, keys.LabelHello, b) }},
		"altered":            {order, func(b []byte) []byte { return keys.SignBytes(own, keys.LabelWipe, append([]byte(" "), b...)) }},
		"to another device":  {foreign, func(b []byte) []byte { return keys.SignBytes(own, keys.LabelWipe, b) }},
		"to another's key":   {otherKey, func(b []byte) []byte { return keys.SignBytes(own, keys.LabelWipe, b) }},
		"a genuine one, cut": {order, func(b []byte) []byte { return keys.SignBytes(own, keys.LabelWipe, b)[:63] }},
	} {
		d.wire.To = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if !strings.HasSuffix(q.URL.Path, "/hello") {
				c.ServeHTTP(w, q)
				return
			}
			raw, err := json.Marshal(protocol.Problem{Code: protocol.CodeRevoked, Message: "gone", Order: &x.order})
			if err != nil {
				t.Error(err)
			}
			w.Header().Set(protocol.SignatureHeader, protocol.EncodeSignature(x.sign(raw)))
			w.WriteHeader(http.StatusForbidden)
			w.Write(raw)
		})
		_ = d.Step(ctx)
		if _, there, err := d.Item(ctx, id); !there || err != nil {
			t.Fatalf("%s: obeyed, %v", name, err)
		}
		if _, there, err := d.Draft(ctx, "visit"); !there || err != nil {
			t.Fatalf("%s: obeyed, %v", name, err)
		}
	}
}

// An answer to the hand-over that the city did not sign moves nothing.
func TestForgedHandOverIsNotBelieved(t *testing.T) {
	c := newCity(t)
	d := newTablet(t, c)
	request := job(t, c)
	step(t, d.Replica)
	id := record(t, d.Replica, note(request, "a word"))
	d.wire.To = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.HasSuffix(q.URL.Path, "/quarantine") {
			json.NewEncoder(w).Encode(protocol.PushVerdict{N: 1, ID: id, Verdict: city.VerdictRefused})
			json.NewEncoder(w).Encode(protocol.QuarantineEnd{End: true, Closed: true})
			return
		}
		w.WriteHeader(http.StatusForbidden)
		w.Write([]byte(`{"code":"revoked","message":"gone"}`))
	})
	_ = d.Step(ctx)
	if got := state(t, d.Replica, id); got != replica.StateSaved {
		t.Fatal(got)
	}
	d.wire.To = c
	step(t, d.Replica)
	if got := state(t, d.Replica, id); got != replica.StateReceived {
		t.Fatal(got)
	}
}

// A tablet without a word of the city stops showing people, whatever its clock
// does, and goes on taking work.
func TestLease(t *testing.T) {
	c := newCity(t)
	shareContact(t, c)
	d := newTablet(t, c)
	if err := d.SetPIN(ctx, "4711"); err != nil {
		t.Fatal(err)
	}
	request := job(t, c)
	step(t, d.Replica)
	step(t, d.Replica)
	ref := city.Ref{Kind: city.KindPerson, ID: request}
	shows := func(want bool, when string) {
		t.Helper()
		if ok, err := d.Unlock(ctx, "4711"); !ok || err != nil || d.Unlocked() != want {
			t.Fatalf("%s: the PIN is right: %v, %v; unlocked: %v", when, ok, err, d.Unlocked())
		}
		view, err := d.View(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, there, err := view.Record(ref)
		list, failed := d.Records(ctx, city.KindPerson)
		children, broken := view.Children(request, city.KindPerson)
		if there != want || err != nil || len(list) > 0 != want || failed != nil || len(children) > 0 != want || broken != nil || d.LeaseOver() == want {
			t.Errorf("%s: shown %v, %v, %v", when, there, len(list), len(children))
		}
		if _, ok, err := view.Record(city.Ref{Kind: city.KindWork, ID: request}); !ok || err != nil {
			t.Errorf("%s: the job itself is hidden, %v", when, err)
		}
		record(t, d.Replica, note(request, when))
	}
	restart := func() {
		t.Helper()
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d.open()
	}
	shows(true, "after a hello")
	d.wire.Down = true
	d.clock.Advance(13 * 24 * time.Hour)
	_ = d.Step(ctx)
	restart()
	shows(true, "after 13 days")
	d.clock.Advance(-10 * 24 * time.Hour)
	shows(false, "with the clock set back")
	d.clock.Advance(10 * 24 * time.Hour)
	shows(true, "with the clock right again")
	d.clock.Advance(25 * time.Hour)
	restart()
	shows(false, "after 14 days and an hour")
	for _, at := range []time.Time{time.Unix(0, 0), time.Date(2106, 2, 7, 0, 0, 0, 0, time.UTC)} {
		d.clock.Advance(at.Sub(d.clock.Now()))
		restart()
		shows(false, at.String())
		d.wire.Down = false
		step(t, d.Replica)
		shows(true, "after a hello at "+at.String())
		d.wire.Down = true
	}
	// A city that wants it shorter.
	set := &city.SetCity{Settings: city.Settings{Name: "Testburg", TimeZone: "UTC", Languages: []string{"en"}, TabletDays: 1}}
	if _, err := c.Server().Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 1<<40, set); err != nil {
		t.Fatal(err)
	}
	d.wire.Down = false
	step(t, d.Replica)
	d.clock.Advance(25 * time.Hour)
	shows(false, "after a day of a shorter lease")
}

// A device that was enrolled after the newest backup goes on by itself.
func TestEnrolledAfterTheBackup(t *testing.T) {
	c := newCity(t)
	image, err := c.Backup()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(image, "ledger")); err != nil { // it is in no backup
		t.Fatal(err)
	}
	d := newTablet(t, c)
	job(t, c)
	step(t, d.Replica)
	me := d.id()
	thief := newTablet(t, c)
	if err := c.Server().Store().OrderWipe(ctx, thief.id()); err != nil {
		t.Fatal(err)
	}
	ledger, err := os.ReadFile(filepath.Join(c.Data(), "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(image, "ledger"), ledger, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Restore(ctx, image); err != nil {
		t.Fatal(err)
	}
	if now, err := c.Server().Store().Device(ctx, me); err != nil || now.Name != "Truck 4" || len(now.Grants) != 2 {
		t.Fatalf("%+v, %v", now, err)
	}
	request := job(t, c)
	step(t, d.Replica)
	if view, err := d.View(ctx); err != nil {
		t.Fatal(err)
	} else if _, ok, _ := view.Record(city.Ref{Kind: city.KindWork, ID: request}); !ok {
		t.Error("it does not pull")
	}
	id := record(t, d.Replica, note(request, "back"))
	step(t, d.Replica)
	if got := state(t, d.Replica, id); got != replica.StateReceived {
		t.Error(got)
	}
	step(t, thief.Replica)
	if _, ok := thief.Identity(); ok {
		t.Error("the order to wipe was forgotten")
	}
}
