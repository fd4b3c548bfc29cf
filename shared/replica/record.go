package replica

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// Record stores acts, all or none, and returns their ids once they survive a
// power cut. Each is prepared against what the device shows, the earlier ones of
// the same call included. On a kiosk the acts are sealed before they are stored.
//
// Errors are *city.Error where a person can do something: what the domain says of
// the act, CodeNotNow on a device that was never enrolled, CodeTooLarge,
// CodeUnknown for a blob that was not saved, and CodeDiskFull. Nothing is stored
// then.
func (r *Replica) Record(ctx context.Context, entries ...Entry) ([]city.MutationID, error) {
	id := r.who()
	if id == nil {
		return nil, city.Fail(city.CodeNotNow, "", "this device was never enrolled")
	}
	if len(entries) == 0 {
		return nil, nil
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.wiping.Load() {
		return nil, city.Fail(city.CodeNotNow, "", "this device is being wiped")
	}
	view, err := r.view(ctx)
	if err != nil {
		return nil, err
	}
	draft := &city.Overlay{Under: remembering{view, map[city.Ref]recalled{}}}
	acts := make([]entry, len(entries))
	ids := make([]city.MutationID, len(entries))
	for i, e := range entries {
		e.Deps = slices.Clone(e.Deps)
		for _, earlier := range e.On {
			e.Deps = append(e.Deps, ids[earlier])
		}
		if acts[i], err = r.prepare(draft, id, e); err != nil {
			return nil, err
		}
		ids[i] = acts[i].id
	}
	sizes, err := r.sizesOf(entries)
	if err != nil {
		return nil, err
	}
	if err := r.lastWords(func() error { return r.store(ctx, acts, sizes) }); err != nil {
		return nil, fmt.Errorf("record: %w", explain(err))
	}
	r.show(view, draft, acts)
	r.tell()
	r.Wake()
	return ids, nil
}

// prepare makes an act ready for the outbox and lays its effect over draft.
func (r *Replica) prepare(draft *city.Overlay, id *identity, e Entry) (entry, error) {
	m, err := city.Prepare(draft, city.NewMutationID(), e.Actor, id.device, r.cfg.Now().UTC(), e.Act)
	if err != nil {
		return entry{}, err
	}
	res, err := city.Apply(draft, m)
	if err != nil {
		return entry{}, err
	}
	if res.Refusal != nil {
		return entry{}, res.Refusal
	}
	for _, c := range res.Changed {
		if c.Record.Kind != city.KindReview { // a review is the city's to open
			draft.Put(c.Record)
		}
	}
	env := protocol.Wrap(m)
	env.Boot, env.Mono = r.boot, r.cfg.Now().Sub(r.started).Milliseconds()
	env.GrantRev, env.Deps, env.Blobs = id.grantRev, e.Deps, e.Blobs
	out := entry{id: m.ID, typ: m.Type, title: e.Title, subject: subjectOf(res.Changed), at: env.At, blobs: slices.Clone(e.Blobs),
		device: id.device, state: savedHere}
	if id.kind == city.DeviceKiosk {
		if err := seal(&env, id.sealing); err != nil {
			return entry{}, err
		}
		if out.stub, err = stubOf(res.Changed); err != nil {
			return entry{}, err
		}
	}
	if out.envelope, err = canonical(env); err != nil {
		return entry{}, err
	}
	if len(out.envelope) > protocol.MaxEnvelope-32 { // room for its place in the stream
		return entry{}, city.Fail(city.CodeTooLarge, "", "too much for one act")
	}
	out.content = sha256.Sum256(out.envelope)
	return out, nil
}

// canonical is the envelope as it is hashed: without its place in a stream.
func canonical(env protocol.Envelope) ([]byte, error) {
	raw, err := json.Marshal(env)
	if err != nil {
		return nil, fmt.Errorf("encode the act: %w", err)
	}
	return city.CanonicalWithout(raw, "n")
}

// seal replaces the arguments by what only the server can open.
func seal(env *protocol.Envelope, to keys.SealingPublic) error {
	body, err := to.Seal(keys.SealInfo(to.ID(), string(env.ID), string(env.Type)), env.Args)
	if err != nil {
		return err
	}
	env.Sealed, env.Args = &protocol.Sealed{Key: to.ID(), Body: body}, nil
	return nil
}

// stubOf keeps of a new request what a kiosk may keep in clear.
func stubOf(changed []city.Changed) ([]byte, error) {
	for _, c := range changed {
		if c.Record.Kind != city.KindRequest || !c.New {
			continue
		}
		stub := city.Record{Ref: c.Record.Ref, Fields: city.Fields{}, Writers: map[string]city.MutationID{}}
		for _, name := range []string{"number", "service", "lookup"} {
			if v, ok := c.Record.Fields[name]; ok {
				stub.Fields[name], stub.Writers[name] = v, c.Record.Writers[name]
			}
		}
		var req city.Request
		if err := c.Record.Into(&req); err != nil {
			return nil, err
		}
		place, err := city.Canonical(req.Place.Rounded())
		if err != nil {
			return nil, err
		}
		stub.Fields["place"], stub.Writers["place"] = place, c.Record.Writers["place"]
		return json.Marshal(stub)
	}
	return nil, nil
}

// subjectOf names the request that an act is about.
func subjectOf(changed []city.Changed) city.ID {
	for _, c := range changed {
		if c.Record.Kind == city.KindRequest {
			return c.Record.ID
		}
		if c.Record.Parent != "" {
			return c.Record.Parent
		}
	}
	return ""
}

// sizesOf finds the blobs of the acts on the disk.
func (r *Replica) sizesOf(entries []Entry) (map[string]int64, error) {
	sizes := map[string]int64{}
	for _, e := range entries {
		for _, sha := range e.Blobs {
			info, err := os.Stat(r.ownPath(sha))
			if !isBlobName(sha) || err != nil {
				return nil, city.Fail(city.CodeUnknown, "blobs", "the photo was not saved on this device")
			}
			sizes[sha] = info.Size()
		}
	}
	return sizes, nil
}

// store puts the acts at the end of the stream in one transaction.
func (r *Replica) store(ctx context.Context, acts []entry, sizes map[string]int64) error {
	return sqlite.InTx(ctx, r.out, func(tx *sql.Tx) error {
		at, err := readTip(ctx, tx)
		if err != nil {
			return err
		}
		if at.stream == "" {
			at.stream = string(city.NewID())
		}
		for i := range acts {
			at.place(&acts[i])
			if err := insertEntry(ctx, tx, &acts[i]); err != nil {
				return err
			}
		}
		for sha, size := range sizes {
			if err := noteBlob(ctx, tx, sha, size); err != nil {
				return err
			}
		}
		return writeTip(ctx, tx, at)
	})
}

// show draws the acts into a new picture, which spares drawing all of it anew. What
// they change stands in draft already; of sealed ones only their stubs are shown.
func (r *Replica) show(before, draft *city.Overlay, acts []entry) {
	gen := r.shown.gen
	over := &city.Overlay{Under: r.cache}
	for _, rec := range before.Over() {
		over.Put(rec)
	}
	if r.who().kind != city.DeviceKiosk {
		for _, rec := range draft.Over() {
			over.Put(rec)
		}
		acts = nil
	}
	for i := range acts {
		if err := replay(over, &acts[i]); err != nil {
			r.changed() // stored all the same; the next look draws it from the disk
			return
		}
	}
	r.shown = &picture{gen: gen, over: over}
}

// remembering is a view that reads each record once: an act is planned twice, and
// looks at the same few.
type remembering struct {
	city.View
	seen map[city.Ref]recalled
}

type recalled struct {
	city.Record
	there bool
}

func (v remembering) Record(ref city.Ref) (city.Record, bool, error) {
	if was, ok := v.seen[ref]; ok {
		return was.Record, was.there, nil
	}
	rec, there, err := v.View.Record(ref)
	if err == nil {
		v.seen[ref] = recalled{rec, there}
	}
	return rec, there, err
}
