package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cityhall/shared/peripheral/child"
)

// program is one of the city's programs, running.
type program struct {
	name  string
	cmd   *exec.Cmd
	ended <-chan struct{}
	log   string // file of what it said

	listening string // of the server: its address
}

// beside gives the path of a program that was built into the same folder.
func beside(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s is missing: run \"make build\"", path)
	} else if err != nil {
		return "", err
	}
	return path, nil
}

// start runs a program whose messages go to a file in the city's folder. It ends
// with this one, whatever happens to this one.
func start(name, folder string, env []string, args ...string) (*program, error) {
	p, err := newProgram(name, folder, args...)
	if err != nil {
		return nil, err
	}
	p.cmd.Env = append(os.Environ(), env...)
	return p, p.begin()
}

func newProgram(name, folder string, args ...string) (*program, error) {
	path, err := beside(name)
	if err != nil {
		return nil, err
	}
	p := &program{name: name, cmd: exec.Command(path, args...), log: filepath.Join(folder, name+".log")}
	// A group of its own: a Ctrl-C reaches this program, which ends the others in order.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return p, nil
}

func (p *program) begin() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd.Stderr = log
	if p.cmd.Stdout == nil {
		p.cmd.Stdout = log
	}
	p.ended, err = child.Start(p.cmd, syscall.SIGTERM)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	return nil
}

// startServer starts the sync server and waits until it listens.
func startServer(d Demo) (*program, error) {
	p, err := newProgram("syncserver", d.Data, "--data", filepath.Join(d.Data, "server"), "--addr", d.Addr)
	if err != nil {
		return nil, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd.Stdout = in
	err = p.begin()
	in.Close()
	if err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		<-p.ended
		return nil, p.failure()
	}
	var said struct {
		Listening string `json:"listening"`
	}
	if err := json.Unmarshal(line, &said); err != nil || said.Listening == "" {
		p.stop()
		return nil, fmt.Errorf("the server said %q", line)
	}
	p.listening = said.Listening
	return p, nil
}

// failure says in its own last words why a program ended.
func (p *program) failure() error {
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return fmt.Errorf("%s ended: %s (more in %s)", p.name, lines[len(lines)-1], p.log)
}

// stop ends the program and waits for its end, at most five seconds.
func (p *program) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// wait returns when ctx ends, or with an error when the program does.
func (p *program) wait(ctx context.Context) error { return waitAny(ctx, p) }

// waitAny returns when ctx ends or one of the programs does: nil for a window
// that a person closed.
func waitAny(ctx context.Context, programs ...*program) error {
	over := make(chan *program)
	done := make(chan struct{})
	defer close(done)
	for _, p := range programs {
		go func() {
			select {
			case <-p.ended:
				select {
				case over <- p:
				case <-done:
				}
			case <-done:
			}
		}()
	}
	select {
	case <-ctx.Done():
		return nil
	case p := <-over:
		if p.cmd.ProcessState.Success() {
			return nil
		}
		return p.failure()
	}
}
