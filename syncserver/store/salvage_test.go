package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
	"cityhall/syncserver/store/read"
)

func TestSalvage(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		tablet := f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		request, order := f.fallenTree(kiosk)
		job := f.record(city.KindWorkOrder, order)
		same := protocol.Held{Ref: job.Ref, Parent: request, Seq: 5, Fields: job.Fields, Writers: job.Writers}
		lost := same
		lost.Fields, lost.Writers = city.Fields{"priority": json.RawMessage(`"urgent"`)}, map[string]city.MutationID{"priority": city.NewMutationID()}
		person := lost
		person.Kind = city.KindPerson
		old := protocol.Cursor{Epoch: "before", Seq: 1000}

		for _, want := range []protocol.SalvageReply{{Kept: 1, Known: 2}, {Kept: 0, Known: 3}} { // the second time changes nothing
			reply, err := f.Salvage(ctx, tablet.Device, old, []protocol.Held{same, lost, person})
			if err != nil || reply != want {
				t.Fatalf("%+v, %v, want %+v", reply, err, want)
			}
		}
		list := func() []read.Salvaged {
			t.Helper()
			l, err := read.New(f.DB()).Salvaged(ctx, read.Staff{ID: "rosa"}, false, "", 10)
			if err != nil {
				t.Fatal(err)
			}
			return l.Rows
		}
		rows := list()
		if len(rows) != 1 || rows[0].Device != tablet.Device.ID || string(rows[0].Fields["priority"]) != `"urgent"` || string(rows[0].Now["priority"]) != `"high"` {
			t.Fatalf("%+v", rows)
		}
		if got := f.record(city.KindWorkOrder, order).Text("priority"); got != "high" {
			t.Errorf("evidence was applied: %s", got)
		}
		if err := f.SettleSalvage(ctx, rows[0].ID, "rosa"); err != nil || len(list()) != 0 {
			t.Errorf("settled: %v, %d left", err, len(list()))
		}

		// What rests on an act that comes back is no loss.
		env := kiosk.prepared(resident, newRequest())
		late := lost
		late.Writers = map[string]city.MutationID{"priority": env.ID}
		if reply, err := f.Salvage(ctx, tablet.Device, old, []protocol.Held{late}); err != nil || reply.Kept != 1 || len(list()) != 1 {
			t.Fatalf("%+v, %v", reply, err)
		}
		if kiosk.push(env); len(list()) != 0 {
			t.Error("it came back and is still called lost")
		}

		// Only a device that was there is heard, and only about what it can have seen.
		for name, x := range map[string]struct {
			at   protocol.Cursor
			want error
		}{
			"this history":  {protocol.Cursor{Epoch: f.head().Epoch, Seq: 1000}, store.ErrNoSalvage},
			"no history":    {protocol.Cursor{Seq: 1000}, store.ErrNoSalvage},
			"from later on": {protocol.Cursor{Epoch: "before", Seq: 4}, store.ErrSalvageSeq},
		} {
			if _, err := f.Salvage(ctx, tablet.Device, x.at, []protocol.Held{lost}); !errors.Is(err, x.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		fraction := lost
		fraction.Fields = city.Fields{"priority": json.RawMessage(`1.5`)}
		if _, err := f.Salvage(ctx, tablet.Device, old, []protocol.Held{fraction}); city.CodeOf(err) != city.CodeInvalid {
			t.Errorf("not canonical: %v", err)
		}
	})
}
