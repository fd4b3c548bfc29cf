package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"cityhall/shared/city"
)

// listed is a line of the list of blobs.
type listed struct {
	SHA   string `json:"sha256"`
	Bytes int64  `json:"bytes"`
}

// copyBlobs brings the blobs that the copied database calls complete into the
// shared folder. What is there already is not copied again. One bad photo does
// not keep the rest from being backed up: it is named, and not listed.
func (s *Store) copyBlobs(ctx context.Context, db *sql.DB, to string, b *Backup) ([]listed, error) {
	all, err := completeBlobs(ctx, db)
	if err != nil {
		return nil, err
	}
	kept := folderShelf{dir: filepath.Join(to, backupBytes)}
	var list []listed
	for _, l := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if size, err := kept.size(ctx, l.SHA); err == nil && size == l.Bytes {
			list = append(list, l)
			continue
		}
		err := kept.put(ctx, l, func() (io.ReadCloser, error) { return s.blobs.open(ctx, l.SHA) })
		switch {
		case err == nil:
			list = append(list, l)
		case errors.Is(err, ErrChecksum) || errors.Is(err, fs.ErrNotExist):
			b.Absent = append(b.Absent, Finding{Where: "blob " + l.SHA, What: err.Error()})
		default:
			return nil, fmt.Errorf("copy blob %s: %w", l.SHA, err)
		}
	}
	return list, nil
}

func completeBlobs(ctx context.Context, q querier) ([]listed, error) {
	rows, err := q.QueryContext(ctx, `SELECT sha256, bytes FROM blob WHERE complete = 1 ORDER BY sha256`)
	if err != nil {
		return nil, fmt.Errorf("list the blobs: %w", err)
	}
	defer rows.Close()
	var out []listed
	for rows.Next() {
		var l listed
		if err := rows.Scan(&l.SHA, &l.Bytes); err != nil {
			return nil, err
		}
		if !BlobName(l.SHA) {
			return nil, fmt.Errorf("list the blobs: %q is no blob's name", l.SHA)
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// safeSeq gives up to where nothing is missing: every photo at or below it has
// its blob in the backup, or is lost. It counts the photos that have not.
func safeSeq(ctx context.Context, db *sql.DB, list []listed, head int64) (safe int64, waiting int, err error) {
	rows, err := db.QueryContext(ctx, `SELECT coalesce(r.fields->>'blob', ''),
			(SELECT min(c.seq) FROM change AS c WHERE c.kind = r.kind AND c.id = r.id)
		FROM record AS r WHERE r.kind = $1 AND (r.fields->>'lost_at') IS NULL`, city.KindPhoto)
	if err != nil {
		return 0, 0, fmt.Errorf("find the photos: %w", err)
	}
	defer rows.Close()
	safe = head
	for rows.Next() {
		var sha string
		var seq int64
		if err := rows.Scan(&sha, &seq); err != nil {
			return 0, 0, err
		}
		_, here := slices.BinarySearchFunc(list, sha, func(l listed, sha string) int { return strings.Compare(l.SHA, sha) })
		if sha != "" && !here {
			safe = min(safe, seq-1)
			waiting++
		}
	}
	return safe, waiting, rows.Err()
}

func writeBlobList(path string, list []listed, b *Backup) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	for _, l := range list {
		if err := enc.Encode(l); err != nil {
			return err
		}
		b.Blobs++
		b.Bytes += l.Bytes
	}
	return writeFile(path, &text)
}
