package stage_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"cityhall/shared/sim/stage"
)

// get is the body that the address serves, through a client of its own.
func get(url string) (string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestLineCarriesCutsAndComesBack(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat("x", 100_000))
	}))
	t.Cleanup(server.Close)
	line := stage.NewLine(t, server.Listener.Addr().String())
	if body, err := get(line.URL()); err != nil || len(body) != 100_000 {
		t.Fatalf("through the line: %d bytes, %v", len(body), err)
	}
	if up, down := line.Bytes(); up < 50 || down < 100_000 {
		t.Errorf("the line counted %d bytes up and %d down", up, down)
	}

	line.Cut()
	if _, err := get(line.URL()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a cut line answers with %v, not a refusal", err)
	}
	line.Restore()
	if _, err := get(line.URL()); err != nil {
		t.Errorf("after the line came back on its port: %v", err)
	}
}

func TestCutResetsOpenConnections(t *testing.T) {
	arrived := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		arrived <- true
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	line := stage.NewLine(t, server.Listener.Addr().String())
	conn, err := net.Dial("tcp", line.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-arrived
	if line.Live() != 1 {
		t.Errorf("%d connections are open, not 1", line.Live())
	}
	line.Cut()
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.Copy(io.Discard, conn); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the open connection ended with %v, not a reset", err)
	}
}

func TestLineLatency(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	line := stage.NewLine(t, server.Listener.Addr().String())
	line.SetLatency(60 * time.Millisecond)
	start := time.Now()
	if _, err := get(line.URL()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 120*time.Millisecond {
		t.Errorf("there and back took %v with 60 ms each way", took)
	}
}
