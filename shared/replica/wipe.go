package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// wipeNote is the setting that says how far a wipe has come, so that it goes on
// after a start.
const wipeNote = "replica.wipe"

// The stages of a wipe. With the first, what the city sent is deleted and no act
// is taken any more; with the second all is, but the key that signs the word of it.
const (
	wipeOrdered = "ordered"
	wipeDone    = "done"
)

// ordered tells whether a refusal carries an order of the device's own city for
// this very device and key. Anything else is no order.
func (r *Replica) ordered(id *identity, f *refusal) bool {
	if f.Order == nil || f.Status != http.StatusForbidden || f.Order.Device != id.device || f.Order.Public != id.key.Public().String() {
		return false
	}
	sig, err := protocol.DecodeSignature(f.signature)
	return err == nil && keys.VerifyBytes(id.serverKey, keys.LabelWipe, f.raw, sig)
}

// beginWipe writes down that there is an order, and deletes at once all that is
// not needed to hand the unsent work over.
func (r *Replica) beginWipe(ctx context.Context) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.wiping.Load() {
		return nil
	}
	if err := r.SetSetting(ctx, wipeNote, wipeOrdered); err != nil {
		return err
	}
	r.wiping.Store(true)
	r.cfg.Log.Warn("wipe ordered")
	return r.dropSeen(ctx)
}

// dropSeen deletes what the city sent, drafts, and photos that have arrived. The
// caller holds r.writing, or is alone.
func (r *Replica) dropSeen(ctx context.Context) error {
	if err := errors.Join(r.cache.abandon(), r.forgetSnapshot(), r.cache.drop(ctx)); err != nil {
		return err
	}
	if _, err := r.out.ExecContext(ctx, `DELETE FROM draft`); err != nil {
		return fmt.Errorf("delete the drafts: %w", err)
	}
	waiting, err := r.waitingBlobs(ctx)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, sha := range waiting {
		keep[sha] = true
	}
	if err := emptyFolder(filepath.Join(r.cfg.Dir, ownBlobs), keep); err != nil {
		return err
	}
	if err := emptyFolder(filepath.Join(r.cfg.Dir, fetchedBlobs), nil); err != nil {
		return err
	}
	r.changed()
	return r.clean(ctx)
}

// resumeWipe goes on with a wipe that a kill or a power cut has interrupted.
func (r *Replica) resumeWipe(ctx context.Context) error {
	stage, err := r.Setting(ctx, wipeNote)
	if err != nil || stage == "" {
		if city.CodeOf(err) == city.CodeDamaged { // the server gives the order again
			err = nil
		}
		return err
	}
	r.wiping.Store(true)
	if stage == wipeDone {
		r.leaving, r.ident = r.ident, nil
		return r.dropRest(ctx)
	}
	return r.dropSeen(ctx)
}

// obey carries the order out. Until that is done the device counts as revoked,
// also while its line is dead.
func (r *Replica) obey(ctx context.Context, id *identity) error {
	err := r.carryOut(ctx, id)
	if err == nil || r.who() == nil {
		return err
	}
	return errors.Join(&refusal{Status: http.StatusForbidden, Problem: protocol.Problem{Code: protocol.CodeRevoked, Message: "this device is being wiped"}}, err)
}

// carryOut hands the unsent work over and deletes everything, once the server has
// taken it or will not have it.
func (r *Replica) carryOut(ctx context.Context, id *identity) error {
	err := r.handOver(ctx, id)
	var f *refusal
	switch {
	case isRefusal(err, protocol.CodeNotFound): // the server has forgotten that it revoked the device
		err = r.deliver(ctx, id)
	case errors.As(err, &f) && f.Code == protocol.CodeHandedOver && r.ordered(id, f):
		r.cfg.Log.Error("acts of a wiped device were not taken", "err", err)
		err = nil
	}
	if err == nil {
		err = r.handOverBlobs(ctx, id)
	}
	if err != nil {
		return err
	}
	if err := r.clear(ctx); err != nil {
		return err
	}
	return r.sayWiped(ctx)
}

func (r *Replica) deliver(ctx context.Context, id *identity) error {
	at, err := r.hello(ctx, id)
	if err != nil {
		return err
	}
	return r.push(ctx, r.who(), &at)
}

// The outbox is emptied table by table; the identity goes last.
var emptyOutbox = []string{`DELETE FROM entry`, `DELETE FROM blob`, `DELETE FROM draft`, `DELETE FROM stream`,
	`DELETE FROM setting WHERE name <> 'replica.wipe'`}

// clear deletes all but the identity. From here on the device is nobody's.
func (r *Replica) clear(ctx context.Context) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if err := r.forgetPIN(ctx); err != nil { // and the key that it unlocks, in memory too
		return err
	}
	done := rowHash([]byte(wipeNote), []byte(wipeDone))
	err := sqlite.InTx(ctx, r.out, func(tx *sql.Tx) error {
		for _, statement := range emptyOutbox {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("empty the outbox: %w", err)
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE setting SET value = $1, hash = $2 WHERE name = $3`, wipeDone, done, wipeNote)
		return err
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.leaving, r.ident = r.ident, nil
	r.mu.Unlock()
	r.changed()
	return r.dropRest(ctx)
}

// dropRest deletes the files that are left, and copies that a salvage kept.
func (r *Replica) dropRest(ctx context.Context) error {
	if err := r.dropSeen(ctx); err != nil {
		return err
	}
	files, err := os.ReadDir(r.cfg.Dir)
	if err != nil {
		return fmt.Errorf("empty the device's folder: %w", err)
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), outboxFile+".") {
			continue
		}
		if err := os.Remove(filepath.Join(r.cfg.Dir, f.Name())); err != nil {
			return fmt.Errorf("empty the device's folder: %w", err)
		}
	}
	return nil
}

// sayWiped tells the city, with the last signature of the device's key, and then
// deletes the key. A city that does not want to hear it changes nothing.
func (r *Replica) sayWiped(ctx context.Context) error {
	r.mu.Lock()
	id := r.leaving
	r.mu.Unlock()
	if id != nil {
		err := r.handOverBatch(ctx, id, nil, protocol.QuarantineHeader{Last: true, Wiped: true})
		if err != nil && !isAnswer(err) {
			return err
		}
	}
	err := sqlite.InTx(ctx, r.out, func(tx *sql.Tx) error {
		for _, statement := range []string{`DELETE FROM identity`, `DELETE FROM setting`} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("forget the identity: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.leaving = nil
	r.mu.Unlock()
	r.wiping.Store(false)
	r.departed.Store(false)
	r.setLink(LinkUnknown, "")
	return r.clean(ctx)
}

// abandon gives up a rebuild, and deletes its file.
func (c *cache) abandon() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		return nil
	}
	err := errors.Join(c.next.db.Close(), sqlite.Remove(c.next.path))
	c.next = nil
	return err
}
