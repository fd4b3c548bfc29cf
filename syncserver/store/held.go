package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// Bounds of what waits. Whatever exceeds them goes to a person at once.
const (
	maxHeld   = 10_000         // waiting acts of one device
	maxDeps   = 64             // acts that one act may name as its condition
	maxBase   = 500            // fields that one act may rest on
	maxChain  = 100            // acts that are looked at to see that none waits for itself
	maxRelied = 24 * time.Hour // how long a missing act is waited for
)

// waiting is what an act has to wait for.
type waiting struct {
	missing bool                        // part of it has not come yet
	acts    map[city.MutationID]relying // all of them
}

// relying says how an act rests on another: named in its deps, it stands or falls
// with it; named only as the writer of a field, that one need only be decided.
type relying bool

const (
	onDecision relying = false
	onSuccess  relying = true
)

// standing is where an act is that another rests on.
type standing int

const (
	standsUnknown standing = iota // never arrived
	standsHeld                    // waits itself
	standsOpen                    // a person has yet to decide on it
	standsRefused                 // nothing of it will ever stand
	standsDecided
)

// waits tells what a pushed act has to wait for, nil for nothing, or why it is
// refused for what it names.
func (w *writeTx) waits(ctx context.Context, m city.Mutation, deps []city.MutationID) (*waiting, *city.Error, error) {
	if len(deps) > maxDeps || len(m.Base) > maxBase {
		return nil, &city.Error{Code: city.CodeInvalid, Field: "deps", Message: "rests on too many acts"}, nil
	}
	rests, err := w.restsOn(ctx, m, deps)
	if err != nil || len(rests) == 0 {
		return nil, nil, err
	}
	wait, refused, err := w.weigh(ctx, rests)
	if err != nil || refused != nil || wait == nil {
		return nil, refused, err
	}
	if full, err := w.heldAreMany(ctx, m.Device); err != nil || full {
		return nil, &city.Error{Code: city.CodeMissing, Field: "deps", Message: "too many acts of this device wait already"}, err
	}
	if round, err := w.inCircle(ctx, m.ID, wait); err != nil || round {
		return nil, &city.Error{Code: city.CodeInvalid, Field: "deps", Message: "waits for itself"}, err
	}
	return wait, nil, nil
}

// restsOn lists the acts that m names, without the writers that are seen to be
// there because their fields still stand.
func (w *writeTx) restsOn(ctx context.Context, m city.Mutation, deps []city.MutationID) (map[city.MutationID]relying, error) {
	rests := map[city.MutationID]relying{}
	for f, by := range m.Base {
		ref, name, ok := f.Split()
		if !ok || by == "" || by == m.ID {
			continue
		}
		r, _, err := w.Record(ref)
		if err != nil {
			return nil, err
		}
		if r.Writers[name] != by {
			rests[by] = onDecision
		}
	}
	for _, id := range deps {
		if id != m.ID {
			rests[id] = onSuccess
		}
	}
	return rests, nil
}

// weigh looks where all that an act rests on stands now: nil and nil when it can
// be decided, a refusal when it falls with one of them.
func (w *writeTx) weigh(ctx context.Context, rests map[city.MutationID]relying) (*waiting, *city.Error, error) {
	var wait *waiting
	for _, id := range slices.Sorted(maps.Keys(rests)) {
		at, err := w.standing(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case at == standsRefused && rests[id] == onSuccess:
			return nil, &city.Error{Code: city.CodeDependency, Field: "deps", Message: "an act that it rests on was refused"}, nil
		case at == standsDecided || at == standsRefused || at == standsOpen && rests[id] == onDecision:
			continue
		}
		if wait == nil {
			wait = &waiting{acts: rests}
		}
		wait.missing = wait.missing || at == standsUnknown
	}
	return wait, nil, nil
}

// standing looks an act up. One that was refused is not given up before a person
// has seen it, except for what it rested on itself.
func (w *writeTx) standing(ctx context.Context, id city.MutationID) (standing, error) {
	var verdict city.Verdict
	var code city.Code
	var review city.ID
	err := w.tx.QueryRowContext(ctx, `SELECT coalesce(h.verdict, m.verdict), coalesce(h.code, m.code), coalesce(h.review, m.review)
		FROM mutation AS m LEFT JOIN held AS h ON h.id = m.id WHERE m.id = $1`, id).Scan(&verdict, &code, &review)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return standsUnknown, nil
	case err != nil:
		return 0, fmt.Errorf("look up %s: %w", id, err)
	case verdict == "":
		return standsHeld, nil
	case verdict == city.VerdictApplied:
		return standsDecided, nil
	case verdict == city.VerdictRefused && code == city.CodeDependency:
		return standsRefused, nil
	}
	r, ok, err := city.LoadReview(w, review)
	switch {
	case err != nil:
		return 0, err
	case ok && r.State == "open":
		return standsOpen, nil
	case verdict == city.VerdictRefused:
		return standsRefused, nil
	}
	return standsDecided, nil
}

