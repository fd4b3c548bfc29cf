package survey

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Limits hold what a file may cost, whatever is in it.
type Limits struct {
	FileBytes    int64 // of one file, unpacked; 0 means 2 GiB
	FeatureBytes int64 // of one feature or line; 0 means 32 MiB
	Features     int   // taken from all files together; 0 means 2 million
	Points       int   // of their outlines and lines; 0 means 8 million
}

func (l Limits) orDefault() Limits {
	for _, v := range []struct {
		at *int64
		to int64
	}{{&l.FileBytes, 2 << 30}, {&l.FeatureBytes, 32 << 20}} {
		if *v.at == 0 {
			*v.at = v.to
		}
	}
	if l.Features == 0 {
		l.Features = 2_000_000
	}
	if l.Points == 0 {
		l.Points = 8_000_000
	}
	return l
}

var (
	errFileTooLarge    = errors.New("it is larger than an import takes, unpacked")
	errFeatureTooLarge = errors.New("one feature is larger than an import takes")
)

// source is an open file of text: unpacked, in UTF-8, bounded.
type source struct {
	io.Reader
	close  func() error
	budget *tank // for one feature
}

// tank lets so many bytes through until it is filled again.
type tank struct {
	r     io.Reader
	full  int64
	left  int64
	empty error
}

func (t *tank) Read(p []byte) (int, error) {
	if t.left <= 0 {
		return 0, t.empty
	}
	n, err := t.r.Read(p[:min(int64(len(p)), t.left)])
	t.left -= int64(n)
	return n, err
}

func (t *tank) fill() { t.left = t.full }

// alive ends reading when its context ends.
type alive struct {
	ctx context.Context
	r   io.Reader
}

func (a alive) Read(p []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	return a.r.Read(p)
}

// open opens a file of which looksLatin has told the encoding.
func open(ctx context.Context, path string, latin bool, l Limits) (*source, error) {
	r, closeFile, err := unpacked(ctx, path, l)
	if err != nil {
		return nil, err
	}
	if latin {
		r = charmap.Windows1252.NewDecoder().Reader(r)
	}
	buffered := bufio.NewReaderSize(r, 1<<16)
	if head, _ := buffered.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		if _, err := buffered.Discard(3); err != nil {
			return nil, errors.Join(err, closeFile())
		}
	}
	budget := &tank{r: buffered, full: l.FeatureBytes, left: l.FeatureBytes, empty: errFeatureTooLarge}
	return &source{Reader: budget, close: closeFile, budget: budget}, nil
}

// unpacked opens a file, gzipped or not.
func unpacked(ctx context.Context, path string, l Limits) (io.Reader, func() error, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, nil, errors.Join(err, f.Close(), errors.New("not a regular file"))
	}
	var r io.Reader = f
	if strings.HasSuffix(strings.ToLower(path), ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("not gzip: %w", err), f.Close())
		}
	}
	return &tank{r: alive{ctx, r}, left: l.FileBytes, empty: errFileTooLarge}, f.Close, nil
}

// looksLatin reads a file to its end: true when it is not UTF-8.
func looksLatin(ctx context.Context, path string, l Limits) (bool, error) {
	r, closeFile, err := unpacked(ctx, path, l)
	if err != nil {
		return false, err
	}
	defer closeFile()
	buffer := make([]byte, 1<<18)
	kept, latin := 0, false
	for {
		n, err := r.Read(buffer[kept:])
		text := buffer[:kept+n]
		if bytes.IndexByte(text, 0) >= 0 {
			return false, errors.New("it holds zero bytes: not a text file in UTF-8 or Latin-1")
		}
		kept = 0
		if utf8.Valid(text) {
			text = nil
		}
		for !latin && len(text) > 0 {
			if text[0] < utf8.RuneSelf {
				text = text[1:]
				continue
			}
			if !utf8.FullRune(text) && err == nil {
				kept = copy(buffer, text)
				break
			}
			c, size := utf8.DecodeRune(text)
			latin = c == utf8.RuneError && size == 1
			text = text[size:]
		}
		if err == io.EOF {
			return latin, nil
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return false, errCut
		}
		if err != nil {
			return false, err
		}
	}
}
