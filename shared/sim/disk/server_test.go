package disk_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/shared/sim/disk"
)

// serverLife cuts a server's power again and again while a kiosk delivers to it,
// and gives how many acts it had acknowledged.
func serverLife(t *testing.T, seed uint64, n int) (acts int, err error) {
	t.Helper()
	dir := folder(t)
	defer os.RemoveAll(dir)
	c, err := sim.NewCity(ctx, dir, sim.NewClock(noon))
	if err != nil {
		return 0, err
	}
	defer func() { c.Close() }()
	r, err := replica.Open(ctx, replica.Config{Dir: folder(t), Now: c.Clock.Now, Version: "disk", Transport: &sim.Line{To: c}})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	link, err := c.Enrolment(ctx, city.DeviceKiosk, sim.Address, city.ScopePublic)
	if err != nil {
		return 0, err
	}
	if _, err := r.Enrol(ctx, link, "Library"); err != nil {
		return 0, err
	}
	if err := r.Step(ctx); err != nil {
		return 0, err
	}
	d, err := disk.New(c.Data(), seed)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	if err := c.Restart(ctx, func() error { return nil }); err != nil { // its files are simulated from now on
		return 0, err
	}
	rng := rand.New(rand.NewPCG(seed, 2))
	o := newOwner("")
	for range n {
		rounds := 1 + rng.IntN(3)
		d.CutAt(1 + rng.IntN(90*rounds))
		for range rounds {
			if d.Cut() {
				break
			}
			if err := o.work(r, rng); err != nil {
				return 0, err
			}
			_ = r.Step(ctx) // fails when the power goes
		}
		acknowledged, err := sent(r)
		if err != nil {
			return 0, err
		}
		d.CutNow()
		if err := c.Restart(ctx, d.Settle); err != nil {
			return 0, sim.Violation{Invariant: "the server starts after a power cut", Detail: err.Error()}
		}
		d.Reset()
		if err := archived(c, acknowledged); err != nil {
			return 0, err
		}
		acts = len(acknowledged)
	}
	if err := r.Step(ctx); err != nil {
		return 0, sim.Violation{Invariant: "the server works after power cuts", Detail: err.Error()}
	}
	all, err := sent(r)
	if err == nil && len(all) != len(o.owed) {
		err = sim.Violation{Invariant: "every act arrives", Detail: fmt.Sprintf("%d of %d", len(all), len(o.owed))}
	}
	if err == nil {
		err = archived(c, all)
	}
	return acts, err
}

// sent lists the acts that the server has acknowledged.
func sent(r *replica.Replica) ([]city.MutationID, error) {
	items, err := r.Items(ctx, 1<<20)
	var ids []city.MutationID
	for _, it := range items {
		if it.State != replica.StateSaved {
			ids = append(ids, it.ID)
		}
	}
	return ids, err
}

func archived(c *sim.City, ids []city.MutationID) error {
	for _, id := range ids {
		var n int
		if err := c.Server().Store().DB().QueryRowContext(ctx, `SELECT count(*) FROM mutation WHERE id = $1`, id).Scan(&n); err != nil {
			return err
		}
		if n != 1 {
			return sim.Violation{Invariant: "an acknowledged push is in the archive", Detail: fmt.Sprintf("%s stands %d times", id, n)}
		}
	}
	return nil
}

// Whatever the server has acknowledged is in its archive after the power was cut,
// and the device delivers the rest by itself.
func TestServerSurvivesPowerCuts(t *testing.T) {
	n := max(*cuts/4, 250) // of fewer too few acts might be acknowledged to prove anything
	if testing.Short() {
		n = min(n, 20)
	}
	sum := inLives(t, n, func(seed uint64, n int) (int, error) { return serverLife(t, seed, n) })
	sum.Figure = "power cuts, server"
	if sum.Acts < n {
		t.Errorf("%d acts were acknowledged in %d cuts, which proves little", sum.Acts, n)
	}
	sum.print(t)
}
