package store

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"cityhall/shared/keys"
	"cityhall/shared/sqlite"
)

// ErrNotEmpty means that a restore would overwrite something.
var ErrNotEmpty = errors.New("the folder is not empty")

// ErrRestoring means a data folder in which a restore was interrupted.
var ErrRestoring = errors.New(`a restore was interrupted in this folder: empty it, except for the file "ledger", and restore again`)

// RestoreOptions say what is restored where.
type RestoreOptions struct {
	From       string // a backup's folder, or the folder of all: then the newest
	Data       string // the server's folder: absent, or empty but for a ledger
	Passphrase string
	Now        func() time.Time
}

// Restored is what a restore brought back.
type Restored struct {
	Manifest
	Path     string // the backup that it came from
	NewEpoch string
	Log      Counts
	// Damaged are blobs that the backup no longer has as they were. Devices that
	// still hold them are asked for them again.
	Damaged []Finding
}

// restoringDir holds what is not yet in its place.
const restoringDir = ".restoring"

// Restore makes a server's data folder from a backup. It begins a new epoch, so
// that every device compares what it holds and puts back the rest. Nothing gets
// its name in the folder before all of it is verified.
func Restore(ctx context.Context, o RestoreOptions) (Restored, error) {
	var r Restored
	if err := roomFor(o.Data); err != nil {
		return r, err
	}
	var err error
	if r.Path, r.Manifest, err = NewestBackup(o.From); err != nil {
		return r, err
	}
	if err := checkFiles(r.Path, r.Manifest); err != nil {
		return r, err
	}
	k, err := unwrapKeys(filepath.Join(r.Path, backupKeys), o.Passphrase)
	if err != nil {
		return r, err
	}
	ledger, err := openLedger(filepath.Join(o.Data, "ledger"))
	if err != nil {
		return r, err
	}
	work := filepath.Join(o.Data, restoringDir)
	if err := os.MkdirAll(work, 0o700); err != nil {
		return r, fmt.Errorf("make the data folder: %w", err)
	}
	if err := r.fill(ctx, o, work, k); err != nil {
		return r, errors.Join(fmt.Errorf("restore: %w", err), os.RemoveAll(work))
	}
	line := ledgerLine{At: o.Now().UTC(), Kind: lineRestore, Epoch: r.NewEpoch, Seq: r.Seq, Why: "restored from " + filepath.Base(r.Path)}
	if line.Hash, err = hex.DecodeString(r.Hash); err != nil {
		return r, err
	}
	lines := []ledgerLine{line}
	if ledger.moved != "" { // it lives in a file again
		lines = append(lines, ledgerLine{At: line.At, Kind: lineMove})
	}
	if err := ledger.append(lines...); err != nil {
		return r, errors.Join(err, os.RemoveAll(work))
	}
	return r, moveIn(work, o.Data)
}

// roomFor makes sure that nothing is overwritten. A ledger that outlived the
// database stays: it knows what the backup does not.
func roomFor(data string) error {
	entries, err := os.ReadDir(data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into the data folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() != "ledger" && e.Name() != restoringDir {
			return fmt.Errorf("%w: %s holds %q; restore into an empty folder, at most with the old ledger in it", ErrNotEmpty, data, e.Name())
		}
	}
	return os.RemoveAll(filepath.Join(data, restoringDir)) // nothing of it had its name yet
}

// Restoring refuses a data folder in which a restore was interrupted.
func Restoring(data string) error {
	if _, err := os.Stat(filepath.Join(data, restoringDir)); err == nil {
		return fmt.Errorf("%w (%s)", ErrRestoring, data)
	}
	return nil
}

