package syncserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// enroll trades a one-time code for an identity. The request is signed with the
// key that it brings, so nobody enrols a key that they do not hold.
func (s *Server) enroll(c *gin.Context) {
	held := &share{of: s.room}
	defer held.give()
	body, ok := readBody(c, protocol.MaxHello, held)
	if !ok {
		return
	}
	var req protocol.EnrolRequest
	if err := json.Unmarshal(body, &req); err != nil {
		problem(c, http.StatusBadRequest, protocol.CodeMalformed, "not an enrolment")
		return
	}
	public, err := keys.ParsePublicKey(req.Public)
	if err != nil {
		problem(c, http.StatusBadRequest, protocol.CodeMalformed, "not a public key")
		return
	}
	own := func(string) (keys.PublicKey, error) { return public, nil }
	if _, err := keys.Verify(c.Request, body, own, keys.Rules{Now: s.now(), MaxSkew: protocol.ClockSkew, AnyTime: true}); err != nil {
		s.unproven(c, err)
		return
	}
	code, err := keys.ParseEnrolCode(req.Code)
	if err != nil {
		problem(c, http.StatusForbidden, protocol.CodeCode, store.ErrCode.Error())
		return
	}
	if len(req.Name) > 100 {
		problem(c, http.StatusBadRequest, protocol.CodeMalformed, "a name has at most 100 bytes")
		return
	}
	leave, after, err := s.writes.enter(c.Request.Context())
	if errors.Is(err, errBusy) {
		busy(c, after)
		return
	}
	if err != nil {
		s.broken(c, err)
		return
	}
	defer leave()
	d, err := s.store.Enrol(c.Request.Context(), code, public, req.Name)
	if errors.Is(err, store.ErrCode) {
		problem(c, http.StatusForbidden, protocol.CodeCode, store.ErrCode.Error())
		return
	}
	if err != nil {
		s.broken(c, err)
		return
	}
	s.welcome(c, d)
}

func (s *Server) welcome(c *gin.Context, d store.Device) {
	head, err := s.store.Head(c.Request.Context())
	if err != nil {
		s.broken(c, err)
		return
	}
	sealing := s.keys.Sealing.Newest()
	raw, err := json.Marshal(protocol.EnrolReply{Device: d.ID, Kind: d.Kind, Name: d.Name, Grants: d.Grants, GrantRev: d.GrantRev,
		Server: s.keys.Identity.Public().String(), SealingKey: sealing.String(), SealingID: sealing.ID(), Epoch: head.Epoch, Now: s.now().UTC()})
	if err != nil {
		s.broken(c, err)
		return
	}
	s.signed(c, keys.LabelEnroll, raw)
}

// note keeps what a device says of itself. A hello that was signed at another time
// only learns the right one: it could be a copy of an old one.
func (s *Server) note(c *call, h protocol.Hello) error {
	if !c.fresh {
		return nil
	}
	ctx := c.Request.Context()
	if h.SealTo != "" {
		to, err := keys.ParseSealingPublic(h.SealTo)
		if err != nil {
			return err
		}
		if c.device, err = s.store.SealTo(ctx, c.device, to); err != nil {
			return err
		}
	}
	return s.store.Greet(ctx, c.device, h)
}

// hello notes how a device is and tells it what there is to do.
func (s *Server) hello(c *call) {
	var h protocol.Hello
	if err := json.Unmarshal(c.body, &h); err != nil {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, "not a hello")
		return
	}
	if !city.ID(h.Stream).Valid() {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, "a stream has a name")
		return
	}
	ctx := c.Request.Context()
	if err := s.note(c, h); errors.Is(err, keys.ErrKey) {
		problem(c.Context, http.StatusBadRequest, protocol.CodeMalformed, "seal_to is not a key")
		return
	} else if err != nil {
		s.broken(c.Context, err)
		return
	}
	if h.Repaired > c.device.Hello.Repaired {
		s.log.Warn("a device has repaired its copy", "device", c.device.ID, "repaired", h.Repaired)
	}
	reply, head, err := s.standing(ctx, c.device, h.Stream)
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	if reply.Current = s.nothingNew(c, h, head); reply.Current {
		reply.Idle = s.stillness(c.device, h.Stream, reply, head)
	}
	reply.Now = s.now().UTC()
	raw, err := json.Marshal(reply)
	if err != nil {
		s.broken(c.Context, err)
		return
	}
	s.signed(c.Context, keys.LabelHello, raw)
}

// standing is what there is to tell a device that pushes on a stream.
func (s *Server) standing(ctx context.Context, d store.Device, stream string) (protocol.HelloReply, store.Head, error) {
	var reply protocol.HelloReply
	head, err := s.store.Head(ctx)
	if err != nil {
		return reply, head, err
	}
	n, link, err := s.store.Stream(ctx, d.ID, stream)
	if err != nil {
		return reply, head, err
	}
	settings, err := s.settings(ctx, head)
	if err != nil {
		return reply, head, err
	}
	tablet, err := s.store.TabletKey(ctx, d.ID)
	sealing := s.keys.Sealing.Newest()
	return protocol.HelloReply{SealTo: tablet.Public.String(), Lease: int64(settings.TabletLease().Seconds()), Epoch: head.Epoch, Head: head.Seq,
		LastN: n, Link: link, Grants: d.Grants, GrantRev: d.GrantRev, SealingKey: sealing.String(), SealingID: sealing.ID()}, head, err
}

// nothingNew tells whether the hello's cursor is the head, and the device knows how
// much of it is safe: then a pull would bring nothing.
func (s *Server) nothingNew(c *call, h protocol.Hello, head store.Head) bool {
	from, err := s.decodeCursor(h.Cursor)
	return err == nil && !s.outdated(c) && from.GrantRev == c.device.GrantRev && !from.Walk && from.Due == nil && h.Safe == head.Safe &&
		from.Epoch == head.Epoch && from.Seq == head.Seq && bytes.HasPrefix(head.Hash, from.Chain)
}

// settingsAt are the city's settings as of a head of the log.
type settingsAt struct {
	head []byte // its chain hash
	city.Settings
}

// settings reads the city's settings anew only when the log has moved.
func (s *Server) settings(ctx context.Context, head store.Head) (city.Settings, error) {
	if at := s.lastSettings.Load(); at != nil && bytes.Equal(at.head, head.Hash) {
		return at.Settings, nil
	}
	now, err := city.LoadSettings(s.store.View(ctx))
	if err == nil {
		s.lastSettings.Store(&settingsAt{head.Hash, now})
	}
	return now, err
}
