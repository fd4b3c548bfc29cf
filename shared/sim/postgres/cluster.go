package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"cityhall/shared/peripheral/child"
)

// errAbsent says that the server's programs are not installed.
var errAbsent = errors.New("PostgreSQL's server programs are missing: run make install")

// The server has this long to make its cluster, to answer, and to end.
const patience = 60 * time.Second

// cluster is a running server.
type cluster struct {
	bin     string // folder of the programs
	dir     string // holds data and the socket; short, for a socket's path is at most 107 bytes
	server  *exec.Cmd
	account *syscall.Credential // nil: our own
	log     bytes.Buffer        // of the server; to be read only after its end
	ended   <-chan struct{}
}

// startCluster makes a cluster and starts its server.
func startCluster() (*cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	c := &cluster{}
	sweep()
	if c.dir, err = os.MkdirTemp("", fmt.Sprintf("%s%d-", prefix, os.Getpid())); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		if c.account, err = unprivileged(); err != nil {
			return nil, err
		}
		if err := os.Chown(c.dir, int(c.account.Uid), int(c.account.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(c.dir, "data")
	initdb := c.command(filepath.Join(bin, "initdb"), "--pgdata="+data, "--username=cityhall", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	if said, err := initdb.CombinedOutput(); err != nil {
		os.RemoveAll(c.dir)
		return nil, fmt.Errorf("make a cluster: %w: %s", err, said)
	}
	c.bin = bin
	if err := c.start(); err != nil {
		os.RemoveAll(c.dir)
		return nil, err
	}
	return c, c.answers()
}

func (c *cluster) start() error {
	settings := []string{"-D", filepath.Join(c.dir, "data"), "-k", c.dir, "-c", "listen_addresses=", "-c", "shared_buffers=64MB", "-c", "max_connections=200", "-c", "log_min_messages=warning"}
	if !sure.Load() {
		settings = append(settings, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	c.server = c.command(filepath.Join(c.bin, "postgres"), settings...)
	c.server.Stdout, c.server.Stderr = &c.log, &c.log
	var err error
	if c.ended, err = child.Start(c.server, syscall.SIGQUIT); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	return nil
}

// crash ends the server at once, without a checkpoint, and starts it again after
// away: it recovers as from a crash of its own.
func (c *cluster) crash(away time.Duration) error {
	c.server.Process.Signal(syscall.SIGQUIT)
	<-c.ended
	time.Sleep(away)
	if err := c.start(); err != nil {
		return err
	}
	return c.answers()
}

// command is a program of PostgreSQL under the account that may run it.
func (c *cluster) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = c.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.account}
	return cmd
}

// dsn is the address of a database, as pgx reads it.
func (c *cluster) dsn(database string) string {
	return fmt.Sprintf("host=%s user=cityhall dbname=%s sslmode=disable", c.dir, database)
}

// answers waits until the server takes connections.
func (c *cluster) answers() error {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		select {
		case <-c.ended:
			return fmt.Errorf("the server ended at once: %s", c.log.String())
		default:
		}
		err := c.run("postgres", "SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			c.stop()
			return fmt.Errorf("the server does not answer: %w: %s", err, c.log.String())
		}
	}
}

// run executes one statement in a database.
func (c *cluster) run(database, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.dsn(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// stop ends the server, connections or not, and removes the cluster.
func (c *cluster) stop() error {
	c.server.Process.Signal(syscall.SIGINT) // "fast": open transactions are rolled back
	select {
	case <-c.ended:
	case <-time.After(patience / 2):
		c.server.Process.Signal(syscall.SIGQUIT)
		<-c.ended
	}
	return os.RemoveAll(c.dir)
}

// programs is the folder of the newest installed server's programs: Debian's,
// or the one on the PATH.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errAbsent
}

// unprivileged is the account that runs the server when we are root.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(account.Uid)
		gid, _ := strconv.Atoi(account.Gid)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("root may not run PostgreSQL, and there is no user postgres or nobody to run it")
}

// prefix begins the names of our folders; the process's number follows.
const prefix = "cityhall-pg-"

// sweep removes what killed test processes left behind.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, dir := range left {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
		pid, err := strconv.Atoi(number)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			os.RemoveAll(dir)
		}
	}
}
