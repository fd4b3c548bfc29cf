package child_test

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cityhall/shared/sim/child"
)

// TestMain plays the parent too: with CHILD set it starts a sleeper, tells its
// number and waits to be killed.
func TestMain(m *testing.M) {
	if os.Getenv("CHILD") == "" {
		os.Exit(m.Run())
	}
	sleeper := exec.Command("sleep", "60")
	if _, err := child.Start(sleeper, syscall.SIGKILL); err != nil {
		panic(err)
	}
	os.Stdout.WriteString(strconv.Itoa(sleeper.Process.Pid) + "\n")
	time.Sleep(time.Minute)
}

func TestChildDiesWithItsParent(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "CHILD=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	parent.Process.Kill()
	parent.Wait()
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimSpace(line)
	for range 200 {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the sleeper outlived its parent")
}

func TestEndIsTold(t *testing.T) {
	cmd := exec.Command("sh", "-c", "exit 3")
	ended, err := child.Start(cmd, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	<-ended
	if code := cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("it ended with %d", code)
	}
	if _, err := child.Start(exec.Command("/nowhere/program"), syscall.SIGKILL); err == nil {
		t.Error("a program that is not there was started")
	}
}
