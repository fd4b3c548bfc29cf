package replica

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

const (
	// snapshotFolder holds what was downloaded of a snapshot, until the cache that is
	// built from it is in place. A file shorter than its part goes on growing.
	snapshotFolder   = "snapshot"
	snapshotManifest = "manifest.json"
	// silentFor is how long a download may give no byte before it counts as broken.
	silentFor = 30 * time.Second
	// spareDisk is what a download leaves free: people's work goes first.
	spareDisk = 64 << 20
	// roomPerByte is how many bytes of the cache a compressed byte becomes, at most.
	roomPerByte = 20
)

// errNoSnapshots means a server that offers none: the cache is pulled from the
// beginning instead.
var errNoSnapshots = errors.New("the server makes no snapshots")

// errStale means that the snapshot under way is no longer to be had.
var errStale = errors.New("the snapshot has expired")

// arrive fills a new cache file from one snapshot, beside the file that is shown.
// It goes on with what an earlier try or an earlier start has downloaded.
func (r *Replica) arrive(ctx context.Context, id *identity) error {
	if !r.cache.rebuilding() {
		if err := r.startOver(ctx); err != nil {
			return err
		}
	}
	for range maxRepeats {
		m, err := r.manifest(ctx, id)
		if err != nil {
			return err
		}
		if err = r.download(ctx, id, m); err == nil {
			err = r.fill(ctx, m)
		}
		if sqlite.IsFull(err) {
			return errors.Join(explain(err), r.forgetSnapshot())
		}
		if !errors.Is(err, errStale) && !errors.Is(err, errDamagedPart) {
			return err
		}
		r.cfg.Log.Warn("snapshot begun anew", "err", err)
		if errors.Is(err, errStale) {
			if err := r.forgetSnapshot(); err != nil {
				return err
			}
		}
	}
	return unreachable(errStale)
}

// startOver begins a new cache file with nothing downloaded yet.
func (r *Replica) startOver(ctx context.Context) error {
	if err := r.forgetSnapshot(); err != nil {
		return err
	}
	return r.cache.rebuild(ctx)
}

// regrant begins anew because the device may see other things. What it may see no
// longer goes at once; otherwise the old cache is shown until the new one is there.
func (r *Replica) regrant(ctx context.Context, was, now []city.Scope) error {
	lost := slices.ContainsFunc(was, func(s city.Scope) bool { return !slices.Contains(now, s) })
	if lost {
		if err := r.cache.drop(ctx); err != nil {
			return err
		}
		if err := emptyFolder(filepath.Join(r.cfg.Dir, fetchedBlobs), nil); err != nil {
			return err
		}
	}
	return r.startOver(ctx)
}

func (r *Replica) snapshotPath(name string) string {
	return filepath.Join(r.cfg.Dir, snapshotFolder, name)
}

// forgetSnapshot removes what was downloaded.
func (r *Replica) forgetSnapshot() error {
	if err := os.RemoveAll(filepath.Join(r.cfg.Dir, snapshotFolder)); err != nil {
		return fmt.Errorf("forget a snapshot: %w", err)
	}
	return nil
}

// manifest gives the one that a download was begun with, or asks for a new one.
func (r *Replica) manifest(ctx context.Context, id *identity) (protocol.Manifest, error) {
	raw, err := os.ReadFile(r.snapshotPath(snapshotManifest))
	if err == nil {
		if m, err := readManifest(raw); err == nil {
			return m, nil
		}
	}
	if err := r.forgetSnapshot(); err != nil {
		return protocol.Manifest{}, err
	}
	a, err := r.call(ctx, id, request{method: http.MethodGet, path: "/snapshot", limit: protocol.MaxManifest})
	if isRefusal(err, protocol.CodeNotFound) {
		return protocol.Manifest{}, errNoSnapshots
	}
	if err != nil {
		return protocol.Manifest{}, err
	}
	m, err := readManifest(a.body)
	if err != nil {
		return m, unreachable(err)
	}
	if err := r.roomFor(m); err != nil {
		return m, err
	}
	if err := os.MkdirAll(filepath.Join(r.cfg.Dir, snapshotFolder), 0o700); err != nil {
		return m, fmt.Errorf("make a folder for the snapshot: %w", err)
	}
	// A manifest that a power cut has torn is asked for again.
	if err := os.WriteFile(r.snapshotPath(snapshotManifest), a.body, 0o600); err != nil {
		return m, fmt.Errorf("keep the manifest: %w", err)
	}
	return m, nil
}

