package sim

import "context"

// MoveTo begins a life on PostgreSQL with the same folder; move carries the
// database over while nothing runs.
func (c *City) MoveTo(ctx context.Context, db Database, move func(from string) error) error {
	return c.Restart(ctx, func() error {
		c.db = db
		return move(c.data)
	})
}
