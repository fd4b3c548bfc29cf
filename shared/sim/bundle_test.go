package sim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/syncserver"
)

// onSticks is a device whose line is dead once it was enrolled and has pulled.
func onSticks(t *testing.T, c *sim.City, kind city.DeviceKind) (*replica.Replica, *sim.Line) {
	t.Helper()
	l := line(c)
	r := newReplica(t, c, kind, sim.Address, l, sim.NewClock(noon))
	step(t, r)
	l.Cut(true)
	return r, l
}

func save(t *testing.T, r *replica.Replica) replica.Bundle {
	t.Helper()
	b, err := r.ExportBundle(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func carry(t *testing.T, c *sim.City, b replica.Bundle) syncserver.Imported {
	t.Helper()
	done, err := deskOf(c).Import(ctx, b.Path)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func deskOf(c *sim.City) syncserver.Desk {
	return syncserver.Desk{Store: c.Server().Store(), Keys: c.Server().Keys(), Now: c.Clock.Now, Log: slog.New(slog.DiscardHandler)}
}

func readBack(t *testing.T, r *replica.Replica, done syncserver.Imported) {
	t.Helper()
	if err := r.ImportAnswer(ctx, done.Answer); err != nil {
		t.Fatal(err)
	}
}

// shownBy is all that a device shows: its acts, and what it has of the city.
func shownBy(t *testing.T, r *replica.Replica) string {
	t.Helper()
	items, err := r.Items(ctx, 1000)
	if err != nil {
		t.Fatal(err)
	}
	all := []any{items}
	for _, kind := range []city.Kind{city.KindRequest, city.KindWork, city.KindNote, city.KindPhoto, city.KindService, city.KindWorkOrder, city.KindReview} {
		found, err := r.Records(ctx, kind)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found)
	}
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// sameByLine steps a device by line and wants nothing to change by it: the stick
// has told all that there was to tell, in the same words.
func sameByLine(t *testing.T, r *replica.Replica, l *sim.Line) {
	t.Helper()
	before := shownBy(t, r)
	l.Cut(false)
	step(t, r)
	if after := shownBy(t, r); after != before {
		t.Errorf("by stick the device showed\n%s\nby line it shows\n%s", before, after)
	}
}

func TestStickTellsWhatTheLineTells(t *testing.T) {
	c := newCity(t)
	kiosk, kioskLine := onSticks(t, c, city.DeviceKiosk)
	tablet, tabletLine := onSticks(t, c, city.DeviceTablet)
	request := city.NewID()
	filed := record(t, kiosk, report(request))
	b := save(t, kiosk)
	if b.Acts != 1 || state(t, kiosk, filed) != replica.StateSaved {
		t.Fatalf("saved %+v, and the act is %s", b, state(t, kiosk, filed))
	}
	done := carry(t, c, b)
	if done.Acts != 1 || done.New != 1 || state(t, kiosk, filed) != replica.StateSaved {
		t.Fatalf("taken in: %+v", done)
	}
	if again := carry(t, c, b); again.New != 0 || again.Acts != 1 {
		t.Errorf("taken in twice: %+v", again)
	}
	readBack(t, kiosk, done)
	if got := state(t, kiosk, filed); got != replica.StateReceived {
		t.Errorf("after the answer the act is %s", got)
	}
	wantCode(t, kiosk.ImportAnswer(ctx, done.Answer), city.CodeStale)

	if err := c.Act(ctx, &city.AssignRequest{Request: request, WorkOrder: city.NewID(), Crew: sim.Crew, Priority: city.PriorityNormal}); err != nil {
		t.Fatal(err)
	}
	readBack(t, tablet, carry(t, c, save(t, tablet))) // of what the kiosk has filed
	photo := bytes.Repeat([]byte("p"), 10<<20)        // more than a chunk
	sha, err := tablet.SaveBlob(ctx, photo)
	if err != nil {
		t.Fatal(err)
	}
	note := replica.Entry{Actor: ana, Title: "Tree", Act: &city.AddNote{Note: city.NewID(), Request: request, Text: "Dog in the yard."}}
	noted := record(t, tablet, note)
	pictured := record(t, tablet, replica.Entry{Actor: ana, Title: "Tree", Blobs: []string{sha},
		Act: &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "report", Bytes: len(photo), Width: 10, Height: 10}})
	taken := carry(t, c, save(t, tablet))
	if taken.Acts != 2 || taken.Photos != 1 {
		t.Fatalf("taken in %+v", taken)
	}
	readBack(t, tablet, taken)
	if a, b := state(t, tablet, noted), state(t, tablet, pictured); a != replica.StateReceived || b != replica.StateReceived {
		t.Errorf("note %s, photo %s", a, b)
	}
	if sum, err := tablet.Summary(ctx); err != nil || sum.Blobs != 0 || sum.Pending != 0 {
		t.Errorf("still waiting: %+v, %v", sum, err)
	}
	wantCode(t, kiosk.ImportAnswer(ctx, taken.Answer), city.CodeNotYours)
	sameByLine(t, tablet, tabletLine)
	if empty := save(t, kiosk); empty.Acts != 0 {
		t.Errorf("the kiosk saves again %+v", empty)
	} else {
		readBack(t, kiosk, carry(t, c, empty)) // what the tablet did
	}
	sameByLine(t, kiosk, kioskLine)
}

func TestSticksGetLostAndMixedUp(t *testing.T) {
	c := newCity(t)
	r, l := onSticks(t, c, city.DeviceKiosk)
	first := record(t, r, report(city.NewID()))
	older := carry(t, c, save(t, r)) // and the answer stays in a pocket
	second := record(t, r, report(city.NewID()))
	newer := carry(t, c, save(t, r))
	if newer.Acts != 2 || newer.New != 1 {
		t.Fatalf("the second stick: %+v", newer)
	}
	wantCode(t, r.ImportAnswer(ctx, older.Answer), city.CodeStale)
	if state(t, r, first) != replica.StateSaved {
		t.Error("an older answer has changed something")
	}
	readBack(t, r, newer)
	if a, b := state(t, r, first), state(t, r, second); a != replica.StateReceived || b != replica.StateReceived {
		t.Errorf("%s, %s", a, b)
	}

	// The line comes back between saving and reading: the stick has nothing to add.
	third := record(t, r, report(city.NewID()))
	late := carry(t, c, save(t, r))
	l.Cut(false)
	step(t, r)
	fourth := record(t, r, report(city.NewID()))
	step(t, r)
	before := shownBy(t, r)
	readBack(t, r, late)
	if after := shownBy(t, r); after != before || state(t, r, third) != replica.StateReceived || state(t, r, fourth) != replica.StateReceived {
		t.Errorf("an overtaken answer has changed something:\n%s\n%s", before, after)
	}

	// A stick that never arrives costs nothing.
	fifth := record(t, r, report(city.NewID()))
	save(t, r)
	step(t, r)
	if state(t, r, fifth) != replica.StateReceived {
		t.Error("a lost stick holds an act back")
	}
}

// A city that was put back from a backup does not take the cursor: the answer
// brings everything, and what the city has lost goes with the next stick.
func TestStickAfterRestore(t *testing.T) {
	c := newCity(t)
	backup, err := c.Backup()
	if err != nil {
		t.Fatal(err)
	}
	r, l := onSticks(t, c, city.DeviceKiosk)
	l.Cut(false)
	// Enrolled after the backup: the ledger brings the device back.
	act := record(t, r, report(city.NewID()))
	step(t, r)
	l.Cut(true)
	if err := c.RestoreBesideLedger(ctx, backup); err != nil {
		t.Fatal(err)
	}
	readBack(t, r, carry(t, c, save(t, r)))
	for range 2 {
		readBack(t, r, carry(t, c, save(t, r)))
	}
	if got := state(t, r, act); got != replica.StateReceived && got != replica.StateSaved {
		t.Errorf("the act is %s", got)
	}
	l.Cut(false)
	step(t, r)
	if got := state(t, r, act); got != replica.StateReceived {
		t.Errorf("by line the act is %s", got)
	}
	if _, ok, err := city.LoadRequest(c.Server().Store().View(ctx), subjectOf(t, r, act)); err != nil || !ok {
		t.Errorf("the city does not have it: %v", err)
	}
}

func subjectOf(t *testing.T, r *replica.Replica, id city.MutationID) city.ID {
	t.Helper()
	it, ok, err := r.Item(ctx, id)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return it.Subject
}

func TestStickOfARevokedDevice(t *testing.T) {
	c := newCity(t)
	r, _ := onSticks(t, c, city.DeviceKiosk)
	act := record(t, r, report(city.NewID()))
	me, _ := r.Identity()
	if err := c.Server().Store().Revoke(ctx, me.Device); err != nil {
		t.Fatal(err)
	}
	head, err := c.Server().Store().Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done := carry(t, c, save(t, r))
	if !done.Revoked || done.Refused != 1 {
		t.Fatalf("taken in %+v", done)
	}
	if raw, err := os.ReadFile(done.Answer); err != nil || strings.Contains(string(raw), `"put"`) {
		t.Errorf("a revoked device is told something: %v", err)
	}
	readBack(t, r, done)
	if state(t, r, act) != replica.StateHanded || r.Link().State != replica.LinkRevoked {
		t.Errorf("%s, %s", state(t, r, act), r.Link().State)
	}
	if _, ok, err := city.LoadRequest(c.Server().Store().View(ctx), subjectOf(t, r, act)); err != nil || ok {
		t.Errorf("since %d its act was applied: %v", head.Seq, err)
	}
}

// Whatever is wrong with a file, nothing of it is taken, and it is said so.
func TestHostileSticks(t *testing.T) {
	c, other := newCity(t), newCity(t)
	r, _ := onSticks(t, c, city.DeviceKiosk)
	act := record(t, r, report(city.NewID()))
	b := save(t, r)
	if _, err := deskOf(other).Import(ctx, b.Path); !errors.Is(err, protocol.ErrOtherCity) {
		t.Errorf("at another city: %v", err)
	}
	raw, err := os.ReadFile(b.Path)
	if err != nil {
		t.Fatal(err)
	}
	head, err := c.Server().Store().Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range spoiled(raw) {
		path := filepath.Join(t.TempDir(), name+protocol.BundleExt)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := deskOf(c).Import(ctx, path); !errors.Is(err, protocol.ErrBundle) && !errors.Is(err, protocol.ErrStranger) && !errors.Is(err, protocol.ErrOtherCity) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if now, err := c.Server().Store().Head(ctx); err != nil || now.Seq != head.Seq {
		t.Errorf("the head went from %d to %d, %v", head.Seq, now.Seq, err)
	}
	done := carry(t, c, b)
	if raw, err = os.ReadFile(done.Answer); err != nil {
		t.Fatal(err)
	}
	for name, bad := range spoiled(raw) {
		path := filepath.Join(t.TempDir(), name+protocol.AnswerExt)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if e, ok := city.AsError(r.ImportAnswer(ctx, path)); !ok || e.Code == city.CodeInternal {
			t.Errorf("%s: %v", name, e)
		}
		if state(t, r, act) != replica.StateSaved {
			t.Fatalf("%s has changed the act", name)
		}
	}
	readBack(t, r, done)
}

// spoiled are files that somebody has changed, cut off or made up.
func spoiled(raw []byte) map[string][]byte {
	out := map[string][]byte{"empty": {}, "cut": raw[:len(raw)-1], "more": append(bytes.Clone(raw), 'x'), "line": []byte("{}\n"),
		"zeros": make([]byte, 1<<20), "unsigned": append([]byte("{}\n\n"), raw...),
		"huge": []byte(`{"format":"cityhall bundle 1","parts":[{"kind":"acts","bytes":9223372036854775807},{"kind":"acts","bytes":9223372036854775807}]}` + "\n\n")}
	for i := 0; i < len(raw); i += max(1, len(raw)/40) {
		flipped := bytes.Clone(raw)
		flipped[i] ^= 1
		out["flip"+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676%26))] = flipped
	}
	return out
}
