package main_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cityhall/shared/keys"
	"cityhall/shared/peripheral/child"
	"cityhall/shared/sim/stage"
)

// facts is what demo -headless prints.
type facts struct {
	City, Console, Sync string
	Logins              []struct{ Name, Password, About string }
	Enrol               map[string][]struct{ Name, Link string }
}

// hall is a running demo -headless.
type hall struct {
	facts
	cmd   *exec.Cmd
	ended <-chan struct{}
	err   *strings.Builder
}

func openHall(t *testing.T, args ...string) *hall {
	t.Helper()
	h := &hall{cmd: exec.Command(stage.Binary(t, "cityhall"), append([]string{"demo", "-headless"}, args...)...), err: &strings.Builder{}}
	h.cmd.Stderr = h.err
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if h.ended, err = child.Start(h.cmd, syscall.SIGTERM); err != nil { // it ends the others in order
		t.Fatal(err)
	}
	t.Cleanup(func() { h.close() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil && err != io.EOF && !errors.Is(err, os.ErrClosed) { // it may end without a word
		t.Fatal(err)
	}
	if len(line) > 0 {
		if err := json.Unmarshal(line, &h.facts); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return h
}

// close ends it as Ctrl-C does and gives its exit code.
func (h *hall) close() int {
	h.cmd.Process.Signal(syscall.SIGINT)
	<-h.ended
	return h.cmd.ProcessState.ExitCode()
}

func TestDemoGoesOnWhereItEnded(t *testing.T) {
	stage.Need(t)
	data := filepath.Join(t.TempDir(), "city")
	heads := map[bool]string{}
	for _, first := range []bool{true, false} {
		h := openHall(t, "-addr", "127.0.0.1:0", "-data", data)
		if h.City == "" || len(h.Logins) != 3 || len(h.Enrol["kiosk"]) < 2 || len(h.Enrol["tablet"]) < 2 {
			t.Fatalf("it says %+v", h.facts)
		}
		for _, l := range append(h.Enrol["kiosk"], h.Enrol["tablet"]...) {
			if e, err := keys.ParseEnrolment(l.Link); err != nil || e.URL != h.Sync {
				t.Errorf("%s: %+v, %v", l.Link, e, err)
			}
		}
		res, err := http.Get(h.Sync + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("health: %d %s %v", res.StatusCode, body, err)
		}
		heads[first] = string(body)
		if code := h.close(); code != 0 {
			t.Errorf("Ctrl-C ends it with %d: %s", code, h.err)
		}
	}
	if heads[true] != heads[false] {
		t.Errorf("the second start finds %s, the first left %s", heads[false], heads[true])
	}
}

func TestDemoSaysWhatIsInTheWay(t *testing.T) {
	stage.Need(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a taken port":         {[]string{"-addr", taken.Addr().String(), "-data", filepath.Join(t.TempDir(), "city")}, "address already in use"},
		"an unwritable folder": {[]string{"-addr", "127.0.0.1:0", "-data", filepath.Join(file, "city")}, "choose another with -data"},
	} {
		start := time.Now()
		h := openHall(t, c.args...)
		<-h.ended
		if code := h.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(h.err.String(), c.want) {
			t.Errorf("%s: exit %d after %s: %q", name, code, time.Since(start), h.err)
		}
	}
}
