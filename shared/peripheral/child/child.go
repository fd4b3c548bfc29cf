package child

import (
	"os/exec"
	"runtime"
	"syscall"
)

// Start starts the command, which gets the signal should this process die. The
// channel is closed at the command's end, and only then may ProcessState and
// what it wrote be read. Start waits for it, so Wait must not be called.
func Start(cmd *exec.Cmd, signal syscall.Signal) (ended <-chan struct{}, err error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = signal
	started, end := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
			close(end)
		}
	}()
	return end, <-started
}
