package replica

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// mapPieces are fetched of a map in one round at most: a map may be large and the
// line slow, and what people enter here goes out in between.
const mapPieces = 8

// fetchMaps gets the files of the city's geography that its settings name. Until
// one has come whole, the one before is used.
func (r *Replica) fetchMaps(ctx context.Context) error {
	settings, err := city.LoadSettings(r.cache)
	if err != nil {
		return err
	}
	for _, sha := range []string{settings.Places, settings.Map} {
		if _, have := r.BlobPath(sha); have || sha == "" || sha == settings.Map && r.photosWait() {
			continue
		}
		whole, err := r.fetchFile(ctx, sha)
		if isRefusal(err, protocol.CodeNotFound) { // not uploaded yet: the next round asks again
			continue
		}
		if err != nil {
			return err
		}
		if !whole {
			r.Wake()
			return nil
		}
		r.tell()
	}
	return nil
}

// fetchFile brings a blob onto the disk without ever holding it in memory; false
// when it is to be gone on with in the next round, or when the disk is full: then
// what room there is belongs to what people enter here.
func (r *Replica) fetchFile(ctx context.Context, sha string) (bool, error) {
	id := r.who()
	if id == nil || !isBlobName(sha) {
		return true, nil
	}
	r.downloading.Lock()
	defer r.downloading.Unlock()
	if _, have := r.BlobPath(sha); have || r.full.Load() {
		return true, nil
	}
	r.dropParts(sha)
	part := r.fetchedPath(sha) + partSuffix
	at := int64(0)
	if info, err := os.Stat(part); err == nil {
		at = info.Size()
	}
	size, come := int64(-1), 0
	err := r.pieces(ctx, id, sha, at, protocol.MaxMap, func(at int64, more []byte, total int64) (bool, error) {
		if at == 0 { // what was there did not fit
			if err := forgetFile(part); err != nil {
				return false, fmt.Errorf("keep a map: %w", err)
			}
		}
		if err := appendTo(part, at, more); err != nil {
			return false, fmt.Errorf("keep a map: %w", explain(err))
		}
		if come++; at+int64(len(more)) == total {
			size = total
		}
		return come < mapPieces, nil
	})
	if err != nil || size < 0 {
		return false, err
	}
	return true, keepFile(part, r.fetchedPath(sha), sha, size)
}

// keepFile checks the first bytes of a file, syncs them and moves it to its place.
func keepFile(part, path, sha string, size int64) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("keep a map: %w", err)
	}
	sum := sha256.New()
	err = f.Truncate(size)
	if err == nil {
		_, err = io.Copy(sum, f)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keep a map: %w", explain(err))
	}
	if hex.EncodeToString(sum.Sum(nil)) != sha {
		return errors.Join(unreachable(errors.New("a map was damaged on the way")), forgetFile(part))
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("keep a map: %w", explain(err))
	}
	return syncFolder(filepath.Dir(path))
}
