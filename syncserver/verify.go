package syncserver

import (
	"encoding/json"
	"errors"
	"net/http"

	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// maxComparisons bounds how many devices are compared at once: each of them costs
// two walks through all records.
const maxComparisons = 2

// verify compares what a device holds with what it may see.
func (s *Server) verify(c *call) {
	from, ok := s.readCursor(c)
	if !ok {
		return
	}
	var v protocol.Verify
	if err := json.Unmarshal(c.body, &v); err != nil || len(v.Buckets) != protocol.Buckets || v.From < 0 || v.From > protocol.Buckets {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, "not the digests of all buckets")
		return
	}
	puts, end, err := s.compare(c, from, v)
	if errors.Is(err, errTurns) {
		c.Header("Retry-After", "5")
		problem(c.Context, http.StatusTooManyRequests, protocol.CodeBusy, err.Error())
		return
	}
	if errors.Is(err, store.ErrBehind) {
		problem(c.Context, http.StatusConflict, protocol.CodeBehind, err.Error())
		return
	}
	if err != nil {
		s.unanswered(c, err)
		return
	}
	lines := make([]any, 0, len(puts)+1)
	for i := range puts {
		lines = append(lines, protocol.Repair{Put: &puts[i]})
	}
	s.list(c, append(lines, protocol.Repair{End: &end}))
}

var errTurns = errors.New("other devices are being compared")

// compare waits for nobody: the turn ends before the answer goes out, which a
// slow device may take its time to read.
func (s *Server) compare(c *call, from protocol.Cursor, v protocol.Verify) ([]protocol.Put, protocol.Replaced, error) {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
		return s.store.Compare(c.Request.Context(), c.device, from, v, protocol.MaxPage)
	default:
		return nil, protocol.Replaced{}, errTurns
	}
}
