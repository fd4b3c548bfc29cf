package crash_test

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var caddy = flag.String("caddy", "", "the program caddy, to try its example too")

// The example for Caddy, as TestBehindNginx does it. Caddy is a program of 36 MB that
// nothing else needs, so the test runs where it is given one.
func TestBehindCaddy(t *testing.T) {
	if *caddy == "" {
		t.Skip("no -caddy")
	}
	proxied(t, func(s *several) string {
		t.Helper()
		return s.proxied("Caddyfile", func(front, dir string) map[string]string {
			return map[string]string{"city.example {": "{\n\tadmin off\n}\nhttps://" + front + " {\n\ttls " + dir + "/cert.pem " + dir + "/cert.key",
				"10.0.0.11:8080 10.0.0.12:8080": strings.Join(s.addr[:2], " ")}
		}, func(config, dir string) *exec.Cmd {
			cmd := exec.Command(*caddy, "run", "--config", config, "--adapter", "caddyfile")
			cmd.Env = append(os.Environ(), "HOME="+dir)
			return cmd
		})
	})
}
