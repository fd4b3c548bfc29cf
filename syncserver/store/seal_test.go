package store_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cityhall/shared/city"
)

var writesSealed = regexp.MustCompile("(?:INSERT INTO|UPDATE) (mutation|stream|device|enrolment|login|blob|held|held_for|sync_head|session|reshare|device_seal|departure|departure_blob|salvage|salvage_missing|erasure)\\s")

// loose are the columns that are under no hash.
var loose = regexp.MustCompile("SET (due = 1 WHERE|turn =|seq = \\$1, hash =)|INTO sync_head")

// TestWhoWritesASealedRowSealsIt reads the package: a statement that writes such
// a row stands in a function that seals it, or verify would call the row damaged.
func TestWhoWritesASealedRowSealsIt(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "seal.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			var table string
			seals := false
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BasicLit:
					if m := writesSealed.FindStringSubmatch(n.Value); m != nil && !loose.MatchString(n.Value) {
						table = m[1]
					}
				case *ast.Ident:
					seals = seals || n.Name == "seal" || n.Name == "rowHash"
				}
				return true
			})
			if table != "" {
				if seen++; !seals {
					t.Errorf("%s writes %s in %s without sealing the row", f.Name.Name, table, name)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("found only %d functions that write", seen)
	}
}

// TestRowsOfAnOlderServerAreSealed takes all hashes away, as if an older server
// had written the rows.
func TestRowsOfAnOlderServerAreSealed(t *testing.T) {
	h := newHall(t)
	h.fallenTree(h.enrolled(city.DeviceKiosk, city.ScopePublic))
	for _, table := range []string{"mutation", "stream", "device", "enrolment", "sync_head"} {
		h.exec(`UPDATE ` + table + ` SET row_hash = NULL`)
	}
	h.exec(`UPDATE change SET audience = NULL`)
	if len(h.findings()) == 0 {
		t.Fatal("rows without a hash pass for sound")
	}
	h.close().open()
	h.verified()
}

// TestSealsAreEqualOnBothEngines: a row's hash does not depend on the engine that
// reads it back.
func TestSealsAreEqualOnBothEngines(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		f.fallenTree(f.crewTablet().f.enrolled(city.DeviceKiosk, city.ScopePublic))
		var before, after []byte
		read := func(into *[]byte) {
			if err := f.DB().QueryRow(`SELECT row_hash FROM mutation WHERE device <> 'office' ORDER BY seq LIMIT 1`).Scan(into); err != nil {
				t.Fatal(err)
			}
		}
		read(&before)
		if _, err := f.DB().ExecContext(context.Background(), `UPDATE mutation SET row_hash = NULL`); err != nil {
			t.Fatal(err)
		}
		f.close().open()
		if read(&after); len(before) != 32 || string(before) != string(after) {
			t.Errorf("written with %x, read back as %x", before, after)
		}
	})
}
