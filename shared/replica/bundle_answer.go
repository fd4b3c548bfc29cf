package replica

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// incoming is an answer that was found to be this device's and whole.
type incoming struct {
	*protocol.Bundle
	protocol.AnswerHeader
	saved savedBundle

	verdicts []protocol.PushVerdict
	cursor   string // behind the pages so far, whether they were applied or not
	more     bool
}

// ImportAnswer reads the city's answer to the bundle that was saved last. What it
// says counts as if the line had brought it: an act is received when the pages
// echo it. Errors are *city.Error: CodeDamaged for a file that is not whole,
// CodeWrongServer for one that the city did not sign, CodeNotYours for another
// device's, CodeStale for the answer to another bundle than the last, or one that
// was read before; they change nothing.
func (r *Replica) ImportAnswer(ctx context.Context, path string) error {
	r.stepping.Lock()
	defer r.stepping.Unlock()
	id := r.who()
	if id == nil {
		return city.Fail(city.CodeNotNow, "", "this device was never enrolled")
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read from the stick: %w", err)
	}
	defer f.Close()
	in, err := r.openAnswer(ctx, id, f)
	if err != nil {
		return err
	}
	if in.Refused != "" {
		err = r.takeRefusal(ctx, id, in)
	} else {
		err = r.takeAnswer(ctx, id, in)
	}
	if err != nil {
		return err
	}
	return explain(r.SetSetting(ctx, bundleNote, ""))
}

// openAnswer believes nothing before the signature, and takes nothing before the
// whole file was read.
func (r *Replica) openAnswer(ctx context.Context, id *identity, f *os.File) (*incoming, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read from the stick: %w", err)
	}
	b, err := protocol.ReadBundle(f, info.Size())
	in := &incoming{Bundle: b}
	if err == nil && (json.Unmarshal(b.Header, &in.AnswerHeader) != nil || in.Format != protocol.AnswerFormat) {
		err = protocol.ErrBundle
	}
	if err != nil {
		return nil, city.Fail(city.CodeDamaged, "answer", err.Error())
	}
	if in.Device != id.device {
		return nil, city.Fail(city.CodeNotYours, "answer", "the answer is for another device")
	}
	if !keys.VerifyBytes(id.serverKey, keys.LabelAnswer, b.Header, b.Signature) {
		return nil, wrongServer()
	}
	note, err := r.Setting(ctx, bundleNote)
	if err != nil && city.CodeOf(err) != city.CodeDamaged {
		return nil, err
	}
	if json.Unmarshal([]byte(note), &in.saved) != nil || in.saved.ID != in.AnswerHeader.Bundle {
		return nil, city.Fail(city.CodeStale, "answer", "the answer is not to what was saved last, or was read before")
	}
	if err := b.Check(in.Parts); errors.Is(err, protocol.ErrBundle) {
		return nil, city.Fail(city.CodeDamaged, "answer", err.Error())
	} else if err != nil {
		return nil, fmt.Errorf("read from the stick: %w", err)
	}
	in.cursor = in.From
	return in, nil
}

// takeAnswer does with an answer what a round does with the line's.
func (r *Replica) takeAnswer(ctx context.Context, id *identity, in *incoming) error {
	if in.AnswerHeader.Hello == nil {
		return city.Fail(city.CodeDamaged, "answer", "it does not say how the city stands")
	}
	if reply := *in.AnswerHeader.Hello; reply.GrantRev >= id.grantRev { // the line may have told of newer ones
		if err := r.renewLease(ctx, reply.Lease); err != nil {
			return err
		}
		r.compareKey(reply.SealTo)
		if err := r.follow(ctx, id, reply); err != nil {
			return err
		}
	}
	at := r.cache.target().at.Load().cursor
	if in.From == "" && at != "" && at == in.saved.Cursor { // which the city does not take any more
		if err := r.startOver(ctx); err != nil {
			return err
		}
	}
	if err := in.Each(in.Parts, func(p protocol.BundlePart, body []byte) error { return r.takePart(ctx, in, p.Kind, body) }); err != nil {
		return err
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	return in.Each(in.Parts, func(p protocol.BundlePart, body []byte) error {
		if p.Kind != protocol.PartKnown {
			return nil
		}
		return r.takeKnown(ctx, in, body)
	})
}

func (r *Replica) takePart(ctx context.Context, in *incoming, kind string, body []byte) error {
	switch kind {
	case protocol.PartVerdicts:
		verdicts, _, err := decodeVerdicts(body)
		if err != nil {
			return err
		}
		in.verdicts = append(in.verdicts, verdicts...)
		named, err := r.entriesOf(ctx, verdicts)
		if err != nil {
			return err
		}
		return r.markSent(ctx, named)
	case protocol.PartPage:
		return r.takePage(ctx, in, body)
	case protocol.PartBlobs:
		return r.takeBlobs(ctx, body)
	}
	return nil
}

// entriesOf finds the acts that verdicts are about.
func (r *Replica) entriesOf(ctx context.Context, verdicts []protocol.PushVerdict) ([]entry, error) {
	var out []entry
	for _, v := range verdicts {
		found, err := r.load(ctx, r.out, selectOne, v.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, slices.DeleteFunc(found, func(e entry) bool { return e.damaged })...)
	}
	return out, nil
}

// markSent notes that the city has answered.
func (r *Replica) markSent(ctx context.Context, named []entry) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	waiting := slices.DeleteFunc(named, func(e entry) bool { return e.state == echoReceived })
	for i := range waiting {
		waiting[i].state = sentOnce
	}
	return r.writeEntries(ctx, waiting, moveEntry)
}

