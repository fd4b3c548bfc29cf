package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// act is one mutation on its way. Its place in the stream is its place in the list.
type act struct {
	id       city.MutationID
	envelope []byte // without n and its opening brace; dropped once it is echoed
	link     protocol.Hash
	made     time.Time
	sent     bool // a push had a verdict for it
	echoed   bool
}

// device is one of the crowd. Only its own goroutine makes rounds; acts come from
// elsewhere.
type device struct {
	c      *Crowd
	seat   Seat
	key    keys.Identity
	id     string
	seals  keys.SealingPublic
	stream string
	cursor string
	safe   int64
	wake   chan struct{}

	mu    sync.Mutex
	acts  []*act
	place map[city.MutationID]int // of those not yet echoed
}

func newDevice(c *Crowd, s Seat) (*device, error) {
	key, err := s.key()
	return &device{c: c, seat: s, key: key, stream: string(city.NewID()), wake: make(chan struct{}, 1), place: map[city.MutationID]int{}}, err
}

// join trades the seat's code for an identity.
func (d *device) join(ctx context.Context) error {
	code, err := keys.ParseEnrolCode(d.seat.Code)
	if err != nil {
		return err
	}
	public := d.key.Public().String()
	body, err := json.Marshal(protocol.EnrolRequest{Code: code.Show(), Public: public})
	if err != nil {
		return err
	}
	raw, header, err := d.c.call(ctx, public, d.key, request{method: http.MethodPost, path: "/enroll", body: body})
	if err != nil {
		return err
	}
	var reply protocol.EnrolReply
	if err := json.Unmarshal(raw, &reply); err != nil {
		return err
	}
	server, err := keys.ParsePublicKey(reply.Server)
	if err != nil {
		return err
	}
	sig, err := protocol.DecodeSignature(header.Get(protocol.SignatureHeader))
	if err != nil || server.Fingerprint() != d.seat.Fingerprint || !keys.VerifyBytes(server, keys.LabelEnroll, raw, sig) {
		return errors.New("what answered is not the server that the seats are for")
	}
	d.id = string(reply.Device)
	d.seals, err = keys.ParseSealingPublic(reply.SealingKey)
	return err
}

// record makes an act, as a tap does.
func (d *device) record() error {
	who, what := d.seat.act()
	args, err := city.Canonical(what)
	if err != nil {
		return err
	}
	e := protocol.Wrap(city.Mutation{ID: city.NewMutationID(), Type: what.Type(), Actor: who, At: d.c.cfg.Now(), Args: args})
	if d.seat.Kind == city.DeviceKiosk {
		body, err := d.seals.Seal(keys.SealInfo(d.seals.ID(), string(e.ID), string(e.Type)), args)
		if err != nil {
			return err
		}
		e.Args, e.Sealed = nil, &protocol.Sealed{Key: d.seals.ID(), Body: body}
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	content, err := protocol.ContentOf(raw)
	if err != nil {
		return err
	}
	a := &act{id: e.ID, envelope: bytes.TrimPrefix(raw, []byte(`{"n":0,`)), made: d.c.cfg.Now()}
	d.mu.Lock()
	defer d.mu.Unlock()
	a.link = protocol.Link(d.linkAt(len(d.acts)), content)
	d.place[a.id] = len(d.acts)
	d.acts = append(d.acts, a)
	d.c.figures.made.Add(1)
	return nil
}

// linkAt is the link behind the first n acts. The caller holds the lock.
func (d *device) linkAt(n int) protocol.Hash {
	if n == 0 {
		return protocol.Hash{}
	}
	return d.acts[n-1].link
}

// open counts the acts that are not echoed yet.
func (d *device) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.place)
}

// hurry asks for a round.
func (d *device) hurry() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// The pauses of a replica after a failure: full jitter below a bound that doubles.
const (
	shortestPause = time.Second
	longestPause  = 15 * time.Minute
)

// run makes a round whenever it is asked to, and again after one that failed.
func (d *device) run(ctx context.Context) {
	for failures := 0; ; {
		if failures == 0 {
			select {
			case <-ctx.Done():
				return
			case <-d.wake:
			}
		}
		err := d.round(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			failures = 0
			continue
		}
		d.c.figures.failed(err)
		bound := min(longestPause, shortestPause<<min(failures+1, 20))
		rest := shortestPause + rand.N(bound-shortestPause)
		if f := (*refusal)(nil); errors.As(err, &f) {
			rest = max(rest, f.after)
		}
		failures++
		select {
		case <-ctx.Done():
			return
		case <-time.After(rest):
		}
	}
}

