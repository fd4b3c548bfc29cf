package stage_test

import (
	"strings"
	"testing"
	"time"

	"cityhall/shared/sim/stage"
)

func TestProgramLifeAndDeath(t *testing.T) {
	stage.Need(t, "sh")
	shell := func(script string) *stage.Process {
		return stage.Start(t, stage.Program{Name: "shell", Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"WORD=tree"}})
	}

	asked := shell(`trap 'echo asked; exit 3' TERM; echo "ready for $WORD at $HOME"; while :; do sleep 0.05; done`)
	if match := asked.WaitLog(`ready for (\w+)`, 5*time.Second); match[1] != "tree" {
		t.Errorf("it said %q", match)
	}
	if asked.RSS() < 100<<10 || !asked.Running() {
		t.Errorf("it holds %d bytes, running %v", asked.RSS(), asked.Running())
	}
	if code := asked.Stop(); code != 3 || !strings.Contains(asked.Log(), "asked") {
		t.Errorf("it ended with %d and %q", code, asked.Log())
	}

	killed := shell(`trap '' TERM; while :; do :; done`)
	time.Sleep(300 * time.Millisecond)
	if cpu := killed.CPU(); cpu < 50*time.Millisecond {
		t.Errorf("a busy loop used %v", cpu)
	}
	killed.Kill()
	if killed.Running() || killed.Wait(time.Second) != -1 {
		t.Error("it outlived its kill")
	}
}

func TestWaitLogSaysWhatWasSaid(t *testing.T) {
	stage.Need(t, "sh")
	j := &judged{TB: t}
	p := stage.Start(j, stage.Program{Name: "shell", Path: "/bin/sh", Args: []string{"-c", "echo no such street; exit 1"}})
	failure := failureOf(t, j, func() { p.WaitLog("listening", 5*time.Second) })
	if !strings.Contains(failure, "no such street") {
		t.Errorf("the failure does not show the log: %s", failure)
	}
}
