package sabotage

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Patch is one removal.
type Patch struct {
	Name    string // of its file, without the ending
	Removal string
	Package string   // of the test that has to turn red, as ./a/b
	Test    string   // its name
	Flags   []string // after -args
	Red     []string // invariants, one of which it has to name
	files   []change
}

// change is what becomes of one file.
type change struct {
	path  string // from the root of the tree, with slashes
	hunks []hunk
}

// hunk is a stretch of lines before and after.
type hunk struct{ old, new []string }

// Read reads every patch of a folder, in the order of their names.
func Read(folder string) ([]Patch, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.patch"))
	if err != nil {
		return nil, err
	}
	var all []Patch
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		p, err := Parse(string(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		p.Name = strings.TrimSuffix(filepath.Base(name), ".patch")
		all = append(all, p)
	}
	return all, nil
}

// Parse reads one patch.
func Parse(text string) (Patch, error) {
	var p Patch
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if len(p.files) == 0 {
			p.header(line)
		}
		if err := p.line(line); err != nil {
			return p, err
		}
	}
	if p.Removal == "" || p.Test == "" || len(p.Red) == 0 || len(p.files) == 0 {
		return p, errors.New("a patch says Removal, Test and Red, and changes something")
	}
	return p, nil
}

func (p *Patch) header(line string) {
	name, value, _ := strings.Cut(line, ": ")
	switch name {
	case "Removal":
		p.Removal = value
	case "Red":
		p.Red = append(p.Red, value)
	case "Test":
		if words := strings.Fields(value); len(words) > 1 {
			p.Package, p.Test, p.Flags = words[0], words[1], words[2:]
		}
	}
}

func (p *Patch) line(line string) error {
	if path, ok := strings.CutPrefix(line, "+++ b/"); ok {
		p.files = append(p.files, change{path: path})
		return nil
	}
	if len(p.files) == 0 || strings.HasPrefix(line, "--- a/") {
		return nil
	}
	f := &p.files[len(p.files)-1]
	if strings.HasPrefix(line, "@@ ") {
		f.hunks = append(f.hunks, hunk{})
		return nil
	}
	if len(f.hunks) == 0 {
		return fmt.Errorf("a line outside of a hunk: %q", line)
	}
	h := &f.hunks[len(f.hunks)-1]
	mark, rest := " ", ""
	if line != "" {
		mark, rest = line[:1], line[1:]
	}
	if mark != "+" {
		h.old = append(h.old, rest)
	}
	if mark != "-" {
		h.new = append(h.new, rest)
	}
	return nil
}

// apply changes a text. Each hunk has to fit at exactly one place.
func (c change) apply(text string) (string, error) {
	lines := strings.Split(text, "\n")
	for i, h := range c.hunks {
		at := -1
		for from := 0; from+len(h.old) <= len(lines); from++ {
			if !slices.Equal(lines[from:from+len(h.old)], h.old) {
				continue
			}
			if at >= 0 {
				return "", fmt.Errorf("%s: hunk %d fits at two places", c.path, i+1)
			}
			at = from
		}
		if at < 0 {
			return "", fmt.Errorf("%s: hunk %d fits nowhere", c.path, i+1)
		}
		lines = slices.Concat(lines[:at], h.new, lines[at+len(h.old):])
	}
	return strings.Join(lines, "\n"), nil
}

// Overlay writes the patched files into folder, and the file that tells the go
// command (-overlay) to read them instead of the tree's. It gives that file and
// the packages that are touched, as ./a/b.
func (p Patch) Overlay(root, folder string) (overlay string, touched []string, err error) {
	replace := map[string]string{}
	for i, c := range p.files {
		path := filepath.Join(root, filepath.FromSlash(c.path))
		raw, err := os.ReadFile(path)
		if err != nil {
			return "", nil, err
		}
		text, err := c.apply(string(raw))
		if err != nil {
			return "", nil, err
		}
		to := filepath.Join(folder, fmt.Sprintf("%d-%s", i, filepath.Base(path)))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", nil, err
		}
		replace[path] = to
		if dir := "./" + filepath.ToSlash(filepath.Dir(filepath.FromSlash(c.path))); !slices.Contains(touched, dir) {
			touched = append(touched, dir)
		}
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", nil, err
	}
	overlay = filepath.Join(folder, "overlay.json")
	return overlay, touched, os.WriteFile(overlay, raw, 0o600)
}
