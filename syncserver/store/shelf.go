package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cityhall/shared/sqlite"
)

// ErrBlobsAway means that the store of photos does not answer, or refuses us.
// Nothing is known of what it holds until it does.
var ErrBlobsAway = errors.New("the store of photos does not answer")

// Bytes are those of a blob, opened.
type Bytes interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// shelf is where blobs lie: a folder, or a bucket of an S3-compatible store. What is
// not there is fs.ErrNotExist; a shelf that cannot tell says ErrBlobsAway. The
// database says which blobs are whole, and never before they lie here whole.
type shelf interface {
	prepare() error // without the network, so that a server starts while a store is away
	look(ctx context.Context) error
	room() (free int64, known bool)
	String() string

	size(ctx context.Context, sha string) (int64, error)
	open(ctx context.Context, sha string) (Bytes, error)
	// put brings bytes that must be what their name says, else ErrChecksum.
	put(ctx context.Context, l listed, from func() (io.ReadCloser, error)) error
	drop(ctx context.Context, sha string) error
	setAside(ctx context.Context, sha string) error // damaged; for whoever wants to try to read it

	// Of an upload under way: its chunks, by any of several servers. Lock keeps those
	// servers out that would spoil each other's chunks.
	lock(sha string) (unlock func(), err error)
	partSize(ctx context.Context, sha string) (int64, error) // 0 without any
	add(ctx context.Context, sha string, offset int64, chunk []byte) error
	openPart(ctx context.Context, sha string) (io.ReadCloser, error)
	keep(ctx context.Context, l listed) error // the upload, found to be right, becomes the blob
	dropPart(ctx context.Context, sha string) error
	parts(ctx context.Context) ([]string, error)
}

// openShelf reads an address: s3://bucket/prefix?endpoint=…&region=…, or a folder.
func openShelf(address string, room func(dir string) (int64, bool)) (shelf, error) {
	if strings.HasPrefix(address, "s3://") {
		return openBucket(address)
	}
	if address == "" {
		return nil, errors.New("open the store: no folder for blobs")
	}
	return folderShelf{dir: address, free: room}, nil
}

// LookAtBlobs tells whether the photos' folder or bucket can be read and written.
func LookAtBlobs(ctx context.Context, address string) error {
	b, err := openShelf(address, diskFree)
	if err != nil {
		return err
	}
	return b.look(ctx)
}

// LookAtBlobs tells whether this city's photos can be read and written.
func (s *Store) LookAtBlobs(ctx context.Context) error { return s.blobs.look(ctx) }

// sumOf is the SHA-256, in hex, of all that a reader gives; it closes it.
func sumOf(r io.ReadCloser, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// wrong tells what is wrong with a blob; empty for nothing. Only what is seen is
// wrong: a shelf that does not answer is an error.
func wrong(ctx context.Context, b shelf, l listed) (string, error) {
	size, err := b.size(ctx, l.SHA)
	if errors.Is(err, fs.ErrNotExist) {
		return "it is not in " + b.String(), nil
	}
	if err != nil {
		return "", err
	}
	if size != l.Bytes {
		return fmt.Sprintf("it has %d bytes, not %d", size, l.Bytes), nil
	}
	sum, err := sumOf(b.open(ctx, l.SHA))
	if errors.Is(err, ErrBlobsAway) || ctx.Err() != nil {
		return "", errors.Join(err, ctx.Err())
	}
	if err != nil || sum != l.SHA {
		return "its bytes are not what its name says", nil
	}
	return "", nil
}

// folderShelf is a folder: blobs by the first two digits of their names, uploads
// under part.
type folderShelf struct {
	dir  string
	free func(dir string) (int64, bool)
}

func (b folderShelf) path(sha string) string { return filepath.Join(b.dir, sha[:2], sha) }
func (b folderShelf) part(sha string) string { return filepath.Join(b.dir, "part", sha) }
func (b folderShelf) String() string         { return b.dir }
func (b folderShelf) room() (int64, bool)    { return b.free(b.dir) }

// uploadLocks is the folder of the files by which several servers keep out of each
// other's uploads: 256, by the first digits of a blob's name. They stay, so that
// nobody waits for one that another has removed.
const uploadLocks = "locks"

func (b folderShelf) lock(sha string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(b.dir, uploadLocks, sha[:2]), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := sqlite.Lock(f, true); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { f.Close() }, nil
}

func (b folderShelf) prepare() error {
	for _, dir := range []string{"part", uploadLocks} {
		if err := os.MkdirAll(filepath.Join(b.dir, dir), 0o700); err != nil {
			return fmt.Errorf("make the folder for blobs: %w", err)
		}
	}
	return nil
}

func (b folderShelf) look(context.Context) error {
	_, err := os.ReadDir(filepath.Join(b.dir, "part"))
	return err
}

func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (b folderShelf) size(_ context.Context, sha string) (int64, error) { return fileSize(b.path(sha)) }

func (b folderShelf) open(_ context.Context, sha string) (Bytes, error) {
	f, err := os.Open(b.path(sha))
	if err != nil { // no file in the interface
		return nil, err
	}
	return f, nil
}

// put copies and does not link: what shares its bytes with the original is no copy.
func (b folderShelf) put(_ context.Context, l listed, from func() (io.ReadCloser, error)) error {
	final := b.path(l.SHA)
	if err := os.MkdirAll(filepath.Dir(final), 0o700); err != nil {
		return err
	}
	r, err := from()
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	part := final + ".part"
	if err := writeFile(part, io.TeeReader(r, h)); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if hex.EncodeToString(h.Sum(nil)) != l.SHA {
		return errors.Join(ErrChecksum, os.Remove(part))
	}
	return b.name(part, final)
}

func (b folderShelf) name(part, final string) error {
	if err := os.Rename(part, final); err != nil {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(final)), syncFolder(b.dir))
}

func (b folderShelf) drop(_ context.Context, sha string) error { return removeFile(b.path(sha)) }

func (b folderShelf) setAside(_ context.Context, sha string) error {
	err := os.Rename(b.path(sha), b.path(sha)+".damaged")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (b folderShelf) partSize(_ context.Context, sha string) (int64, error) {
	size, err := fileSize(b.part(sha))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	return size, err
}

// add cuts off what may stand behind offset: the database never heard of it.
func (b folderShelf) add(_ context.Context, sha string, offset int64, chunk []byte) error {
	f, err := os.OpenFile(b.part(sha), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(offset); err != nil {
		return err
	}
	if _, err := f.WriteAt(chunk, offset); err != nil {
		return err
	}
	return f.Sync()
}

func (b folderShelf) openPart(_ context.Context, sha string) (io.ReadCloser, error) {
	f, err := os.Open(b.part(sha))
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (b folderShelf) keep(_ context.Context, l listed) error {
	final := b.path(l.SHA)
	if err := os.MkdirAll(filepath.Dir(final), 0o700); err != nil {
		return err
	}
	return b.name(b.part(l.SHA), final)
}

func (b folderShelf) dropPart(_ context.Context, sha string) error { return removeFile(b.part(sha)) }

func (b folderShelf) parts(context.Context) ([]string, error) {
	files, err := os.ReadDir(filepath.Join(b.dir, "part"))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, f := range files {
		if BlobName(f.Name()) {
			all = append(all, f.Name())
		}
	}
	return all, nil
}
