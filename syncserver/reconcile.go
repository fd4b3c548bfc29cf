package syncserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// reconcile tells which of the acts that a device holds the city has.
func (s *Server) reconcile(c *call) {
	from, ok := s.readCursor(c)
	if !ok {
		return
	}
	claims, why := readClaims(c.body)
	if why != "" {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, why)
		return
	}
	if len(claims) > protocol.MaxClaims {
		problem(c.Context, http.StatusRequestEntityTooLarge, protocol.CodeTooLarge, "too many acts in one reconcile")
		return
	}
	acks, err := s.store.Reconcile(c.Request.Context(), from, claims)
	if err != nil {
		s.unanswered(c, err)
		return
	}
	lines := make([]any, 0, len(acks)+1)
	for i := range acks {
		lines = append(lines, protocol.Known{Ack: &acks[i]})
	}
	end := protocol.Confirmed{Cursor: c.Query("cursor"), Epoch: from.Epoch, Seq: from.Seq, Count: len(acks)}
	s.list(c, append(lines, protocol.Known{End: &end}))
}

// readClaims reads one claim a line; none at all is fine. The second result is
// what is wrong.
func readClaims(body []byte) ([]protocol.Claim, string) {
	var out []protocol.Claim
	for line := range bytes.Lines(body) {
		var c protocol.Claim
		if err := json.Unmarshal(line, &c); err != nil || !c.Mutation.Valid() || c.Content == (protocol.Hash{}) {
			return nil, "a line is no act's id and content"
		}
		out = append(out, c)
	}
	return out, ""
}

// unanswered says why there is no answer from the cursor's place.
func (s *Server) unanswered(c *call, err error) {
	switch {
	case errors.Is(err, store.ErrLineage):
		problem(c.Context, http.StatusConflict, protocol.CodeLineage, err.Error())
	case errors.Is(err, store.ErrHorizon):
		problem(c.Context, http.StatusGone, protocol.CodeHorizon, err.Error())
	default:
		s.broken(c.Context, err)
	}
}

// list answers with one value a line, compressed for who takes it.
func (s *Server) list(c *call, lines []any) {
	if err := writeLines(c, lines); err != nil {
		s.broken(c.Context, err)
	}
}
