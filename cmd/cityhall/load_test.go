package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"cityhall/shared/load"
	"cityhall/shared/peripheral/child"
	"cityhall/shared/sim/postgres"
	"cityhall/shared/sim/stage"
)

var loadFor = flag.Duration("load", 10*time.Second, "how long the load lasts")

// maxServerMemory is what the server's process may take under the load.
const maxServerMemory = 256 << 20

// TestNothingIsLostUnderLoad plays 1,000 acts a second, and then 2,000 devices that
// come back at once, against a real server's process. However slow the machine is,
// every act is echoed in the end, no answer is an error but the one that asks to
// come back later, and the server's memory stays within its bound.
func TestNothingIsLostUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute on each engine")
	}
	stage.Need(t)
	t.Run("SQLite", func(t *testing.T) { underLoad(t, "") })
	t.Run("PostgreSQL", func(t *testing.T) { underLoad(t, postgres.New(t)) })
}

func underLoad(t *testing.T, db string) {
	data := filepath.Join(t.TempDir(), "server")
	seats := filepath.Join(t.TempDir(), "seats.ndjson")
	env := append(os.Environ(), "CITYHALL_DB="+db)
	run(t, env, "load", "seats", "-data", data, "-devices", "2000", "-to", seats)
	url, pid := serve(t, env, data)
	for scenario, args := range map[string][]string{
		"acts":      {"-acts", "1000", "-for", loadFor.String()},
		"reconnect": {"-reconnect", "2000", "-queue", "2"},
	} {
		out := run(t, env, append([]string{"load", "-server", url, "-from", seats, "-pid", strconv.Itoa(pid), "-patience", "5m"}, args...)...)
		var f load.Figures
		if err := json.Unmarshal(out, &f); err != nil {
			t.Fatalf("%s: %q: %v", scenario, out, err)
		}
		fmt.Printf(`{"figure":"load %s","made":%d,"echoed":%d,"lost":%d,"retries":%d}`+"\n", scenario, f.Made, f.Echoed, f.Lost, f.Tries)
		t.Logf("%s", out)
		least := int64(4000)
		if scenario == "acts" {
			least = int64(loadFor.Seconds()) * 1000 * 99 / 100
		}
		if f.Made < least || f.Lost != 0 || f.Echoed != f.Made {
			t.Errorf("%s: %d acts made, at least %d meant; %d echoed, %d lost", scenario, f.Made, least, f.Echoed, f.Lost)
		}
		for what, n := range f.Errors {
			if what != "503 busy" {
				t.Errorf("%s: %d times %q", scenario, n, what)
			}
		}
		if f.Server == nil || f.Server.Most > maxServerMemory {
			t.Errorf("%s: the server took %+v", scenario, f.Server)
		}
	}
}

// run runs cityhall to its end and gives what it said.
func run(t *testing.T, env []string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(stage.Binary(t, "cityhall"), args...)
	var out, said bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("cityhall %q: %v\n%s%s", args, err, out.Bytes(), said.Bytes())
	}
	return out.Bytes()
}

// serve starts the server's program until the test ends.
func serve(t *testing.T, env []string, data string) (url string, pid int) {
	t.Helper()
	cmd := exec.Command(stage.Binary(t, "syncserver"), "-data", data, "-addr", "127.0.0.1:0")
	var said bytes.Buffer
	cmd.Env, cmd.Stderr = env, &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	ended, err := child.Start(cmd, syscall.SIGTERM)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
		<-ended
		if t.Failed() {
			t.Logf("the server said:\n%s", said.Bytes())
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var listening struct{ Listening string }
	if err := json.Unmarshal(line, &listening); err != nil {
		t.Fatal(err)
	}
	return "http://" + listening.Listening, cmd.Process.Pid
}
