package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cityhall/shared/keys"
	"cityhall/shared/sqlite"
)

// MinPassphrase is the shortest passphrase, in bytes, that keys are wrapped under.
const MinPassphrase = 12

// ErrPassphrase means no passphrase, or one that is too short.
var ErrPassphrase = fmt.Errorf("a backup holds the server's keys: give a passphrase of at least %d characters to wrap them", MinPassphrase)

// ErrBackupBusy means that another backup into the same folder is under way.
var ErrBackupBusy = errors.New("another backup into this folder is under way")

// ErrOtherHistory means that what was copied is not a part of this city's log.
var ErrOtherHistory = errors.New("the copy is not of this city's history: the database was put back meanwhile, or it is another city's; make another one")

// BackupOptions say where a backup goes.
type BackupOptions struct {
	To         string // folder of all backups: one folder each, and their blobs
	Passphrase string
	Program    string // version, for the manifest
	Keep       int    // newest backups to keep; 0 keeps all
	// Proof is the address of the PostgreSQL server on which a dump is restored to
	// prove it, under a database of its own; empty means the city's own server.
	Proof string
	// Copy is the address of a database that the operator's own tool has restored.
	// It then stands for the dump: the backup has the rest, and attests the copy.
	Copy string
}

// Manifest describes a backup. It is written last.
type Manifest struct {
	Version int       `json:"version"`
	Engine  Engine    `json:"engine,omitempty"`
	Created time.Time `json:"created"`
	Program string    `json:"program"`
	Epoch   string    `json:"epoch"`
	Seq     int64     `json:"seq"`
	Hash    string    `json:"hash"` // chain hash at seq, hex
	Safe    int64     `json:"safe"` // up to here the blobs are in the backup too
	Blobs   int       `json:"blobs"`
	Bytes   int64     `json:"bytes"` // of the blobs
	// Files are the SHA-256, in hex, of the backup's other files by name.
	Files map[string]string `json:"files"`
}

// Engine says what a backup has of the database.
type Engine string

const (
	EngineSQLite   Engine = ""         // the database's file
	EnginePostgres Engine = "postgres" // a dump
	EngineAttested Engine = "attested" // nothing: the operator's own tool has it
)

// files are the names of the backup's files beside its manifest.
func (m Manifest) files() []string {
	switch m.Engine {
	case EnginePostgres:
		return []string{backupDump, backupKeys, backupBlobs}
	case EngineAttested:
		return []string{backupKeys, backupBlobs}
	}
	return []string{backupDB, backupKeys, backupBlobs}
}

// Backup is what was backed up.
type Backup struct {
	Manifest
	Path   string
	Log    Counts    // what the copy was found to hold
	Absent []Finding // blobs that ought to be here and are not, or are damaged
	// Waiting are photos whose bytes have not arrived: what came after the first of
	// them is not called safe.
	Waiting int
}

// The files of a backup's folder.
const (
	backupDB       = "city.db"
	backupDump     = "city.dump"
	backupKeys     = "keys.wrapped"
	backupBlobs    = "blobs.ndjson"
	backupManifest = "manifest.json"
	backupBytes    = "blobs" // beside the backups, shared by them
	partPrefix     = ".part-"
)

// Backup copies the database, the blobs and the wrapped keys while all goes on.
// The backup is verified by reading it back, and only then gets its name; then
// the safe mark moves, which lets devices forget what they delivered.
func (s *Store) Backup(ctx context.Context, o BackupOptions) (Backup, error) {
	var b Backup
	if len(o.Passphrase) < MinPassphrase {
		return b, ErrPassphrase
	}
	if err := os.MkdirAll(filepath.Join(o.To, backupBytes), 0o700); err != nil {
		return b, fmt.Errorf("make the folder for backups: %w", err)
	}
	unlock, err := lockFolder(o.To)
	if err != nil {
		return b, err
	}
	defer unlock()
	alone, err := s.backupAlone(ctx)
	if err != nil {
		return b, err
	}
	defer alone()
	if err := removeParts(o.To); err != nil {
		return b, err
	}
	b.Created = s.now().UTC().Truncate(time.Second)
	part := filepath.Join(o.To, partPrefix+b.Created.Format("20060102T150405Z"))
	defer os.RemoveAll(part) // without effect once it has its name
	if err := s.fillBackup(ctx, o, part, &b); err != nil {
		return b, fmt.Errorf("back up: %w", err)
	}
	b.Path = filepath.Join(o.To, fmt.Sprintf("%s-%012d", b.Created.Format("20060102T150405Z"), b.Seq))
	if err := os.RemoveAll(b.Path); err != nil { // the same second and head: the same backup
		return b, err
	}
	if err := os.Rename(part, b.Path); err != nil {
		return b, fmt.Errorf("name the backup: %w", err)
	}
	if err := syncFolder(o.To); err != nil {
		return b, err
	}
	if err := s.moveSafe(ctx, b.Manifest); err != nil {
		return b, err
	}
	return b, prune(o)
}

