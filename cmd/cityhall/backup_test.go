package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cityhall/shared/sim/stage"
)

// cityhall runs the program and gives what it wrote; it must end as said.
func cityhall(t *testing.T, passphrase string, fine bool, args ...string) string {
	t.Helper()
	cmd := exec.Command(stage.Binary(t, "cityhall"), args...)
	cmd.Env = append(os.Environ(), "CITYHALL_PASSPHRASE="+passphrase)
	out, err := cmd.CombinedOutput()
	if (err == nil) != fine {
		t.Fatalf("cityhall %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestBackupAndRestoreOfARunningCity(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a whole demo city, and runs ten programs")
	}
	root := t.TempDir()
	h := openHall(t, "-data", root, "-addr", "127.0.0.1:0")
	if h.Console == "" {
		t.Fatalf("the demo did not start: %s", h.err)
	}
	data, backups, fresh := filepath.Join(root, "server"), filepath.Join(root, "backups"), filepath.Join(root, "fresh")
	const passphrase = "elm ash oak willow"

	if out := cityhall(t, passphrase, true, "doctor", "-data", data); !strings.Contains(out, "warn  backup: there has never been one") || strings.Contains(out, "FAIL") {
		t.Errorf("doctor before the first backup:\n%s", out)
	}
	if out := cityhall(t, "", false, "backup", "-data", data, "-to", backups); !strings.Contains(out, "CITYHALL_PASSPHRASE") {
		t.Errorf("without a passphrase: %s", out)
	}
	out := cityhall(t, passphrase, true, "backup", "-data", data, "-to", backups)
	counts := regexp.MustCompile(`\d+ changes, \d+ records, \d+ acts`)
	made := counts.FindString(out)
	if made == "" || strings.HasPrefix(made, "0 ") {
		t.Fatalf("backup: %s", out)
	}
	if out := cityhall(t, passphrase, true, "doctor", "-data", data); !strings.Contains(out, "ok    backup: 0s ago") {
		t.Errorf("doctor after a backup:\n%s", out)
	}
	cityhall(t, passphrase, true, "verify", "-data", data)
	if out := cityhall(t, "another passphrase", false, "restore", "-from", backups, "-data", fresh); !strings.Contains(out, "passphrase") {
		t.Errorf("with a wrong passphrase: %s", out)
	}
	if out := cityhall(t, passphrase, false, "restore", "-from", backups, "-data", data); !strings.Contains(out, "not empty") {
		t.Errorf("over a city: %s", out)
	}
	if out := cityhall(t, passphrase, true, "restore", "-from", backups, "-data", fresh); counts.FindString(out) != made {
		t.Errorf("backed up %s, restored:\n%s", made, out)
	}
	if out := cityhall(t, passphrase, true, "verify", "-data", fresh); !strings.Contains(out, ": 0 damaged") {
		t.Errorf("verify: %s", out)
	}
	raw, err := os.ReadFile(filepath.Join(fresh, "city.db"))
	if err != nil {
		t.Fatal(err)
	}
	if out := cityhall(t, passphrase, false, "verify", "-data", filepath.Join(root, "nothing")); !strings.Contains(out, "no city") {
		t.Errorf("verify of nothing: %s", out)
	}
	if err := os.WriteFile(filepath.Join(fresh, "city.db"), raw[:len(raw)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if out := cityhall(t, passphrase, false, "doctor", "-data", fresh); !strings.Contains(out, "FAIL") {
		t.Errorf("doctor of half a file:\n%s", out)
	}
}
