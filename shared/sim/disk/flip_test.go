package disk_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// told is all that a device says of an act or of a record that it shows.
func told(r *replica.Replica) (acts, records map[string]string, err error) {
	acts, records = map[string]string{}, map[string]string{}
	items, err := r.Items(ctx, 1<<20)
	if err != nil {
		return nil, nil, err
	}
	for _, it := range items {
		raw, err := json.Marshal(it)
		if err != nil {
			return nil, nil, err
		}
		if it.Code == "" { // else it is shown as damaged
			acts[string(it.ID)] = string(raw)
		}
	}
	for _, kind := range []city.Kind{city.KindCity, city.KindService, city.KindRequest} {
		recs, err := r.Records(ctx, kind)
		if err != nil {
			return nil, nil, err
		}
		for _, rec := range recs {
			raw, err := json.Marshal(rec)
			if err != nil {
				return nil, nil, err
			}
			records[rec.Ref.String()] = string(raw)
		}
	}
	return acts, records, nil
}

// flipped changes one bit of the device's files and compares what it says then
// with what it said before. It gives how many acts are lost or set aside.
func flipped(t *testing.T, template string, acts, records map[string]string, rng *rand.Rand) (lost int, err error) {
	t.Helper()
	o := newOwner(copied(t, template))
	defer os.RemoveAll(o.dir)
	name := filepath.Join(o.dir, []string{"outbox.db", "cache.db"}[rng.IntN(2)])
	raw, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	at, bit := rng.IntN(len(raw)), rng.IntN(8)
	raw[at] ^= 1 << bit
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		return 0, err
	}
	where := fmt.Sprintf("%s, byte %d, bit %d", filepath.Base(name), at, bit)
	r, err := o.open()
	if err != nil {
		return 0, sim.Violation{Invariant: "a device with a flipped bit starts", Detail: fmt.Sprint(where, ": ", err)}
	}
	defer r.Close()
	nowActs, nowRecords, err := told(r)
	if err == nil { // a device that lost its services or its identity to the damage says so
		if err = o.work(r, rng); city.CodeOf(err) == city.CodeUnknown || city.CodeOf(err) == city.CodeNotNow {
			err = nil
		}
	}
	if err != nil {
		return 0, sim.Violation{Invariant: "a device with a flipped bit works", Detail: fmt.Sprint(where, ": ", err)}
	}
	for what, pair := range map[string][2]map[string]string{"act": {nowActs, acts}, "record": {nowRecords, records}} {
		for id, is := range pair[0] {
			if was := pair[1][id]; is != was {
				return 0, sim.Violation{Invariant: "corruption is noticed before it is shown", Detail: fmt.Sprintf("%s: %s %s is\n%s, not\n%s", where, what, id, is, was)}
			}
		}
	}
	return max(0, len(acts)-len(nowActs)), nil
}

// Whatever bit flips in the files of a device: it starts, and shows nothing that
// is not what was recorded or sent.
func TestFlippedBitsAreNoticed(t *testing.T) {
	n := (*flips + 1) / 2
	if testing.Short() {
		n = min(n, 12)
	}
	template := enrolled(t)
	o := newOwner(template)
	r, err := o.open()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(*oneSeed, 4))
	for range 4 {
		if err := o.work(r, rng); err != nil {
			t.Fatal(err)
		}
	}
	acts, records, err := told(r)
	if err != nil || len(acts) != 12 || len(records) < 3 {
		t.Fatal(len(acts), len(records), err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	sum := figures{Figure: "flipped bits, device", Seed: *oneSeed, Operations: n, Acts: len(acts)}
	for range n {
		lost, err := flipped(t, template, acts, records, rng)
		if sum.Lost += lost; err != nil {
			sum.Violations++
			t.Errorf("%v\nreplay: go test -tags ci,migrated_fynedo ./shared/sim/disk -run '^TestFlippedBitsAreNoticed$' -seed %d -flips %d", err, *oneSeed, n)
		}
	}
	sum.print(t)
}
