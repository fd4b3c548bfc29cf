package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
)

// ErrNoBlob means bytes that are not here, or not whole yet.
var ErrNoBlob = errors.New("no such blob")

// ErrErased means bytes that were erased by law, and are not taken again.
var ErrErased = errors.New("these bytes were erased")

// ErrOffset means a chunk that does not continue the upload.
var ErrOffset = errors.New("the chunk does not continue the upload")

// ErrChecksum means bytes that are not what their name says.
var ErrChecksum = errors.New("bytes and checksum differ")

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// BlobName tells whether a text is a blob's name.
func BlobName(s string) bool { return sha256Hex.MatchString(s) }

// BlobOffset tells how many bytes of a blob are here and whether that is all.
// ErrNoBlob when nobody has begun it. More bytes than were announced count as
// none: nobody can continue them.
func (s *Store) BlobOffset(ctx context.Context, sha string) (offset, size int64, whole bool, err error) {
	offset, size, whole, err = s.blobRow(ctx, sha)
	if err != nil || whole {
		return offset, size, whole, err
	}
	have, err := s.blobs.partSize(ctx, sha)
	if err != nil {
		return 0, 0, false, err
	}
	if have > size {
		have = 0
	}
	return have, size, false, nil
}

// blobRow is what the database says of a blob.
func (s *Store) blobRow(ctx context.Context, sha string) (offset, size int64, whole bool, err error) {
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
	return 0, size, false, nil
}

func hashFile(path string) (string, error) {
	return sumOf(os.Open(path))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// OpenBlob opens a whole blob for reading and gives its size.
func (s *Store) OpenBlob(ctx context.Context, sha string) (Bytes, int64, error) {
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
	f, err := s.blobs.open(ctx, sha)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, errors.Join(ErrNoBlob, s.doubtBlob(ctx, sha))
	}
	return f, size, err
}

// MaySeeBlob tells whether a device may read a blob: one that a record in its
// scopes names.
func (s *Store) MaySeeBlob(ctx context.Context, d Device, sha string) (bool, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT scopes FROM record WHERE kind = 'photo' AND fields->>'blob' = $1
		UNION ALL SELECT scopes FROM record WHERE kind = 'city' AND (fields->>'places' = $1 OR fields->>'map' = $1)`, sha)
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
