package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrTools means that PostgreSQL's own programs, which make and read dumps, are
// missing or older than the server.
var ErrTools = errors.New("PostgreSQL's client programs cannot be used")

// The programs that a backup or a restore needs.
var pgTools = []string{"pg_dump", "pg_restore", "createdb", "dropdb"}

// CheckTools refuses a machine without PostgreSQL's client programs.
func CheckTools() error {
	for _, tool := range pgTools {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: %s is not on the PATH; install them, on Debian the package postgresql-client", ErrTools, tool)
		}
	}
	return nil
}

var majorVersion = regexp.MustCompile(`\) ([0-9]+)`)

// checkTools compares pg_dump with the server: an older one cannot read it.
func (s *Store) checkTools(ctx context.Context) error {
	if err := CheckTools(); err != nil {
		return err
	}
	var version int
	if err := s.db.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int / 10000`).Scan(&version); err != nil {
		return fmt.Errorf("read the version of PostgreSQL: %w", err)
	}
	cmd := exec.CommandContext(ctx, "pg_dump", "--version")
	said, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%w: pg_dump --version: %w", ErrTools, err)
	}
	if m := majorVersion.FindSubmatch(said); m != nil {
		if have, err := strconv.Atoi(string(m[1])); err == nil && have < version {
			return fmt.Errorf("%w: pg_dump is of version %d and the server of %d; install the package postgresql-client-%d", ErrTools, have, version, version)
		}
	}
	return nil
}

// pgCommand is one of the programs, with the password in its environment: everybody
// on a machine can read command lines.
func pgCommand(ctx context.Context, dsn, tool string, args ...string) (*exec.Cmd, *said, error) {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("read the address of PostgreSQL: %w", err)
	}
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if c.Password != "" {
		cmd.Env = append(cmd.Env, "PGPASSWORD="+c.Password)
	}
	var text said
	cmd.Stderr = &text
	return cmd, &text, nil
}

// pgRun runs a program on a database.
func pgRun(ctx context.Context, dsn, tool string, args ...string) error {
	return pgCall(ctx, dsn, tool, append([]string{"--no-password", "--dbname=" + withoutPassword(dsn)}, args...))
}

// pgAdmin runs a program that makes or drops a database on a server.
func pgAdmin(ctx context.Context, dsn, tool string, args ...string) error {
	return pgCall(ctx, dsn, tool, append([]string{"--no-password", "--maintenance-db=" + withoutPassword(dsn)}, args...))
}

func pgCall(ctx context.Context, dsn, tool string, args []string) error {
	cmd, text, err := pgCommand(ctx, dsn, tool, args...)
	if err != nil {
		return err
	}
	return text.wrap(ctx, tool, cmd.Run())
}

// pgToFile writes what a program gives out to a new file, and syncs it.
func pgToFile(ctx context.Context, dsn, path, tool string, args ...string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd, text, err := pgCommand(ctx, dsn, tool, append([]string{"--no-password", "--dbname=" + withoutPassword(dsn)}, args...)...)
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrTools, tool, err)
	}
	err = writeFile(path, out)
	if err != nil { // the disk is full: whoever writes need not go on
		stop()
		io.Copy(io.Discard, out)
		return errors.Join(fmt.Errorf("write the dump: %w", err), ignoreExit(cmd.Wait()))
	}
	return text.wrap(ctx, tool, cmd.Wait())
}

// ignoreExit leaves out that a program which we ended has ended.
func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// said keeps the beginning of what a program complains of.
type said struct{ bytes.Buffer }

const maxSaid = 4 << 10

func (s *said) Write(p []byte) (int, error) {
	if room := maxSaid - s.Len(); room > 0 {
		s.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// wrap gives the first complaint. The rest may quote rows, which are nobody's business.
func (s *said) wrap(ctx context.Context, tool string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, exec.ErrNotFound) {
		return CheckTools()
	}
	for line := range strings.Lines(s.String()) {
		if _, what, ok := strings.Cut(line, "error: "); ok {
			return fmt.Errorf("%s: %s", tool, strings.TrimSpace(what))
		}
	}
	return fmt.Errorf("%s: %w", tool, err)
}
