package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

const (
	maxAnswer   = 64 << 20 // bytes of an answer
	callTimeout = time.Minute
	// portsEach is how many connections leave from one address of this machine: the
	// system has some 28,000 ports to give for each.
	portsEach = 20_000
)

// refusal is an answer that is not a success.
type refusal struct {
	status int
	after  time.Duration // from Retry-After
	protocol.Problem
}

func (f *refusal) Error() string { return fmt.Sprintf("%d %s: %s", f.status, f.Code, f.Message) }

// kindOf names an error in the figures: a status with its code, or what the line did.
func kindOf(err error) string {
	var f *refusal
	switch {
	case errors.As(err, &f):
		return fmt.Sprintf("%d %s", f.status, f.Code)
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many open files"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "line broken"
	}
	return "other"
}

// newTransport dials from 127.0.0.1, 127.0.0.2 and so on as ports run out, where
// the server is on this machine; elsewhere the system chooses.
func newTransport(devices int) *http.Transport {
	var dialled atomic.Int64
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := net.Dialer{Timeout: 30 * time.Second}
		host, _, _ := net.SplitHostPort(addr)
		if ip := net.ParseIP(host); ip != nil && ip.To4() != nil && ip.IsLoopback() {
			d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+dialled.Add(1)/portsEach%200))}
		}
		return d.DialContext(ctx, network, addr)
	}
	return &http.Transport{DialContext: dial, MaxIdleConns: 2 * devices, MaxIdleConnsPerHost: 2 * devices, IdleConnTimeout: time.Minute,
		DisableCompression: true, ReadBufferSize: 2 << 10, WriteBufferSize: 2 << 10}
}

// request is one call to the server.
type request struct {
	method, path, query string
	body                []byte
	header              map[string]string
}

// begin signs and sends a request and gives the answer with its body yet to be read.
func (c *Crowd) begin(ctx context.Context, keyID string, key keys.Identity, r request) (*http.Response, error) {
	url := c.cfg.Server + protocol.Path + r.path
	if r.query != "" {
		url += "?" + r.query
	}
	q, err := http.NewRequestWithContext(ctx, r.method, url, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	q.Header.Set(protocol.VersionHeader, strconv.Itoa(protocol.PullVersion))
	for name, value := range r.header {
		q.Header.Set(name, value)
	}
	nonce, err := keys.NewNonce(nil)
	if err != nil {
		return nil, err
	}
	if err := keys.Sign(q, r.body, keyID, key, c.cfg.Now(), nonce); err != nil {
		return nil, err
	}
	return c.http.Do(q)
}

// call sends a request and reads the answer; a *refusal is any that is no success.
func (c *Crowd) call(ctx context.Context, keyID string, key keys.Identity, r request) ([]byte, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	c.figures.calls.Add(1)
	resp, err := c.begin(ctx, keyID, key, r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode/100 != 2 {
		f := &refusal{status: resp.StatusCode}
		if json.Unmarshal(raw, &f.Problem) != nil {
			f.Code = "without a reason"
		}
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
			f.after = time.Duration(s) * time.Second
		}
		return nil, nil, f
	}
	if resp.Header.Get("Content-Encoding") == "zstd" {
		if raw, err = c.dec.DecodeAll(raw, nil); err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
	}
	return raw, resp.Header, nil
}
