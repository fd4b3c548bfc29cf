package s3

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"cityhall/shared/peripheral/child"
)

// version is the server's; the module proxy has it.
const version = "v1.8.0"

// The keys that a Bucket's server takes.
const (
	access = "cityhall"
	secret = "not-a-secret-of-anybody"
)

// Bucket is an empty bucket on a server of the test's own.
type Bucket struct {
	network
	folder string // the server's; a bucket is a folder in it
}

// New starts a server with an empty bucket, and puts the keys into the environment.
// Under -short the test is skipped, and where the server cannot be built as well,
// but for machines where CI is true: there it fails.
func New(t testing.TB) *Bucket {
	t.Helper()
	if testing.Short() {
		t.Skip("an S3 server is not part of the short tests")
	}
	program, err := build()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", access)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	b := &Bucket{folder: t.TempDir()}
	if err := os.Mkdir(b.Folder(), 0o755); err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--port", port, "--quiet", "--health", "/health", "posix", "--sidecar", t.TempDir(), b.folder)
	cmd.Env = []string{"ROOT_ACCESS_KEY=" + access, "ROOT_SECRET_KEY=" + secret, "PATH=" + os.Getenv("PATH")}
	ended, err := child.Start(cmd, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	b.network.open(t, port)
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if res, err := http.Get("http://" + port + "/health"); err == nil {
			res.Body.Close()
			return b
		}
		if time.Now().After(until) {
			t.Fatal("the S3 server does not answer")
		}
	}
}

// Address is the bucket's, as the server of a city reads it.
func (b *Bucket) Address() string {
	return fmt.Sprintf("s3://photos/city?endpoint=http://%s&region=us-east-1", b.at)
}

// Folder is the bucket itself: an object's key is its path in it.
func (b *Bucket) Folder() string { return filepath.Join(b.folder, "photos") }

// build makes the server's program, once for a machine: who comes while another
// package's tests build it waits for them. Its own code is not optimised, which saves
// a quarter of the work and costs the tests nothing.
func build() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "cityhall", "versitygw-"+version)
	program := filepath.Join(dir, "versitygw")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	part, err := os.MkdirTemp(dir, "part-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(part)
	cmd := exec.Command("go", "install", "-ldflags=-s -w", "-gcflags=github.com/...=-N -l", "github.com/versity/versitygw/cmd/versitygw@"+version)
	cmd.Env = append(os.Environ(), "GOBIN="+part, "GOFLAGS=")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the S3 server: %w: %s", err, said)
	}
	return program, os.Rename(filepath.Join(part, "versitygw"), program)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
