package replica

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// handedNote is the setting that spares asking every day, with nothing to give,
// whether the hand-over has ended.
const handedNote = "replica.handed_over"

// departedPause is how often a device that was revoked, and has handed over what
// it had, asks whether the city takes it again.
const departedPause = 24 * time.Hour

// depart is what a round comes to on a device that was revoked: it gives its
// unsent work to staff, once, and obeys an order to wipe itself. What it gives
// back holds the refusal, and why the rest could not be done.
func (r *Replica) depart(ctx context.Context, id *identity, refused error) error {
	var f *refusal
	if errors.As(refused, &f) && r.ordered(id, f) {
		if err := r.beginWipe(ctx); err != nil {
			return errors.Join(refused, err)
		}
		return r.obey(ctx, id)
	}
	r.departed.Store(false)
	done, err := r.Setting(ctx, handedNote)
	if err != nil && city.CodeOf(err) != city.CodeDamaged {
		return errors.Join(refused, err)
	}
	unsent, err := r.unsent(ctx)
	if err != nil {
		return errors.Join(refused, err)
	}
	if done == "" || len(unsent) > 0 {
		// What was done after the hand-over has ended stays here, and is shown so.
		if err := r.handOver(ctx, id); err != nil && !isRefusal(err, protocol.CodeHandedOver) {
			return errors.Join(refused, err)
		}
		if err := r.SetSetting(ctx, handedNote, r.cfg.Now().UTC().Format(time.RFC3339)); err != nil {
			return errors.Join(refused, err)
		}
	}
	if err := r.handOverBlobs(ctx, id); err != nil {
		return errors.Join(refused, err)
	}
	r.departed.Store(true)
	return refused
}

// handOver sends every act that the city has not confirmed to quarantine, as it
// is, and ends the hand-over. Repeating it changes nothing.
func (r *Replica) handOver(ctx context.Context, id *identity) error {
	for size := protocol.MaxBatch; ; {
		todo, err := r.unsent(ctx)
		if err != nil {
			return err
		}
		batch := withinOnePush(todo[:min(len(todo), size)])
		last := len(batch) == len(todo)
		err = r.handOverBatch(ctx, id, batch, protocol.QuarantineHeader{Last: last})
		switch {
		case err == nil && last:
			return nil
		case err == nil:
			size = protocol.MaxBatch
		case !isRefusal(err, protocol.CodeTooLarge, protocol.CodeMalformed) || len(batch) == 0:
			return err
		case len(batch) > 1:
			size = len(batch) / 2
		default: // the one that cannot be read must not hold up the others
			r.cfg.Log.Error("the server cannot read an act", "mutation", string(batch[0].id), "err", err)
			r.setStuck(batch[0].id, err)
			size = protocol.MaxBatch
		}
	}
}

// unsent lists the acts that are neither confirmed nor handed over, the oldest
// first.
func (r *Replica) unsent(ctx context.Context) ([]entry, error) {
	waiting, err := r.load(ctx, r.out, selectWaiting)
	return slices.DeleteFunc(waiting, func(e entry) bool { return e.damaged || e.state == handedOver || r.stuckCode(e.id) != "" }), err
}

func (r *Replica) handOverBatch(ctx context.Context, id *identity, batch []entry, h protocol.QuarantineHeader) error {
	body, err := json.Marshal(h)
	if err != nil {
		return err
	}
	body = append(body, '\n')
	for i := range batch {
		body = append(appendLine(body, &batch[i]), '\n')
	}
	a, err := r.call(ctx, id, request{method: http.MethodPost, path: "/quarantine", body: r.codec.encode(body),
		header: map[string]string{"Content-Type": protocol.ContentType, "Content-Encoding": "zstd"}})
	if err != nil {
		return err
	}
	if !signedBy(id.serverKey, keys.LabelHandover, a) {
		return wrongServer()
	}
	verdicts, end, err := decodeVerdicts(a.body)
	if err != nil {
		return err
	}
	if !end.End || len(verdicts) != len(batch) {
		return unreachable(errors.New("the answer to a hand-over does not fit it"))
	}
	return r.markHanded(ctx, batch, verdicts)
}

// markHanded notes what became of the acts: staff have them, or the city had
// them before the device was revoked.
func (r *Replica) markHanded(ctx context.Context, batch []entry, verdicts []protocol.PushVerdict) error {
	byID := map[city.MutationID]protocol.PushVerdict{}
	for _, v := range verdicts {
		byID[v.ID] = v
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	var moved []entry
	for _, e := range batch {
		v, ok := byID[e.id]
		if !ok {
			continue
		}
		if e.verdict = v.Verdict; v.Verdict == city.VerdictDuplicate {
			e.verdict = v.Stored
		}
		e.state, e.seq, e.review, e.code, e.field = handedOver, v.Seq, v.Review, v.Code, v.Field
		moved = append(moved, e)
	}
	return r.writeEntries(ctx, moved, moveEntry)
}

// handOverBlobs sends the photos that the city still takes from this device.
func (r *Replica) handOverBlobs(ctx context.Context, id *identity) error {
	names, err := r.waitingBlobs(ctx)
	if err != nil {
		return err
	}
	for _, sha := range names {
		err := r.sendBlob(ctx, id, sha)
		if err != nil && (ctx.Err() != nil || !isAnswer(err)) {
			return err
		}
		if err != nil {
			r.cfg.Log.Warn("photo not handed over", "blob", sha, "err", err)
		}
	}
	return nil
}

// isAnswer tells whether the server itself has refused, so that asking again
// soon is of no use.
func isAnswer(err error) bool {
	var f *refusal
	return errors.As(err, &f) && f.Code != protocol.CodeBusy && f.Code != protocol.CodeInternal
}

// forgetDeparture makes a device that was enrolled anew one like any other. What
// it had handed over to this city is offered again, which costs a question only.
func (r *Replica) forgetDeparture(ctx context.Context, tx *sql.Tx) error {
	for _, name := range []string{handedNote, wipeNote} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM setting WHERE name = $1`, name); err != nil {
			return fmt.Errorf("forget the departure: %w", err)
		}
	}
	return nil
}

// clean moves the outbox's log into its file, so that nothing deleted stays there.
func (r *Replica) clean(ctx context.Context) error {
	err := sqlite.Checkpoint(ctx, r.out)
	for tries := 0; sqlite.IsBusy(err) && tries < 20 && ctx.Err() == nil; tries++ {
		select { // another checkpoint may be under way
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
			err = sqlite.Checkpoint(ctx, r.out)
		}
	}
	return err
}
