package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// ErrQuota means a device that has begun more than it may leave unfinished.
var ErrQuota = errors.New("too many unfinished uploads of this device: finish those first")

// ErrNoRoom means that the server's disk is nearly full.
var ErrNoRoom = errors.New("no room for uploads just now")

// What one device may leave unfinished, how much of the disk uploads leave free,
// and for how long an unfinished upload is kept that no photo names.
const (
	MaxUnfinished      = 64
	MaxUnfinishedBytes = 256 << 20
	RoomLeft           = 256 << 20
	KeepUnfinished     = 7 * 24 * time.Hour
)

// uploads serialises the writers of one blob; different blobs never wait. A lock
// is there only while somebody holds it or waits for it.
type uploads struct {
	mu   sync.Mutex
	busy map[string]*held
}

type held struct {
	sync.Mutex
	users int // under uploads.mu
}

func (u *uploads) lock(sha string) func() {
	u.mu.Lock()
	h := u.busy[sha]
	if h == nil {
		if u.busy == nil {
			u.busy = map[string]*held{}
		}
		h = &held{}
		u.busy[sha] = h
	}
	h.users++
	u.mu.Unlock()
	h.Lock()
	return func() {
		h.Unlock()
		u.mu.Lock()
		defer u.mu.Unlock()
		if h.users--; h.users == 0 {
			delete(u.busy, sha)
		}
	}
}

// lockBlob waits until nobody else writes the blob, here or at another server.
func (s *Store) lockBlob(sha string) (unlock func(), err error) {
	here := s.uploading.lock(sha)
	there, err := s.blobs.lock(sha)
	if err != nil {
		here()
		return nil, fmt.Errorf("lock blob: %w", err)
	}
	return func() {
		there()
		here()
	}, nil
}

