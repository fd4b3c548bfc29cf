package crash_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cityhall/shared/keys"
	"cityhall/shared/peripheral/child"
	"cityhall/shared/protocol"
	"cityhall/shared/sim"
	"cityhall/shared/sim/stage"
	"cityhall/syncserver"
)

// proxied starts a proxy with an example of deploy/, in which only the addresses and
// the certificate are others, and gives its address.
func (s *several) proxied(example string, other func(front, dir string) map[string]string, run func(config, dir string) *exec.Cmd) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(stage.Root(s.t), "deploy", example))
	if err != nil {
		s.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	front, dir := l.Addr().String(), s.t.TempDir()
	l.Close()
	for said, here := range other(front, dir) {
		if bytes.Count(text, []byte(said)) != 1 {
			s.t.Fatalf("the example does not say %q once", said)
		}
		text = bytes.Replace(text, []byte(said), []byte(here), 1)
	}
	cert := httptest.NewUnstartedServer(nil)
	cert.StartTLS() // for its certificate
	defer cert.Close()
	trusts := cert.Client().Transport.(*http.Transport).Clone()
	trusts.ExpectContinueTimeout = 10 * time.Second
	s.line = trusts
	key, err := x509.MarshalPKCS8PrivateKey(cert.TLS.Certificates[0].PrivateKey)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, text := range map[string][]byte{example: text, "cert.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		"cert.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate().Raw})} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	cmd := run(filepath.Join(dir, example), dir)
	var said bytes.Buffer // to be read only after its end
	cmd.Stdout, cmd.Stderr = &said, &said
	ended, err := child.Start(cmd, syscall.SIGTERM)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if s.t.Failed() {
			s.t.Logf("the proxy said: %s", said.Bytes())
		}
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := tls.Dial("tcp", front, trusts.TLSClientConfig); err == nil {
			conn.Close()
			return "https://" + front
		} else if time.Now().After(end) {
			s.t.Fatal("the proxy does not answer: ", err)
		}
	}
}

// behindNginx runs Debian's nginx.
func behindNginx(s *several) string {
	s.t.Helper()
	s.t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	stage.Need(s.t, "nginx")
	return s.proxied("nginx.conf", func(front, dir string) map[string]string {
		return map[string]string{"listen 443 ssl": "listen " + front + " ssl", "server 10.0.0.11:8080": "server " + s.addr[0], "server 10.0.0.12:8080": "server " + s.addr[1],
			"/etc/ssl/city.example.pem": dir + "/cert.pem", "/etc/ssl/private/city.example.key": dir + "/cert.key"}
	}, func(config, dir string) *exec.Cmd {
		around := fmt.Sprintf("daemon off; pid %[1]s/pid; worker_processes 2; events { worker_connections 768; } http { access_log off; client_body_temp_path %[1]s/body; "+
			"proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s; include %[2]s; }", dir, config)
		if os.Getuid() == 0 {
			around = "user root; " + around // nobody else reads the test's folder
		}
		whole := filepath.Join(dir, "whole.conf")
		if err := os.WriteFile(whole, []byte(around), 0o600); err != nil {
			s.t.Fatal(err)
		}
		return exec.Command("nginx", "-p", dir, "-c", whole, "-e", "stderr")
	})
}

// The example for nginx as it is committed, in front of two server processes: acts,
// news, forms and the largest photo go through it; whichever server is killed, the
// other answers the next request.
func TestBehindNginx(t *testing.T) { proxied(t, behindNginx) }

