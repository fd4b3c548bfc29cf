package syncserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// answerRoom is what an answer may hold before it leaves further pages for the
// next one.
const answerRoom = 512 << 20

// answerPage is how many frames are in one part, which stays well below what a
// part may have.
const answerPage = 500

// news puts into the answer what a hello and a pull from the device's cursor would
// bring, and what became of the bundle's acts.
func (in *desk) news(ctx context.Context) error {
	from, err := protocol.DecodeCursor(in.header.Hello.Cursor, func(body, mac []byte) bool { return keys.CheckMAC(in.Keys.MAC, body, mac) })
	if err == nil && from.GrantRev == in.done.Device.GrantRev {
		in.answer.From = in.header.Hello.Cursor
	} else {
		from = protocol.Cursor{}
	}
	last, at, err := in.pages(ctx, from)
	if in.answer.From != "" && (errors.Is(err, store.ErrLineage) || errors.Is(err, store.ErrHorizon)) {
		in.answer.From = ""
		last, at, err = in.pages(ctx, protocol.Cursor{})
	}
	if err != nil {
		return err
	}
	if err := in.known(ctx, last, at); err != nil {
		return err
	}
	return in.greeting(ctx)
}

// pages adds pages until there are no more, or no room. It gives the cursor behind
// them, also as text.
func (in *desk) pages(ctx context.Context, from protocol.Cursor) (protocol.Cursor, string, error) {
	for {
		page, err := in.Store.Pull(ctx, in.done.Device, from, answerPage)
		if err != nil {
			return from, "", err
		}
		from = page.Next(in.done.Device)
		text, err := from.Encode(func(b []byte) []byte { return keys.MAC(in.Keys.MAC, b) })
		if err != nil {
			return from, "", err
		}
		end := protocol.Frame{End: &protocol.End{Cursor: text, Epoch: page.Head.Epoch, More: page.More, Safe: page.Head.Safe, Count: len(page.Frames)}}
		if err := in.addLines(protocol.PartPage, lines(append(page.Frames, end))); err != nil {
			return from, "", err
		}
		if !page.More || in.bytes > answerRoom || len(in.answer.Parts) > protocol.MaxBundleParts-10 {
			return from, text, nil
		}
	}
}

// known answers for the bundle's acts as a reconcile at the last cursor does: an
// act that another device brought is echoed by no pull.
func (in *desk) known(ctx context.Context, at protocol.Cursor, text string) error {
	acks, err := in.Store.Reconcile(ctx, at, in.claims)
	if err != nil {
		return err
	}
	all := make([]any, 0, len(acks)+1)
	for i := range acks {
		all = append(all, protocol.Known{Ack: &acks[i]})
	}
	return in.addLines(protocol.PartKnown, append(all, protocol.Known{End: &protocol.Confirmed{Cursor: text, Epoch: at.Epoch, Seq: at.Seq, Count: len(acks)}}))
}

func (in *desk) greeting(ctx context.Context) error {
	head, err := in.Store.Head(ctx)
	if err != nil {
		return err
	}
	settings, err := city.LoadSettings(in.Store.View(ctx))
	if err != nil {
		return err
	}
	tablet, err := in.Store.TabletKey(ctx, in.header.Device)
	if err != nil {
		return err
	}
	sealing := in.Keys.Sealing.Newest()
	in.answer.Hello = &protocol.HelloReply{SealTo: tablet.Public.String(), Lease: int64(settings.TabletLease().Seconds()), Epoch: head.Epoch, Head: head.Seq,
		Grants: in.done.Device.Grants, GrantRev: in.done.Device.GrantRev, SealingKey: sealing.String(), SealingID: sealing.ID(), Now: in.Now().UTC()}
	return nil
}

func (in *desk) addBlobs() error {
	if len(in.blobs) == 0 {
		return nil
	}
	return in.addLines(protocol.PartBlobs, lines(in.blobs))
}

func (in *desk) addLines(kind string, all []any) error {
	var body bytes.Buffer
	if err := encodeLines(&body, all, false); err != nil {
		return err
	}
	return in.add(kind, body.Bytes())
}

func (in *desk) add(kind string, body []byte) error {
	in.answer.Parts = append(in.answer.Parts, protocol.NewPart(kind, body))
	in.bytes += int64(len(body))
	if _, err := in.parts.Write(body); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// write gives the answer its name when it is whole and on the disk.
func (in *desk) write(spool io.ReadSeeker) error {
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(in.done.Answer), ".answer-*")
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	defer os.Remove(f.Name()) // without effect once it has its name
	err = protocol.WriteHeader(f, in.answer, func(b []byte) []byte { return keys.SignBytes(in.Keys.Identity, keys.LabelAnswer, b) })
	if err == nil {
		_, err = io.Copy(f, spool)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), in.done.Answer)
	}
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}
