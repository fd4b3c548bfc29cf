package stage

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cityhall/shared/peripheral/child"
)

// Program says which program to start and how.
type Program struct {
	Name    string   // in messages
	Path    string   // of the executable, mostly from Binary
	Args    []string // without the program's own name
	Env     []string // KEY=value, on top of the few that every program gets
	Display *Display // nil: none, as on a server
	Home    string   // its HOME with the XDG folders in it; empty: a new temporary one
}

// Process is a program that was started. It gets none of the test's own
// environment but PATH, so that a developer's settings cannot change a test.
type Process struct {
	t       testing.TB
	name    string
	cmd     *exec.Cmd
	started time.Time
	log     lockedBuffer
	done    <-chan struct{}
}

// Start starts a program; a failed test shows the end of its log.
func Start(t testing.TB, program Program) *Process {
	t.Helper()
	home := program.Home
	if home == "" {
		home = t.TempDir()
	}
	p := &Process{t: t, name: program.Name, cmd: exec.Command(program.Path, program.Args...)}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "TMPDIR=" + os.TempDir()}
	for variable, folder := range map[string]string{"RUNTIME_DIR": "run", "CONFIG_HOME": ".config", "CACHE_HOME": ".cache", "DATA_HOME": ".local/share"} {
		folder = filepath.Join(home, folder)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatalf("make the home of %s: %v", program.Name, err)
		}
		p.cmd.Env = append(p.cmd.Env, "XDG_"+variable+"="+folder)
	}
	p.cmd.Env = append(p.cmd.Env, program.Env...)
	if program.Display != nil {
		p.cmd.Env = append(p.cmd.Env, "DISPLAY="+program.Display.Name())
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	// A group of its own, so that what it started can be ended with it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.started = time.Now()
	var err error
	if p.done, err = child.Start(p.cmd, syscall.SIGKILL); err != nil {
		t.Fatalf("start %s: %v", program.Name, err)
	}
	t.Cleanup(p.clean)
	return p
}

func (p *Process) clean() {
	if p.Running() {
		p.Stop()
	}
	syscall.Kill(-p.PID(), syscall.SIGKILL)
	if p.t.Failed() {
		p.t.Logf("the log of %s ends with:\n%s", p.name, lastLines(p.Log(), 40))
	}
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Started is when it was started.
func (p *Process) Started() time.Time { return p.started }

// Running tells whether it has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Wait waits for its end and is its exit code, or -1 when a signal ended it.
func (p *Process) Wait(timeout time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(timeout):
		p.t.Fatalf("%s has not ended in %v; its log ends with:\n%s", p.name, timeout, lastLines(p.Log(), 20))
	}
	return p.cmd.ProcessState.ExitCode()
}

// Stop asks it to end by SIGTERM, kills it when it has not after five seconds,
// and is its exit code: -1 when it had to be killed or took the signal's way.
func (p *Process) Stop() int {
	p.t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		p.t.Logf("%s did not end on SIGTERM and was killed", p.name)
		p.cmd.Process.Kill()
	}
	return p.Wait(patience)
}

// Kill ends it at once by SIGKILL, as the loss of power would, but for what the
// system has in its own memory.
func (p *Process) Kill() {
	p.t.Helper()
	p.cmd.Process.Kill()
	p.Wait(patience)
}

// Log is what it has written so far, to standard output and error.
func (p *Process) Log() string { return p.log.String() }

// WaitLog waits until its log matches the expression; it is the first match
// with its groups. A program that has ended is not waited for.
func (p *Process) WaitLog(expression string, timeout time.Duration) []string {
	p.t.Helper()
	pattern := regexp.MustCompile(expression)
	var match []string
	until(timeout, func() bool {
		running := p.Running()
		match = pattern.FindStringSubmatch(p.Log())
		return match != nil || !running
	})
	if match == nil {
		p.t.Fatalf("%s has not said %q (running: %v); its log ends with:\n%s", p.name, expression, p.Running(), lastLines(p.Log(), 30))
	}
	return match
}

// CPU is the processor time that it has used.
func (p *Process) CPU() time.Duration {
	p.t.Helper()
	if !p.Running() {
		return p.cmd.ProcessState.SystemTime() + p.cmd.ProcessState.UserTime()
	}
	stat := p.proc("stat")
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		p.t.Fatalf("the processor time of %s reads %q", p.name, stat)
	}
	return time.Duration(user+system) * 10 * time.Millisecond // Linux counts in hundredths
}

// RSS is the memory that it holds, in bytes, shared libraries included.
func (p *Process) RSS() int64 {
	p.t.Helper()
	match := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindStringSubmatch(p.proc("status"))
	if match == nil {
		p.t.Fatalf("the memory of %s cannot be read", p.name)
	}
	kilobytes, _ := strconv.ParseInt(match[1], 10, 64)
	return kilobytes << 10
}

func (p *Process) proc(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID()), name))
	if err != nil {
		p.t.Fatalf("look at %s: %v", p.name, err)
	}
	return string(text)
}

// lockedBuffer is a buffer that one may read while another writes.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// lastLines is the end of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
