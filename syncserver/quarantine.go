package syncserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

const quarantinePath = protocol.Path + "/quarantine"

// mayStill tells whether a revoked device may have this request: it hands its
// work over, and sends the photos that belong to it. Everything else is refused.
func (s *Server) mayStill(c *gin.Context, d store.Device) (bool, error) {
	switch path := c.FullPath(); {
	case path == quarantinePath:
		return true, nil
	case strings.HasPrefix(path, protocol.Path+"/blobs/") && c.Request.Method != http.MethodGet:
		return s.store.Expected(c.Request.Context(), d.ID, c.Param("sha256"))
	}
	return false, nil
}

// turnAway answers a revoked device, with the order to wipe itself if staff gave
// one. The order is signed by the key that the device pinned.
func (s *Server) turnAway(c *gin.Context, d store.Device, code protocol.Code, message string) {
	raw, sig, err := refuse(c.Request.Context(), s.store, s.keys, d, protocol.Problem{Code: code, Message: message})
	if err != nil {
		s.broken(c, err)
		return
	}
	if sig != "" {
		c.Header(protocol.SignatureHeader, sig)
	}
	c.Data(http.StatusForbidden, "application/json", raw)
	c.Abort()
}

// refuse makes the body of a refusal, and its signature when it orders a wipe.
func refuse(ctx context.Context, s *store.Store, k *keys.ServerKeys, d store.Device, p protocol.Problem) (raw []byte, sig string, err error) {
	left, err := s.Departure(ctx, d.ID)
	if err != nil {
		return nil, "", err
	}
	if !left.Ordered.IsZero() {
		p.Order = &protocol.WipeOrder{Device: d.ID, Public: d.Public.String(), At: left.Ordered}
	}
	if raw, err = json.Marshal(p); err == nil && p.Order != nil {
		sig = protocol.EncodeSignature(keys.SignBytes(k.Identity, keys.LabelWipe, raw))
	}
	return raw, sig, err
}

// quarantine takes what a revoked device has not delivered, and its word that a
// wipe is done.
func (s *Server) quarantine(c *call) {
	header, lines, why := readQuarantine(c.body)
	if why != "" {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, why)
		return
	}
	if len(lines) > protocol.MaxBatch {
		problem(c.Context, http.StatusRequestEntityTooLarge, protocol.CodeTooLarge, "too many acts at once")
		return
	}
	verdicts, end, err := s.store.Quarantine(c.Request.Context(), c.device, header, lines)
	if errors.Is(err, store.ErrWelcome) {
		problem(c.Context, http.StatusNotFound, protocol.CodeNotFound, err.Error())
		return
	}
	if errors.Is(err, store.ErrHandedOver) {
		s.turnAway(c.Context, c.device, protocol.CodeHandedOver, err.Error())
		return
	}
	if bad, ok := city.AsError(err); ok {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, bad.Error())
		return
	}
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	out, err := verdictLines(verdicts, end)
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	c.Header(protocol.SignatureHeader, protocol.EncodeSignature(keys.SignBytes(s.keys.Identity, keys.LabelHandover, out)))
	c.Data(http.StatusOK, protocol.ContentType, out)
}

// readQuarantine splits the body into its lines. The last result is what is wrong.
func readQuarantine(body []byte) (protocol.QuarantineHeader, []store.Incoming, string) {
	var header protocol.QuarantineHeader
	var lines []store.Incoming
	for i, line := range bytes.Split(bytes.TrimRight(body, "\n"), []byte("\n")) {
		if i == 0 {
			if err := json.Unmarshal(line, &header); err != nil {
				return header, nil, "the first line is no header"
			}
			continue
		}
		in, why := readEnvelope(line)
		if why != "" {
			return header, nil, why
		}
		lines = append(lines, in)
	}
	return header, lines, ""
}
