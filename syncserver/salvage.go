package syncserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// salvage takes what a device holds of a history that a restore has ended. The
// cursor in the address is the last one of that history.
func (s *Server) salvage(c *call) {
	old, err := s.decodeCursor(c.Query("cursor"))
	if err != nil {
		problem(c.Context, http.StatusConflict, protocol.CodeLineage, err.Error())
		return
	}
	held, why := readHeld(c.body)
	if why != "" {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, why)
		return
	}
	if len(held) > protocol.MaxSalvage {
		problem(c.Context, http.StatusRequestEntityTooLarge, protocol.CodeTooLarge, "too many records in one salvage")
		return
	}
	reply, err := s.store.Salvage(c.Request.Context(), c.device, old, held)
	bad, invalid := city.AsError(err)
	switch {
	case err == nil:
		if reply.Kept > 0 {
			s.log.Warn("evidence of what a restore has lost", "device", c.device.ID, "kept", reply.Kept)
		}
		c.JSON(http.StatusOK, reply)
	case errors.Is(err, store.ErrNoSalvage):
		problem(c.Context, http.StatusConflict, protocol.CodeLineage, err.Error())
	case errors.Is(err, store.ErrSalvageFull):
		problem(c.Context, http.StatusRequestEntityTooLarge, protocol.CodeTooLarge, err.Error())
	case errors.Is(err, store.ErrSalvageSeq):
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, err.Error())
	case invalid:
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, bad.Error())
	default:
		s.broken(c.Context, err)
	}
}

// readHeld reads one record a line. The second result is what is wrong.
func readHeld(body []byte) ([]protocol.Held, string) {
	var out []protocol.Held
	for line := range bytes.Lines(body) {
		var h protocol.Held
		if len(line) > protocol.MaxEnvelope {
			return nil, "a line is too long"
		}
		if err := json.Unmarshal(line, &h); err != nil || !h.ID.Valid() || !nameOf(h.Kind) || h.Parent != "" && !h.Parent.Valid() || h.Seq < 1 {
			return nil, "a line is no record"
		}
		for _, by := range h.Writers {
			if !by.Valid() {
				return nil, "a writer is no act's id"
			}
		}
		out = append(out, h)
	}
	return out, ""
}

// nameOf tells whether a kind, known to us or not, is spelled like one.
func nameOf(k city.Kind) bool {
	word := city.ID(bytes.ReplaceAll([]byte(k), []byte("."), []byte("-")))
	return word.Valid()
}
