package replica

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// maxRepeats bounds how often one round goes back to push what a pull has shown
// to be missing, and how often one push looks for the stream's place.
const maxRepeats = 3

// Step does one whole round: hello, push, pull, blobs. An error says why it is
// not complete; whatever was done stays done. On a device that was never enrolled
// it is a *city.Error with CodeNotNow.
func (r *Replica) Step(ctx context.Context) error {
	r.stepping.Lock()
	defer r.stepping.Unlock()
	id := r.who()
	if id == nil && r.wiping.Load() {
		return r.sayWiped(ctx)
	}
	if id == nil {
		return city.Fail(city.CodeNotNow, "", "this device was never enrolled")
	}
	err := r.attempt(ctx, id)
	if r.who() == nil { // wiped
		return err
	}
	r.watchLease(ctx)
	if ctx.Err() == nil {
		r.setLink(linkOf(err))
	}
	if err == nil {
		r.keepLastSync(ctx)
	}
	return err
}

// attempt does a round, or what is left to do for a device that was revoked.
func (r *Replica) attempt(ctx context.Context, id *identity) error {
	if r.wiping.Load() {
		return r.obey(ctx, id)
	}
	err := r.round(ctx, id)
	if isRefusal(err, protocol.CodeRevoked) && ctx.Err() == nil {
		return r.depart(ctx, id, err)
	}
	return err
}

// lastSyncNote is the setting that carries Link.LastSync over a start, so that
// what is shown without a line can say as of when.
const lastSyncNote = "replica.last_sync"

