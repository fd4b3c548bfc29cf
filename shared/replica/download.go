package replica

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// A download comes in pieces, so that a line that breaks costs one of them. What
// has come stays on the disk beside the place of the whole.
const (
	downloadChunk = 1 << 20
	partSuffix    = ".part"
	keepParts     = 4 // unfinished downloads that are kept
)

// downloadBlob fetches bytes piece by piece, going on where an earlier one stopped,
// and gives them once their hash is right. One runs at a time.
func (r *Replica) downloadBlob(ctx context.Context, id *identity, sha string) ([]byte, error) {
	r.downloading.Lock()
	defer r.downloading.Unlock()
	if data, ok, err := r.Blob(ctx, sha); err != nil || ok { // somebody else was quicker
		return data, err
	}
	r.dropParts(sha)
	part := r.fetchedPath(sha) + partSuffix
	data, err := os.ReadFile(part)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("go on with a photo: %w", err)
	}
	err = r.pieces(ctx, id, sha, int64(len(data)), maxAnswer, func(at int64, more []byte, total int64) (bool, error) {
		data = append(data[:at], more...)
		if int64(len(data)) == total {
			return true, nil
		}
		if err := appendTo(part, at, more); err != nil {
			return false, fmt.Errorf("keep a photo: %w", explain(err))
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	if nameOf(data) != sha {
		return nil, errors.Join(unreachable(errors.New("a photo was damaged on the way")), forgetFile(part))
	}
	if r.full.Load() { // what room there is belongs to what people enter here
		return data, forgetFile(part)
	}
	if err := writeFile(r.fetchedPath(sha), data); err != nil {
		return nil, fmt.Errorf("keep a photo: %w", explain(err))
	}
	return data, forgetFile(part)
}

// pieces hands over what is missing from at on, until the whole is there or take
// says false. Where what is here does not fit what is there, it begins anew at 0.
func (r *Replica) pieces(ctx context.Context, id *identity, sha string, at, most int64, take func(at int64, more []byte, total int64) (bool, error)) error {
	for total := int64(-1); total < 0 || at < total; {
		more, size, err := r.piece(ctx, id, sha, at, most)
		if err != nil {
			return err
		}
		if total = size; total < 0 {
			at = 0
			continue
		}
		if on, err := take(at, more, total); err != nil || !on {
			return err
		}
		at += int64(len(more))
	}
	return nil
}

// piece asks for the bytes from at on, and gives them with the size of the whole,
// which is at most so many: -1 when the server has no such place, and all has to
// come anew.
func (r *Replica) piece(ctx context.Context, id *identity, sha string, at, most int64) ([]byte, int64, error) {
	a, err := r.call(ctx, id, request{method: http.MethodGet, path: "/blobs/" + sha, limit: maxAnswer,
		header: map[string]string{"Range": fmt.Sprintf("bytes=%d-%d", at, at+downloadChunk-1), "If-Range": `"` + sha + `"`}})
	if at > 0 && isRefusal(err, protocol.CodeOffset) {
		return nil, -1, nil
	}
	if err != nil {
		return nil, 0, err
	}
	said := a.header.Get("Content-Range")
	if said == "" { // a server that sends all of it
		if at > 0 {
			return nil, -1, nil
		}
		return a.body, int64(len(a.body)), nil
	}
	from, size, ok := contentRange(said)
	if !ok || from != at || len(a.body) == 0 || size > most || at+int64(len(a.body)) > size {
		return nil, 0, unreachable(errors.New("a piece of a photo does not fit"))
	}
	return a.body, size, nil
}

// contentRange reads "bytes 5-9/20".
func contentRange(s string) (from, size int64, ok bool) {
	span, whole, ok := strings.Cut(strings.TrimPrefix(s, "bytes "), "/")
	first, _, ok2 := strings.Cut(span, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	size, err2 := strconv.ParseInt(whole, 10, 64)
	return from, size, ok && ok2 && errors.Join(err, err2) == nil && from >= 0 && size > 0
}

func appendTo(path string, at int64, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(data, at); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close() // not synced: the whole hash is checked before anything is used
}

func forgetFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// dropParts forgets all but the newest unfinished downloads.
func (r *Replica) dropParts(but string) {
	found, err := filepath.Glob(filepath.Join(r.cfg.Dir, fetchedBlobs, "*"+partSuffix))
	if err != nil {
		return
	}
	age := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(age(b), age(a)) })
	kept := 0
	for _, path := range found {
		if filepath.Base(path) == but+partSuffix {
			continue
		}
		if kept++; kept >= keepParts {
			if err := forgetFile(path); err != nil {
				r.cfg.Log.Warn("unfinished download stays", "err", err)
			}
		}
	}
}

// FetchBlob gives bytes from this device or else from the server, and keeps them.
// Errors are *city.Error: CodeUnknown when the city has none such for this
// device, CodeUnreachable.
func (r *Replica) FetchBlob(ctx context.Context, sha string) ([]byte, error) {
	data, ok, err := r.Blob(ctx, sha)
	if err != nil || ok {
		return data, err
	}
	id := r.who()
	if id == nil || !isBlobName(sha) {
		return nil, city.Fail(city.CodeUnknown, "blob", "no such photo")
	}
	data, err = r.downloadBlob(ctx, id, sha)
	if isRefusal(err, protocol.CodeNotFound) {
		return nil, city.Fail(city.CodeUnknown, "blob", "no such photo")
	}
	return data, err
}