// lockFolder keeps a second backup out.
func lockFolder(dir string) (func(), error) {
	f, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the folder for backups: %w", err)
	}
	got, err := sqlite.Lock(f, false)
	if err == nil && !got {
		err = ErrBackupBusy
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { f.Close() }, nil
}

// removeParts clears away what interrupted backups have left.
func removeParts(dir string) error {
	parts, err := filepath.Glob(filepath.Join(dir, partPrefix+"*"))
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := os.RemoveAll(p); err != nil {
			return fmt.Errorf("clear an interrupted backup: %w", err)
		}
	}
	return nil
}

// copyDatabase makes the backup's part of the database and opens what can be read
// of it. The function closes that again; calling it twice is once.
func (s *Store) copyDatabase(ctx context.Context, o BackupOptions, part string, b *Backup) (*sql.DB, func() error, error) {
	switch {
	case o.Copy != "" && !s.postgres:
		return nil, nil, errors.New("only a copy of a PostgreSQL database is attested; SQLite is backed up by this program itself")
	case o.Copy != "":
		b.Engine = EngineAttested
		return openCopy(ctx, o.Copy)
	case s.postgres:
		b.Engine = EnginePostgres
		return s.dumpAndProve(ctx, o, filepath.Join(part, backupDump))
	}
	copied := filepath.Join(part, backupDB)
	if err := sqlite.Backup(ctx, s.db, copied); err != nil {
		return nil, nil, err
	}
	db, err := sqlite.Open(ctx, copied, sqlite.Options{ReadOnly: true, MaxConns: 1})
	if err != nil {
		return nil, nil, err
	}
	return db, db.Close, nil
}

func (s *Store) fillBackup(ctx context.Context, o BackupOptions, part string, b *Backup) error {
	if err := os.Mkdir(part, 0o700); err != nil {
		return err
	}
	db, drop, err := s.copyDatabase(ctx, o, part, b)
	if err != nil {
		return err
	}
	defer drop()
	if err := verifyCopy(ctx, db, b); err != nil {
		return err
	}
	list, err := s.copyBlobs(ctx, db, o.To, b)
	if err != nil {
		return err
	}
	if b.Safe, b.Waiting, err = safeSeq(ctx, db, list, b.Seq); err != nil {
		return err
	}
	if err := drop(); err != nil {
		return err
	}
	if err := wrapKeys(s.keys, o.Passphrase, filepath.Join(part, backupKeys)); err != nil {
		return err
	}
	if err := writeBlobList(filepath.Join(part, backupBlobs), list, b); err != nil {
		return err
	}
	b.Version, b.Program = 1, o.Program
	return writeManifest(part, &b.Manifest)
}

// verifyCopy reads the copied log whole: a backup is not called one before.
func verifyCopy(ctx context.Context, db *sql.DB, b *Backup) error {
	head, err := readHead(ctx, db)
	if err != nil {
		return err
	}
	b.Epoch, b.Seq, b.Hash = head.Epoch, head.Seq, hex.EncodeToString(head.Hash)
	var first *Finding
	b.Log, err = verifyLog(ctx, db, func(f Finding) {
		if first == nil {
			first = &f
		}
	})
	if err == nil && first != nil {
		err = fmt.Errorf(`the database is damaged, so the last good backup is kept: %s (see "cityhall verify")`, first)
	}
	return err
}

// wrapKeys writes the keys, and makes sure that they come out again.
func wrapKeys(k *keys.ServerKeys, passphrase, path string) error {
	clear, err := k.Marshal()
	if err != nil {
		return err
	}
	wrapped, err := keys.Wrap(passphrase, nil, clear, nil)
	if err != nil {
		return err
	}
	if back, err := keys.Unwrap(passphrase, nil, wrapped); err != nil || !bytes.Equal(back, clear) {
		return fmt.Errorf("the wrapped keys do not open again: %w", err)
	}
	return writeFile(path, bytes.NewReader(wrapped))
}

func writeManifest(dir string, m *Manifest) error {
	m.Files = map[string]string{}
	for _, name := range m.files() {
		sum, err := hashFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		m.Files[name] = sum
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, backupManifest), bytes.NewReader(append(text, '\n'))); err != nil {
		return err
	}
	return syncFolder(dir)
}

// moveSafe tells the log how far the backup reaches, if it still is the log that
// was backed up. The mark never goes back.
func (s *Store) moveSafe(ctx context.Context, m Manifest) error {
	err := s.do(ctx, func(ctx context.Context, w *writeTx) error {
		if m.Seq > w.head.Seq {
			return ErrOtherHistory
		}
		h, err := hashAt(ctx, w.tx, w.head, m.Seq)
		if err != nil {
			return err
		}
		if w.head.Epoch != m.Epoch || hex.EncodeToString(h) != m.Hash {
			return ErrOtherHistory
		}
		return w.moveSafe(ctx, m.Safe)
	})
	if err != nil {
		return fmt.Errorf("move the safe mark: %w", err)
	}
	return s.ledger.append(ledgerLine{At: m.Created, Kind: lineBackup, Epoch: m.Epoch, Seq: m.Seq})
}
