package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// How long a bucket may take to answer, and to take or give a whole blob.
const (
	bucketAnswers = 15 * time.Second
	bucketCarries = 2 * time.Minute
	bucketTries   = 3
)

// bucketShelf is a bucket of an S3-compatible store, under a prefix: blobs/…, the
// chunks of uploads as part/SHA-256/OFFSET, damaged blobs as damaged/…. No server
// keeps anything of an upload, so any of them may take its next chunk.
type bucketShelf struct {
	client       *minio.Client
	bucket, base string
}

// openBucket reads an address. Keys come from the environment (AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY), the usual file of credentials, or the machine's role.
func openBucket(address string) (*bucketShelf, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, errors.New("read the address of photos: it is s3://bucket/prefix?endpoint=https://…&region=…")
	}
	q := u.Query()
	for name := range q {
		if name != "endpoint" && name != "region" {
			return nil, fmt.Errorf("read the address of photos: %q is neither endpoint nor region", name)
		}
	}
	end := &url.URL{Scheme: "https", Host: "s3.amazonaws.com"}
	if e := q.Get("endpoint"); e != "" {
		end, err = url.Parse(e)
		if err != nil || end.Host == "" || end.Scheme != "http" && end.Scheme != "https" {
			return nil, errors.New("read the address of photos: endpoint is http://host:port or https://host")
		}
	}
	region := q.Get("region")
	if region == "" {
		region = "us-east-1"
	}
	carry := http.DefaultTransport.(*http.Transport).Clone()
	carry.DialContext = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	carry.ResponseHeaderTimeout = bucketAnswers
	client, err := minio.New(end.Host, &minio.Options{Secure: end.Scheme == "https", Region: region, Transport: carry, MaxRetries: bucketTries,
		Creds: credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{},
			&credentials.IAM{Client: &http.Client{Timeout: 3 * time.Second}}})})
	if err != nil {
		return nil, fmt.Errorf("read the address of photos: %w", err)
	}
	return &bucketShelf{client: client, bucket: u.Host, base: strings.Trim(u.Path, "/")}, nil
}

func (b *bucketShelf) key(words ...string) string {
	return path.Join(append([]string{b.base}, words...)...)
}
func (b *bucketShelf) blob(sha string) string   { return b.key("blobs", sha[:2], sha) }
func (b *bucketShelf) String() string           { return "s3://" + path.Join(b.bucket, b.base) }
func (b *bucketShelf) room() (int64, bool)      { return 0, false }
func (b *bucketShelf) prepare() error           { return nil }
func (b *bucketShelf) chunks(sha string) string { return b.key("part", sha) + "/" }

// lock has nothing to do: a chunk is one object, and what two servers made of a blob
// together is found out by its hash.
func (b *bucketShelf) lock(string) (func(), error) { return func() {}, nil }

// judge tells a missing object from a store that is away: only one that shows us the
// bucket may say that something is not in it.
func (b *bucketShelf) judge(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		there, lookErr := b.client.BucketExists(ctx, b.bucket)
		if lookErr == nil && there {
			return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
		}
		err = errors.Join(err, lookErr)
	}
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
		return ctx.Err() // whoever asked is gone; that says nothing of the store
	}
	return fmt.Errorf("%w: %s: %w", ErrBlobsAway, b, err)
}

// look writes, reads and deletes a small object.
func (b *bucketShelf) look(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, bucketAnswers)
	defer stop()
	key := b.key("look")
	err := b.write(ctx, key, strings.NewReader("ok"), 2)
	if err == nil {
		_, err = b.client.StatObject(ctx, b.bucket, key, minio.StatObjectOptions{})
	}
	if err == nil {
		err = b.client.RemoveObject(ctx, b.bucket, key, minio.RemoveObjectOptions{})
	}
	return b.judge(ctx, err)
}

func (b *bucketShelf) write(ctx context.Context, key string, r io.Reader, size int64) error {
	_, err := b.client.PutObject(ctx, b.bucket, key, r, size, minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true})
	return err
}

func (b *bucketShelf) size(ctx context.Context, sha string) (int64, error) {
	ctx, stop := context.WithTimeout(ctx, bucketAnswers)
	defer stop()
	info, err := b.client.StatObject(ctx, b.bucket, b.blob(sha), minio.StatObjectOptions{})
	return info.Size, b.judge(ctx, err)
}

func (b *bucketShelf) open(ctx context.Context, sha string) (Bytes, error) {
	o, err := b.client.GetObject(ctx, b.bucket, b.blob(sha), minio.GetObjectOptions{})
	if err == nil {
		_, err = o.Stat()
	}
	if err != nil {
		return nil, b.judge(ctx, err)
	}
	return o, nil
}

// put brings the bytes only once they are known to be right, since another server
// may have brought the same blob, and reads back what the store has made of them.
func (b *bucketShelf) put(ctx context.Context, l listed, from func() (io.ReadCloser, error)) error {
	ctx, stop := context.WithTimeout(ctx, bucketCarries)
	defer stop()
	sum, err := sumOf(from())
	if err != nil {
		return err
	}
	if sum != l.SHA {
		return ErrChecksum
	}
	return b.bring(ctx, l, from)
}

func (b *bucketShelf) bring(ctx context.Context, l listed, from func() (io.ReadCloser, error)) error {
	r, err := from()
	if err != nil {
		return err
	}
	defer r.Close()
	if err := b.judge(ctx, b.write(ctx, b.blob(l.SHA), r, l.Bytes)); err != nil {
		return err
	}
	sum, err := sumOf(b.read(ctx, b.blob(l.SHA)))
	if err != nil {
		return b.judge(ctx, err)
	}
	if sum != l.SHA {
		return fmt.Errorf("%w: %s has kept other bytes of %s than it was given", ErrBlobsAway, b, l.SHA)
	}
	return nil
}

