package architecture_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// finding is one place where a rule is broken.
type finding struct {
	path string
	line int
	rule string
	why  string
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.path, f.line, f.rule, f.why)
}

// source is one text file of the tree; syntax and imports are those of Go files.
type source struct {
	path      string // from the root, with slashes
	dir       string
	text      string
	test      bool // a _test.go file
	generated bool
	syntax    *ast.File
	set       *token.FileSet
	imports   []imported
}

type imported struct {
	path string
	name string // by which the file calls it
	line int
}

// textual are the kinds of files that people here write.
var textual = []string{".go", ".md", ".html", ".css", ".js", ".sql", ".sh", ".yml", ".yaml", ".conf", ".service"}

// plain are such files without an ending.
var plain = []string{"Makefile", "install-needs", "run"}

// skipped are folders with nothing of ours to read.
var skipped = []string{".git", "bin", "out", "testdata", "node_modules"}

// readTree reads every source file below the root.
func readTree(root fs.FS) ([]*source, error) {
	var sources []*source
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skipped, entry.Name()):
			return fs.SkipDir
		case entry.IsDir(), !slices.Contains(textual, path.Ext(name)) && !slices.Contains(plain, entry.Name()), strings.Contains(name, ".min."):
			return nil
		}
		s, err := readSource(root, name)
		if err != nil {
			return err
		}
		sources = append(sources, s)
		return nil
	})
	return sources, err
}

func readSource(root fs.FS, name string) (*source, error) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	s := &source{path: name, dir: path.Dir(name), text: string(text), set: token.NewFileSet()}
	if path.Ext(name) != ".go" {
		return s, nil
	}
	s.test = strings.HasSuffix(name, "_test.go")
	if s.syntax, err = parser.ParseFile(s.set, name, text, parser.ParseComments); err != nil {
		return nil, err
	}
	s.generated = ast.IsGenerated(s.syntax)
	for _, spec := range s.syntax.Imports {
		at, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		i := imported{path: at, name: path.Base(at), line: s.line(spec.Pos())}
		if spec.Name != nil {
			i.name = spec.Name.Name
		}
		s.imports = append(s.imports, i)
	}
	return s, nil
}

func (s *source) line(at token.Pos) int { return s.set.Position(at).Line }

// finding is a broken rule at a line of this file.
func (s *source) finding(line int, rule, format string, args ...any) finding {
	return finding{s.path, line, rule, fmt.Sprintf(format, args...)}
}

// uses lists where the file uses names of the imported package, such as Now of
// time.
func (s *source) uses(packagePath string, each func(name string, line int)) {
	name := ""
	for _, i := range s.imports {
		if i.path == packagePath {
			name = i.name
		}
	}
	if name == "" {
		return
	}
	ast.Inspect(s.syntax, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if of, ok := selector.X.(*ast.Ident); ok && of.Name == name && of.Obj == nil {
			each(selector.Sel.Name, s.line(selector.Pos()))
		}
		return true
	})
}

// below tells whether a package or folder is this one or lies under it.
func below(dir, top string) bool { return dir == top || strings.HasPrefix(dir, top+"/") }

// belowAny is below for several.
func belowAny(dir string, tops []string) bool {
	return slices.ContainsFunc(tops, func(top string) bool { return below(dir, top) })
}
