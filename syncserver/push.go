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

// push takes acts and answers each with a verdict. What is wrong with an act is
// a verdict too; only a message that is no push at all is refused as a whole.
func (s *Server) push(c *call) {
	header, lines, why := readPush(c.body)
	if why != "" {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, why)
		return
	}
	if len(lines) > protocol.MaxBatch {
		problem(c.Context, http.StatusRequestEntityTooLarge, protocol.CodeTooLarge, "too many acts in one push")
		return
	}
	verdicts, end, err := s.store.Push(c.Request.Context(), c.device, header, lines)
	var fork *store.Fork
	if errors.As(err, &fork) {
		c.AbortWithStatusJSON(http.StatusConflict, protocol.Problem{Code: protocol.CodeFork, Message: fork.Error(), LastN: fork.LastN, Link: fork.Link})
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
	c.Data(http.StatusOK, protocol.ContentType, out)
}

// verdictLines is the answer to acts: a verdict a line, then the end.
func verdictLines(verdicts []protocol.PushVerdict, end any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for _, v := range verdicts {
		if err := enc.Encode(v); err != nil {
			return nil, err
		}
	}
	err := enc.Encode(end)
	return out.Bytes(), err
}

// readPush splits the body into its lines. The second result is what is wrong.
func readPush(body []byte) (protocol.PushHeader, []store.Incoming, string) {
	var header protocol.PushHeader
	var lines []store.Incoming
	for i, line := range bytes.Split(bytes.TrimRight(body, "\n"), []byte("\n")) {
		if i == 0 {
			if err := json.Unmarshal(line, &header); err != nil || !city.ID(header.Stream).Valid() || header.From == 0 {
				return header, nil, "the first line is no header"
			}
			continue
		}
		in, why := readEnvelope(line)
		if why != "" {
			return header, nil, why
		}
		if in.Envelope.N != header.From+uint64(i-1) {
			return header, nil, "an envelope has its place in the stream"
		}
		lines = append(lines, in)
	}
	if len(lines) == 0 {
		return header, nil, "no acts"
	}
	return header, lines, ""
}

// readEnvelope reads one line; the second result is what is wrong with it.
func readEnvelope(line []byte) (store.Incoming, string) {
	in := store.Incoming{Line: line}
	if len(line) > protocol.MaxEnvelope {
		return in, "a line is too long"
	}
	if err := json.Unmarshal(line, &in.Envelope); err != nil {
		return in, "a line is no envelope: " + err.Error()
	}
	if !in.Envelope.ID.Valid() {
		return in, "an envelope has a UUID"
	}
	return in, ""
}