func unwrapKeys(path, passphrase string) (*keys.ServerKeys, error) {
	wrapped, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	clear, err := keys.Unwrap(passphrase, nil, wrapped)
	if errors.Is(err, keys.ErrUnwrap) {
		return nil, fmt.Errorf("the passphrase is not the one of this backup: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return keys.ParseServerKeys(clear)
}

// fill makes the folder's content: database, blobs and keys.
func (r *Restored) fill(ctx context.Context, o RestoreOptions, work string, k *keys.ServerKeys) error {
	have, err := r.fillBlobs(ctx, filepath.Join(work, "blobs"))
	if err != nil {
		return err
	}
	path := filepath.Join(work, backupDB)
	if err := copyVerified(filepath.Join(r.Path, backupDB), path, r.Files[backupDB]); err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, path, sqlite.Options{SecureDelete: true, MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close()
	var found []Finding
	if err := sqlite.Check(ctx, db, sqlite.Full); err != nil {
		return err
	}
	if r.Log, err = verifyLog(ctx, db, func(f Finding) { found = append(found, f) }); err != nil {
		return err
	}
	head, err := readHead(ctx, db)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("the backup is damaged: %s; take an older one", found[0])
	}
	if head.Seq != r.Seq || head.Epoch != r.Epoch || hex.EncodeToString(head.Hash) != r.Hash {
		return errors.New("the backup's database is not the one that its manifest describes")
	}
	r.NewEpoch = rand.Text()
	if err := newEpoch(ctx, db, r.NewEpoch); err != nil {
		return err
	}
	// The backup it came from is verified, so what it calls safe is.
	if _, err := db.ExecContext(ctx, `UPDATE sync_head SET safe = $1 WHERE one = 1`, r.Safe); err != nil {
		return fmt.Errorf("set the safe mark: %w", err)
	}
	if err := seal(ctx, db, "sync_head"); err != nil {
		return err
	}
	if err := forgetBlobs(ctx, db, have); err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	return k.Save(work)
}

// forgetBlobs makes the blobs that are not in the backup wait for an upload.
func forgetBlobs(ctx context.Context, q querier, have map[string]bool) error {
	all, err := completeBlobs(ctx, q)
	if err != nil {
		return err
	}
	for _, l := range all {
		if have[l.SHA] {
			continue
		}
		if _, err := q.ExecContext(ctx, `UPDATE blob SET complete = 0 WHERE sha256 = $1`, l.SHA); err != nil {
			return fmt.Errorf("forget blob %s: %w", l.SHA, err)
		}
		if err := seal(ctx, q, "blob", l.SHA); err != nil {
			return err
		}
	}
	return nil
}

// fillBlobs copies the listed blobs and tells which came over whole. A damaged
// photo does not keep a city from coming back.
func (r *Restored) fillBlobs(ctx context.Context, to string) (map[string]bool, error) {
	f, err := os.Open(filepath.Join(r.Path, backupBlobs))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for _, dir := range []string{"part", uploadLocks} {
		if err := os.MkdirAll(filepath.Join(to, dir), 0o700); err != nil {
			return nil, err
		}
	}
	have, folders := map[string]bool{}, map[string]bool{to: true}
	for lines := bufio.NewScanner(f); ; {
		if !lines.Scan() {
			if err := lines.Err(); err != nil {
				return nil, err
			}
			break
		}
		var l listed
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil || !BlobName(l.SHA) {
			return nil, fmt.Errorf("the backup's list of blobs is damaged: %q", lines.Text())
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		dir := filepath.Join(to, l.SHA[:2])
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		folders[dir] = true
		err := copyBlob(filepath.Join(filepath.Dir(r.Path), backupBytes, l.SHA[:2], l.SHA), filepath.Join(dir, l.SHA), l)
		switch {
		case err == nil:
			have[l.SHA] = true
		case errors.Is(err, ErrChecksum) || errors.Is(err, fs.ErrNotExist):
			r.Damaged = append(r.Damaged, Finding{Where: "blob " + l.SHA, What: err.Error()})
		default:
			return nil, fmt.Errorf("copy blob %s: %w", l.SHA, err)
		}
	}
	for dir := range folders {
		if err := syncFolder(dir); err != nil {
			return nil, err
		}
	}
	return have, nil
}

func copyVerified(from, to, sum string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if err := writeFile(to, io.TeeReader(f, h)); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != sum {
		return fmt.Errorf("%s changed while it was copied", from)
	}
	return nil
}

// moveIn gives everything its name, the database last. Until the working folder
// is gone, a server refuses to start here.
func moveIn(work, data string) error {
	if err := syncFolder(work); err != nil {
		return err
	}
	entries, err := os.ReadDir(work)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == backupDB {
			continue
		}
		if err := os.Rename(filepath.Join(work, e.Name()), filepath.Join(data, e.Name())); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	if err := sqlite.Replace(filepath.Join(work, backupDB), filepath.Join(data, backupDB)); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := os.Remove(work); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return syncFolder(data)
}
