package replica

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// claimsAtOnce bounds how many acts are in memory while their echoes are missed.
const claimsAtOnce = 1000

const (
	selectAllAfter     = `SELECT ` + entryColumns + ` FROM entry WHERE damaged = 0 AND pos > $1 ORDER BY pos LIMIT $2`
	selectWaitingAfter = `SELECT ` + entryColumns + ` FROM entry WHERE state <> 'received' AND damaged = 0 AND pos > $1 ORDER BY pos LIMIT $2`
)

// reconcile asks the city about acts whose echo a whole pull has not brought:
// about all of them after the cache was built anew, otherwise when one that the
// city had answered is among them. What it has becomes an echo; what it does not
// have, although it was sent, waits again. reconcile tells how many wait again.
func (r *Replica) reconcile(ctx context.Context, id *identity) (missing int, err error) {
	f := r.cache.target()
	query := selectAllAfter
	if f.at.Load().settled {
		query = selectWaitingAfter
		if unsure, err := r.unsure(ctx); err != nil || !unsure {
			return 0, err
		}
	}
	for pos := int64(0); ; {
		page, err := r.load(ctx, r.out, query, pos, claimsAtOnce)
		if err != nil {
			return missing, err
		}
		if len(page) == 0 {
			break
		}
		pos = page[len(page)-1].pos
		n, err := r.reconcilePage(ctx, id, f, page)
		if missing += n; err != nil {
			return missing, err
		}
	}
	if f.at.Load().settled {
		return missing, nil
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	return missing, f.settled(ctx)
}

// unsure tells whether the city has answered an act, and a whole pull since has
// not echoed it.
func (r *Replica) unsure(ctx context.Context) (bool, error) {
	var n int
	err := r.out.QueryRowContext(ctx, countSent).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read the outbox: %w", err)
	}
	return n > 0, nil
}

func (r *Replica) reconcilePage(ctx context.Context, id *identity, f *cacheFile, page []entry) (missing int, err error) {
	var asked []entry
	for _, e := range page {
		if e.damaged || e.device != id.device { // another city's, from before this device moved
			continue
		}
		_, echoed, err := ack(ctx, f.db, e.id)
		if err != nil {
			return 0, err
		}
		if !echoed {
			asked = append(asked, e)
		}
	}
	if len(asked) == 0 {
		return 0, nil
	}
	acks, end, err := r.claim(ctx, id, f.at.Load().cursor, asked)
	if err != nil {
		return 0, err
	}
	return r.confirm(ctx, f, asked, acks, end)
}

// claim asks the city which of the acts it has.
func (r *Replica) claim(ctx context.Context, id *identity, cursor string, asked []entry) ([]protocol.Ack, protocol.Confirmed, error) {
	var body []byte
	for i := range asked {
		line, err := json.Marshal(protocol.Claim{Mutation: asked[i].id, Content: asked[i].content})
		if err != nil {
			return nil, protocol.Confirmed{}, err
		}
		body = append(append(body, line...), '\n')
	}
	a, err := r.call(ctx, id, request{method: http.MethodPost, path: "/reconcile", query: "cursor=" + url.QueryEscape(cursor), body: r.codec.encode(body),
		header: map[string]string{"Content-Type": protocol.ContentType, "Content-Encoding": "zstd", "Accept-Encoding": "zstd"}})
	if err != nil {
		return nil, protocol.Confirmed{}, err
	}
	acks, end, err := decodeKnown(a.body)
	if err == nil && end.Cursor != cursor {
		err = unreachable(errors.New("the answer to another reconcile"))
	}
	return acks, end, err
}

func decodeKnown(body []byte) ([]protocol.Ack, protocol.Confirmed, error) {
	var acks []protocol.Ack
	for _, line := range lines(body) {
		var k protocol.Known
		if err := json.Unmarshal(line, &k); err != nil {
			return nil, protocol.Confirmed{}, unreachable(fmt.Errorf("the answer to a reconcile: %w", err))
		}
		if k.Ack != nil {
			acks = append(acks, *k.Ack)
		}
		if k.End != nil && k.End.Count == len(acks) {
			return acks, *k.End, nil
		}
	}
	return nil, protocol.Confirmed{}, unreachable(errors.New("the answer to a reconcile ended early"))
}

// confirm writes the echoes of what the city has, first to the cache, beside the
// cursor that they hold for: when that is refused one day, they go with it.
func (r *Replica) confirm(ctx context.Context, f *cacheFile, asked []entry, acks []protocol.Ack, end protocol.Confirmed) (missing int, err error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	byID := map[city.MutationID]protocol.Ack{}
	for _, a := range acks {
		byID[a.Mutation] = a
	}
	var moved []entry
	var echoes []protocol.Ack
	for _, e := range asked {
		a, known := byID[e.id]
		switch {
		case known && a.Seq <= end.Seq:
			echoes = append(echoes, a)
			e.echo(a)
		case known: // the next pull echoes it, or the next reconcile
			if e.state == sentOnce {
				continue
			}
			e.await(sentOnce)
		case e.state == savedHere:
			continue
		default:
			e.await(savedHere)
			e.stream, e.n = "", 0
			missing++
			r.cfg.Log.Warn("the city does not have an act; sent again", "mutation", string(e.id))
		}
		moved = append(moved, e)
	}
	err = sqlite.InTx(ctx, f.db, func(tx *sql.Tx) error {
		for _, a := range echoes {
			if err := writeAck(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return missing, explain(err)
	}
	return missing, r.writeEntries(ctx, moved)
}

// echo notes that an act stands in the city's order.
func (e *entry) echo(a protocol.Ack) {
	e.state, e.seq, e.verdict, e.review, e.code, e.field = echoReceived, a.Seq, a.Verdict, a.Review, a.Code, a.Field
}

// await takes back what was thought of an act.
func (e *entry) await(state string) {
	e.state, e.seq, e.verdict, e.review, e.code, e.field = state, 0, "", "", "", ""
}
