package syncserver

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/zstd"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// when says whether a signature's time matters.
type when bool

const (
	inTime  when = false
	anyTime when = true // hello: a device with a wrong clock learns the right time
)

// call is a request of a device that has proved who it is.
type call struct {
	*gin.Context
	device store.Device
	body   []byte // decoded
	raw    int    // bytes as sent
	fresh  bool   // signed at this time, and seen for the first time
	share  *share // of the room for bodies and answers
	leave  func() // gives the place at the gate to the next
}

// device wraps a handler: the body is read up to limit, a place at the gate waited
// for, the signature checked, the body decoded. Nothing of the body is looked at
// before its sender is known.
func (s *Server) device(limit int64, t when, g *gate, handle func(*call)) gin.HandlerFunc {
	return func(c *gin.Context) {
		held := &share{of: s.room}
		defer held.give()
		body, ok := readBody(c, limit, held)
		if !ok {
			return
		}
		leave, after, err := g.enter(c.Request.Context())
		if errors.Is(err, errBusy) {
			busy(c, after)
			return
		}
		if err != nil {
			s.broken(c, err)
			return
		}
		defer leave()
		d, fresh, ok := s.prove(c, body, t)
		if !ok {
			return
		}
		decoded, err := decode(c.GetHeader("Content-Encoding"), body, limit, held)
		if unread(c, err, "the body is not what Content-Encoding says") { // perhaps on the way: Content-Encoding is not signed
			return
		}
		handle(&call{Context: c, device: d, body: decoded, raw: len(body), fresh: fresh, share: held, leave: leave})
	}
}

func readBody(c *gin.Context, limit int64, held *share) ([]byte, bool) {
	body, err := io.ReadAll(held.reader(http.MaxBytesReader(c.Writer, c.Request.Body, limit)))
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		err = errTooLarge
	}
	return body, !unread(c, err, "the body ended early")
}

// unread answers for a body that could not be had, if there is an error.
func unread(c *gin.Context, err error, otherwise string) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, errTooLarge):
		problem(c, http.StatusRequestEntityTooLarge, protocol.CodeTooLarge, "the body is too large")
	case errors.Is(err, errBusy):
		busy(c, fullFor)
	default:
		problem(c, http.StatusBadRequest, protocol.CodeMalformed, otherwise)
	}
	return true
}

// fullFor is after how long to come back when there is no room for a body.
const fullFor = 5 * time.Second

var errTooLarge = errors.New("the body is too large")

// decode undoes the one compression that we speak, never beyond limit.
func decode(encoding string, body []byte, limit int64, held *share) ([]byte, error) {
	switch encoding {
	case "", "identity":
		return body, nil
	case "zstd":
	default:
		return nil, errors.New("unknown content encoding")
	}
	z, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(limit)+1<<20), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	out, err := io.ReadAll(io.LimitReader(held.reader(z), limit+1))
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) || err == nil && int64(len(out)) > limit {
		err = errTooLarge
	}
	return out, err
}

// prove checks a request's signature and finds its device. A request that is
// taken whatever its time is fresh only when it comes in time: an older one could
// be a copy of one that was sent before.
func (s *Server) prove(c *gin.Context, body []byte, t when) (d store.Device, fresh, ok bool) {
	lookup := func(id string) (keys.PublicKey, error) {
		var err error
		d, err = s.store.Device(c.Request.Context(), city.DeviceID(id))
		if errors.Is(err, store.ErrNoDevice) {
			return keys.PublicKey{}, keys.ErrUnknownKey
		}
		return d.Public, err
	}
	v, err := keys.Verify(c.Request, body, lookup, keys.Rules{Now: s.now(), MaxSkew: protocol.ClockSkew, AnyTime: bool(t)})
	if err != nil {
		s.unproven(c, err)
		return d, false, false
	}
	if fresh = v.Offset.Abs() <= protocol.ClockSkew; fresh {
		err := s.nonces.Use(v, s.now())
		if err == nil { // nor at another server
			err = s.store.UseOnce(c.Request.Context(), v)
		}
		if errors.Is(err, keys.ErrNoncesFull) {
			c.Header("Retry-After", "5")
			problem(c, http.StatusTooManyRequests, protocol.CodeBusy, "too many requests at once")
			return d, false, false
		} else if errors.Is(err, keys.ErrReplayed) {
			problem(c, http.StatusUnauthorized, protocol.CodeSignature, "this request was sent before")
			return d, false, false
		} else if err != nil {
			s.broken(c, err)
			return d, false, false
		}
	}
	if d.State == store.DeviceActive {
		return d, fresh, true
	}
	may, err := s.mayStill(c, d)
	if err != nil {
		s.broken(c, err)
	} else if !may {
		s.turnAway(c, d, protocol.CodeRevoked, "this device is no longer welcome")
	}
	return d, fresh, may
}

func (s *Server) unproven(c *gin.Context, err error) {
	var skew *keys.SkewError
	switch {
	case errors.As(err, &skew):
		c.AbortWithStatusJSON(http.StatusUnauthorized, protocol.Problem{Code: protocol.CodeClock, Message: "signed at another time", Now: s.now().UTC()})
	case errors.Is(err, keys.ErrNoSignature), errors.Is(err, keys.ErrMalformed), errors.Is(err, keys.ErrDigest),
		errors.Is(err, keys.ErrUnknownKey), errors.Is(err, keys.ErrBadSignature):
		problem(c, http.StatusUnauthorized, protocol.CodeSignature, "not signed by an enrolled device")
	default:
		s.broken(c, err)
	}
}

// signed sends and signs an answer that a device will rest on, with the key that it pinned.
func (s *Server) signed(c *gin.Context, label keys.Label, raw []byte) {
	c.Header(protocol.SignatureHeader, protocol.EncodeSignature(keys.SignBytes(s.keys.Identity, label, raw)))
	c.Data(http.StatusOK, "application/json", raw)
}
