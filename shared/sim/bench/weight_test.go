package bench_test

import (
	"bufio"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sqlite"
)

// What a process of its own does, and for whom.
var (
	role = flag.String("role", "", "set by the bench for the processes that it starts")
	at   = flag.String("at", "", "their folder")
	with = flag.String("with", "", "their address, or code")
)

// weigh tells what the records of a city take on the server's disk.
func weigh(t *testing.T, tb *table, s *stage, n int) {
	t.Helper()
	db := s.Store().DB()
	if tb.engine == "postgres" {
		var bytes float64
		must(t, db.QueryRow(`SELECT pg_database_size(current_database())`).Scan(&bytes))
		tb.count(fmt.Sprintf("a record on the server's disk, of %d", n), bytes/float64(n), "B", "-")
		return
	}
	tb.count(fmt.Sprintf("a record on the server's disk, of %d", n), onDisk(t, db, filepath.Join(s.data, "city.db"))/float64(n), "B", "-")
}

// onDisk is the size of a database once its write-ahead log is in it.
func onDisk(t *testing.T, db *sql.DB, path string) float64 {
	t.Helper()
	must(t, sqlite.Checkpoint(t.Context(), db))
	info, err := os.Stat(path)
	must(t, err)
	return float64(info.Size())
}

// memory is what a device and its server take of it at most while the device pulls a
// whole city: each in a process of its own, by the system's own count.
func memory(t *testing.T, tb *table) {
	n := 100_000 / *scale
	s := newStage(t, tb.engine)
	s.fill(t, n)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	addr := l.Addr().String()
	s.url = "http://" + addr
	link := s.enrolment(t, city.DeviceKiosk, "")
	s.close()
	server := child(t, "server", s.data, addr)
	stdin, err := server.StdinPipe()
	must(t, err)
	said, err := server.StdoutPipe()
	must(t, err)
	must(t, server.Start())
	lines := bufio.NewReader(said)
	if line, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(line, "serving") {
		t.Fatal(line, err)
	}
	dir := disk(t)
	device, err := child(t, "device", dir, link).Output()
	must(t, err)
	must(t, stdin.Close())
	rest, err := io.ReadAll(lines)
	must(t, err)
	must(t, server.Wait())
	tb.count(fmt.Sprintf("memory of a device that pulls %d", n), peakOf(t, device), "MiB", "64 MiB")
	tb.count(fmt.Sprintf("memory of its server meanwhile, of %d", n), peakOf(t, rest), "MiB", "-")
	info, err := os.Stat(filepath.Join(dir, "cache.db"))
	must(t, err)
	tb.count(fmt.Sprintf("a record on the device's disk, of %d", n), float64(info.Size())/float64(n), "B", "-")
}

func child(t *testing.T, role, dir, with string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^TestRole$", "-role", role, "-at", dir, "-with", with)
	cmd.Stderr = os.Stderr
	return cmd
}

// tellPeak says what this process had of memory at most. The kernel's figure for an
// ended child would be its parent's, which it began as.
func tellPeak(t *testing.T) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	must(t, err)
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmHWM:") {
			fmt.Print(line)
		}
	}
}

// peakOf reads what tellPeak said, in MiB.
func peakOf(t *testing.T, said []byte) float64 {
	t.Helper()
	var kib float64
	_, rest, _ := strings.Cut(string(said), "VmHWM:")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatalf("%q: %v", said, err)
	}
	return kib / 1024
}

// TestRole is what the processes run that the bench starts.
func TestRole(t *testing.T) {
	switch *role {
	case "server":
		s := open(t, *at, "", *with)
		fmt.Println("serving")
		io.Copy(io.Discard, os.Stdin)
		tellPeak(t)
		s.close()
	case "device":
		r, err := replica.Open(context.Background(), replica.Config{Dir: *at, Now: time.Now, Version: "bench"})
		must(t, err)
		defer r.Close()
		_, err = r.Enrol(t.Context(), *with, "Device")
		must(t, err)
		step(t, r)
		tellPeak(t)
	default:
		t.Skip("the bench starts it")
	}
}
