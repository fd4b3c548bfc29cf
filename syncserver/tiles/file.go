package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// fetch gives a local copy of a blob, since databases are opened by path and
// blobs may be far away. Copies of other maps are removed.
func (t *Tiles) fetch(ctx context.Context, sha string) (string, error) {
	path := filepath.Join(t.Folder, sha+".db")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(t.Folder, 0o700); err != nil {
		return "", fmt.Errorf("copy the map: %w", err)
	}
	old, err := filepath.Glob(filepath.Join(t.Folder, "*.db*"))
	if err != nil {
		return "", err
	}
	for _, o := range old { // one that is open stays readable until it is closed
		if err := os.Remove(o); err != nil {
			return "", fmt.Errorf("remove the map before: %w", err)
		}
	}
	from, _, err := t.Store.OpenBlob(ctx, sha)
	if err != nil {
		return "", fmt.Errorf("copy the map: %w", err)
	}
	defer from.Close()
	part := path + ".part"
	to, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", fmt.Errorf("copy the map: %w", err)
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(to, sum), from)
	if err = errors.Join(err, to.Close()); err == nil && hex.EncodeToString(sum.Sum(nil)) != sha {
		err = errors.New("the blob is not what its name says")
	}
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("copy the map: %w", err), os.Remove(part))
	}
	return path, nil
}
