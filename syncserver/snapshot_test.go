package syncserver_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

func (c *caller) manifest() protocol.Manifest {
	c.h.t.Helper()
	res := c.do(c.request("GET", "/sync/v1/snapshot", nil))
	var m protocol.Manifest
	if err := json.Unmarshal(res.Body.Bytes(), &m); err != nil || res.Code != http.StatusOK {
		c.h.t.Fatalf("%d %s", res.Code, res.Body)
	}
	return m
}

// TestSnapshotOverHTTP fetches a part whole and by Range, with the right and the
// wrong idea of what it is, and goes on with the manifest's cursor.
func TestSnapshotOverHTTP(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	m := c.manifest()
	head, err := h.Store().Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if m.Epoch != head.Epoch || m.Seq != head.Seq || m.Chain != protocol.Hash(head.Hash) || !m.Expires.Equal(h.now.Add(24*time.Hour)) || len(m.Parts) != 1 || m.Parts[0].Rows != 2 {
		t.Fatalf("%+v of %+v", m, head)
	}
	sha := m.Parts[0].SHA256
	part := func(headers ...string) *httptest.ResponseRecorder {
		r := c.request("GET", "/sync/v1/snapshot/"+sha, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return c.do(r)
	}
	whole := part()
	raw := whole.Body.Bytes()
	if whole.Code != 200 || fmt.Sprintf("%x", sha256.Sum256(raw)) != sha || int64(len(raw)) != m.Parts[0].Bytes {
		t.Fatalf("%d, %d bytes", whole.Code, len(raw))
	}
	rest := part("Range", "bytes=10-", "If-Range", `"`+sha+`"`)
	if rest.Code != 206 || !bytes.Equal(rest.Body.Bytes(), raw[10:]) || rest.Header().Get("Content-Range") != fmt.Sprintf("bytes 10-%d/%d", len(raw)-1, len(raw)) {
		t.Errorf("the rest: %d %v", rest.Code, rest.Header())
	}
	if other := part("Range", "bytes=10-", "If-Range", `"another"`); other.Code != 200 || !bytes.Equal(other.Body.Bytes(), raw) {
		t.Errorf("the rest of something else: %d", other.Code)
	}
	if res := c.do(c.request("GET", "/sync/v1/pull?cursor="+m.Cursor, nil)); res.Code != 200 {
		t.Errorf("going on: %d %s", res.Code, res.Body)
	}
	if err := h.Store().SetGrants(context.Background(), city.DeviceID(c.id), nil); err != nil {
		t.Fatal(err)
	}
	if res := part(); res.Code != 404 {
		t.Errorf("the part after the grant went: %d", res.Code)
	}
	if res := c.do(c.request("GET", "/sync/v1/pull?cursor="+m.Cursor, nil)); res.Code != http.StatusGone {
		t.Errorf("the cursor after the grant went: %d", res.Code)
	}
	if res := c.do(c.request("GET", "/sync/v1/snapshot/..%2f..%2fcity.db", nil)); res.Code != 404 {
		t.Errorf("a way out: %d", res.Code)
	}
}

func (h *hall) news() {
	h.t.Helper()
	act := &city.SetCity{Settings: city.Settings{Name: "Testburg " + string(city.NewID()), TimeZone: "UTC", Languages: []string{"en"}}}
	if _, err := h.Store().Act(context.Background(), city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 1<<40, act); err != nil {
		h.t.Error(err)
	}
}

func TestAskingForNews(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	ask := func(query string) (int, int64) {
		res := c.do(c.request("GET", "/sync/v1/live?"+query, nil))
		var p protocol.Poke
		if res.Code == 200 {
			if err := json.Unmarshal(res.Body.Bytes(), &p); err != nil {
				t.Errorf("%s: %s", query, res.Body)
			}
		}
		return res.Code, p.Head
	}
	code, head := ask("wait=25")
	if code != 200 || head < 1 {
		t.Fatalf("at first: %d, head %d", code, head)
	}
	begin := time.Now()
	if code, _ := ask(fmt.Sprintf("wait=1&head=%d", head)); code != 204 || time.Since(begin) < time.Second {
		t.Errorf("nothing new: %d after %v", code, time.Since(begin))
	}
	time.AfterFunc(200*time.Millisecond, h.news)
	begin = time.Now()
	if code, now := ask(fmt.Sprintf("wait=25&head=%d", head)); code != 200 || now <= head || time.Since(begin) > 5*time.Second {
		t.Errorf("news: %d, head %d after %v", code, now, time.Since(begin))
	}
	for _, bad := range []string{"wait=x", "wait=-1", "wait=1&head=x", "wait=1&head=-1"} {
		if code, _ := ask(bad); code != 400 {
			t.Errorf("%s: %d", bad, code)
		}
	}
	// Whatever the head, a change of grants is news to who waits.
	time.AfterFunc(200*time.Millisecond, func() {
		if err := h.Store().SetGrants(context.Background(), city.DeviceID(c.id), []city.Scope{city.ScopePublic, city.ScopeCrew("x")}); err != nil {
			t.Error(err)
		}
	})
	begin = time.Now()
	if code, _ := ask(fmt.Sprintf("wait=25&head=%d", head+100)); code != 200 || time.Since(begin) > 5*time.Second {
		t.Errorf("grants: %d after %v", code, time.Since(begin))
	}
}

// TestTheNewestLiveConnectionsStay opens one more than a device may hold.
func TestTheNewestLiveConnectionsStay(t *testing.T) {
	h := newHall(t)
	c, other := h.enrol(), h.enrol()
	open := func(c *caller) <-chan struct{} {
		ctx, cancel := context.WithCancel(context.Background())
		t.Cleanup(cancel)
		ended, begun := make(chan struct{}), &firstWrite{ResponseRecorder: httptest.NewRecorder(), done: make(chan struct{})}
		r := c.request("GET", "/sync/v1/live", nil).WithContext(ctx)
		go func() {
			h.Handler().ServeHTTP(begun, r)
			close(ended)
		}()
		<-begun.done
		return ended
	}
	strangers := open(other)
	var all []<-chan struct{}
	for range protocol.MaxLive + 1 {
		all = append(all, open(c))
	}
	select {
	case <-all[0]:
	case <-time.After(5 * time.Second):
		t.Error("the oldest goes on")
	}
	for i, ended := range append(all[1:], strangers) {
		select {
		case <-ended:
			t.Errorf("connection %d was ended", i+1)
		default:
		}
	}
}

// firstWrite tells when something was written.
type firstWrite struct {
	*httptest.ResponseRecorder
	done chan struct{}
}

func (w *firstWrite) Flush() {
	select {
	case <-w.done:
	default:
		close(w.done)
	}
}

// TestWhoDoesNotReadIsLetGo: a device that opens a live connection and never reads
// from it holds it for the writer's patience, not for ever.
func TestWhoDoesNotReadIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		r := h.enrol().request("GET", "/sync/v1/live", nil)
		srv := &http.Server{Handler: h.Handler()}
		device, server := net.Pipe() // it has no buffers at all
		defer device.Close()
		l := &oneConn{conns: make(chan net.Conn, 1)}
		l.conns <- server
		go srv.Serve(l)
		defer srv.Close()
		if err := r.Write(device); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if n, err := device.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
			t.Errorf("the server still waits for it: %d bytes, %v", n, err)
		}
	})
}

// oneConn is a listener with one connection.
type oneConn struct{ conns chan net.Conn }

func (l *oneConn) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l *oneConn) Close() error {
	close(l.conns)
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }
