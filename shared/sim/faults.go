package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/sim/disk"
)

// fault is something that goes wrong, by the name under which it is counted.
type fault struct {
	name   string
	weight int // how often among 100 steps of a crowded history
	strike func(context.Context, *Fleet, *Device) error
}

// faults are all that go wrong besides what the lines do to requests. Each of
// them befalls every history that is long enough.
var faults = []fault{
	{"crash", 6, func(ctx context.Context, f *Fleet, d *Device) error { return d.DieDuring(ctx, 1+f.rng.IntN(8)) }},
	{"partition", 3, by((*Fleet).partition)},
	{"cache_wiped", 3, func(ctx context.Context, _ *Fleet, d *Device) error { return d.Wipe(ctx) }},
	{"clock", 2, func(_ context.Context, f *Fleet, d *Device) error {
		d.Shift(time.Duration(f.rng.IntN(20*365)-10*365) * 24 * time.Hour)
		return nil
	}},
	{"device_restored", 4, by((*Fleet).keepOrRestore)},
	{"clone", 2, by((*Fleet).clone)},
	{"upgrade", 1, by((*Fleet).upgrade)},
	{"revocation", 1, by((*Fleet).revoke)},
	{"grant_change", 2, by((*Fleet).regrant)},
	{"erasure", 2, by((*Fleet).erase)},
	{"power_cut", 2, by((*Fleet).cutPower)},
	{"disk_full", 2, by((*Fleet).fillDisk)},
	{"server_crash", 2, func(ctx context.Context, f *Fleet, _ *Device) error { return f.city.Crash(ctx) }},
	{"server_power_cut", 1, by((*Fleet).cutServerPower)},
	{"server_restored", 2, func(ctx context.Context, f *Fleet, _ *Device) error { return f.restore(ctx) }},
	{"server_restored_in_a_round", 2, func(ctx context.Context, f *Fleet, d *Device) error {
		return d.StepWhile(ctx, 2+f.rng.IntN(4), func() error { return f.restore(ctx) })
	}},
}

// by puts a method's arguments into the order of the table.
func by(m func(*Fleet, context.Context, *Device) error) func(context.Context, *Fleet, *Device) error {
	return func(ctx context.Context, f *Fleet, d *Device) error { return m(f, ctx, d) }
}

func (f *Fleet) strike(ctx context.Context, x fault, d *Device) error {
	f.Faults[x.name]++
	if err := x.strike(ctx, f, d); err != nil {
		return fmt.Errorf("%s: %w", x.name, err)
	}
	return nil
}

func (f *Fleet) partition(_ context.Context, d *Device) error {
	d.Line.Cut(!d.Line.Down)
	return nil
}

// backup is a copy of the server's files.
type backup struct {
	dir  string
	safe int64 // up to here it has everything, photos included
}

// backUp copies the server's files. The last three copies are kept; safe is what
// the oldest of them has, for that one may be put back too.
func (f *Fleet) backUp(ctx context.Context) error {
	safe, err := f.complete(ctx)
	if err != nil {
		return err
	}
	dir, err := f.city.Backup()
	if err != nil {
		return err
	}
	f.backups = append(f.backups, backup{dir, safe})
	if len(f.backups) > 3 {
		err = f.city.Forget(f.backups[0].dir)
		f.backups = f.backups[1:]
	}
	return errors.Join(err, f.city.MarkSafe(ctx, f.backups[0].safe))
}

// complete is up to where no photo is missing.
func (f *Fleet) complete(ctx context.Context) (int64, error) {
	var missing, head int64
	err := f.city.Server().Store().DB().QueryRowContext(ctx, `SELECT (SELECT seq FROM sync_head), coalesce((SELECT min(c.seq) FROM change c JOIN record r
		ON r.kind = c.kind AND r.id = c.id LEFT JOIN blob b ON b.sha256 = r.fields->>'blob' AND b.complete = 1
		WHERE r.kind = 'photo' AND b.sha256 IS NULL), 0)`).Scan(&head, &missing)
	if missing > 0 {
		head = missing - 1
	}
	return head, err
}

// restore begins a life of the server from one of the backups, with the ledger
// or without it. Later backups are of a history that has ended.
func (f *Fleet) restore(ctx context.Context) error {
	i := len(f.backups) - 1
	if f.rng.IntN(3) == 0 {
		i = f.rng.IntN(len(f.backups))
	}
	for _, b := range f.backups[i+1:] {
		if err := f.city.Forget(b.dir); err != nil {
			return err
		}
	}
	f.backups = f.backups[:i+1]
	withLedger := f.rng.IntN(2) == 0
	if err := f.city.restore(ctx, f.backups[i].dir, withLedger); err != nil || withLedger {
		return err
	}
	if err := f.eraseAgain(ctx); err != nil {
		return err
	}
	for _, d := range f.out { // without a ledger a person has to do it again
		if err := f.city.Server().Store().Revoke(ctx, d.id()); err != nil {
			return err
		}
	}
	return nil
}

