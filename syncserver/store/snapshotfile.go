package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

const (
	snapshotManifest = "manifest.json"
	unfinished       = ".unfinished"
	// partPlain is how many bytes of records make a part. Compressed they are a
	// tenth of that, which even a bad line carries in one go.
	partPlain = 4 << 20
)

// makeSnapshot writes a snapshot into a folder of its own. It reads one state of
// the database and holds one part's buffers, never the records.
func (s *Store) makeSnapshot(ctx context.Context, grants string) (*Snapshot, error) {
	dir := filepath.Join(s.snaps.dir, rand.Text())
	m := &Snapshot{Grants: grants, Made: s.now().UTC(), Parts: []protocol.Part{}, dir: dir}
	m.Expires = m.Made.Add(protocol.SnapshotLife)
	err := os.Mkdir(dir+unfinished, 0o700)
	if err == nil {
		err = s.fillSnapshot(ctx, m, dir+unfinished)
	}
	if err == nil {
		err = os.Rename(dir+unfinished, dir)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a snapshot: %w", err), os.RemoveAll(dir+unfinished))
	}
	s.log.Info("snapshot made", "seq", m.Seq, "parts", len(m.Parts), "bytes", m.bytes())
	return m, nil
}

func (s *Store) fillSnapshot(ctx context.Context, m *Snapshot, dir string) error {
	w := partWriter{dir: dir}
	defer w.close()
	err := sqlite.InReadTx(ctx, s.db, func(tx *sql.Tx) error {
		head, err := readHead(ctx, tx)
		if err != nil {
			return err
		}
		m.Epoch, m.Seq, m.Chain = head.Epoch, head.Seq, protocol.Hash(head.Hash)
		rows, err := tx.QueryContext(ctx, `SELECT kind, id, parent, seq, fields, writers, scopes FROM record ORDER BY kind, id`)
		if err != nil {
			return fmt.Errorf("read the records: %w", err)
		}
		grants := splitScopes(m.Grants)
		return eachRecord(rows, func(r stored) error {
			if !shows(grants, r) {
				return nil
			}
			return w.write(protocol.Frame{Put: wholePut(r)})
		})
	})
	if err == nil {
		err = w.end()
	}
	if err != nil {
		return err
	}
	m.Parts = append(m.Parts, w.parts...)
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, snapshotManifest), raw, 0o600)
}

// readSnapshot reads what an earlier start has made, and looks whether its parts
// are there.
func readSnapshot(dir string) (*Snapshot, error) {
	if filepath.Ext(dir) == unfinished {
		return nil, errors.New("it was not finished")
	}
	raw, err := os.ReadFile(filepath.Join(dir, snapshotManifest))
	if err != nil {
		return nil, err
	}
	m := &Snapshot{dir: dir}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, err
	}
	for _, p := range m.Parts {
		if !BlobName(p.SHA256) {
			return nil, errors.New("a part without a name")
		}
		info, err := os.Stat(filepath.Join(dir, p.SHA256))
		if err != nil {
			return nil, err
		}
		if info.Size() != p.Bytes {
			return nil, errors.New("a part of another size")
		}
	}
	return m, nil
}

// partWriter writes frames into one part after the other.
type partWriter struct {
	dir   string
	parts []protocol.Part

	file *os.File // nil: no part begun
	z    *zstd.Encoder
	sum  hash.Hash
	part protocol.Part
	left int
	line bytes.Buffer
}

// Write takes what the compressor puts out.
func (w *partWriter) Write(b []byte) (int, error) {
	w.sum.Write(b)
	n, err := w.file.Write(b)
	w.part.Bytes += int64(n)
	return n, err
}

func (w *partWriter) begin() error {
	var err error
	if w.file, err = os.OpenFile(filepath.Join(w.dir, unfinished), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	w.sum, w.part, w.left = sha256.New(), protocol.Part{}, partPlain
	if w.z == nil {
		w.z, err = zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		return err
	}
	w.z.Reset(w)
	return nil
}

func (w *partWriter) write(f protocol.Frame) error {
	if w.file == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	w.line.Reset()
	enc := json.NewEncoder(&w.line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f); err != nil {
		return err
	}
	w.part.Rows++
	w.left -= w.line.Len()
	if _, err := w.z.Write(w.line.Bytes()); err != nil {
		return err
	}
	if w.left > 0 {
		return nil
	}
	return w.end()
}

// end closes the part, if one was begun, and gives it its name.
func (w *partWriter) end() error {
	if w.file == nil {
		return nil
	}
	err := w.z.Close()
	if err == nil && w.part.Bytes > protocol.MaxPart {
		err = fmt.Errorf("a part of %d bytes", w.part.Bytes)
	}
	if err == nil {
		err = w.file.Sync()
	}
	name := w.file.Name()
	if err := errors.Join(err, w.close()); err != nil {
		return err
	}
	w.part.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	w.parts = append(w.parts, w.part)
	return os.Rename(name, filepath.Join(w.dir, w.part.SHA256))
}

func (w *partWriter) close() error {
	f := w.file
	if w.file = nil; f == nil {
		return nil
	}
	return f.Close()
}