// readManifest reads a manifest and checks that it can be followed.
func readManifest(raw []byte) (protocol.Manifest, error) {
	var m protocol.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("read the manifest: %w", err)
	}
	if m.Cursor == "" {
		return m, errors.New("a manifest without its cursor")
	}
	for _, p := range m.Parts {
		if !isBlobName(p.SHA256) || p.Bytes < 1 || p.Bytes > protocol.MaxPart {
			return m, errors.New("a manifest with a part that cannot be")
		}
	}
	return m, nil
}

// roomFor refuses a snapshot that would leave no room for what people do.
func (r *Replica) roomFor(m protocol.Manifest) error {
	var need int64 = spareDisk
	for _, p := range m.Parts {
		need += p.Bytes * roomPerByte
	}
	if free := diskFree(r.cfg.Dir); free > 0 && free < need {
		return &diskFull{cause: fmt.Errorf("a snapshot wants %d bytes, %d are free", need, free)}
	}
	return nil
}

// download gets what is missing of the parts, one after the other.
func (r *Replica) download(ctx context.Context, id *identity, m protocol.Manifest) error {
	for _, p := range m.Parts {
		for lost := 0; ; {
			had := fileSize(r.snapshotPath(p.SHA256))
			if had == p.Bytes {
				break
			}
			err := r.downloadRest(ctx, id, p, had)
			if err == nil {
				continue
			}
			if fileSize(r.snapshotPath(p.SHA256)) > had {
				lost = 0 // a bad line that carries something is worth another try
			} else if lost++; lost >= maxRepeats {
				return err
			}
			var o *offline
			if !errors.As(err, &o) || ctx.Err() != nil {
				return err
			}
		}
	}
	return nil
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// downloadRest asks for a part from where its file ends, and adds what comes.
func (r *Replica) downloadRest(ctx context.Context, id *identity, p protocol.Part, from int64) error {
	path := r.snapshotPath(p.SHA256)
	if from > p.Bytes {
		return errors.Join(unreachable(errDamagedPart), os.Remove(path))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(silentFor, cancel)
	defer silence.Stop()
	tag := `"` + p.SHA256 + `"`
	header := map[string]string{}
	if from > 0 {
		header["Range"], header["If-Range"] = "bytes="+strconv.FormatInt(from, 10)+"-", tag
	}
	resp, err := r.begin(ctx, id.server, string(id.device), id.key, request{method: http.MethodGet, path: "/snapshot/" + p.SHA256, header: header})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	how := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	switch {
	case resp.StatusCode == http.StatusPartialContent && resp.Header.Get("ETag") == tag && resp.Header.Get("Content-Range") ==
		fmt.Sprintf("bytes %d-%d/%d", from, p.Bytes-1, p.Bytes):
		how = os.O_WRONLY | os.O_APPEND
	case resp.StatusCode == http.StatusOK && resp.Header.Get("ETag") == tag:
	default:
		raw, err := io.ReadAll(io.LimitReader(resp.Body, protocol.MaxHello))
		if err != nil {
			return unreachable(err)
		}
		return r.notThePart(refused(resp, raw))
	}
	file, err := os.OpenFile(path, how, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return errStale // somebody removed the folder
	}
	if err != nil {
		return fmt.Errorf("keep a part: %w", err)
	}
	in := &watched{from: io.LimitReader(resp.Body, p.Bytes), seen: func() { silence.Reset(silentFor) }}
	_, err = io.Copy(file, in)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if in.err != nil {
		return unreachable(in.err)
	}
	if err != nil {
		return fmt.Errorf("keep a part: %w", err)
	}
	if fileSize(path) < p.Bytes {
		return unreachable(io.ErrUnexpectedEOF)
	}
	return nil
}

// notThePart says what an answer that is no part means for the download.
func (r *Replica) notThePart(err error) error {
	var f *refusal
	if !errors.As(err, &f) {
		return err
	}
	switch {
	case f.Code == protocol.CodeNotFound:
		return errStale
	case f.Code == protocol.CodeClock && !f.Now.IsZero():
		r.learnTime(f.Now)
		return unreachable(err) // the next try is signed by the right time
	}
	return err
}

// watched tells of every byte that comes, and keeps the line's error apart from
// the disk's.
type watched struct {
	from io.Reader
	seen func()
	err  error
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.from.Read(b)
	if n > 0 {
		w.seen()
	}
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}
