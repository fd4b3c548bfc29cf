package store

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
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

var (
	errEngines       = errors.New("a backup of SQLite is restored into a folder; one of PostgreSQL into an empty database as well, named with -db")
	errOtherDatabase = errors.New("the backup's database is not the one that its manifest describes")
)

// RestoreOptions say what is restored where.
type RestoreOptions struct {
	From string // a backup's folder, or the folder of all: then the newest
	Data string // the server's folder: absent, or empty but for a ledger
	// DB is the address of an empty PostgreSQL database, for the backup of one; of an
	// attested backup it is the copy that the operator's own tool has put there.
	DB string
	// Blobs is where the photos go, as Config.Blobs says it; empty means the folder
	// blobs in Data.
	Blobs      string
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
	if (r.Engine == EngineSQLite) != (o.DB == "") {
		return r, errEngines
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
	db, err := r.fill(ctx, o, work, k)
	if err != nil {
		return r, errors.Join(fmt.Errorf("restore: %w", err), os.RemoveAll(work))
	}
	defer db.Close()
	line := ledgerLine{At: o.Now().UTC(), Kind: lineRestore, Epoch: r.NewEpoch, Seq: r.Seq, Why: "restored from " + filepath.Base(r.Path)}
	if line.Hash, err = hex.DecodeString(r.Hash); err != nil {
		return r, err
	}
	lines := []ledgerLine{line}
	if r.Engine == EngineSQLite && ledger.moved != "" { // it lives in a file again
		lines = append(lines, ledgerLine{At: line.At, Kind: lineMove})
	}
	if err := ledger.append(lines...); err != nil {
		return r, errors.Join(err, os.RemoveAll(work))
	}
	if r.Engine == EngineSQLite {
		if err := db.Close(); err != nil {
			return r, err
		}
		return r, moveIn(work, o.Data)
	}
	if err := moveIn(work, o.Data); err != nil {
		return r, err
	}
	return r, endRestore(ctx, db)
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

// fill makes the folder's content: blobs, keys and database, which it gives.
func (r *Restored) fill(ctx context.Context, o RestoreOptions, work string, k *keys.ServerKeys) (*sql.DB, error) {
	db, err := r.openDatabase(ctx, o, work)
	if err != nil {
		return nil, err
	}
	var have map[string]bool
	to, err := openShelf(cmp.Or(o.Blobs, filepath.Join(work, "blobs")), diskFree)
	if err == nil {
		have, err = r.fillBlobs(ctx, to)
	}
	if err == nil {
		err = r.verified(ctx, db)
	}
	if err == nil {
		err = sqlite.InTx(ctx, db, func(tx *sql.Tx) error { return r.begin(ctx, tx, have) })
	}
	if err == nil {
		err = k.Save(work)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openDatabase puts the backup's database in place and opens it.
func (r *Restored) openDatabase(ctx context.Context, o RestoreOptions, work string) (*sql.DB, error) {
	if r.Engine != EngineSQLite {
		db, err := r.openTarget(ctx, o.DB)
		if err != nil {
			return nil, err
		}
		if err := r.fillTarget(ctx, o.DB); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		return db, nil
	}
	path := filepath.Join(work, backupDB)
	if err := copyVerified(filepath.Join(r.Path, backupDB), path, r.Files[backupDB]); err != nil {
		return nil, err
	}
	db, err := sqlite.Open(ctx, path, sqlite.Options{SecureDelete: true, MaxConns: 1})
	if err != nil {
		return nil, err
	}
	if err := sqlite.Check(ctx, db, sqlite.Full); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// verified reads the restored log whole, and makes sure that it is the one of the
// manifest. The operator's own tool may have brought more than was attested.
func (r *Restored) verified(ctx context.Context, db *sql.DB) error {
	var found []Finding
	var err error
	if r.Log, err = verifyLog(ctx, db, func(f Finding) { found = append(found, f) }); err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("the backup is damaged: %s; take an older one", found[0])
	}
	head, err := readHead(ctx, db)
	if err != nil {
		return err
	}
	if head.Epoch != r.Epoch || head.Seq < r.Seq || head.Seq > r.Seq && r.Engine != EngineAttested {
		return errOtherDatabase
	}
	h, err := hashAt(ctx, db, head, r.Seq)
	if err != nil {
		return err
	}
	if hex.EncodeToString(h) != r.Hash {
		return errOtherDatabase
	}
	r.Seq, r.Hash = head.Seq, hex.EncodeToString(head.Hash)
	return nil
}

// begin begins a new epoch in the restored database.
func (r *Restored) begin(ctx context.Context, q querier, have map[string]bool) error {
	r.NewEpoch = rand.Text()
	if err := newEpoch(ctx, q, r.NewEpoch); err != nil {
		return err
	}
	// The backup it came from is verified, so what it calls safe is.
	if _, err := q.ExecContext(ctx, `UPDATE sync_head SET safe = $1 WHERE one = 1`, r.Safe); err != nil {
		return fmt.Errorf("set the safe mark: %w", err)
	}
	if err := seal(ctx, q, "sync_head"); err != nil {
		return err
	}
	return forgetBlobs(ctx, q, have)
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
func (r *Restored) fillBlobs(ctx context.Context, to shelf) (map[string]bool, error) {
	f, err := os.Open(filepath.Join(r.Path, backupBlobs))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := to.prepare(); err != nil {
		return nil, err
	}
	from, have := folderShelf{dir: filepath.Join(filepath.Dir(r.Path), backupBytes)}, map[string]bool{}
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
		err := to.put(ctx, l, func() (io.ReadCloser, error) { return from.open(ctx, l.SHA) })
		switch {
		case err == nil:
			have[l.SHA] = true
		case errors.Is(err, ErrChecksum) || errors.Is(err, fs.ErrNotExist):
			r.Damaged = append(r.Damaged, Finding{Where: "blob " + l.SHA, What: err.Error()})
		default:
			return nil, fmt.Errorf("copy blob %s: %w", l.SHA, err)
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
	err = sqlite.Replace(filepath.Join(work, backupDB), filepath.Join(data, backupDB))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // PostgreSQL has it elsewhere
		return fmt.Errorf("restore: %w", err)
	}
	if err := os.Remove(work); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return syncFolder(data)
}
