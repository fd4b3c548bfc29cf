package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"
)

// ErrNoBlob means bytes that are not here, or not whole yet.
var ErrNoBlob = errors.New("no such blob")

// ErrOffset means a chunk that does not continue the upload.
var ErrOffset = errors.New("the chunk does not continue the upload")

// ErrChecksum means bytes that are not what their name says.
var ErrChecksum = errors.New("bytes and checksum differ")

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// BlobName tells whether a text is a blob's name.
func BlobName(s string) bool { return sha256Hex.MatchString(s) }

// uploads serialises the writers of one blob; different blobs never wait.
type uploads struct{ busy sync.Map }

func (u *uploads) lock(sha string) func() {
	m, _ := u.busy.LoadOrStore(sha, &sync.Mutex{})
	m.(*sync.Mutex).Lock()
	return m.(*sync.Mutex).Unlock
}

func (s *Store) prepareBlobs() error {
	if s.blobs == "" {
		return errors.New("open the store: no folder for blobs")
	}
	if err := os.MkdirAll(filepath.Join(s.blobs, "part"), 0o700); err != nil {
		return fmt.Errorf("make the folder for blobs: %w", err)
	}
	return nil
}

func (s *Store) blobPath(sha string) string { return filepath.Join(s.blobs, sha[:2], sha) }
func (s *Store) partPath(sha string) string { return filepath.Join(s.blobs, "part", sha) }

// BlobOffset tells how many bytes of a blob are here and whether that is all.
// ErrNoBlob when nobody has begun it.
func (s *Store) BlobOffset(ctx context.Context, sha string) (offset, size int64, whole bool, err error) {
	var complete int
	err = s.db.QueryRowContext(ctx, `SELECT bytes, complete FROM blob WHERE sha256 = $1`, sha).Scan(&size, &complete)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, false, ErrNoBlob
	}
	if err != nil {
		return 0, 0, false, fmt.Errorf("read blob %s: %w", sha, err)
	}
	if complete == 1 {
		return size, size, true, nil
	}
	info, err := os.Stat(s.partPath(sha))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, size, false, nil
	}
	if err != nil {
		return 0, 0, false, err
	}
	return info.Size(), size, false, nil
}

// BeginBlob announces an upload. Beginning again changes nothing.
func (s *Store) BeginBlob(ctx context.Context, sha string, size int64) error {
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		_, err := w.tx.ExecContext(ctx, `INSERT INTO blob (sha256, bytes, complete, added) VALUES ($1, $2, 0, $3) ON CONFLICT DO NOTHING`,
			sha, size, stamp(s.now()))
		if err != nil {
			return err
		}
		return seal(ctx, w.tx, "blob", sha)
	})
}

// AppendBlob adds a chunk at its offset and gives the new offset. The last one
// makes the blob visible, if the whole has the right hash; otherwise the upload
// begins anew.
func (s *Store) AppendBlob(ctx context.Context, sha string, offset int64, chunk []byte) (int64, error) {
	defer s.uploading.lock(sha)()
	have, size, whole, err := s.BlobOffset(ctx, sha)
	if err != nil {
		return 0, err
	}
	if whole || offset != have || offset+int64(len(chunk)) > size {
		return have, ErrOffset
	}
	if err := appendFile(s.partPath(sha), offset, chunk); err != nil {
		return have, fmt.Errorf("write blob: %w", err)
	}
	have += int64(len(chunk))
	if have < size {
		return have, nil
	}
	return have, s.finishBlob(ctx, sha)
}

func appendFile(path string, offset int64, chunk []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(chunk, offset); err != nil {
		return err
	}
	return f.Sync()
}

// finishBlob checks the whole and moves it to its place before the database
// says that it is there.
func (s *Store) finishBlob(ctx context.Context, sha string) error {
	part, final := s.partPath(sha), s.blobPath(sha)
	sum, err := hashFile(part)
	if err != nil {
		return err
	}
	if sum != sha {
		return errors.Join(ErrChecksum, os.Remove(part))
	}
	if err := os.MkdirAll(filepath.Dir(final), 0o700); err != nil {
		return err
	}
	if err := os.Rename(part, final); err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(final), s.blobs} {
		if err := syncFolder(dir); err != nil {
			return err
		}
	}
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		if _, err := w.tx.ExecContext(ctx, `UPDATE blob SET complete = 1 WHERE sha256 = $1`, sha); err != nil {
			return err
		}
		return seal(ctx, w.tx, "blob", sha)
	})
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// PutBlob stores bytes of the server's own and gives their name.
func (s *Store) PutBlob(ctx context.Context, data []byte) (string, error) {
	sum := sha256.Sum256(data)
	sha := hex.EncodeToString(sum[:])
	if _, _, whole, err := s.BlobOffset(ctx, sha); err == nil && whole {
		return sha, nil
	}
	if err := s.BeginBlob(ctx, sha, int64(len(data))); err != nil {
		return "", err
	}
	have, _, _, err := s.BlobOffset(ctx, sha)
	if err != nil {
		return "", err
	}
	_, err = s.AppendBlob(ctx, sha, have, data[have:])
	return sha, err
}

// OpenBlob opens a whole blob for reading and gives its size.
func (s *Store) OpenBlob(ctx context.Context, sha string) (*os.File, int64, error) {
	if !BlobName(sha) {
		return nil, 0, ErrNoBlob
	}
	_, size, whole, err := s.BlobOffset(ctx, sha)
	if err != nil {
		return nil, 0, err
	}
	if !whole {
		return nil, 0, ErrNoBlob
	}
	f, err := os.Open(s.blobPath(sha))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, ErrNoBlob
	}
	return f, size, err
}

// MaySeeBlob tells whether a device may read a blob: one that a record in its
// scopes names.
func (s *Store) MaySeeBlob(ctx context.Context, d Device, sha string) (bool, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT scopes FROM record WHERE kind = 'photo' AND fields->>'blob' = $1
		UNION ALL SELECT scopes FROM record WHERE kind = 'city' AND fields->>'places' = $1`, sha)
	if err != nil {
		return false, fmt.Errorf("who may see blob: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var scopes string
		if err := rows.Scan(&scopes); err != nil {
			return false, err
		}
		for _, have := range splitScopes(scopes) {
			for _, may := range d.scopes() {
				if have == may {
					return true, nil
				}
			}
		}
	}
	return false, rows.Err()
}
