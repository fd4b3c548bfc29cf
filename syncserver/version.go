package syncserver

import (
	"net/http"

	"cityhall/shared/protocol"
)

// current wraps what a device reads: one that is too old for what this server
// writes is told so, and goes on pushing.
func (s *Server) current(handle func(*call)) func(*call) {
	return func(c *call) {
		if _, ok := protocol.ParseVersion(c.GetHeader(protocol.VersionHeader)); !ok {
			problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, protocol.VersionHeader+" is a whole number")
			return
		}
		if s.outdated(c) {
			problem(c.Context, http.StatusUpgradeRequired, protocol.CodeUpgrade, "this program is too old to read what the city sends; it may go on sending")
			return
		}
		handle(c)
	}
}

// outdated tells whether the device's program is too old to read what we write.
func (s *Server) outdated(c *call) bool {
	v, ok := protocol.ParseVersion(c.GetHeader(protocol.VersionHeader))
	return !ok || v < max(s.minPull, 1)
}
