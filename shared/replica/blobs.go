package replica

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// Where bytes lie in the device's folder: its own, which go to the city, and
// those fetched from it, which may be deleted at any time.
const (
	ownBlobs     = "blobs"
	fetchedBlobs = "fetched"
)

// The states of an own blob.
const (
	blobWaiting = "waiting"
	blobSent    = "sent"
	blobDamaged = "damaged"
)

var blobName = regexp.MustCompile(`^[0-9a-f]{64}$`)

func isBlobName(sha string) bool { return blobName.MatchString(sha) }

func nameOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (r *Replica) ownPath(sha string) string { return filepath.Join(r.cfg.Dir, ownBlobs, sha) }
func (r *Replica) fetchedPath(sha string) string {
	return filepath.Join(r.cfg.Dir, fetchedBlobs, sha)
}

// SaveBlob stores a photo's bytes and gives their name, before the act that names
// them; file and folder are synced on return. A kiosk stores none: it could not
// keep them from a thief.
func (r *Replica) SaveBlob(ctx context.Context, data []byte) (string, error) {
	if id := r.who(); id != nil && id.kind == city.DeviceKiosk {
		return "", city.Fail(city.CodeForbidden, "blob", "a kiosk keeps no photos")
	}
	if r.wiping.Load() {
		return "", city.Fail(city.CodeNotNow, "blob", "this device is being wiped")
	}
	if len(data) == 0 {
		return "", city.Fail(city.CodeRequired, "blob", "a photo has bytes")
	}
	if len(data) > protocol.MaxBlob {
		return "", city.Fail(city.CodeTooLarge, "blob", "at most 32 MiB")
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	sha := nameOf(data)
	if have, err := os.ReadFile(r.ownPath(sha)); err == nil && nameOf(have) == sha {
		return sha, nil
	}
	if err := r.lastWords(func() error { return writeFile(r.ownPath(sha), data) }); err != nil {
		return "", fmt.Errorf("save a photo: %w", explain(err))
	}
	return sha, nil
}

// writeFile writes beside the place, syncs, renames and syncs the folder.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "part-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // without effect after the rename
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // cannot sync a folder, and journals renames
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Blob reads bytes that are on this device; false when they are not. Own bytes
// that do not match their name are a *city.Error with CodeDamaged.
func (r *Replica) Blob(ctx context.Context, sha string) ([]byte, bool, error) {
	if !isBlobName(sha) {
		return nil, false, nil
	}
	for _, path := range []string{r.ownPath(sha), r.fetchedPath(sha)} {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, false, fmt.Errorf("read a photo: %w", err)
		}
		if nameOf(data) == sha {
			return data, true, nil
		}
		if path == r.ownPath(sha) {
			return nil, false, city.Fail(city.CodeDamaged, "blob", "the photo does not match its hash")
		}
		if err := os.Remove(path); err != nil { // it can be fetched again
			return nil, false, fmt.Errorf("forget a damaged photo: %w", err)
		}
	}
	return nil, false, ctx.Err()
}

// BlobPath gives the file of bytes that are on this device, for those who cannot
// read them whole into memory.
func (r *Replica) BlobPath(sha string) (string, bool) {
	if !isBlobName(sha) {
		return "", false
	}
	for _, path := range []string{r.ownPath(sha), r.fetchedPath(sha)} {
		if _, err := os.Stat(path); err == nil {
			return path, true
		}
	}
	return "", false
}

func noteBlob(ctx context.Context, q querier, sha string, size int64) error {
	_, err := q.ExecContext(ctx, `INSERT INTO blob (sha256, bytes, state, hash) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		sha, size, blobWaiting, rowHash([]byte(sha), size, []byte(blobWaiting)))
	if err != nil {
		return fmt.Errorf("note a photo: %w", err)
	}
	return nil
}

func setBlobState(ctx context.Context, q querier, sha string, size int64, state string) error {
	_, err := q.ExecContext(ctx, `UPDATE blob SET bytes = $1, state = $2, hash = $3 WHERE sha256 = $4`,
		size, state, rowHash([]byte(sha), size, []byte(state)), sha)
	if err != nil {
		return fmt.Errorf("note a photo: %w", err)
	}
	return nil
}

// blobState reads an own blob's state. A row that does not match its hash counts
// as waiting: asking the server again harms nothing.
func blobState(ctx context.Context, q querier, sha string) (string, error) {
	var size int64
	var state string
	var hash []byte
	err := q.QueryRowContext(ctx, `SELECT bytes, state, hash FROM blob WHERE sha256 = $1`, sha).Scan(&size, &state, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return blobWaiting, nil
	}
	if err != nil {
		return "", fmt.Errorf("read a photo's state: %w", err)
	}
	if string(hash) != string(rowHash([]byte(sha), size, []byte(state))) {
		return blobWaiting, nil
	}
	return state, nil
}

// emptyFolder deletes the files of a folder but those to keep.
func emptyFolder(dir string, keep map[string]bool) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("empty %s: %w", dir, err)
	}
	for _, f := range files {
		if keep[f.Name()] {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, f.Name())); err != nil {
			return fmt.Errorf("empty %s: %w", dir, err)
		}
	}
	return nil
}

func checksum(chunk []byte) string {
	sum := sha256.Sum256(chunk)
	return "sha256 " + base64.StdEncoding.EncodeToString(sum[:])
}

func offsetOf(a answer) (int64, error) {
	n, err := strconv.ParseInt(a.header.Get("Upload-Offset"), 10, 64)
	if err != nil || n < 0 {
		return 0, unreachable(errors.New("no Upload-Offset"))
	}
	return n, nil
}
