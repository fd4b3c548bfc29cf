package load

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Process is what the server's process took, as Linux tells it.
type Process struct {
	Before      int64   `json:"memory_before"` // resident, when the run began
	Most        int64   `json:"memory_most"`
	After       int64   `json:"memory_after"`
	Descriptors int     `json:"descriptors_most"`
	Threads     int     `json:"threads_most"`
	CPU         float64 `json:"cpu_s"`
	// PerConnection is what each live connection added, of an idle run.
	PerConnection int64 `json:"memory_per_connection,omitempty"`
}

// ticksPerSecond is USER_HZ, which Linux fixes for /proc.
const ticksPerSecond = 100

// look reads a process's memory, descriptors, threads and processor time.
func look(pid int) (rss int64, descriptors, threads int, cpu float64, err error) {
	folder := filepath.Join("/proc", strconv.Itoa(pid))
	raw, err := os.ReadFile(filepath.Join(folder, "stat"))
	if err != nil {
		return 0, 0, 0, 0, fmt.Errorf("look at the server's process: %w", err)
	}
	// The name, in parentheses, may hold anything; the numbers come after it.
	rest := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	if len(rest) < 22 {
		return 0, 0, 0, 0, fmt.Errorf("look at the server's process: %q", raw)
	}
	number := func(i int) int64 { n, _ := strconv.ParseInt(rest[i], 10, 64); return n }
	all, err := os.ReadDir(filepath.Join(folder, "fd"))
	if err != nil {
		return 0, 0, 0, 0, fmt.Errorf("count the server's descriptors: %w", err)
	}
	return number(21) * int64(os.Getpagesize()), len(all), int(number(17)), float64(number(11)+number(12)) / ticksPerSecond, nil
}

// lookEvery is how often the server's process is looked at.
const lookEvery = 200 * time.Millisecond

// watch looks at the process until ctx ends, and gives what it took since.
func watch(ctx context.Context, pid int) (func() *Process, error) {
	if pid == 0 {
		return func() *Process { return nil }, nil
	}
	rss, descriptors, threads, cpu, err := look(pid)
	if err != nil {
		return nil, err
	}
	p := &Process{Before: rss, Most: rss, After: rss, Descriptors: descriptors, Threads: threads}
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(ended)
		for {
			if rss, descriptors, threads, now, err := look(pid); err == nil {
				p.After, p.CPU = rss, now-cpu
				p.Most, p.Descriptors, p.Threads = max(p.Most, rss), max(p.Descriptors, descriptors), max(p.Threads, threads)
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(lookEvery):
			}
		}
	}()
	return func() *Process { cancel(); <-ended; return p }, nil
}
