package stage

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long a program may take to do what it was asked before the
// test gives up: generous, because two cores draw several windows in software.
const patience = 15 * time.Second

// Need skips a slow test under -short. It then asks for each command on the
// PATH; one that is missing fails the test where CI is true, for there a skip
// would hide a missing install step, and skips it elsewhere.
func Need(t testing.TB, commands ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("real programs and windows are not part of the short tests")
	}
	for _, command := range commands {
		if _, err := exec.LookPath(command); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing: run make install", command)
		}
		t.Skipf("%s is missing: run make install", command)
	}
}

// Root is the folder of the module: the nearest one above that holds go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("where the test runs: %v", err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			t.Fatalf("no go.mod in %s or above it", dir)
		}
	}
}

// Binary is the path of a built program in bin. It is never built here, so
// that a test shows the program that make built, with its flags.
func Binary(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(Root(t), "bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not built: run make build (%v)", name, err)
	}
	return path
}

// outs holds, per test name, the folder that failure pictures go to.
var outs = map[string]string{}

// SetOut names the folder, made when missing, for the pictures that a failing
// test leaves. Without it they go to a folder under the system's temporary one.
func SetOut(t testing.TB, dir string) {
	t.Helper()
	makeFolder(t, dir)
	outs[t.Name()] = dir
	t.Cleanup(func() { delete(outs, t.Name()) })
}

// failurePath is where the picture of a failure goes.
func failurePath(t testing.TB, what string) string {
	dir := outs[t.Name()]
	if dir == "" {
		dir = filepath.Join(os.TempDir(), fmt.Sprintf("cityhall-failed-%d", os.Getuid()))
		makeFolder(t, dir)
	}
	name := strings.NewReplacer("/", "-", ":", "", " ", "-").Replace(t.Name() + "-" + what)
	return filepath.Join(dir, "failed-"+name+".png")
}

// makeFolder makes a folder and those above it.
func makeFolder(t testing.TB, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatalf("make a folder: %v", err)
	}
}

// until calls ok every 25 ms until it is true or the time is up, and tells
// which of the two it was.
func until(timeout time.Duration, ok func() bool) bool {
	for end := time.Now().Add(timeout); ; time.Sleep(25 * time.Millisecond) {
		if ok() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}
