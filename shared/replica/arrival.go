package replica

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// errDamagedPart means a part whose bytes are not what its name says.
var errDamagedPart = errors.New("a part of the snapshot is damaged")

// fill reads the parts into the file that is being built. The cursor comes last:
// a file without one is begun anew.
func (r *Replica) fill(ctx context.Context, m protocol.Manifest) error {
	if err := r.cache.rebuild(ctx); err != nil { // an earlier try may have put a part in
		return err
	}
	f := r.cache.target()
	for _, p := range m.Parts {
		if err := r.fillPart(ctx, f, p); err != nil {
			return err
		}
	}
	next := progress{cursor: m.Cursor}
	if err := writeProgress(ctx, f.db, next); err != nil {
		return err
	}
	f.at.Store(&next)
	return nil
}

// fillPart reads one part in one transaction, and takes it back when the bytes
// turn out to be others than they should be.
func (r *Replica) fillPart(ctx context.Context, f *cacheFile, p protocol.Part) error {
	file, err := os.Open(r.snapshotPath(p.SHA256))
	if err != nil {
		return fmt.Errorf("read a part: %w", errors.Join(errStale, err))
	}
	defer file.Close()
	sum := sha256.New()
	in := io.TeeReader(file, sum)
	err = sqlite.InTx(ctx, f.db, func(tx *sql.Tx) error {
		rows, err := putAll(ctx, tx, in)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, in); err != nil { // whatever lies behind the end
			return err
		}
		if rows != p.Rows || hex.EncodeToString(sum.Sum(nil)) != p.SHA256 {
			return errDamagedPart
		}
		return nil
	})
	if errors.Is(err, errDamagedPart) {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return err
}

// putAll writes the records of a part, by one statement that is prepared once: there
// are a hundred thousand of them. Bytes that cannot be read are damage.
func putAll(ctx context.Context, tx *sql.Tx, part io.Reader) (rows int, err error) {
	z, err := zstd.NewReader(part, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(protocol.MaxPartPlain), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errDamagedPart, err)
	}
	defer z.Close()
	keep, err := tx.Prepare(keepRecord)
	if err != nil {
		return 0, fmt.Errorf("keep a part: %w", err)
	}
	defer keep.Close()
	for in := json.NewDecoder(bufio.NewReaderSize(io.LimitReader(z, protocol.MaxPartPlain), 64<<10)); ; rows++ {
		var f protocol.Frame
		if err := in.Decode(&f); errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return rows, fmt.Errorf("%w: %w", errDamagedPart, err)
		}
		if f.Put == nil { // a frame of a kind to come is passed over
			continue
		}
		s := blank(*f.Put) // a snapshot names a record once, and the file was empty
		s.take(*f.Put)
		row, err := recordRow(s)
		if err == nil {
			_, err = keep.Exec(row...)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return rows, fmt.Errorf("keep %s: %w", f.Put.Ref, err)
		}
	}
}
