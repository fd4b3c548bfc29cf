package syncserver

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// idle answers a device that was told that nothing is new, and asks whether it still
// is so: 204 when all that its last hello was told holds, 200 when it has to say
// hello again. Most calls of most devices are this one, so that it has no bytes to
// spare; no state of it is kept, and any server can answer it.
func (s *Server) idle(c *call) {
	ctx, stream := c.Request.Context(), c.device.Hello.Stream
	reply, head, err := s.standing(ctx, c.device, stream)
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	if c.Query("have") != s.stillness(c.device, stream, reply, head) {
		c.Status(http.StatusOK)
		return
	}
	if err := s.store.Greet(ctx, c.device, c.device.Hello); err != nil {
		s.broken(c.Context, err)
		return
	}
	signature := keys.SignBytes(s.keys.Identity, keys.LabelIdle, []byte(c.GetHeader("Signature-Input")))
	c.Header(protocol.SignatureHeader, protocol.EncodeSignature(signature))
	c.Writer.Header()["Date"] = nil // the device goes by signed times only
	c.Status(http.StatusNoContent)
}

// stillness names a state in which nothing is new for a device: the end of the log,
// what of it is safe, and all that a hello would be told but for the time.
func (s *Server) stillness(d store.Device, stream string, reply protocol.HelloReply, head store.Head) string {
	reply.Current = false
	raw, _ := json.Marshal([]any{keys.LabelIdle, d.ID, stream, reply, head.Hash, head.Safe}) // texts, numbers and bytes always encode
	return base64.RawURLEncoding.EncodeToString(s.mac(raw)[:12])
}
