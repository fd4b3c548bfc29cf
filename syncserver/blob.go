package syncserver

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// Blobs follow tus 1.0 with the checksum extension; the address is the SHA-256
// of the whole. Any device may finish what another began.
const tusVersion = "1.0.0"

// blobName reads the address, or answers.
func (s *Server) blobName(c *call) (string, bool) {
	c.Header("Tus-Resumable", tusVersion)
	sha := c.Param("sha256")
	if !store.BlobName(sha) {
		problem(c.Context, http.StatusNotFound, protocol.CodeNotFound, "a blob's name is its SHA-256")
		return "", false
	}
	return sha, true
}

// blobHead tells how much of a blob is here.
func (s *Server) blobHead(c *call) {
	sha, ok := s.blobName(c)
	if !ok {
		return
	}
	offset, size, err := s.store.ResumeBlob(c.Request.Context(), sha)
	if s.blobFailed(c, err) {
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Upload-Offset", strconv.FormatInt(offset, 10))
	c.Header("Upload-Length", strconv.FormatInt(size, 10))
	c.Status(http.StatusOK)
}

// blobBegin announces an upload of Upload-Length bytes.
func (s *Server) blobBegin(c *call) {
	sha, ok := s.blobName(c)
	if !ok {
		return
	}
	size, err := strconv.ParseInt(c.GetHeader("Upload-Length"), 10, 64)
	if err != nil || size < 1 {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, "Upload-Length is a number of bytes")
		return
	}
	if size > protocol.MaxBlob {
		problem(c.Context, http.StatusRequestEntityTooLarge, protocol.CodeTooLarge, "the blob is too large")
		return
	}
	if s.blobFailed(c, s.store.BeginBlob(c.Request.Context(), c.device.ID, sha, size)) {
		return
	}
	c.Header("Location", protocol.Path+"/blobs/"+sha)
	c.Status(http.StatusCreated)
}

// blobAppend takes a chunk at Upload-Offset. Upload-Checksum is "sha256 " and
// the chunk's hash in base64.
func (s *Server) blobAppend(c *call) {
	sha, ok := s.blobName(c)
	if !ok {
		return
	}
	offset, err := strconv.ParseInt(c.GetHeader("Upload-Offset"), 10, 64)
	if err != nil || offset < 0 {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, "Upload-Offset is a number of bytes")
		return
	}
	sum := sha256.Sum256(c.body)
	if want, ok := strings.CutPrefix(c.GetHeader("Upload-Checksum"), "sha256 "); !ok || want != base64.StdEncoding.EncodeToString(sum[:]) {
		problem(c.Context, protocol.StatusChecksum, protocol.CodeChecksum, "Upload-Checksum does not match the chunk")
		return
	}
	have, err := s.store.AppendBlob(c.Request.Context(), sha, offset, c.body)
	if s.blobFailed(c, err) {
		return
	}
	c.Header("Upload-Offset", strconv.FormatInt(have, 10))
	c.Status(http.StatusNoContent)
}

// blobGet sends a blob that a record in the device's scopes names, or the range
// of it that is asked for. Its name is its ETag, so that a range always fits.
func (s *Server) blobGet(c *call) {
	sha, ok := s.blobName(c)
	if !ok {
		return
	}
	may, err := s.store.MaySeeBlob(c.Request.Context(), c.device, sha)
	if s.blobFailed(c, err) {
		return
	}
	if !may {
		problem(c.Context, http.StatusNotFound, protocol.CodeNotFound, store.ErrNoBlob.Error())
		return
	}
	f, _, err := s.store.OpenBlob(c.Request.Context(), sha)
	if s.blobFailed(c, err) {
		return
	}
	defer f.Close()
	c.Header("Content-Type", "application/octet-stream")
	c.Header("Cache-Control", "no-store")
	c.Header("ETag", `"`+sha+`"`)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, f)
}

func (s *Server) blobFailed(c *call, err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, store.ErrNoBlob):
		problem(c.Context, http.StatusNotFound, protocol.CodeNotFound, err.Error())
	case errors.Is(err, store.ErrQuota):
		c.Header("Retry-After", "60")
		problem(c.Context, http.StatusTooManyRequests, protocol.CodeBusy, err.Error())
	case errors.Is(err, store.ErrNoRoom):
		s.log.Error("no room for uploads", "err", err)
		c.Header("Retry-After", "300")
		problem(c.Context, http.StatusServiceUnavailable, protocol.CodeBusy, store.ErrNoRoom.Error())
	case errors.Is(err, store.ErrBlobsAway):
		s.log.Error("photos are away", "err", err)
		c.Header("Retry-After", "60")
		problem(c.Context, http.StatusServiceUnavailable, protocol.CodeBusy, store.ErrBlobsAway.Error())
	case errors.Is(err, store.ErrErased):
		problem(c.Context, http.StatusGone, protocol.CodeErased, err.Error())
	case errors.Is(err, store.ErrOffset):
		problem(c.Context, http.StatusConflict, protocol.CodeOffset, err.Error())
	case errors.Is(err, store.ErrChecksum):
		problem(c.Context, protocol.StatusChecksum, protocol.CodeChecksum, err.Error())
	default:
		s.broken(c.Context, err)
	}
	return true
}