func (b *bucketShelf) read(ctx context.Context, key string) (io.ReadCloser, error) {
	return b.client.GetObject(ctx, b.bucket, key, minio.GetObjectOptions{})
}

func (b *bucketShelf) remove(ctx context.Context, key string) error {
	ctx, stop := context.WithTimeout(ctx, bucketAnswers)
	defer stop()
	err := b.judge(ctx, b.client.RemoveObject(ctx, b.bucket, key, minio.RemoveObjectOptions{}))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (b *bucketShelf) drop(ctx context.Context, sha string) error {
	if err := b.remove(ctx, b.blob(sha)); err != nil {
		return err
	}
	return b.remove(ctx, b.key("damaged", sha))
}

func (b *bucketShelf) setAside(ctx context.Context, sha string) error {
	_, err := b.client.CopyObject(ctx, minio.CopyDestOptions{Bucket: b.bucket, Object: b.key("damaged", sha)},
		minio.CopySrcOptions{Bucket: b.bucket, Object: b.blob(sha)})
	if err = b.judge(ctx, err); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return b.remove(ctx, b.blob(sha))
}

// chunk is one of an upload.
type chunk struct {
	key          string
	offset, size int64
}

// chain lists the chunks that follow on each other from the beginning. Two servers
// may have taken the same place; what does not fit is found out by the whole's hash.
func (b *bucketShelf) chain(ctx context.Context, sha string) (chain, all []chunk, err error) {
	ctx, stop := context.WithTimeout(ctx, bucketAnswers)
	defer stop()
	for o := range b.client.ListObjects(ctx, b.bucket, minio.ListObjectsOptions{Prefix: b.chunks(sha), Recursive: true}) {
		if o.Err != nil {
			return nil, nil, b.judge(ctx, o.Err)
		}
		offset, err := strconv.ParseInt(path.Base(o.Key), 10, 64)
		if err == nil {
			all = append(all, chunk{o.Key, offset, o.Size})
		}
	}
	slices.SortFunc(all, func(a, b chunk) int { return int(a.offset - b.offset) })
	var have int64
	for _, c := range all {
		if c.offset == have {
			chain = append(chain, c)
			have += c.size
		}
	}
	return chain, all, nil
}

func (b *bucketShelf) partSize(ctx context.Context, sha string) (int64, error) {
	chain, _, err := b.chain(ctx, sha)
	if err != nil || len(chain) == 0 {
		return 0, err
	}
	last := chain[len(chain)-1]
	return last.offset + last.size, nil
}

func (b *bucketShelf) add(ctx context.Context, sha string, offset int64, data []byte) error {
	if offset == 0 {
		if err := b.dropPart(ctx, sha); err != nil {
			return err
		}
	}
	ctx, stop := context.WithTimeout(ctx, bucketCarries)
	defer stop()
	return b.judge(ctx, b.write(ctx, b.chunks(sha)+fmt.Sprintf("%012d", offset), bytes.NewReader(data), int64(len(data))))
}

// chunkReader reads one chunk after the other.
type chunkReader struct {
	ctx   context.Context
	shelf *bucketShelf
	left  []chunk
	now   io.ReadCloser
}

func (r *chunkReader) Read(p []byte) (int, error) {
	for {
		if r.now == nil {
			if len(r.left) == 0 {
				return 0, io.EOF
			}
			o, err := r.shelf.read(r.ctx, r.left[0].key)
			if err != nil {
				return 0, r.shelf.judge(r.ctx, err)
			}
			r.now, r.left = o, r.left[1:]
		}
		n, err := r.now.Read(p)
		if errors.Is(err, io.EOF) {
			err = r.Close()
			if n == 0 && err == nil {
				continue
			}
		}
		return n, r.shelf.judge(r.ctx, err)
	}
}

func (r *chunkReader) Close() error {
	if r.now == nil {
		return nil
	}
	err := r.now.Close()
	r.now = nil
	return err
}

func (b *bucketShelf) openPart(ctx context.Context, sha string) (io.ReadCloser, error) {
	chain, _, err := b.chain(ctx, sha)
	if err != nil {
		return nil, err
	}
	return &chunkReader{ctx: ctx, shelf: b, left: chain}, nil
}

// keep leaves the chunks until the blob has been read back: they are all there is.
func (b *bucketShelf) keep(ctx context.Context, l listed) error {
	ctx, stop := context.WithTimeout(ctx, bucketCarries)
	defer stop()
	if err := b.bring(ctx, l, func() (io.ReadCloser, error) { return b.openPart(ctx, l.SHA) }); err != nil {
		return err
	}
	return b.dropPart(ctx, l.SHA)
}

func (b *bucketShelf) dropPart(ctx context.Context, sha string) error {
	_, all, err := b.chain(ctx, sha)
	for _, c := range all {
		err = errors.Join(err, b.remove(ctx, c.key))
	}
	return err
}

func (b *bucketShelf) parts(ctx context.Context) ([]string, error) {
	var all []string
	prefix := b.key("part") + "/"
	ctx, stop := context.WithTimeout(ctx, bucketCarries)
	defer stop()
	for o := range b.client.ListObjects(ctx, b.bucket, minio.ListObjectsOptions{Prefix: prefix}) {
		if o.Err != nil {
			return nil, b.judge(ctx, o.Err)
		}
		if sha := strings.Trim(strings.TrimPrefix(o.Key, prefix), "/"); BlobName(sha) {
			all = append(all, sha)
		}
	}
	return all, nil
}
