package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// checkWholeLog: a pull of the whole log, page by page, gives what the device has
// by a snapshot and the pulls since.
func (f *Fleet) checkWholeLog(ctx context.Context, d *Device) error {
	st := f.city.Server().Store()
	me, err := st.Device(ctx, d.id())
	if err != nil {
		return err
	}
	made, at := map[city.Ref]city.Record{}, protocol.Cursor{}
	for {
		page, err := st.Pull(ctx, me, at, 1+f.rng.IntN(200))
		if err != nil {
			return Violation{"pull(0) = snapshot(S) + pull(S)", fmt.Sprintf("%s at %d: %v", d.Name, at.Seq, err)}
		}
		for _, frame := range page.Frames {
			switch {
			case frame.Put != nil:
				made[frame.Put.Ref] = laid(made[frame.Put.Ref], *frame.Put)
			case frame.Evict != nil:
				delete(made, frame.Evict.Ref)
			}
		}
		if at = (protocol.Cursor{Epoch: page.Head.Epoch, Seq: page.Seq, Chain: page.Hash[:8], GrantRev: me.GrantRev}); !page.More {
			break
		}
	}
	got := map[string]string{}
	for ref, rec := range made {
		if got[ref.String()], err = written(rec); err != nil {
			return err
		}
	}
	want, err := all(ctx, d.Replica)
	if err != nil {
		return err
	}
	return compare("pull(0) = snapshot(S) + pull(S)", d.Name, got, want)
}

// laid is a record after a put, as PROTOCOL.md says it.
func laid(rec city.Record, p protocol.Put) city.Record {
	if p.Full || rec.Fields == nil {
		rec = city.Record{Ref: p.Ref, Parent: p.Parent, Fields: city.Fields{}, Writers: map[string]city.MutationID{}}
	}
	for name, value := range p.Fields {
		if rec.Writers[name] = p.W; value == nil || string(value) == "null" {
			delete(rec.Fields, name)
			continue
		}
		rec.Fields[name] = value
	}
	for name, by := range p.WS {
		rec.Writers[name] = by
	}
	return rec
}

// checkForgotten: no byte of what a device may not see is in what it keeps of the
// city. Its own acts stay in the outbox, where they have to be.
func (f *Fleet) checkForgotten(ctx context.Context, d *Device) error {
	see, err := visible(ctx, f.city.Server().Store(), d.Replica)
	if err != nil {
		return err
	}
	kept := map[string][]byte{}
	err = filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), "outbox.db") || filepath.Base(filepath.Dir(path)) == "blobs" {
			return err
		}
		raw, err := os.ReadFile(path)
		kept[e.Name()] = raw
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	rows, err := f.city.Server().Store().DB().QueryContext(ctx, `SELECT kind, id FROM record WHERE kind IN ('workorder', 'visit', 'note', 'photo')`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var ref city.Ref
		if err := rows.Scan(&ref.Kind, &ref.ID); err != nil {
			return err
		}
		if _, ok := see[ref.String()]; ok || named(see, ref.ID) {
			continue
		}
		for name, raw := range kept {
			if bytes.Contains(raw, []byte(ref.ID)) {
				return Violation{"after a grant goes and one sync, no byte outside the grants is on the device", fmt.Sprintf("%s: %s in %s", d.Name, ref, name)}
			}
		}
	}
	return rows.Err()
}

// named tells whether a record that the device may see names the id: a review of
// the device's own refused act does.
func named(see map[string]string, id city.ID) bool {
	for _, text := range see {
		if strings.Contains(text, string(id)) {
			return true
		}
	}
	return false
}
