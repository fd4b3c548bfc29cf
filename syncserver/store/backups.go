package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// ErrNoBackup means a folder without a complete backup.
var ErrNoBackup = errors.New("there is no complete backup here")

// NewestBackup finds a backup: path is the folder of one, or the folder of all,
// of which the newest counts.
func NewestBackup(path string) (string, Manifest, error) {
	m, err := readManifest(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return path, m, err
	}
	all, err := listBackups(path)
	if err != nil {
		return "", m, err
	}
	if len(all) == 0 {
		return "", m, fmt.Errorf("%w: %s", ErrNoBackup, path)
	}
	path = all[len(all)-1]
	m, err = readManifest(path)
	return path, m, err
}

// listBackups gives the complete backups, the oldest first: their names begin
// with their time.
func listBackups(dir string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(escapeGlob(dir), "[0-9]*Z-*", backupManifest))
	if err != nil {
		return nil, err
	}
	for i := range found {
		found[i] = filepath.Dir(found[i])
	}
	slices.Sort(found)
	return found, nil
}

// escapeGlob keeps the brackets and stars in a folder's name from meaning anything.
func escapeGlob(path string) string {
	var out []rune
	for _, r := range path {
		if r == '*' || r == '?' || r == '[' || r == '\\' && os.PathSeparator != '\\' {
			out = append(out, '\\')
		}
		out = append(out, r)
	}
	return string(out)
}

func readManifest(dir string) (Manifest, error) {
	var m Manifest
	raw, err := os.ReadFile(filepath.Join(dir, backupManifest))
	if err != nil {
		return m, fmt.Errorf("read the backup: %w", err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("the backup's manifest is damaged (%s): %w", dir, err)
	}
	if m.Version != 1 {
		return m, fmt.Errorf("the backup is of format %d, which this program does not know (%s)", m.Version, dir)
	}
	if m.Engine != EngineSQLite && m.Engine != EnginePostgres && m.Engine != EngineAttested {
		return m, fmt.Errorf("the backup is of a database that this program does not know: %q (%s)", m.Engine, dir)
	}
	return m, nil
}

// checkFiles compares the files of a backup with its manifest.
func checkFiles(dir string, m Manifest) error {
	for _, name := range m.files() {
		sum, err := hashFile(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("read the backup: %w", err)
		}
		if sum != m.Files[name] {
			return fmt.Errorf("the backup is damaged: %s is not what it was; take an older backup", filepath.Join(dir, name))
		}
	}
	return nil
}

// prune removes the oldest backups beyond those to keep. Blobs stay: backups
// share them.
func prune(o BackupOptions) error {
	if o.Keep <= 0 {
		return nil
	}
	all, err := listBackups(o.To)
	if err != nil {
		return err
	}
	for len(all) > o.Keep {
		doomed := filepath.Join(o.To, partPrefix+filepath.Base(all[0]))
		if err := os.Rename(all[0], doomed); err != nil { // never half a backup under a good name
			return fmt.Errorf("remove an old backup: %w", err)
		}
		if err := os.RemoveAll(doomed); err != nil {
			return fmt.Errorf("remove an old backup: %w", err)
		}
		all = all[1:]
	}
	return nil
}

// MarkSafe tells the log that a backup which another program made, and which was
// proven by a restore, reaches up to seq with all its blobs. Beyond the head it
// changes nothing.
func (s *Store) MarkSafe(ctx context.Context, seq int64) error {
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		if seq > w.head.Seq {
			return nil
		}
		return w.moveSafe(ctx, seq)
	})
}

// moveSafe moves the mark forward; it never goes back.
func (w *writeTx) moveSafe(ctx context.Context, seq int64) error {
	if _, err := w.tx.ExecContext(ctx, `UPDATE sync_head SET safe = $1 WHERE one = 1 AND safe < $1`, seq); err != nil {
		return fmt.Errorf("set the safe mark: %w", err)
	}
	return seal(ctx, w.tx, "sync_head")
}
