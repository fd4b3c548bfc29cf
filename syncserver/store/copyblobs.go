package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Copied counts blobs that a move has brought over, and those that were there.
type Copied struct{ Copied, There int }

// CopyBlobs copies every whole blob to another folder or bucket, each compared with
// its name, and leaves what is there already and right: one that was cut short goes
// on. What is damaged here is reported and stays behind. Uploads under way stay too;
// devices begin those anew.
func (s *Store) CopyBlobs(ctx context.Context, to string, report func(Finding)) (Copied, error) {
	var n Copied
	target, err := openShelf(to, s.room)
	if err != nil {
		return n, err
	}
	if err := target.prepare(); err != nil {
		return n, err
	}
	all, err := completeBlobs(ctx, s.db)
	if err != nil {
		return n, err
	}
	for _, l := range all {
		what, err := wrong(ctx, target, l)
		if err == nil && what == "" {
			n.There++
			continue
		}
		if err == nil {
			err = target.put(ctx, l, func() (io.ReadCloser, error) { return s.blobs.open(ctx, l.SHA) })
		}
		switch {
		case err == nil:
			n.Copied++
		case errors.Is(err, ErrChecksum) || errors.Is(err, fs.ErrNotExist):
			report(Finding{Where: "blob " + l.SHA, What: err.Error()})
		default:
			return n, fmt.Errorf("copy blob %s: %w", l.SHA, err)
		}
	}
	return n, nil
}
