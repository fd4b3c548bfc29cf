package replica

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// push sends what waits, batch by batch, from where the server's copy of the
// stream ends. at moves along.
func (r *Replica) push(ctx context.Context, id *identity, at *standing) error {
	size := protocol.MaxBatch
	sure := false // what was looked through went on as it should: no need to look at all that waits again
	for forks := 0; ; {
		todo, err := r.queue(ctx, at, size, sure)
		if err != nil || len(todo) == 0 {
			return err
		}
		err = r.pushBatch(ctx, id, at, todo)
		last := &todo[len(todo)-1]
		sure = err == nil && at.n == last.n && at.link == last.link
		var f *refusal
		switch {
		case err == nil:
		case isRefusal(err, protocol.CodeFork) && forks < maxRepeats:
			errors.As(err, &f)
			forks++
			at.n, at.link = f.LastN, f.Link
		case !isRefusal(err, protocol.CodeTooLarge, protocol.CodeMalformed):
			return err
		case len(todo) > 1:
			size = len(todo) / 2
		default: // the one that cannot be read must not hold up the others
			r.cfg.Log.Error("the server cannot read an act", "mutation", string(todo[0].id), "err", err)
			r.setStuck(todo[0].id, err)
			size = protocol.MaxBatch
		}
	}
}

func (r *Replica) setStuck(id city.MutationID, err error) {
	code := city.CodeInvalid
	if isRefusal(err, protocol.CodeTooLarge) {
		code = city.CodeTooLarge
	}
	r.mu.Lock()
	r.stuck[id] = code
	r.mu.Unlock()
	r.tell()
}

func (r *Replica) stuckCode(id city.MutationID) city.Code {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stuck[id]
}

// pushBatch sends entries that follow each other in the stream. The answer is a
// hint: they are marked as sent by it, and their echo in a pull makes them received.
func (r *Replica) pushBatch(ctx context.Context, id *identity, at *standing, todo []entry) error {
	body, err := encodePush(at, todo)
	if err != nil {
		return err
	}
	r.idle = idle{} // there is news from now on, our own
	a, err := r.call(ctx, id, request{method: http.MethodPost, path: "/push", body: r.codec.encode(body),
		header: map[string]string{"Content-Type": protocol.ContentType, "Content-Encoding": "zstd"}})
	if err != nil {
		return err
	}
	verdicts, end, err := decodeVerdicts(a.body)
	if err != nil {
		return err
	}
	r.noteAnswered(todo, verdicts)
	at.n, at.link = end.LastN, end.Link
	return nil
}

func encodePush(at *standing, todo []entry) ([]byte, error) {
	header, err := json.Marshal(protocol.PushHeader{Stream: at.stream, From: at.n + 1, Prev: at.link})
	if err != nil {
		return nil, err
	}
	b := append(header, '\n')
	for i := range todo {
		b = append(appendLine(b, &todo[i]), '\n')
	}
	return b, nil
}

// appendLine writes the envelope with its place in the stream, every other byte
// as it was hashed.
func appendLine(b []byte, e *entry) []byte {
	b = append(b, `{"n":`...)
	b = strconv.AppendUint(b, e.n, 10)
	b = append(b, ',')
	return append(b, e.envelope[1:]...)
}

func decodeVerdicts(body []byte) ([]protocol.PushVerdict, protocol.PushEnd, error) {
	all := lines(body)
	var end protocol.PushEnd
	if json.Unmarshal(all[len(all)-1], &end) != nil || !end.End {
		return nil, end, unreachable(errors.New("the answer to a push ended early"))
	}
	verdicts := make([]protocol.PushVerdict, len(all)-1)
	for i, line := range all[:len(all)-1] {
		if err := json.Unmarshal(line, &verdicts[i]); err != nil {
			return nil, end, unreachable(fmt.Errorf("the answer to a push: %w", err))
		}
	}
	return verdicts, end, nil
}

// stretch is a part of a stream: the acts behind one place up to another.
type stretch struct {
	stream      string
	after, upto uint64
}