func (r *Replica) lastSync(ctx context.Context) time.Time {
	text, err := r.Setting(ctx, lastSyncNote)
	if err != nil || text == "" {
		return time.Time{} // it is only shown; a damaged one reads as never
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	r.syncKept = at
	return at
}

// keepLastSync writes at most once a minute: it costs a write to the disk.
func (r *Replica) keepLastSync(ctx context.Context) {
	now := r.cfg.Now()
	if since := now.Sub(r.syncKept); since >= 0 && since < time.Minute {
		return
	}
	if err := r.SetSetting(ctx, lastSyncNote, now.UTC().Format(time.RFC3339)); err != nil {
		r.cfg.Log.Warn("last contact not kept", "err", err)
		return
	}
	r.syncKept = now
}

func linkOf(err error) (LinkState, string) {
	switch {
	case err == nil:
		return LinkOnline, ""
	case isRefusal(err, protocol.CodeRevoked):
		return LinkRevoked, err.Error()
	case isRefusal(err, protocol.CodeUpgrade):
		return LinkUpgrade, err.Error()
	case city.CodeOf(err) == city.CodeWrongServer:
		return LinkWrongServer, err.Error()
	}
	return LinkOffline, err.Error()
}

// hopeless tells whether the rest of a round would fail in the same way.
func hopeless(err error) bool {
	var o *offline
	return errors.As(err, &o) || isRefusal(err, protocol.CodeRevoked, protocol.CodeSignature, protocol.CodeBusy) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func (r *Replica) round(ctx context.Context, id *identity) error {
	if answered, err := r.answerPoke(ctx, id); err != nil {
		return err
	} else if answered {
		return r.afterPull(ctx, id)
	}
	r.answered = stretch{}
	at, err := r.hello(ctx, id)
	if err != nil {
		return err
	}
	id = r.who() // the server may have changed its grants
	var pushed, pulled error
	for range maxRepeats {
		before := at
		if pushed = r.push(ctx, id, &at); hopeless(pushed) {
			return errors.Join(pushed, r.markAnswered(ctx))
		}
		if at == before && r.hasAll(at.current) {
			pulled = nil
		} else if pulled = r.pull(ctx, id); isRefusal(pulled, protocol.CodeUpgrade) {
			pulled = errors.Join(pulled, r.markAnswered(ctx))
			break // what this program can no longer read does not keep it from sending
		} else if pulled != nil {
			return errors.Join(pushed, pulled, r.markAnswered(ctx))
		}
		if err := r.settle(ctx); err != nil {
			return errors.Join(pushed, err)
		}
		missing, err := r.reconcile(ctx, id)
		if err != nil && !lostPlace(err) {
			return errors.Join(pushed, err)
		}
		if err == nil && missing == 0 {
			break
		}
	}
	if pulled != nil {
		return errors.Join(pulled, pushed, r.sendBlobs(ctx, id))
	}
	return errors.Join(pushed, r.afterPull(ctx, id))
}

// afterPull is what a round does once the records are here.
func (r *Replica) afterPull(ctx context.Context, id *identity) error {
	return errors.Join(r.verify(ctx, id), r.sendBlobs(ctx, id), r.fetchMaps(ctx), r.prune(ctx))
}

// answerPoke pulls what the server has just told of, without a hello before it: so
// a change is here in half the time. Whatever is not as it mostly is, such as acts
// that wait, more than one page or an error, is left to the whole round.
func (r *Replica) answerPoke(ctx context.Context, id *identity) (bool, error) {
	since := r.cfg.Now().Sub(r.greeted)
	if !r.poked.Swap(false) || since < 0 || since >= longestPause || r.cache.doubt.Load() || r.cache.rebuilding() {
		return false, nil
	}
	var waiting int
	if err := r.out.QueryRowContext(ctx, countWaiting).Scan(&waiting); err != nil || waiting > 0 {
		return false, explain(err)
	}
	f := r.cache.target()
	cursor := f.at.Load().cursor
	if cursor == "" {
		return false, nil
	}
	p, err := r.fetchPage(ctx, id, cursor)
	if err != nil {
		return false, nil // the round's own calls tell why
	}
	if err := r.keepPage(ctx, f, p); err != nil {
		return false, err
	}
	return !p.end.More && !r.cache.doubt.Load(), nil
}

// lostPlace tells that the server does not take the cache's cursor: the next pull
// builds the cache anew.
func lostPlace(err error) bool {
	return isRefusal(err, protocol.CodeLineage, protocol.CodeHorizon, protocol.CodeGrants)
}

// standing is where the server's copy of a stream ends.
type standing struct {
	stream string
	n      uint64
	link   protocol.Hash
	// current is the cursor from which the server has nothing more to tell, or empty.
	current string
}

// hasAll tells whether a pull can be spared, by the cursor that a hello called current.
func (r *Replica) hasAll(current string) bool {
	return current != "" && !r.cache.doubt.Load() && !r.cache.rebuilding() && r.cache.target().at.Load().cursor == current
}

// hello tells the server how the device is and learns what there is to do.
func (r *Replica) hello(ctx context.Context, id *identity) (standing, error) {
	at, err := r.ownStream(ctx)
	if err != nil {
		return standing{}, err
	}
	place := *r.cache.target().at.Load()
	facts, err := r.facts(ctx, at, place)
	if err != nil {
		return standing{}, err
	}
	if still, err := r.stillIdle(ctx, id, facts); err != nil || still {
		return r.idle.told, err
	}
	body, err := json.Marshal(facts)
	if err != nil {
		return standing{}, err
	}
	a, err := r.call(ctx, id, request{method: http.MethodPost, path: "/hello", body: body, limit: protocol.MaxHello})
	if err != nil {
		return standing{}, err
	}
	var reply protocol.HelloReply
	if !signedBy(id.serverKey, keys.LabelHello, a) || json.Unmarshal(a.body, &reply) != nil {
		return standing{}, wrongServer()
	}
	r.learnTime(reply.Now)
	r.greeted = r.cfg.Now()
	if err := r.renewLease(ctx, reply.Lease); err != nil {
		return standing{}, err
	}
	r.compareKey(reply.SealTo)
	if err := r.follow(ctx, id, reply); err != nil {
		return standing{}, err
	}
	told := standing{stream: at.stream, n: reply.LastN, link: reply.Link}
	if reply.Current {
		told.current = place.cursor
	}
	r.idle = idle{name: reply.Idle, facts: facts, told: told}
	return told, nil
}

// facts are how the device is.
func (r *Replica) facts(ctx context.Context, at tip, place progress) (protocol.Hello, error) {
	sum, err := r.Summary(ctx)
	if err != nil {
		return protocol.Hello{}, err
	}
	return protocol.Hello{SealTo: r.sealTo(ctx), Cursor: place.cursor, Safe: place.safe, Stream: at.stream, LastN: at.n, Version: r.cfg.Version,
		Pending: sum.Pending, Oldest: sum.Oldest, Blobs: sum.Blobs, Failed: sum.Damaged, Repaired: int(r.checkup.repaired.Load()), Disk: diskFree(r.cfg.Dir), Clock: r.cfg.Now().UTC().Truncate(time.Millisecond)}, nil
}

// follow takes over what the server says of the device. Other grants mean a new
// cache, so that nothing remains of what the device may no longer see.
func (r *Replica) follow(ctx context.Context, id *identity, reply protocol.HelloReply) error {
	sealing, err := keys.ParseSealingPublic(reply.SealingKey)
	if err != nil {
		return wrongServer()
	}
	regranted := reply.GrantRev != id.grantRev || !slices.Equal(reply.Grants, id.grants)
	if !regranted && sealing.String() == id.sealing.String() && reply.Epoch == id.epoch {
		return nil
	}
	if regranted {
		if err := r.regrant(ctx, id.grants, reply.Grants); err != nil {
			return err
		}
	}
	now := *id
	now.grants, now.grantRev, now.sealing, now.epoch = reply.Grants, reply.GrantRev, sealing, reply.Epoch
	return r.become(ctx, &now)
}