func (w *writeTx) heldAreMany(ctx context.Context, device city.DeviceID) (bool, error) {
	var n int
	err := w.tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 AS one FROM held WHERE device = $1 AND seq = 0 LIMIT $2) AS found`, device, maxHeld).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("count what waits: %w", err)
	}
	return n >= maxHeld, nil
}

// inCircle tells whether an act would wait for itself, or for more than can be
// looked through. That needs somebody who waits for it before it came, which is
// rare.
func (w *writeTx) inCircle(ctx context.Context, id city.MutationID, wait *waiting) (bool, error) {
	if waited, err := w.names(ctx, `SELECT held FROM held_for WHERE dep = $1 LIMIT 1`, id); err != nil || len(waited) == 0 {
		return false, err
	}
	seen := map[city.MutationID]bool{}
	todo := slices.Sorted(maps.Keys(wait.acts))
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		if next == id || len(seen) > maxChain {
			return true, nil
		}
		if seen[next] {
			continue
		}
		seen[next] = true
		more, err := w.names(ctx, `SELECT dep FROM held_for WHERE held = $1 ORDER BY dep`, next)
		if err != nil {
			return false, err
		}
		todo = append(todo, more...)
	}
	return false, nil
}

// hold archives an act that waits, at its place in the order and without effect.
func (w *writeTx) hold(ctx context.Context, e entry) (outcome, error) {
	subject, err := city.Subject(w, e.m)
	if err != nil {
		return outcome{}, err
	}
	if _, err := w.writeChanges(ctx, e.m, nil); err != nil {
		return outcome{}, err
	}
	out := outcome{Verdict: city.VerdictHeld, Seq: w.head.Seq}
	if e.wait.missing {
		out.Refusal = &city.Error{Code: city.CodeMissing, Field: "deps"}
	}
	if err := w.archive(ctx, e, out, subject); err != nil {
		return outcome{}, err
	}
	_, err = w.tx.ExecContext(ctx, `INSERT INTO held (id, came, device, since, missing, due, seq, verdict, review, code, field)
		VALUES ($1, $2, $3, $4, $5, 0, 0, '', '', '', '')`, e.m.ID, out.Seq, e.m.Device, stamp(e.m.Received), flag(e.wait.missing))
	if err != nil {
		return outcome{}, fmt.Errorf("hold %s: %w", e.m.ID, err)
	}
	for _, id := range slices.Sorted(maps.Keys(e.wait.acts)) {
		_, err := w.tx.ExecContext(ctx, `INSERT INTO held_for (dep, held, need) VALUES ($1, $2, $3)`, id, e.m.ID, flag(bool(e.wait.acts[id])))
		if err != nil {
			return outcome{}, fmt.Errorf("hold %s: %w", e.m.ID, err)
		}
		if err := seal(ctx, w.tx, "held_for", id, e.m.ID); err != nil {
			return outcome{}, err
		}
	}
	if err := seal(ctx, w.tx, "held", e.m.ID); err != nil {
		return outcome{}, err
	}
	w.held = true
	// Whoever waits for it as missing now waits for a decision.
	if err := w.settle(ctx, e.m.ID, nil); err != nil {
		return outcome{}, err
	}
	return out, w.release(ctx)
}

// errUnreadable means an act whose envelope the disk has damaged.
var errUnreadable = errors.New("the archive cannot be read")

// entryOf reads a held act out of the archive, as it came.
func (w *writeTx) entryOf(ctx context.Context, id city.MutationID) (city.Mutation, error) {
	var device city.DeviceID
	var received string
	var envelope, opened []byte
	err := w.tx.QueryRowContext(ctx, `SELECT device, received, envelope, args FROM mutation WHERE id = $1`, id).Scan(&device, &received, &envelope, &opened)
	if err != nil {
		return city.Mutation{}, fmt.Errorf("read %s: %w", id, err)
	}
	var env protocol.Envelope
	if err := json.Unmarshal(envelope, &env); err != nil {
		return city.Mutation{}, fmt.Errorf("%w: %s: %w", errUnreadable, id, err)
	}
	if opened == nil {
		opened = env.Args
	}
	m := env.Mutation(device, opened, parseStamp(received))
	m.ID = id
	return m, nil
}

func (w *writeTx) names(ctx context.Context, query string, args ...any) ([]city.MutationID, error) {
	rows, err := w.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	defer rows.Close()
	var out []city.MutationID
	for rows.Next() {
		var id city.MutationID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// wroteAt gives the place in the log at which an act took effect, 0 for unknown
// ones: a held act stands in the archive long before it writes anything.
func (w *writeTx) wroteAt(ctx context.Context, id city.MutationID) (int64, error) {
	var seq int64
	err := w.tx.QueryRowContext(ctx, `SELECT coalesce(h.seq, m.seq) FROM mutation AS m LEFT JOIN held AS h ON h.id = m.id WHERE m.id = $1`, id).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look up %s: %w", id, err)
	}
	return seq, nil
}
