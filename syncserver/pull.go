package syncserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
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
	if errors.Is(err, store.ErrLineage) {
		problem(c.Context, http.StatusConflict, protocol.CodeLineage, err.Error())
		return
	}
	if errors.Is(err, store.ErrHorizon) {
		problem(c.Context, http.StatusGone, protocol.CodeHorizon, err.Error())
		return
	}
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	cursor, err := page.Next(c.device).Encode(s.mac)
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	frames := append(page.Frames, protocol.Frame{End: &protocol.End{Cursor: cursor, More: page.More, Safe: page.Head.Safe, Count: len(page.Frames)}})
	if err := writeFrames(c, frames); err != nil && c.Request.Context().Err() == nil {
		s.log.Info("pull cut short", "device", c.device.ID, "err", err)
	}
}

func (s *Server) mac(b []byte) []byte { return keys.MAC(s.keys.MAC, b) }

// readCursor reads the cursor; an absent one means from the beginning.
func (s *Server) readCursor(c *call) (protocol.Cursor, bool) {
	text := c.Query("cursor")
	if text == "" {
		return protocol.Cursor{}, true
	}
	check := func(body, mac []byte) bool { return keys.CheckMAC(s.keys.MAC, body, mac) }
	cur, err := protocol.DecodeCursor(text, check)
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

func writeFrames(c *call, frames []protocol.Frame) error {
	c.Header("Content-Type", protocol.ContentType)
	c.Header("Cache-Control", "no-store")
	var out io.Writer = c.Writer
	if strings.Contains(c.GetHeader("Accept-Encoding"), "zstd") {
		c.Header("Content-Encoding", "zstd")
		z, err := zstd.NewWriter(c.Writer, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		if err != nil {
			return err
		}
		defer z.Close()
		out = z
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	for _, f := range frames {
		buf.Reset()
		if err := enc.Encode(f); err != nil {
			return err
		}
		if _, err := out.Write(buf.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
