package crash_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/shared/sim"
)

// hand is a device that makes its requests by hand.
type hand struct {
	t    *testing.T
	at   string
	http http.Client
	id   string
	key  keys.Identity
}

// byHand enrols one by the proxy.
func (s *several) byHand(i int) *hand {
	s.t.Helper()
	link, err := keys.ParseEnrolment(s.links[i])
	if err != nil {
		s.t.Fatal(err)
	}
	h := &hand{t: s.t, at: link.URL, http: http.Client{Transport: s.line}}
	if h.key, err = keys.NewIdentity(nil); err != nil {
		s.t.Fatal(err)
	}
	h.id = h.key.Public().String()
	body, err := json.Marshal(protocol.EnrolRequest{Code: link.Code.Show(), Public: h.id})
	if err != nil {
		s.t.Fatal(err)
	}
	res := h.ask(http.MethodPost, "/enroll", body)
	defer res.Body.Close()
	var reply protocol.EnrolReply
	if err := json.NewDecoder(res.Body).Decode(&reply); err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatal("enrol: ", res.Status, err)
	}
	h.id = string(reply.Device)
	return h
}

// ask makes a signed request; header are names and values.
func (h *hand) ask(method, path string, body []byte, header ...string) *http.Response {
	h.t.Helper()
	r, err := http.NewRequest(method, h.at+protocol.Path+path, bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	nonce, err := keys.NewNonce(nil)
	if err == nil {
		err = keys.Sign(r, body, h.id, h.key, time.Now(), nonce)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := h.http.Do(r)
	if err != nil {
		h.t.Fatal(method, path, err)
	}
	return res
}

// status is ask for who wants no more than that.
func (h *hand) status(method, path string, body []byte, header ...string) int {
	h.t.Helper()
	res := h.ask(method, path, body, header...)
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// events is a live connection's lines, as they come; closed at its end.
func (h *hand) events() <-chan string {
	h.t.Helper()
	res := h.ask(http.MethodGet, "/live", nil, "Accept", "text/event-stream")
	if res.StatusCode != http.StatusOK {
		h.t.Fatal("live: ", res.Status)
	}
	h.t.Cleanup(func() { res.Body.Close() })
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(res.Body); in.Scan(); {
			if in.Text() != "" {
				lines <- in.Text()
			}
		}
	}()
	return lines
}

// comes waits for a line that begins so. Only one that is held back would take as long.
func (h *hand) comes(lines <-chan string, begins string) {
	h.t.Helper()
	for late := time.After(2 * protocol.LiveHeartbeat); ; {
		select {
		case line, open := <-lines:
			if strings.HasPrefix(line, begins) {
				return
			}
			if !open {
				h.t.Fatalf("the line ended before %q", begins)
			}
		case <-late:
			h.t.Fatalf("%q does not come through the proxy", begins)
		}
	}
}

// chunk sends a part of a photo.
func (h *hand) chunk(sha string, photo []byte, from, to int) int {
	h.t.Helper()
	sum := sha256.Sum256(photo[from:to])
	return h.status(http.MethodPatch, "/blobs/"+sha, photo[from:to], "Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream",
		"Upload-Offset", strconv.Itoa(from), "Upload-Checksum", "sha256 "+base64.StdEncoding.EncodeToString(sum[:]))
}

// soonChunk sends a part until it is taken, by whichever server is left.
func (h *hand) soonChunk(sha string, photo []byte, from, to int) {
	h.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		got := h.chunk(sha, photo, from, to)
		if got == http.StatusNoContent {
			return
		}
		if time.Now().After(end) {
			h.t.Fatal(sim.Violation{Invariant: "the other server answers", Detail: fmt.Sprint("a chunk: ", got)})
		}
	}
}

// left waits until one of two lines ends, and gives the other.
func (h *hand) left(one, two <-chan string) <-chan string {
	h.t.Helper()
	for late := time.After(protocol.LiveHeartbeat / 2); ; {
		select {
		case _, open := <-one:
			if !open {
				return two
			}
		case _, open := <-two:
			if !open {
				return one
			}
		case <-late:
			h.t.Fatal("neither line has ended with its server")
		}
	}
}