func (t stretch) has(e *entry) bool { return e.stream == t.stream && e.n > t.after && e.n <= t.upto }

// noteAnswered remembers for settle that the server has answered acts that follow
// each other. Their rows are written once, with their echoes; when the program ends
// before that, it is as if the answer had been lost.
func (r *Replica) noteAnswered(todo []entry, verdicts []protocol.PushVerdict) {
	answered := 0
	for answered < min(len(todo), len(verdicts)) && verdicts[answered].ID == todo[answered].id {
		answered++
	}
	if answered == 0 {
		return
	}
	first, last := todo[0], todo[answered-1]
	if r.answered.stream != first.stream || r.answered.upto != first.n-1 {
		r.answered = stretch{stream: first.stream, after: first.n - 1}
	}
	r.answered.upto = last.n
}

// markAnswered marks what the server has answered in a round that breaks off before
// the echoes are all here.
func (r *Replica) markAnswered(ctx context.Context) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	for after := r.answered.after; after < r.answered.upto; {
		some, err := r.load(ctx, r.out, selectPlaced, r.answered.stream, int64(after), claimsAtOnce)
		if err != nil || len(some) == 0 {
			return err
		}
		after = some[len(some)-1].n
		if err := r.writeEntries(ctx, r.moved(some, nil), moveEntry); err != nil {
			return err
		}
	}
	return nil
}

// queue gives the next entries to send, at most size and one push's worth. When
// the server's copy of the stream is not a beginning of ours, or an act among
// them is missing, what is pending goes on a new stream: ids and content stay.
// After a push that went well only the next entries have to be in one piece.
func (r *Replica) queue(ctx context.Context, at *standing, size int, sure bool) ([]entry, error) {
	if none, err := r.nothingWaits(ctx, at, sure); err != nil || none {
		return nil, err
	}
	var todo []entry
	err := sqlite.InTx(ctx, r.out, func(tx *sql.Tx) error {
		own, err := readTip(ctx, tx)
		if err != nil {
			return err
		}
		if own.stream != at.stream { // a new one, which the server has not seen
			*at, sure = standing{stream: own.stream}, false
		}
		if !sure {
			if sure, err = r.plain(ctx, tx, own, at); err != nil {
				return err
			}
		}
		if sure {
			if todo, err = r.load(ctx, tx, selectPlaced, at.stream, int64(at.n), size); err != nil || follow(todo, at) {
				return err
			}
		}
		whole, err := r.continues(ctx, tx, own, at)
		if err != nil {
			return err
		}
		if !whole {
			if own, err = r.reissue(ctx, tx); err != nil {
				return err
			}
			*at = standing{stream: own.stream}
		}
		todo, err = r.load(ctx, tx, selectPlaced, at.stream, int64(at.n), size)
		return err
	})
	if err != nil {
		return nil, explain(err)
	}
	return withinOnePush(todo), nil
}

// follow tells whether entries stand in one piece behind a place.
func follow(todo []entry, at *standing) bool {
	for i := range todo {
		if todo[i].n != at.n+uint64(i)+1 || todo[i].stream != at.stream || todo[i].state != savedHere {
			return false
		}
	}
	return len(todo) > 0
}

// plain tells whether the acts that wait are just as many as the stream has behind
// the server's end of it, which is a place of ours: then they stand in one piece, if
// the rows follow each other, and none of the others has to be looked at.
func (r *Replica) plain(ctx context.Context, tx *sql.Tx, own tip, at *standing) (bool, error) {
	r.mu.Lock()
	stuck := len(r.stuck)
	r.mu.Unlock()
	known, err := r.isOurs(ctx, tx, own, at)
	if err != nil || !known || stuck > 0 {
		return false, err
	}
	var waiting uint64
	if err := tx.QueryRowContext(ctx, countWaiting).Scan(&waiting); err != nil {
		return false, fmt.Errorf("read the outbox: %w", err)
	}
	return waiting == own.n-at.n, nil
}

