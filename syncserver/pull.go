package syncserver

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// pull answers with a page of what is new for the device.
func (s *Server) pull(c *call) {
	from, ok := s.readCursor(c)
	if !ok {
		return
	}
	limit, err := strconv.Atoi(c.DefaultQuery("limit", strconv.Itoa(protocol.MaxPage)))
	if err != nil || limit < 1 {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, "limit is a number of frames")
		return
	}
	page, err := s.store.Pull(c.Request.Context(), c.device, from, min(limit, protocol.MaxPage))
	if err != nil {
		s.unanswered(c, err)
		return
	}
	cursor, err := page.Next(c.device).Encode(s.mac)
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	s.list(c, lines(append(page.Frames, protocol.Frame{End: &protocol.End{Cursor: cursor, Epoch: page.Head.Epoch, More: page.More, Safe: page.Head.Safe,
		Count: len(page.Frames)}})))
}

func (s *Server) mac(b []byte) []byte { return keys.MAC(s.keys.MAC, b) }

// decodeCursor reads a cursor that this server made, of whatever history.
func (s *Server) decodeCursor(text string) (protocol.Cursor, error) {
	return protocol.DecodeCursor(text, func(body, mac []byte) bool { return keys.CheckMAC(s.keys.MAC, body, mac) })
}

// readCursor reads the cursor; an absent one means from the beginning.
func (s *Server) readCursor(c *call) (protocol.Cursor, bool) {
	text := c.Query("cursor")
	if text == "" {
		return protocol.Cursor{}, true
	}
	cur, err := s.decodeCursor(text)
	if err != nil {
		problem(c.Context, http.StatusConflict, protocol.CodeLineage, err.Error())
		return cur, false
	}
	if cur.GrantRev != c.device.GrantRev {
		problem(c.Context, http.StatusGone, protocol.CodeGrants, "what this device may see has changed")
		return cur, false
	}
	return cur, true
}

func lines[T any](all []T) []any {
	out := make([]any, len(all))
	for i := range all {
		out[i] = all[i]
	}
	return out
}

// compressors are reused: making one costs more than compressing a small page.
var compressors sync.Pool

func compressor(to io.Writer) (*zstd.Encoder, error) {
	if z, ok := compressors.Get().(*zstd.Encoder); ok {
		z.Reset(to)
		return z, nil
	}
	return zstd.NewWriter(to, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
}

// writeLines encodes the answer in memory, leaves the gate, and only then writes:
// a device may take its time to read.
func writeLines(c *call, lines []any) error {
	var out bytes.Buffer
	if err := encodeLines(&out, lines, strings.Contains(c.GetHeader("Accept-Encoding"), "zstd")); err != nil {
		return err
	}
	if strings.Contains(c.GetHeader("Accept-Encoding"), "zstd") {
		c.Header("Content-Encoding", "zstd")
	}
	c.Header("Cache-Control", "no-store")
	c.share.hold(int64(out.Len()))
	c.leave()
	c.Data(http.StatusOK, protocol.ContentType, out.Bytes())
	return nil
}

func encodeLines(to io.Writer, lines []any, small bool) error {
	if small {
		z, err := compressor(to)
		if err != nil {
			return err
		}
		defer compressors.Put(z)
		if err := encodeLines(z, lines, false); err != nil {
			return err
		}
		return z.Close()
	}
	enc := json.NewEncoder(to)
	enc.SetEscapeHTML(false)
	for _, line := range lines {
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
