package syncserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// snapshotPatience is how long a device waits for a snapshot that is being made.
// It is shorter than a device's own patience with an answer.
const snapshotPatience = 30 * time.Second

// snapshot names the parts of the state that the device may see.
func (s *Server) snapshot(c *call) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), snapshotPatience)
	defer cancel()
	m, err := s.store.Snapshot(ctx, c.device)
	if errors.Is(err, context.DeadlineExceeded) { // it is made all the same
		c.Header("Retry-After", "10")
		problem(c.Context, http.StatusServiceUnavailable, protocol.CodeBusy, "the snapshot is being made")
		return
	}
	if s.noSnapshot(c, err) {
		return
	}
	cursor, err := m.Cursor(c.device).Encode(s.mac)
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	raw, err := json.Marshal(protocol.Manifest{Epoch: m.Epoch, Seq: m.Seq, Chain: m.Chain, Expires: m.Expires, Parts: m.Parts, Cursor: cursor})
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusOK, "application/json", raw)
}

// snapshotPart sends a part, or the rest of it by Range.
func (s *Server) snapshotPart(c *call) {
	sha := c.Param("sha256")
	if !store.BlobName(sha) {
		problem(c.Context, http.StatusNotFound, protocol.CodeNotFound, store.ErrNoSnapshot.Error())
		return
	}
	f, err := s.store.SnapshotPart(c.Request.Context(), c.device, sha)
	if s.noSnapshot(c, err) {
		return
	}
	defer f.Close()
	c.Header("Content-Type", protocol.PartType)
	c.Header("Cache-Control", "no-store")
	c.Header("ETag", `"`+sha+`"`)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, f)
}

func (s *Server) noSnapshot(c *call, err error) bool {
	if errors.Is(err, store.ErrNoSnapshot) {
		problem(c.Context, http.StatusNotFound, protocol.CodeNotFound, err.Error())
		return true
	}
	if err != nil {
		s.broken(c.Context, err)
	}
	return err != nil
}