// round is the replica's: hello, push what waits, pull until there is no more.
func (d *device) round(ctx context.Context) error {
	reply, err := d.hello(ctx)
	if err != nil {
		return err
	}
	pushed := false
	for at := int(reply.LastN); ; {
		body, to, err := d.batch(at, reply.Link)
		if err != nil {
			return err
		}
		if body == nil {
			break
		}
		end, err := d.push(ctx, body)
		if err != nil {
			return err
		}
		if at = to; int(end.LastN) != to {
			return fmt.Errorf("the server's stream ends at %d after a push up to %d", end.LastN, to)
		}
		reply.Link, pushed = end.Link, true
	}
	if reply.Current && !pushed {
		return nil
	}
	for more := true; more; {
		if more, err = d.pull(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *device) hello(ctx context.Context) (protocol.HelloReply, error) {
	var reply protocol.HelloReply
	d.mu.Lock()
	h := protocol.Hello{Cursor: d.cursor, Stream: d.stream, LastN: uint64(len(d.acts)), Version: "load", Pending: len(d.place), Disk: 1 << 30,
		Clock: d.c.cfg.Now().UTC(), Safe: d.safe}
	d.mu.Unlock()
	body, err := json.Marshal(h)
	if err != nil {
		return reply, err
	}
	raw, _, err := d.c.call(ctx, d.id, d.key, request{method: http.MethodPost, path: "/hello", body: body})
	if err != nil {
		return reply, err
	}
	return reply, json.Unmarshal(raw, &reply)
}

// batch is the body of a push from behind the first at acts, and where it ends;
// nil when nothing waits.
func (d *device) batch(at int, link protocol.Hash) ([]byte, int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at > len(d.acts) || d.linkAt(at) != link {
		return nil, 0, fmt.Errorf("the server's stream ends at %d, elsewhere than ours", at)
	}
	to := min(len(d.acts), at+protocol.MaxBatch)
	if to == at {
		return nil, to, nil
	}
	b, err := json.Marshal(protocol.PushHeader{Stream: d.stream, From: uint64(at) + 1, Prev: link})
	if err != nil {
		return nil, 0, err
	}
	for i, a := range d.acts[at:to] {
		b = append(b, "\n{\"n\":"...)
		b = append(strconv.AppendInt(b, int64(at+i+1), 10), ',')
		b = append(b, a.envelope...)
	}
	return append(b, '\n'), to, nil
}

// push sends a batch and notes the verdicts, which are no more than hints.
func (d *device) push(ctx context.Context, body []byte) (protocol.PushEnd, error) {
	var end protocol.PushEnd
	raw, _, err := d.c.call(ctx, d.id, d.key, request{method: http.MethodPost, path: "/push", body: d.c.enc.EncodeAll(body, nil),
		header: map[string]string{"Content-Type": protocol.ContentType, "Content-Encoding": "zstd"}})
	if err != nil {
		return end, err
	}
	all := bytes.Split(bytes.TrimRight(raw, "\n"), []byte("\n"))
	if json.Unmarshal(all[len(all)-1], &end) != nil || !end.End {
		return end, errors.New("the answer to a push ended early")
	}
	now := d.c.cfg.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, line := range all[:len(all)-1] {
		var v protocol.PushVerdict
		if err := json.Unmarshal(line, &v); err != nil {
			return end, err
		}
		if v.Verdict != city.VerdictApplied && v.Stored != city.VerdictApplied {
			d.c.figures.note(fmt.Sprintf("verdict %s %s", v.Verdict, v.Code))
		}
		if i, ok := d.place[v.ID]; ok && !d.acts[i].sent {
			d.acts[i].sent = true
			d.c.figures.pushed(now.Sub(d.acts[i].made))
		}
	}
	return end, nil
}

// pull takes one page. Only the echoes are kept of it.
func (d *device) pull(ctx context.Context) (more bool, err error) {
	query := "limit=" + strconv.Itoa(protocol.MaxPage)
	if d.cursor != "" {
		query = "cursor=" + url.QueryEscape(d.cursor) + "&" + query
	}
	raw, _, err := d.c.call(ctx, d.id, d.key, request{method: http.MethodGet, path: "/pull", query: query, header: map[string]string{"Accept-Encoding": "zstd"}})
	if err != nil {
		return false, err
	}
	all := bytes.Split(bytes.TrimRight(raw, "\n"), []byte("\n"))
	var last protocol.Frame
	if json.Unmarshal(all[len(all)-1], &last) != nil || last.End == nil || last.End.Count != len(all)-1 {
		return false, errors.New("a page ended early")
	}
	now := d.c.cfg.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, line := range all[:len(all)-1] {
		if !bytes.HasPrefix(line, []byte(`{"ack"`)) {
			continue
		}
		var f protocol.Frame
		if err := json.Unmarshal(line, &f); err != nil {
			return false, err
		}
		d.echo(f.Ack, now)
	}
	d.cursor, d.safe = last.End.Cursor, last.End.Safe
	d.c.figures.frames.Add(int64(len(all) - 1))
	return last.End.More, nil
}

// echo notes that an act stands. One that comes a second time, or was never made,
// is counted among the errors. The caller holds the lock.
func (d *device) echo(a *protocol.Ack, now time.Time) {
	i, ok := d.place[a.Mutation]
	if !ok {
		if d.c.figures.begun() { // an earlier run's acts come back with the first pull
			d.c.figures.note("echo of an act that was not waited for")
		}
		return
	}
	delete(d.place, a.Mutation)
	d.acts[i].echoed, d.acts[i].envelope = true, nil
	d.c.figures.echo(now.Sub(d.acts[i].made))
}
