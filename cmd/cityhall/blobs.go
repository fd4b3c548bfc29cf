package main

import (
	"context"
	"fmt"

	"cityhall/syncserver/store"
)

// Blobs is the command line of what concerns photos.
type Blobs struct {
	Copy CopyBlobs `cmd:"" help:"Copy all photos to another folder or bucket. What was cut short goes on when it is called again."`
}

// CopyBlobs is the command line of a move.
type CopyBlobs struct {
	Place
	To string `help:"Where to: a folder, or s3://bucket/prefix?endpoint=…&region=…." required:""`
}

// Run copies and says what is left to do.
func (c CopyBlobs) Run(ctx context.Context, t terminal) error {
	s, err := c.attach(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	damaged := 0
	n, err := s.CopyBlobs(ctx, c.To, func(f store.Finding) {
		damaged++
		fmt.Fprintf(t.err, "not copied: %s\n", f)
	})
	fmt.Fprintf(t.out, "%d photos and other blobs copied, %d were there, each compared with its hash\n", n.Copied, n.There)
	if err != nil {
		return fmt.Errorf("%w (call it again: it goes on)", err)
	}
	if damaged > 0 {
		return fmt.Errorf(`%d blobs are damaged or gone here; "cityhall verify" asks devices for them again`, damaged)
	}
	fmt.Fprintf(t.out, "Stop the servers, call this once more for what came meanwhile, and start them with -blobs %s\n", c.To)
	return nil
}
