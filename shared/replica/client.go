package replica

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/klauspost/compress/zstd"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

const (
	maxAnswer   = 64 << 20 // bytes of an answer, decompressed
	callTimeout = time.Minute
	quickTries  = 2 // repeats of a call at once; the long waits are Run's
)

// request is one call to the server.
type request struct {
	method, path, query string
	body                []byte
	header              map[string]string
	limit               int64 // bytes of the answer; 0 means maxAnswer
	bare                bool  // without a word about this program
}

// answer is a success, read to its end.
type answer struct {
	header http.Header
	body   []byte
}

// refusal is an answer that is not a success.
type refusal struct {
	Status int
	After  time.Duration // from Retry-After
	protocol.Problem
	raw       []byte // the body, which a signature may be over
	signature string
}

func (f *refusal) Error() string {
	return fmt.Sprintf("the server answered %d %s: %s", f.Status, f.Code, f.Message)
}

// isRefusal tells whether err is the server's refusal with one of the codes.
func isRefusal(err error, codes ...protocol.Code) bool {
	var f *refusal
	if !errors.As(err, &f) {
		return false
	}
	for _, c := range codes {
		if f.Code == c {
			return true
		}
	}
	return false
}

// call signs and sends a request as the device, and again with the server's time
// when the server finds the clock wrong.
func (r *Replica) call(ctx context.Context, id *identity, req request) (answer, error) {
	return r.callAs(ctx, id.server, string(id.device), id.key, req)
}

func (r *Replica) callAs(ctx context.Context, server, keyID string, key keys.Identity, req request) (answer, error) {
	a, err := r.send(ctx, server, keyID, key, req)
	if f := (*refusal)(nil); errors.As(err, &f) && f.Code == protocol.CodeClock && !f.Now.IsZero() {
		r.learnTime(f.Now)
		return r.send(ctx, server, keyID, key, req)
	}
	return a, err
}

// learnTime keeps how far the server's clock is ahead. It is used for signatures
// and for nothing else.
func (r *Replica) learnTime(now time.Time) { r.offset.Store(int64(now.Sub(r.cfg.Now()))) }

// serverTime is the server's time, as far as it is known.
func (r *Replica) serverTime() time.Time {
	t := r.cfg.Now().Add(time.Duration(r.offset.Load()))
	if t.Unix() < 1 { // a signature has a positive time; the server tells the right one
		return time.Unix(1, 0)
	}
	return t
}

func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (r *Replica) send(ctx context.Context, server, keyID string, key keys.Identity, req request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	resp, err := r.begin(ctx, server, keyID, key, req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	limit := req.limit
	if limit == 0 {
		limit = maxAnswer
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return answer{}, unreachable(err)
	}
	if int64(len(raw)) > limit {
		return answer{}, fmt.Errorf("%s %s: the answer is larger than %d bytes", req.method, req.path, limit)
	}
	if resp.Header.Get("Content-Encoding") == "zstd" {
		if raw, err = r.codec.decode(raw); err != nil {
			return answer{}, unreachable(err)
		}
	}
	if resp.StatusCode/100 != 2 {
		return answer{}, refused(resp, raw)
	}
	return answer{header: resp.Header, body: raw}, nil
}

// begin sends a request and gives the answer with its body yet to be read.
func (r *Replica) begin(ctx context.Context, server, keyID string, key keys.Identity, req request) (*http.Response, error) {
	url := server + protocol.Path + req.path
	if req.query != "" {
		url += "?" + req.query
	}
	var body any
	if req.body != nil {
		body = req.body
	}
	out, err := retryablehttp.NewRequestWithContext(ctx, req.method, url, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", req.method, req.path, err)
	}
	if out.Header.Set("User-Agent", ""); !req.bare { // empty: left out
		out.Header.Set("User-Agent", "cityhall/"+r.cfg.Version)
		out.Header.Set(protocol.VersionHeader, strconv.Itoa(protocol.PullVersion))
	}
	for name, value := range req.header {
		out.Header.Set(name, value)
	}
	sign := func(q *http.Request) error {
		nonce, err := keys.NewNonce(nil)
		if err != nil {
			return err
		}
		return keys.Sign(q, req.body, keyID, key, r.serverTime(), nonce)
	}
	if err := sign(out.Request); err != nil {
		return nil, err
	}
	// A repeat is signed anew: the server takes each signature once.
	c := retryablehttp.Client{HTTPClient: r.http, RetryMax: quickTries, RetryWaitMin: 100 * time.Millisecond, RetryWaitMax: time.Second,
		CheckRetry: worthAnother, Backoff: retryablehttp.DefaultBackoff, PrepareRetry: sign, ErrorHandler: retryablehttp.PassthroughErrorHandler}
	resp, err := c.Do(out)
	if err != nil {
		return nil, unreachable(err)
	}
	return resp, nil
}

// worthAnother repeats at once what never reached the server or was lost on the
// way. Whatever the server itself answered stands.
func worthAnother(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		return true, nil
	}
	return resp.StatusCode == http.StatusBadGateway || resp.StatusCode == http.StatusGatewayTimeout, nil
}

// offline is the domain's error with the network's behind it.
type offline struct{ cause error }

func (o *offline) Error() string { return "the city cannot be reached: " + o.cause.Error() }

func (o *offline) Unwrap() []error {
	return []error{city.Fail(city.CodeUnreachable, "", "the city cannot be reached"), o.cause}
}

func unreachable(err error) error { return &offline{cause: err} }

func refused(resp *http.Response, raw []byte) error {
	f := &refusal{Status: resp.StatusCode, raw: raw, signature: resp.Header.Get(protocol.SignatureHeader)}
	if resp.Request != nil && resp.Request.Method == http.MethodHead && resp.StatusCode == http.StatusNotFound { // it has no body to say so
		f.Code = protocol.CodeNotFound
		return f
	}
	if resp.StatusCode == http.StatusRequestedRangeNotSatisfiable { // the standard library answers it, in its own words
		f.Code = protocol.CodeOffset
		return f
	}
	if json.Unmarshal(raw, &f.Problem) != nil || f.Code == "" {
		// Somebody between us and the city answered: a proxy or a captive portal.
		return unreachable(fmt.Errorf("status %d without a reason", resp.StatusCode))
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		f.After = time.Duration(s) * time.Second
	}
	return f
}

// lines splits an answer into its lines.
func lines(body []byte) [][]byte {
	return bytes.Split(bytes.TrimRight(body, "\n"), []byte("\n"))
}

// codec compresses and decompresses whole messages.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxAnswer), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return &codec{enc: enc, dec: dec}, nil
}

func (c *codec) encode(b []byte) []byte { return c.enc.EncodeAll(b, nil) }

func (c *codec) decode(b []byte) ([]byte, error) {
	out, err := c.dec.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return out, nil
}

func (c *codec) close() {
	c.dec.Close()
	c.enc.Close()
}