// takePage applies a page that goes on where the cache stands. One that was
// applied before, or that the line has overtaken, is passed over.
func (r *Replica) takePage(ctx context.Context, in *incoming, body []byte) error {
	p, err := decodePage(body)
	if err != nil {
		return err
	}
	from := in.cursor
	in.cursor, in.more = p.end.Cursor, p.end.More
	f := r.cache.target()
	if f.at.Load().cursor != from {
		return nil
	}
	if err := r.keepPage(ctx, f, p); err != nil || p.end.More || !r.cache.rebuilding() {
		return err
	}
	// Evidence of a history that has ended needs a line; the city may do without it.
	r.cfg.Log.Warn("cache rebuilt from a stick")
	return r.takeOver(ctx)
}

// takeKnown takes the answer about the acts that the pages did not echo, if it
// holds for where the cache stands.
func (r *Replica) takeKnown(ctx context.Context, in *incoming, body []byte) error {
	known, end, err := decodeKnown(body)
	if err != nil {
		return err
	}
	f := r.cache.target()
	if in.more || f.at.Load().cursor != end.Cursor {
		return nil
	}
	all, err := r.entriesOf(ctx, in.verdicts)
	if err != nil {
		return err
	}
	var asked []entry
	echoed, err := acks(ctx, f.db, all)
	if err != nil {
		return err
	}
	for _, e := range all {
		if _, ok := echoed[e.id]; !ok {
			asked = append(asked, e)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	_, err = r.confirm(ctx, f, asked, known, end)
	return err
}

func (r *Replica) takeBlobs(ctx context.Context, body []byte) error {
	for _, line := range lines(body) {
		var b protocol.BundleBlob
		if err := json.Unmarshal(line, &b); err != nil {
			return city.Fail(city.CodeDamaged, "answer", "a line about a photo")
		}
		if b.Code != protocol.CodeErased && (b.Code != "" || b.Length == 0 || b.Offset != b.Length) {
			continue
		}
		if info, err := os.Stat(r.ownPath(b.SHA256)); err == nil {
			if err := r.blobBecomes(ctx, b.SHA256, info.Size(), blobSent); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeRefusal is what an answer to a revoked device comes to: staff have its acts,
// and it may be told to wipe itself, which needs no line until all is deleted.
func (r *Replica) takeRefusal(ctx context.Context, id *identity, in *incoming) error {
	f := &refusal{Status: http.StatusForbidden, raw: []byte(in.Refused), signature: in.Order}
	if json.Unmarshal(f.raw, &f.Problem) != nil || f.Code != protocol.CodeRevoked {
		return city.Fail(city.CodeDamaged, "answer", "a refusal that says nothing")
	}
	err := in.Each(in.Parts, func(p protocol.BundlePart, body []byte) error {
		switch p.Kind {
		case protocol.PartVerdicts:
			verdicts, _, err := decodeVerdicts(body)
			if err != nil {
				return err
			}
			named, err := r.entriesOf(ctx, verdicts)
			if err != nil {
				return err
			}
			named = slices.DeleteFunc(named, func(e entry) bool { return e.state == echoReceived })
			return r.markHanded(ctx, named, verdicts)
		case protocol.PartBlobs:
			return r.takeBlobs(ctx, body)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.setLink(linkOf(f))
	if r.ordered(id, f) {
		return r.beginWipe(ctx)
	}
	return nil
}
