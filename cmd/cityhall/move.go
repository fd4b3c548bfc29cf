package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cityhall/shared/sqlite"
	"cityhall/syncserver/store"
)

// Move is the command line of a move to PostgreSQL.
type Move struct {
	From string `help:"The server's folder. The server must not run." required:"" env:"CITYHALL_DATA" type:"path"`
	To   string `help:"PostgreSQL connection string of an empty database." required:"" env:"CITYHALL_DB"`
}

// sayEvery is how often a long move says how far it is.
const sayEvery = 2 * time.Second

// Run moves the city, or goes on with a move that was interrupted.
func (m Move) Run(ctx context.Context, t terminal) error {
	var said time.Time
	done, err := store.Move(ctx, store.MoveOptions{From: m.From, To: m.To, Now: time.Now, Progress: func(table string, n, all int64) {
		if time.Since(said) >= sayEvery {
			said = time.Now()
			fmt.Fprintf(t.err, "%s: %d of %d rows\n", table, n, all)
		}
	}})
	if errors.Is(err, sqlite.ErrInUse) {
		return fmt.Errorf("%w: stop the server first, and wait for a backup that is under way", err)
	}
	if err != nil {
		return err
	}
	var rows int64
	for _, table := range done.Tables {
		rows += table.Rows
	}
	fmt.Fprintf(t.out, "moved to %s\n", done.To)
	if len(done.Tables) > 0 {
		fmt.Fprintf(t.out, "  %d rows in %d tables, counted and hashed on both sides, %d of them copied now\n  %d changes, %d records, %d acts, verified; the chain recomputed on PostgreSQL\n",
			rows, len(done.Tables), done.Copied, done.Log.Changes, done.Log.Records, done.Log.Mutations)
	}
	fmt.Fprintf(t.out, "Start the server: syncserver -data %s -db …\nKeep the folder: keys, photos and ledger stay there. Its city.db is not served any more.\n", m.From)
	return nil
}
