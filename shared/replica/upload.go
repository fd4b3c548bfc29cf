package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// A chunk grows with every success and shrinks with every failure, so that a bad
// line still gets something through.
const (
	firstChunk    = 256 << 10
	smallestChunk = 64 << 10
	largestChunk  = 1 << 20
)

// blobVerify is how often the server is asked whether it still has every blob: a
// restored backup may lack one whose act it has, and no cursor tells.
const blobVerify = 24 * time.Hour

// sendBlobs sends every own blob that waits. One that fails holds up no other,
// unless the line is down.
func (r *Replica) sendBlobs(ctx context.Context, id *identity) error {
	if since := r.cfg.Now().Sub(r.verified); r.verified.IsZero() || since < 0 || since > blobVerify {
		if err := r.doubtBlobs(ctx); err != nil {
			return explain(err)
		}
		r.verified = r.cfg.Now()
	}
	if r.photosWait() {
		return nil
	}
	names, err := r.waitingBlobs(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, sha := range names {
		err := r.sendBlob(ctx, id, sha)
		if hopeless(err) {
			return err
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("photo %s: %w", sha, err))
		}
	}
	if len(failed) == 0 {
		r.photosNow.Store(false)
	}
	return errors.Join(failed...)
}

func (r *Replica) waitingBlobs(ctx context.Context) ([]string, error) {
	rows, err := r.out.QueryContext(ctx, selectUnsent)
	if err != nil {
		return nil, fmt.Errorf("read the photos: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var sha string
		if err := rows.Scan(&sha); err != nil {
			return nil, fmt.Errorf("read the photos: %w", err)
		}
		out = append(out, sha)
	}
	return out, rows.Err()
}

// sendBlob asks how much of a blob the server has and sends the rest.
func (r *Replica) sendBlob(ctx context.Context, id *identity, sha string) error {
	data, err := os.ReadFile(r.ownPath(sha))
	if err != nil || nameOf(data) != sha {
		r.cfg.Log.Error("damaged photo", "blob", sha, "err", err)
		return r.blobBecomes(ctx, sha, int64(len(data)), blobDamaged)
	}
	size := int64(len(data))
	at, err := r.blobOffset(ctx, id, sha, size)
	for tries, chunk := 0, int64(firstChunk); err == nil && at < size; {
		part := data[at:min(at+chunk, size)]
		var next int64
		if next, err = r.sendChunk(ctx, id, sha, at, part); err == nil {
			at, chunk = next, min(2*chunk, largestChunk)
			continue
		}
		if tries++; tries > maxRepeats || ctx.Err() != nil || isRefusal(err, protocol.CodeRevoked) {
			break
		}
		// What arrived of it the server knows best.
		chunk = max(chunk/2, smallestChunk)
		at, err = r.blobOffset(ctx, id, sha, size)
	}
	if err != nil && !isRefusal(err, protocol.CodeErased) { // erased by law: nobody waits for it
		return err
	}
	return r.blobBecomes(ctx, sha, size, blobSent)
}

// blobOffset asks where to go on, announcing the upload if it is new.
func (r *Replica) blobOffset(ctx context.Context, id *identity, sha string, size int64) (int64, error) {
	a, err := r.call(ctx, id, request{method: http.MethodHead, path: "/blobs/" + sha, header: tus(nil)})
	wrong := err == nil && a.header.Get("Upload-Length") != strconv.FormatInt(size, 10) // somebody else announced it wrongly
	if wrong || isRefusal(err, protocol.CodeNotFound) {
		_, err = r.call(ctx, id, request{method: http.MethodPost, path: "/blobs/" + sha,
			header: tus(map[string]string{"Upload-Length": strconv.FormatInt(size, 10)})})
		return 0, err
	}
	if err != nil {
		return 0, err
	}
	return offsetOf(a)
}

func (r *Replica) sendChunk(ctx context.Context, id *identity, sha string, at int64, part []byte) (int64, error) {
	a, err := r.call(ctx, id, request{method: http.MethodPatch, path: "/blobs/" + sha, body: part,
		header: tus(map[string]string{"Content-Type": "application/offset+octet-stream", "Upload-Offset": strconv.FormatInt(at, 10),
			"Upload-Checksum": checksum(part)})})
	if err != nil {
		return 0, err
	}
	return offsetOf(a)
}

func tus(header map[string]string) map[string]string {
	if header == nil {
		header = map[string]string{}
	}
	header["Tus-Resumable"] = "1.0.0"
	return header
}

func (r *Replica) blobBecomes(ctx context.Context, sha string, size int64, state string) error {
	if err := setBlobState(ctx, r.out, sha, size, state); err != nil {
		return explain(err)
	}
	r.tell()
	return nil
}

// doubtBlobs makes every blob be offered to the server again: one that it still
// has costs a question only.
func (r *Replica) doubtBlobs(ctx context.Context) error {
	return sqlite.InTx(ctx, r.out, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT sha256, bytes FROM blob WHERE state = 'sent'`)
		if err != nil {
			return fmt.Errorf("read the photos: %w", err)
		}
		sizes := map[string]int64{}
		for rows.Next() {
			var sha string
			var size int64
			if err := rows.Scan(&sha, &size); err != nil {
				return errors.Join(err, rows.Close())
			}
			sizes[sha] = size
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return fmt.Errorf("read the photos: %w", err)
		}
		for sha, size := range sizes {
			if err := setBlobState(ctx, tx, sha, size, blobWaiting); err != nil {
				return err
			}
		}
		return nil
	})
}