// nothingWaits spares an idle device the lock for writing.
func (r *Replica) nothingWaits(ctx context.Context, at *standing, sure bool) (bool, error) {
	own, err := readTip(ctx, r.out)
	if err != nil || own.stream != at.stream || own.n != at.n || own.link != at.link {
		return false, explain(err)
	}
	if sure {
		return true, nil // all of it is answered, and waits for its echo
	}
	var waiting int
	if err := r.out.QueryRowContext(ctx, countWaiting).Scan(&waiting); err != nil {
		return false, fmt.Errorf("read the outbox: %w", err)
	}
	return waiting == 0, nil
}

func withinOnePush(todo []entry) []entry {
	bytes := 1024 // header
	for i := range todo {
		if bytes += len(todo[i].envelope) + 64; bytes > protocol.MaxPushBody && i > 0 {
			return todo[:i]
		}
	}
	return todo
}

// continues tells whether everything that waits stands on the stream, in one
// piece, behind where the server's copy of it ends.
func (r *Replica) continues(ctx context.Context, tx *sql.Tx, own tip, at *standing) (bool, error) {
	known, err := r.isOurs(ctx, tx, own, at)
	if err != nil || !known {
		return false, err
	}
	waiting, err := r.load(ctx, tx, selectWaiting)
	if err != nil {
		return false, err
	}
	for i := range waiting {
		e := &waiting[i]
		if e.damaged || e.state != savedHere {
			continue
		}
		switch stuck := r.stuckCode(e.id) != ""; {
		case stuck && e.stream == own.stream && e.n > at.n:
			return false, nil // take it out of the way of the others
		case stuck:
		case e.stream != own.stream:
			return false, nil
		case e.n <= at.n: // the answer to its push was lost; the link says that it is there
			e.state = sentOnce
			if err := updateEntry(ctx, tx, e); err != nil {
				return false, err
			}
		}
	}
	var behind int64
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM entry WHERE stream = $1 AND n > $2 AND damaged = 0`, own.stream, int64(at.n)).Scan(&behind)
	if err != nil {
		return false, fmt.Errorf("read the outbox: %w", err)
	}
	return behind == 0 || uint64(behind) == own.n-at.n, nil
}

// isOurs tells whether the server's copy of the stream is a beginning of ours.
func (r *Replica) isOurs(ctx context.Context, tx *sql.Tx, own tip, at *standing) (bool, error) {
	switch {
	case own.stream == "" || at.n > own.n:
		return false, nil
	case at.n == 0:
		return at.link == protocol.Hash{}, nil
	case at.n == own.n:
		return at.link == own.link, nil
	}
	there, err := r.load(ctx, tx, selectAt, own.stream, int64(at.n))
	return len(there) == 1 && bytes.Equal(there[0].link[:], at.link[:]), err
}

// reissue puts all that the city has not confirmed on a new stream.
func (r *Replica) reissue(ctx context.Context, tx *sql.Tx) (tip, error) {
	waiting, err := r.load(ctx, tx, selectWaiting)
	if err != nil {
		return tip{}, err
	}
	t := tip{stream: string(city.NewID())}
	for i := range waiting {
		e := &waiting[i]
		if e.damaged {
			continue
		}
		e.state = savedHere
		if r.stuckCode(e.id) != "" {
			e.stream, e.n = "", 0
		} else {
			t.place(e)
		}
		if err := updateEntry(ctx, tx, e); err != nil {
			return tip{}, err
		}
	}
	r.cfg.Log.Info("new stream", "stream", t.stream, "acts", t.n)
	return t, writeTip(ctx, tx, t)
}

// ownStream gives where the stream ends, beginning one if there is none.
func (r *Replica) ownStream(ctx context.Context) (tip, error) {
	own, err := readTip(ctx, r.out)
	if err != nil || own.stream != "" {
		return own, explain(err)
	}
	err = sqlite.InTx(ctx, r.out, func(tx *sql.Tx) error {
		if own, err = readTip(ctx, tx); err != nil || own.stream != "" {
			return err
		}
		own, err = r.reissue(ctx, tx)
		return err
	})
	return own, explain(err)
}
