package syncserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver/console"
	"cityhall/syncserver/store"
)

// Desk takes bundles: what devices without a line have had carried here. It may
// stand beside a running server.
type Desk struct {
	Store *store.Store
	Keys  *keys.ServerKeys
	Now   func() time.Time
	Log   *slog.Logger
}

// Imported says what became of a bundle.
type Imported struct {
	Device  store.Device
	Answer  string // path of the file for the device
	Acts    int
	New     int // of them, that the city did not have
	Refused int // of the new ones
	Photos  int // that are whole here now
	Revoked bool
}

// desk is one import.
type desk struct {
	Desk
	header protocol.BundleHeader
	answer protocol.AnswerHeader
	parts  io.Writer // the answer's parts, until its header is known
	bytes  int64
	claims []protocol.Claim
	blobs  []protocol.BundleBlob
	done   Imported
}

// Import takes a bundle in and writes the answer beside it. It may be repeated:
// acts are known by their ids, and the answer is as of now.
func (d Desk) Import(ctx context.Context, path string) (Imported, error) {
	f, err := os.Open(path)
	if err != nil {
		return Imported{}, fmt.Errorf("read the bundle: %w", err)
	}
	defer f.Close()
	in := &desk{Desk: d}
	b, err := in.open(ctx, f)
	if err != nil {
		return in.done, err
	}
	in.done.Answer = strings.TrimSuffix(path, protocol.BundleExt) + protocol.AnswerExt
	spool, err := os.CreateTemp(filepath.Dir(path), ".answer-*")
	if err != nil {
		return in.done, fmt.Errorf("write the answer: %w", err)
	}
	defer os.Remove(spool.Name())
	defer spool.Close()
	in.parts = spool
	in.answer = protocol.AnswerHeader{Format: protocol.AnswerFormat, Bundle: in.header.ID, Device: in.header.Device}
	if in.done.Revoked {
		err = in.handOver(ctx, b)
	} else {
		err = in.exchange(ctx, b)
	}
	if err != nil {
		return in.done, err
	}
	return in.done, in.write(spool)
}

// open believes nothing before it knows who signed, and reads the whole file
// before any of it is taken.
func (in *desk) open(ctx context.Context, f *os.File) (*protocol.Bundle, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the bundle: %w", err)
	}
	b, err := protocol.ReadBundle(f, info.Size())
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(b.Header, &in.header) != nil || in.header.Format != protocol.BundleFormat || !city.ID(in.header.Hello.Stream).Valid() || len(in.header.ID) > 64 {
		return nil, protocol.ErrBundle
	}
	if in.header.Server != in.Keys.Identity.Public().String() {
		return nil, protocol.ErrOtherCity
	}
	in.done.Device, err = in.Store.Device(ctx, in.header.Device)
	if errors.Is(err, store.ErrNoDevice) {
		return nil, protocol.ErrStranger
	}
	if err != nil {
		return nil, err
	}
	if !keys.VerifyBytes(in.done.Device.Public, keys.LabelBundle, b.Header, b.Signature) {
		return nil, protocol.ErrStranger
	}
	in.done.Revoked = in.done.Device.State != store.DeviceActive
	return b, b.Check(in.header.Parts)
}