// revoke ends a device's welcome, and that of its twins, for they have its key.
// Another device takes its place; older backups do not know that one.
func (f *Fleet) revoke(ctx context.Context, d *Device) error {
	if len(f.out) > 2 {
		f.Faults["revocation"]--
		return nil
	}
	id, on := d.id(), d.on
	if err := f.city.Server().Store().Revoke(ctx, id); err != nil {
		return err
	}
	for _, gone := range f.devices {
		if gone.id() == id {
			if err := gone.Off(); err != nil {
				return err
			}
			f.out = append(f.out, gone)
		}
	}
	f.devices = slices.DeleteFunc(f.devices, func(d *Device) bool { return d.id() == id })
	if err := f.join(ctx, fmt.Sprintf("%s-next%d", d.Kind, len(f.out))); err != nil {
		return err
	}
	if on {
		if err := f.devices[len(f.devices)-1].On(ctx); err != nil {
			return err
		}
	}
	for _, b := range f.backups {
		if err := f.city.Forget(b.dir); err != nil {
			return err
		}
	}
	f.backups = nil
	return f.backUp(ctx)
}

// keepOrRestore makes an image of a device, or goes back to the one it made.
func (f *Fleet) keepOrRestore(ctx context.Context, d *Device) error {
	var err error
	if d.old.dir == "" {
		f.Faults["device_restored"]-- // not yet
		d.old, err = d.image()
		return err
	}
	err = errors.Join(d.become(ctx, d.old), os.RemoveAll(d.old.dir))
	d.old = image{}
	return err
}

// clone starts a second device from the first one's folder: same keys, same
// stream, and from now on its own acts.
func (f *Fleet) clone(ctx context.Context, d *Device) error {
	if len(f.devices) > 5 { // twins are for ever
		f.Faults["clone"]--
		return nil
	}
	img, err := d.image()
	if err != nil {
		return err
	}
	twin := f.newDevice(fmt.Sprintf("%s-twin%d", d.Name, len(f.devices)), d.Kind)
	twin.Owed, twin.Blobs, twin.on = img.owed, img.blobs, d.on
	twin.Line.Faults = d.Line.Faults
	return twin.start(ctx, img.dir)
}

// regrant takes a tablet's crew away or gives it back; its twins share it.
func (f *Fleet) regrant(ctx context.Context, d *Device) error {
	if d.Kind != city.DeviceTablet {
		at := slices.IndexFunc(f.devices, func(d *Device) bool { return d.Kind == city.DeviceTablet })
		if at < 0 {
			f.Faults["grant_change"]--
			return nil
		}
		d = f.devices[at]
	}
	now, err := f.city.Server().Store().Device(ctx, d.id())
	if err != nil {
		return err
	}
	grants := []city.Scope{city.ScopePublic}
	if len(now.Grants) == 1 {
		grants = append(grants, city.ScopeCrew(Crew))
	}
	return f.city.Server().Store().SetGrants(ctx, d.id(), grants)
}

// upgrade installs the next version of the program.
func (f *Fleet) upgrade(ctx context.Context, d *Device) error {
	f.version++
	d.Version = fmt.Sprintf("sim-%d", f.version)
	return errors.Join(d.halt(), d.start(ctx, d.dir))
}

// onDisk runs a life of the device on a disk that fails, and what people do
// meanwhile: who is told of a failure is owed nothing.
func (f *Fleet) onDisk(ctx context.Context, d *Device, plan func(*disk.Disk), after func(*disk.Disk) error) error {
	if err := d.halt(); err != nil {
		return err
	}
	sick, err := disk.New(d.dir, f.rng.Uint64())
	if err != nil {
		return err
	}
	defer sick.Close()
	if err := d.start(ctx, d.dir); err != nil {
		return err
	}
	d.sick = true
	plan(sick)
	err = errors.Join(f.work(ctx, d), f.work(ctx, d))
	d.exchange(ctx)
	err = errors.Join(err, f.work(ctx, d))
	d.sick = false
	return errors.Join(err, after(sick))
}

// cutPower cuts a device's power at any write: what its disk had not synced is
// gone.
func (f *Fleet) cutPower(ctx context.Context, d *Device) error {
	err := f.onDisk(ctx, d, func(sick *disk.Disk) { sick.CutAt(1 + f.rng.IntN(60)) }, func(sick *disk.Disk) error {
		sick.CutNow()
		_ = d.halt() // a program without a disk
		return sick.Settle()
	})
	return errors.Join(err, d.start(ctx, d.dir))
}

// fillDisk leaves a device without room for a while.
func (f *Fleet) fillDisk(ctx context.Context, d *Device) error {
	err := f.onDisk(ctx, d, func(sick *disk.Disk) { sick.Fill(1 + f.rng.IntN(40)) }, func(sick *disk.Disk) error {
		sick.Reset()
		return d.halt()
	})
	return errors.Join(err, d.start(ctx, d.dir))
}

// cutServerPower cuts the server's power while a device speaks to it.
func (f *Fleet) cutServerPower(ctx context.Context, d *Device) error {
	if f.o.DB != nil { // PostgreSQL's disk is its own affair
		f.Faults["server_power_cut"]--
		return nil
	}
	var sick *disk.Disk
	err := f.city.Restart(ctx, func() (err error) {
		sick, err = disk.New(f.city.Data(), f.rng.Uint64())
		return err
	})
	if err != nil {
		return err
	}
	sick.CutAt(1 + f.rng.IntN(60))
	err = f.work(ctx, d)
	d.exchange(ctx)
	return errors.Join(err, f.city.Restart(ctx, func() error {
		sick.CutNow()
		defer sick.Close()
		return sick.Settle()
	}))
}
