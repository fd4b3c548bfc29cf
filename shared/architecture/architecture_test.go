package architecture_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// check reads the tree and tells where it breaks a rule.
func check(root fs.FS) ([]finding, error) {
	sources, err := readTree(root)
	if err != nil {
		return nil, err
	}
	found := checkDoc(sources)
	for _, s := range sources {
		for _, rule := range []func(*source) []finding{
			checkEdges, checkWalls, checkSize, checkNames, checkText, checkClock, checkStock, checkFormat,
		} {
			found = append(found, rule(s)...)
		}
	}
	slices.SortFunc(found, func(a, b finding) int {
		return strings.Compare(fmt.Sprintf("%s:%06d", a.path, a.line), fmt.Sprintf("%s:%06d", b.path, b.line))
	})
	return found, nil
}

func TestTheTreeKeepsItsRules(t *testing.T) {
	found, err := check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// breach is a small source that breaks one rule at one line.
type breach struct {
	rule string
	path string
	text string
	line int
}

// file is a Go file of package p that imports the paths and goes on with body.
func file(body string, imports ...string) string {
	text := "package p\n\n"
	for _, i := range imports {
		text += "import _ \"" + i + "\"\n"
	}
	return strings.TrimRight(text+body, "\n") + "\n"
}

var breaches = []breach{
	{"edge", "shared/protocol/a.go", file("", "cityhall/shared/keys"), 3},
	{"edge", "kiosk/a.go", file("", "cityhall/kiosk/view"), 3},
	{"edge", "kiosk/a.go", file("", "cityhall/fieldapp"), 3},
	{"edge", "fieldapp/view/a.go", file("", "cityhall/fieldapp", "cityhall/shared/sqlite"), 4},
	{"edge", "cmd/kiosk/a.go", file("", "cityhall/syncserver/store"), 3},
	{"edge", "cmd/cityhall/a.go", file("", "cityhall/fieldapp/view"), 3},
	{"edge", "syncserver/store/a.go", file("", "cityhall/syncserver/console"), 3},
	{"edge", "shared/sim/fleet/a.go", file("", "cityhall/shared/touch"), 3},
	{"edge", "shared/weather/a.go", file(""), 1},
	{"wall", "cmd/syncserver/a.go", file("", "cityhall/shared/sim"), 3},
	{"wall", "kiosk/a.go", file("", "fyne.io/fyne/v2/canvas"), 3},
	{"wall", "kiosk/a_test.go", file("", "fyne.io/fyne/v2/test"), 3},
	{"wall", "kiosk/view/a_test.go", file("", "fyne.io/fyne/v2/app"), 3},
	{"wall", "kiosk/view/a.go", file("", "fyne.io/fyne/v2/dialog"), 3},
	{"wall", "shared/replica/a.go", file("", "github.com/gin-gonic/gin"), 3},
	{"wall", "syncserver/store/a_test.go", file("", "github.com/mattn/go-sqlite3"), 3},
	{"wall", "syncserver/console/a.go", file("", "github.com/jackc/pgx/v5"), 3},
	{"wall", "shared/keys/a.go", file("", "testing"), 3},
	{"wall", "shared/replica/a.go", file("", "cityhall/shared/keys/cheap"), 3},
	{"pure", "shared/city/a.go", file("", "net/http"), 3},
	{"pure", "shared/city/a.go", file("", "github.com/google/uuid", "golang.org/x/text/language"), 4},
	{"size", "shared/look/a.go", file(strings.Repeat("// A line.\n", 400)), 401},
	{"size", "shared/look/a.go", file("func f() {\n" + strings.Repeat("\tprintln()\n", 60) + "}\n"), 3},
	{"size", "shared/look/doc.go", "// Package p is long.\n" + strings.Repeat("// Very.\n", 60) + "package p\n", 61},
	{"doc", "shared/look/a.go", file(""), 1},
	{"name", "shared/look/helpers/a.go", file(""), 1},
	{"machine", "shared/look/a.go", file("// See /ro" + "ot/notes.\n"), 3},
	{"machine", "README.md", "Data\nis in /wo" + "rk/data.\n", 2},
	{"unfinished", "shared/look/a.go", file("// TO" + "DO: draw it.\n"), 3},
	{"unfinished", "Makefile", "all: # FIX" + "ME\n", 1},
	{"clock", "kiosk/a.go", "package p\n\nimport \"time\"\n\nvar now = time.Now\n", 5},
	{"clock", "syncserver/a.go", "package p\n\nimport clock \"time\"\n\nvar age = clock.Since(clock.Time{})\n", 5},
	{"stock", "kiosk/view/a.go", "package p\n\nimport \"fyne.io/fyne/v2/widget\"\n\nvar b = widget.NewButton(\"Go\", nil)\n", 5},
	{"stock", "shared/touch/a.go", "package p\n\nimport \"fyne.io/fyne/v2/container\"\n\nvar b = container.NewAppTabs()\n", 5},
	{"gofmt", "shared/look/a_test.go", "package p\n\nvar  a = 1\n", 3},
}

func TestEachRuleCanFail(t *testing.T) {
	for _, b := range breaches {
		t.Run(b.rule+" "+b.path, func(t *testing.T) {
			tree := fstest.MapFS{b.path: {Data: []byte(b.text)}}
			if doc := path.Dir(b.path) + "/doc.go"; b.rule != "doc" && doc != b.path && path.Ext(b.path) == ".go" {
				tree[doc] = &fstest.MapFile{Data: []byte("// Package p is an example.\npackage p\n")}
			}
			found, err := check(tree)
			if err != nil {
				t.Fatal(err)
			}
			found = slices.DeleteFunc(found, func(f finding) bool { return f.rule == "edge" && b.rule != "edge" || f.path != b.path })
			if len(found) != 1 || found[0].rule != b.rule || found[0].line != b.line || found[0].why == "" {
				t.Errorf("found %v; want the rule %s at line %d", found, b.rule, b.line)
			}
		})
	}
}

func TestWhatIsAllowedPasses(t *testing.T) {
	doc := &fstest.MapFile{Data: []byte("// Package p is an example.\npackage p\n")}
	good := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	found, err := check(fstest.MapFS{
		"kiosk/doc.go":              doc,
		"kiosk/a.go":                good(file("", "cityhall/shared/replica")),
		"kiosk/a_test.go":           good("package p\n\nimport (\n\t\"time\"\n\n\t_ \"cityhall/shared/sim/stage\"\n\t_ \"cityhall/syncserver\"\n)\n\nvar now = time.Now()\n"),
		"kiosk/view/doc.go":         doc,
		"kiosk/view/a.go":           good("package p\n\nimport \"fyne.io/fyne/v2/widget\"\n\nvar e = widget.NewEntry()\n"),
		"cmd/kiosk/doc.go":          doc,
		"cmd/window/doc.go":         doc,
		"cmd/window/a.go":           good("package p\n\nimport (\n\t\"time\"\n\n\t_ \"fyne.io/fyne/v2/app\"\n)\n\nvar now = time.Now\n"),
		"syncserver/doc.go":         doc,
		"syncserver/a.go":           good(file("", "cityhall/syncserver/console", "github.com/gin-gonic/gin")),
		"syncserver/store/doc.go":   doc,
		"syncserver/store/a.go":     good(file("", "cityhall/syncserver/store/read", "github.com/jackc/pgx/v5/stdlib")),
		"shared/look/doc.go":        doc,
		"shared/look/icons.go":      good("// Code generated by icons. DO NOT EDIT.\n\n" + file(strings.Repeat("// A line.\n", 500))),
		"shared/look/testdata/a.go": good("this is no Go"),
		"README.md":                 good("Data is in ~/wo" + "rk/data; see https://example.org/ro" + "ot/.\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}