func proxied(t *testing.T, proxy func(*several) string) {
	s := newSeveral(t, proxy)
	s.signable()
	for i := range 2 {
		s.start(i)
		defer func() { s.kill[i]() }()
	}
	s.answers()
	h := s.byHand(0)
	for path, want := range map[string]int{"/healthz": http.StatusNotFound, "/console/sign-in": http.StatusOK} {
		if res, err := h.http.Get(h.at + path); err != nil || res.StatusCode != want {
			t.Errorf("%s: %v, %v", path, res, err)
		}
	}
	s.signsIn(h)
	one, two := h.events(), h.events() // the proxy gives each to the next server
	h.comes(one, "data:")
	h.comes(two, "data:")
	near, far := s.join(1), s.join(2)
	slowest := s.poke(near, far)
	h.comes(one, "data:")
	h.comes(two, "data:")

	photo := make([]byte, 20<<20)
	rng := rand.New(rand.NewPCG(*oneSeed, 11))
	for i := range photo {
		photo[i] = byte(rng.Uint32())
	}
	sum := sha256.Sum256(photo)
	sha := hex.EncodeToString(sum[:])
	if got := h.status(http.MethodPost, "/blobs/"+sha, nil, "Tus-Resumable", "1.0.0", "Upload-Length", strconv.Itoa(len(photo))); got != http.StatusCreated {
		t.Fatal("announce a photo: ", got)
	}
	// What is too large is turned away, and no server taken for dead because of it.
	for path, size := range map[string]int{"/blobs/" + sha: 10 << 20, "/hello": 2 << 20, "/push": 7 << 20} {
		method := http.MethodPost
		if path != "/hello" && path != "/push" {
			method = http.MethodPatch
		}
		for range 4 {
			// 502: the proxy did not hear the answer while it still sent.
			if got := h.status(method, path, photo[:size], "Expect", "100-continue"); got != http.StatusRequestEntityTooLarge && got != http.StatusBadGateway {
				t.Errorf("%s of %d bytes: %d", path, size, got)
			}
		}
	}
	if got := h.chunk(sha, photo, 0, protocol.MaxChunk); got != http.StatusNoContent {
		t.Fatal("the largest chunk: ", got)
	}
	stick, err := h.http.Post(h.at+"/console/devices/stick", "application/octet-stream", bytes.NewReader(photo))
	if err != nil || stick.Request.URL.Path != "/console/sign-in" { // where somebody is who has no session
		t.Errorf("a stick of 20 MiB: %v, %v", stick, err)
	}
	busy, rest := context.WithCancel(ctx)
	var ended sync.WaitGroup
	for i, d := range []*working{near, far} {
		ended.Go(func() { d.work(s, busy, rand.New(rand.NewPCG(*oneSeed, uint64(i)))) })
	}
	s.kill[0]()
	h.soonChunk(sha, photo, protocol.MaxChunk, 2*protocol.MaxChunk)
	for range 20 {
		if got := h.status(http.MethodHead, "/blobs/"+sha, nil, "Tus-Resumable", "1.0.0"); got != http.StatusOK {
			t.Error("a request with a server dead: ", got)
		}
	}
	left := h.left(one, two)
	time.Sleep(2 * time.Second) // of work
	rest()
	ended.Wait()
	h.comes(left, ": still here") // after a silence longer than nginx would bear in other answers
	s.start(0)
	s.kill[1]()
	h.soonChunk(sha, photo, 2*protocol.MaxChunk, len(photo))
	s.note(near, s.jobs[0][0])
	s.start(1)
	acts := s.check([]*working{near, far})
	res := h.ask(http.MethodHead, "/blobs/"+sha, nil, "Tus-Resumable", "1.0.0")
	res.Body.Close()
	if have := res.Header.Get("Upload-Offset"); have != strconv.Itoa(len(photo)) {
		t.Errorf("the photo has %s bytes", have)
	}
	line, err := json.Marshal(struct {
		Figure string `json:"figure"`
		Acts   int    `json:"acts"`
		Poke   int64  `json:"slowest_poke_ms"`
	}{"two servers behind a proxy, each killed", acts, slowest.Milliseconds()})
	if err != nil || acts < 20 {
		t.Fatalf("%d acts prove little: %v", acts, err)
	}
	t.Logf("%s", line)
}

// answers waits until the proxy has found the servers.
func (s *several) answers() {
	s.t.Helper()
	link, err := keys.ParseEnrolment(s.links[0])
	if err != nil {
		s.t.Fatal(err)
	}
	client := http.Client{Transport: s.line}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		res, err := client.Get(link.URL + "/console/sign-in")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			s.t.Fatal("the servers are not found: ", res, err)
		}
	}
}

// signable gives somebody of the office a password.
func (s *several) signable() {
	s.t.Helper()
	srv, err := syncserver.Open(ctx, syncserver.Config{Data: s.data, DB: s.db.DSN(), Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := errors.Join(srv.Store().SetLogin(ctx, "sam", sim.Staff.ID, "correct horse"), srv.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// signsIn: a form of our own page is taken, another page's is not, and the session
// goes over TLS only, whatever the browser says of its way here.
func (s *several) signsIn(h *hand) {
	s.t.Helper()
	for origin, want := range map[string]int{h.at: http.StatusSeeOther, "https://elsewhere.example": http.StatusForbidden} {
		form := url.Values{"name": {"sam"}, "password": {"correct horse"}}
		r, err := http.NewRequest(http.MethodPost, h.at+"/console/sign-in", strings.NewReader(form.Encode()))
		if err != nil {
			s.t.Fatal(err)
		}
		r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {origin}, "X-Forwarded-Proto": {"http"}, "X-Forwarded-For": {"10.0.0.1"}}
		res, err := s.line.RoundTrip(r)
		if err != nil {
			s.t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			s.t.Errorf("signing in from %s: %s", origin, res.Status)
		}
		if cookies := res.Cookies(); want == http.StatusSeeOther && (len(cookies) != 1 || !cookies[0].Secure) {
			s.t.Errorf("the session: %v", cookies)
		}
	}
}
