package main

import (
	"context"
	"fmt"

	"cityhall/syncserver/store"
)

// Verify is the command line of a verification.
type Verify struct {
	Data string `help:"The server's folder. The server may be running." required:"" env:"CITYHALL_DATA" type:"path"`
}

// Run names what is damaged, one line each, and fails if anything is.
func (v Verify) Run(ctx context.Context, t terminal) error {
	s, err := attach(ctx, v.Data, "")
	if err != nil {
		return err
	}
	defer s.Close()
	damaged := 0
	n, err := s.Verify(ctx, func(f store.Finding) {
		damaged++
		fmt.Fprintln(t.out, f)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%d changes, %d records, %d acts, %d blobs: %d damaged\n", n.Changes, n.Records, n.Mutations, n.Blobs, damaged)
	if damaged > 0 {
		return fmt.Errorf(`%d things are damaged: keep this folder, and restore the newest backup into another one with "cityhall restore"`, damaged)
	}
	return nil
}