// BeginBlob announces an upload of size bytes by a device, or by the server
// itself, whose id is empty. Beginning again changes nothing, unless the size is
// another one: somebody was wrong about it, and what was sent for that is void.
func (s *Store) BeginBlob(ctx context.Context, by city.DeviceID, sha string, size int64) error {
	unlock, err := s.lockBlob(sha)
	if err != nil {
		return err
	}
	defer unlock()
	if erased, err := erasedBefore(ctx, s.db, sha); err != nil || erased {
		return errors.Join(err, ErrErased)
	}
	_, known, whole, err := s.blobRow(ctx, sha)
	switch {
	case err == nil && (whole || known == size):
		return nil
	case err != nil && !errors.Is(err, ErrNoBlob):
		return err
	case err == nil:
		if err := s.blobs.dropPart(ctx, sha); err != nil {
			return err
		}
	}
	if free, ok := s.blobs.room(); ok && free-size < RoomLeft {
		return ErrNoRoom
	}
	return s.do(ctx, func(ctx context.Context, w *writeTx) error {
		if by != "" {
			var n, sum int64
			err := w.tx.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(bytes), 0) FROM blob WHERE complete = 0 AND device = $1 AND sha256 <> $2`, by, sha).Scan(&n, &sum)
			if err != nil {
				return fmt.Errorf("count the uploads: %w", err)
			}
			if n >= MaxUnfinished || sum+size > MaxUnfinishedBytes {
				return ErrQuota
			}
		}
		_, err := w.tx.ExecContext(ctx, `INSERT INTO blob (sha256, bytes, complete, added, device) VALUES ($1, $2, 0, $3, $4)
			ON CONFLICT (sha256) DO UPDATE SET bytes = excluded.bytes, device = excluded.device WHERE blob.complete = 0`,
			sha, size, stamp(s.now()), by)
		if err != nil {
			return err
		}
		return seal(ctx, w.tx, "blob", sha)
	})
}

// ResumeBlob tells where an upload goes on, which is its size when it is whole.
// What a crash has left between the last chunk and the database is finished; a
// blob whose file has gone since begins anew.
func (s *Store) ResumeBlob(ctx context.Context, sha string) (offset, size int64, err error) {
	if _, size, whole, err := s.blobRow(ctx, sha); err == nil && whole {
		there, err := s.blobs.size(ctx, sha)
		if err == nil && there == size {
			return size, size, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, size, err
		}
		if err := s.doubtBlob(ctx, sha); err != nil {
			return 0, size, err
		}
	}
	unlock, err := s.lockBlob(sha)
	if err != nil {
		return 0, size, err
	}
	defer unlock()
	have, size, whole, err := s.BlobOffset(ctx, sha)
	if err != nil || whole {
		return have, size, err
	}
	if have == 0 {
		what, err := wrong(ctx, s.blobs, listed{SHA: sha, Bytes: size})
		if err != nil {
			return 0, size, err
		}
		if what == "" {
			return size, size, s.completeBlob(ctx, sha)
		}
	}
	if have < size {
		return have, size, nil
	}
	err = s.finishBlob(ctx, listed{SHA: sha, Bytes: size})
	if errors.Is(err, ErrChecksum) {
		return 0, size, nil
	}
	return size, size, err
}

// AppendBlob adds a chunk at its offset and gives the new offset. The last one
// makes the blob visible, if the whole has the right hash; otherwise the upload
// begins anew.
func (s *Store) AppendBlob(ctx context.Context, sha string, offset int64, chunk []byte) (int64, error) {
	unlock, err := s.lockBlob(sha)
	if err != nil {
		return 0, err
	}
	defer unlock()
	have, size, whole, err := s.BlobOffset(ctx, sha)
	if err != nil {
		return 0, err
	}
	if whole || offset != have || offset+int64(len(chunk)) > size {
		return have, ErrOffset
	}
	if err := s.blobs.add(ctx, sha, offset, chunk); err != nil {
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			err = errors.Join(ErrNoRoom, err)
		}
		return have, fmt.Errorf("write blob: %w", err)
	}
	have += int64(len(chunk))
	if have < size {
		return have, nil
	}
	return have, s.finishBlob(ctx, listed{SHA: sha, Bytes: size})
}

// finishBlob checks the whole and moves it to its place before the database
// says that it is there.
func (s *Store) finishBlob(ctx context.Context, l listed) error {
	sum, err := sumOf(s.blobs.openPart(ctx, l.SHA))
	if err != nil {
		return err
	}
	if sum != l.SHA {
		return errors.Join(ErrChecksum, s.blobs.dropPart(ctx, l.SHA))
	}
	if err := s.blobs.keep(ctx, l); err != nil {
		return err
	}
	return s.completeBlob(ctx, l.SHA)
}

// completeBlob makes a blob visible. The photos that wait for it are told of
// after that; if that fails, the next start or sweep does it.
func (s *Store) completeBlob(ctx context.Context, sha string) error {
	err := s.do(ctx, func(ctx context.Context, w *writeTx) error {
		if _, err := w.tx.ExecContext(ctx, `UPDATE blob SET complete = 1 WHERE sha256 = $1`, sha); err != nil {
			return err
		}
		return seal(ctx, w.tx, "blob", sha)
	})
	if err != nil {
		return err
	}
	if err := s.arrived(ctx, sha); err != nil {
		s.log.Error("arrival not told", "blob", sha, "err", err)
	}
	return nil
}

// PutBlob stores bytes of the server's own and gives their name.
func (s *Store) PutBlob(ctx context.Context, data []byte) (string, error) {
	return s.PutBlobFile(ctx, bytes.NewReader(data))
}

// putChunk is held in memory of a file that is stored.
const putChunk = 4 << 20

// PutBlobFile stores a file of the server's own, of at most protocol.MaxMap bytes, and
// gives its name.
func (s *Store) PutBlobFile(ctx context.Context, file io.ReadSeeker) (string, error) {
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return "", fmt.Errorf("read a blob: %w", err)
	}
	if size > protocol.MaxMap { // devices would not take it
		return "", fmt.Errorf("the file has %d MiB of at most %d", size>>20, protocol.MaxMap>>20)
	}
	sha := hex.EncodeToString(sum.Sum(nil))
	if err := s.BeginBlob(ctx, "", sha, size); err != nil {
		return "", err
	}
	have, size, err := s.ResumeBlob(ctx, sha)
	if err != nil || have == size {
		return sha, err
	}
	if _, err := file.Seek(have, io.SeekStart); err != nil {
		return "", fmt.Errorf("read a blob: %w", err)
	}
	chunk := make([]byte, min(putChunk, size-have))
	for have < size {
		n, err := io.ReadFull(file, chunk[:min(int64(len(chunk)), size-have)])
		if err != nil {
			return "", fmt.Errorf("read a blob: %w", err)
		}
		if have, err = s.AppendBlob(ctx, sha, have, chunk[:n]); err != nil {
			return "", err
		}
	}
	return sha, nil
}

// SweepUploads forgets unfinished uploads that are old and that no photo names.
// A device that still holds the bytes may begin anew.
func (s *Store) SweepUploads(ctx context.Context) (int, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT b.sha256 FROM blob AS b WHERE b.complete = 0 AND b.added < $1
		AND NOT EXISTS (SELECT 1 FROM record AS r WHERE r.kind = 'photo' AND r.fields->>'blob' = b.sha256)`, stamp(s.now().Add(-KeepUnfinished)))
	if err != nil {
		return 0, fmt.Errorf("find old uploads: %w", err)
	}
	old, err := words(rows)
	if err != nil {
		return 0, fmt.Errorf("find old uploads: %w", err)
	}
	for _, sha := range old {
		if err := s.dropUpload(ctx, sha); err != nil {
			return 0, err
		}
	}
	stray, err := s.strayParts(ctx)
	return len(old) + stray, err
}

func (s *Store) dropUpload(ctx context.Context, sha string) error {
	unlock, err := s.lockBlob(sha)
	if err != nil {
		return err
	}
	defer unlock()
	err = s.do(ctx, func(ctx context.Context, w *writeTx) error {
		_, err := w.tx.ExecContext(ctx, `DELETE FROM blob WHERE sha256 = $1 AND complete = 0`, sha)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget an upload: %w", err)
	}
	return s.blobs.dropPart(ctx, sha)
}

// strayParts removes the bytes of uploads that the database does not know: it was
// restored, or a sweep was cut short.
func (s *Store) strayParts(ctx context.Context) (int, error) {
	parts, err := s.blobs.parts(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for old uploads: %w", err)
	}
	n := 0
	for _, sha := range parts {
		gone, err := s.dropStray(ctx, sha)
		if err != nil {
			return n, err
		}
		if gone {
			n++
		}
	}
	return n, nil
}

func (s *Store) dropStray(ctx context.Context, sha string) (bool, error) {
	unlock, err := s.lockBlob(sha)
	if err != nil {
		return false, err
	}
	defer unlock()
	_, _, whole, err := s.blobRow(ctx, sha)
	if errors.Is(err, ErrNoBlob) || err == nil && whole {
		return true, s.blobs.dropPart(ctx, sha)
	}
	return false, err
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
