package store

import (
	"bytes"
	"context"
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
	"slices"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/sqlite"
)

// MinPassphrase is the shortest passphrase, in bytes, that keys are wrapped under.
const MinPassphrase = 12

// ErrPassphrase means no passphrase, or one that is too short.
var ErrPassphrase = fmt.Errorf("a backup holds the server's keys: give a passphrase of at least %d characters to wrap them", MinPassphrase)

// ErrBackupBusy means that another backup into the same folder is under way.
var ErrBackupBusy = errors.New("another backup into this folder is under way")

// ErrEngine means that the database is not the embedded one.
var ErrEngine = errors.New("only the embedded SQLite database can be backed up, restored and verified by this program; use PostgreSQL's own tools")

// BackupOptions say where a backup goes.
type BackupOptions struct {
	To         string // folder of all backups: one folder each, and their blobs
	Passphrase string
	Program    string // version, for the manifest
	Keep       int    // newest backups to keep; 0 keeps all
}

// Manifest describes a backup. It is written last.
type Manifest struct {
	Version int       `json:"version"`
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
	if s.postgres {
		return b, ErrEngine
	}
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
	got, err := lockFile(f, false)
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

func (s *Store) fillBackup(ctx context.Context, o BackupOptions, part string, b *Backup) error {
	if err := os.Mkdir(part, 0o700); err != nil {
		return err
	}
	copied := filepath.Join(part, backupDB)
	if err := sqlite.Backup(ctx, s.db, copied); err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, copied, sqlite.Options{ReadOnly: true, MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close()
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
	if err := db.Close(); err != nil {
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

// listed is a line of the list of blobs.
type listed struct {
	SHA   string `json:"sha256"`
	Bytes int64  `json:"bytes"`
}

// copyBlobs brings the blobs that the copied database calls complete into the
// shared folder. What is there already is not copied again. One bad photo does
// not keep the rest from being backed up: it is named, and not listed.
func (s *Store) copyBlobs(ctx context.Context, db *sql.DB, to string, b *Backup) ([]listed, error) {
	all, err := completeBlobs(ctx, db)
	if err != nil {
		return nil, err
	}
	folders := map[string]bool{filepath.Join(to, backupBytes): true}
	var list []listed
	for _, l := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		dir := filepath.Join(to, backupBytes, l.SHA[:2])
		final := filepath.Join(dir, l.SHA)
		if info, err := os.Stat(final); err == nil && info.Size() == l.Bytes {
			list = append(list, l)
			continue
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		folders[dir] = true
		err := copyBlob(s.blobPath(l.SHA), final, l)
		switch {
		case err == nil:
			list = append(list, l)
		case errors.Is(err, ErrChecksum) || errors.Is(err, fs.ErrNotExist):
			b.Absent = append(b.Absent, Finding{Where: "blob " + l.SHA, What: err.Error()})
		default:
			return nil, fmt.Errorf("copy blob %s: %w", l.SHA, err)
		}
	}
	for dir := range folders {
		if err := syncFolder(dir); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func completeBlobs(ctx context.Context, q querier) ([]listed, error) {
	rows, err := q.QueryContext(ctx, `SELECT sha256, bytes FROM blob WHERE complete = 1 ORDER BY sha256`)
	if err != nil {
		return nil, fmt.Errorf("list the blobs: %w", err)
	}
	defer rows.Close()
	var out []listed
	for rows.Next() {
		var l listed
		if err := rows.Scan(&l.SHA, &l.Bytes); err != nil {
			return nil, err
		}
		if !BlobName(l.SHA) {
			return nil, fmt.Errorf("list the blobs: %q is no blob's name", l.SHA)
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// copyBlob copies bytes that must be what their name says. It is a copy and no
// link: a backup that shares its bytes with the original is none.
func copyBlob(from, to string, want listed) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	part := to + ".part"
	if err := writeFile(part, io.TeeReader(f, h)); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if hex.EncodeToString(h.Sum(nil)) != want.SHA {
		return errors.Join(ErrChecksum, os.Remove(part))
	}
	return os.Rename(part, to)
}

// safeSeq gives up to where nothing is missing: every photo at or below it has
// its blob in the backup, or is lost. It counts the photos that have not.
func safeSeq(ctx context.Context, db *sql.DB, list []listed, head int64) (safe int64, waiting int, err error) {
	rows, err := db.QueryContext(ctx, `SELECT coalesce(r.fields->>'blob', ''),
			(SELECT min(c.seq) FROM change AS c WHERE c.kind = r.kind AND c.id = r.id)
		FROM record AS r WHERE r.kind = $1 AND (r.fields->>'lost_at') IS NULL`, city.KindPhoto)
	if err != nil {
		return 0, 0, fmt.Errorf("find the photos: %w", err)
	}
	defer rows.Close()
	safe = head
	for rows.Next() {
		var sha string
		var seq int64
		if err := rows.Scan(&sha, &seq); err != nil {
			return 0, 0, err
		}
		_, here := slices.BinarySearchFunc(list, sha, func(l listed, sha string) int { return strings.Compare(l.SHA, sha) })
		if sha != "" && !here {
			safe = min(safe, seq-1)
			waiting++
		}
	}
	return safe, waiting, rows.Err()
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

func writeBlobList(path string, list []listed, b *Backup) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	for _, l := range list {
		if err := enc.Encode(l); err != nil {
			return err
		}
		b.Blobs++
		b.Bytes += l.Bytes
	}
	return writeFile(path, &text)
}

func writeManifest(dir string, m *Manifest) error {
	m.Files = map[string]string{}
	for _, name := range []string{backupDB, backupKeys, backupBlobs} {
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
		h, err := hashAt(ctx, w.tx, w.head, m.Seq)
		if err != nil {
			return err
		}
		if w.head.Epoch != m.Epoch || hex.EncodeToString(h) != m.Hash {
			return errors.New("the database was put back during the backup: make another one")
		}
		return w.moveSafe(ctx, m.Safe)
	})
	if err != nil {
		return fmt.Errorf("move the safe mark: %w", err)
	}
	return s.ledger.append(ledgerLine{At: m.Created, Kind: lineBackup, Epoch: m.Epoch, Seq: m.Seq})
}
