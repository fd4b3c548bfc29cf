package sabotage_test

import (
	"encoding/json"
	"errors"
	"flag"
	"go/format"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cityhall/shared/sim/sabotage"
)

var (
	every = flag.Bool("all", false, "run every patch, not only the one drawn by the commit")
	only  = flag.String("only", "", "run the patch of this name")
)

const tags = "-tags=ci,migrated_fynedo,nomsgpack"

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func patches(t *testing.T) []sabotage.Patch {
	t.Helper()
	all, err := sabotage.Read(".")
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	return all
}

// goCommand runs the go command at the root of the tree.
func goCommand(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = root(t)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Every patch fits the tree as it is, is formatted and compiles.
func TestPatchesApply(t *testing.T) {
	for _, p := range patches(t) {
		folder := t.TempDir()
		overlay, touched, err := p.Overlay(root(t), folder)
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if good, err := format.Source(raw); err != nil || string(good) != string(raw) {
				t.Errorf("%s: %s is not formatted: %v", p.Name, filepath.Base(file), err)
			}
		}
		if testing.Short() {
			continue
		}
		if out, err := goCommand(t, append([]string{"build", tags, "-overlay", overlay}, touched...)...); err != nil {
			t.Errorf("%s does not compile: %v\n%s", p.Name, err, out)
		}
	}
}

// Without the protection the test turns red, and names the invariant.
func TestRemovalsTurnRed(t *testing.T) {
	if testing.Short() && !*every && *only == "" {
		t.Skip("the long tests run one of the patches")
	}
	all := patches(t)
	chosen := all
	switch {
	case *only != "":
		chosen = slices.DeleteFunc(slices.Clone(all), func(p sabotage.Patch) bool { return p.Name != *only })
	case !*every:
		chosen = []sabotage.Patch{drawn(t, all)}
	}
	red := 0
	for _, p := range chosen {
		t.Run(p.Name, func(t *testing.T) {
			if by := turnsRed(t, p); by != "" {
				red++
				t.Logf("%q is noticed: %s", p.Removal, by)
			}
		})
	}
	line, err := json.Marshal(struct {
		Figure   string `json:"figure"`
		Removals int    `json:"removals"`
		Run      int    `json:"run"`
		Red      int    `json:"red"`
	}{"sabotage", len(all), len(chosen), red})
	if err != nil || len(chosen) == 0 {
		t.Fatal(len(chosen), err)
	}
	t.Logf("%s", line)
}

// drawn is the patch whose turn it is at this commit.
func drawn(t *testing.T, all []sabotage.Patch) sabotage.Patch {
	t.Helper()
	cmd := exec.Command("git", "rev-parse", "HEAD")
	cmd.Dir = root(t)
	commit, err := cmd.Output()
	if err != nil { // a tree without its history: the first one
		return all[0]
	}
	sum := fnv.New32a()
	sum.Write(commit)
	return all[int(sum.Sum32()%uint32(len(all)))]
}

// turnsRed runs the patch's test and gives the invariant that it named.
func turnsRed(t *testing.T, p sabotage.Patch) string {
	t.Helper()
	overlay, _, err := p.Overlay(root(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"test", tags, "-overlay", overlay, "-count=1", "-vet=off", "-ldflags=-s -w", "-timeout", "5m", "-run", "^" + p.Test + "$", p.Package, "-args"}
	out, err := goCommand(t, append(args, p.Flags...)...)
	replay := "replay: go test " + tags + " ./shared/sim/sabotage -run TestRemovalsTurnRed -only " + p.Name
	if exit := (*exec.ExitError)(nil); err == nil || !errors.As(err, &exit) {
		t.Errorf("%q is not noticed by %s %s (%v)\n%s", p.Removal, p.Package, p.Test, err, replay)
		return ""
	}
	if !strings.Contains(out, "--- FAIL: "+p.Test) {
		t.Errorf("%q fails otherwise than by its test\n%s\n%s", p.Removal, out, replay)
		return ""
	}
	for _, invariant := range p.Red {
		if strings.Contains(out, invariant+": ") {
			return invariant
		}
	}
	t.Errorf("%q is noticed, but by none of %q:\n%s\n%s", p.Removal, p.Red, out, replay)
	return ""
}