// exchange is a whole round: acts, photos, and what is new for the device.
func (in *desk) exchange(ctx context.Context, b *protocol.Bundle) error {
	if to := in.header.Hello.SealTo; to != "" {
		key, err := keys.ParseSealingPublic(to)
		if err != nil {
			return fmt.Errorf("%w: seal_to is not a key", protocol.ErrBundle)
		}
		if in.done.Device, err = in.Store.SealTo(ctx, in.done.Device, key); err != nil {
			return err
		}
	}
	err := b.Each(in.header.Parts, func(p protocol.BundlePart, body []byte) error {
		switch p.Kind {
		case protocol.PartActs:
			return in.push(ctx, body)
		case protocol.PartBlob:
			return in.blob(ctx, p.SHA256, body)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := in.addBlobs(); err != nil {
		return err
	}
	return in.news(ctx)
}

// push takes acts as the endpoint does. What the endpoint would refuse as a whole
// gets no verdicts here, and the rest of the bundle goes on.
func (in *desk) push(ctx context.Context, body []byte) error {
	header, lines, why := readPush(body)
	if why != "" || len(lines) > protocol.MaxBatch || len(in.claims)+len(lines) > protocol.MaxBundleActs {
		in.Log.Warn("acts of a bundle not taken", "device", in.header.Device, "why", why)
		return nil
	}
	verdicts, end, err := in.Store.Push(ctx, in.done.Device, header, lines)
	var fork *store.Fork
	if bad, ok := city.AsError(err); ok || errors.As(err, &fork) {
		in.Log.Warn("acts of a bundle not taken", "device", in.header.Device, "err", errors.Join(err, bad))
		return nil
	}
	if err != nil {
		return err
	}
	return in.judged(lines, verdicts, end)
}

// judged puts verdicts into the answer and counts them.
func (in *desk) judged(lines []store.Incoming, verdicts []protocol.PushVerdict, end any) error {
	for i, v := range verdicts {
		in.done.Acts++
		if v.Verdict != city.VerdictDuplicate {
			in.done.New++
		}
		if v.Verdict == city.VerdictRefused {
			in.done.Refused++
		}
		content, err := protocol.ContentOf(lines[i].Line)
		if err != nil {
			return err
		}
		in.claims = append(in.claims, protocol.Claim{Mutation: v.ID, Content: content})
	}
	out, err := verdictLines(verdicts, end)
	if err != nil {
		return err
	}
	return in.add(protocol.PartVerdicts, out)
}

// blob takes a photo, or the rest of it.
func (in *desk) blob(ctx context.Context, sha string, body []byte) error {
	if !store.BlobName(sha) || len(body) == 0 || len(body) > protocol.MaxBlob {
		return nil
	}
	line := protocol.BundleBlob{SHA256: sha, Length: int64(len(body))}
	err := in.upload(ctx, &line, body)
	switch {
	case err == nil:
	case errors.Is(err, store.ErrErased):
		line.Code = protocol.CodeErased
	case errors.Is(err, store.ErrQuota), errors.Is(err, store.ErrNoRoom):
		line.Code = protocol.CodeBusy
	case errors.Is(err, store.ErrOffset), errors.Is(err, store.ErrChecksum): // another upload of it goes on
	default:
		return err
	}
	if line.Code == "" && line.Offset == line.Length {
		in.done.Photos++
	}
	in.blobs = append(in.blobs, line)
	return nil
}

func (in *desk) upload(ctx context.Context, line *protocol.BundleBlob, body []byte) error {
	have, size, err := in.Store.ResumeBlob(ctx, line.SHA256)
	if errors.Is(err, store.ErrNoBlob) || err == nil && size != line.Length {
		err = in.Store.BeginBlob(ctx, in.done.Device.ID, line.SHA256, line.Length)
		have = 0
	}
	for err == nil && have < line.Length {
		have, err = in.Store.AppendBlob(ctx, line.SHA256, have, body[have:min(have+protocol.MaxChunk, line.Length)])
	}
	line.Offset = have
	return err
}

// handOver is what becomes of the bundle of a revoked device: its acts go to
// staff, and the answer refuses it, with the order to wipe itself if there is one.
func (in *desk) handOver(ctx context.Context, b *protocol.Bundle) error {
	err := b.Each(in.header.Parts, func(p protocol.BundlePart, body []byte) error {
		if p.Kind == protocol.PartActs {
			return in.quarantine(ctx, body)
		}
		expected, err := in.Store.Expected(ctx, in.header.Device, p.SHA256)
		if err != nil || !expected || p.Kind != protocol.PartBlob {
			return err
		}
		return in.blob(ctx, p.SHA256, body)
	})
	if err != nil {
		return err
	}
	if err := in.addBlobs(); err != nil {
		return err
	}
	raw, sig, err := refuse(ctx, in.Store, in.Keys, in.done.Device, protocol.Problem{Code: protocol.CodeRevoked, Message: "this device is no longer welcome"})
	in.answer.Refused, in.answer.Order = string(raw), sig
	return err
}

func (in *desk) quarantine(ctx context.Context, body []byte) error {
	_, lines, why := readPush(body)
	if why != "" || len(lines) > protocol.MaxBatch {
		in.Log.Warn("acts of a bundle not taken", "device", in.header.Device, "why", why)
		return nil
	}
	verdicts, end, err := in.Store.Quarantine(ctx, in.done.Device, protocol.QuarantineHeader{}, lines)
	if bad, ok := city.AsError(err); ok || errors.Is(err, store.ErrHandedOver) {
		in.Log.Warn("acts of a revoked device not taken", "device", in.header.Device, "err", errors.Join(err, bad))
		return nil
	}
	if err != nil {
		return err
	}
	return in.judged(lines, verdicts, protocol.PushEnd{End: end.End})
}

// Take is Import for the console.
func (d Desk) Take(ctx context.Context, path string) (console.Taken, error) {
	done, err := d.Import(ctx, path)
	return console.Taken{Device: done.Device.Name, Acts: done.Acts, New: done.New, Refused: done.Refused, Photos: done.Photos, Revoked: done.Revoked, Answer: done.Answer}, err
}
