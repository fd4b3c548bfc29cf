package replica

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"cityhall/shared/sqlite"
)

// Ballast is what a device's program asks for in Config.Ballast, in bytes.
const Ballast = 32 << 20

// ballastFile holds nothing but room. When the disk is full it is deleted, so that
// what a person is just entering can still be stored.
const ballastFile = "ballast"

// ballastFloor says how many times the ballast's size has to be free before one is
// made: a disk that is small or nearly full keeps its room for what matters.
const ballastFloor = 16

// ballastPause is how often the disk is looked at for room to make it again.
const ballastPause = 15 * time.Minute

func (r *Replica) ballastPath() string { return filepath.Join(r.cfg.Dir, ballastFile) }

// keepBallast makes the ballast, and makes it again when it was needed and there
// is room once more, until ctx ends.
func (r *Replica) keepBallast(ctx context.Context) {
	for {
		if err := r.makeBallast(); err != nil {
			r.cfg.Log.Warn("ballast not made", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(ballastPause):
		}
	}
}

// makeBallast writes the file whole or not at all. Its bytes are random, since a
// disk that compresses would keep no room for zeros.
func (r *Replica) makeBallast() error {
	size := r.cfg.Ballast
	if info, err := os.Stat(r.ballastPath()); size == 0 || err == nil && info.Size() == size {
		return nil
	}
	if free := diskFree(r.cfg.Dir); free < ballastFloor*size {
		if free > 0 && free < size && !r.full.Swap(true) {
			r.tell()
		}
		return nil
	}
	part := r.ballastPath() + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.Reader, size)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, r.ballastPath()); err != nil {
		return err
	}
	r.full.Store(false)
	r.tell()
	return syncFolder(r.cfg.Dir)
}

// dropBallast gives the room of the ballast free; false when there was none.
func (r *Replica) dropBallast() bool {
	if err := os.Remove(r.ballastPath()); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.cfg.Log.Error("ballast not given up", "err", err)
		}
		return false
	}
	r.full.Store(true)
	r.cfg.Log.Error("the disk is full; its ballast was given up", "bytes", r.cfg.Ballast)
	return true
}

// lastWords does something that has to be stored, and once more in the room of the
// ballast if there is no other.
func (r *Replica) lastWords(do func() error) error {
	err := do()
	if sqlite.IsFull(err) && r.dropBallast() {
		return do()
	}
	return err
}
