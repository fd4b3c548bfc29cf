package architecture_test

import (
	"go/ast"
	"go/format"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	fileLines     = 400
	functionLines = 60
	docLines      = 60
)

// checkSize bounds files and functions, so that each can be read at a sitting.
func checkSize(s *source) (found []finding) {
	if s.syntax == nil || s.test || s.generated {
		return nil
	}
	limit := fileLines
	if path.Base(s.path) == "doc.go" {
		limit = docLines
	}
	if lines := strings.Count(s.text, "\n"); lines > limit {
		found = append(found, s.finding(limit+1, "size", "the file has %d lines of at most %d: it holds more than one noun", lines, limit))
	}
	for _, declaration := range s.syntax.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if lines := s.line(function.End()) - s.line(function.Pos()) + 1; lines > functionLines {
			found = append(found, s.finding(s.line(function.Pos()), "size", "%s has %d lines of at most %d", function.Name.Name, lines, functionLines))
		}
	}
	return found
}

// checkDoc wants a package comment, in doc.go, of every package.
func checkDoc(sources []*source) (found []finding) {
	first := map[string]*source{}
	documented := map[string]bool{}
	for _, s := range sources {
		if s.syntax == nil || s.test {
			continue
		}
		if first[s.dir] == nil {
			first[s.dir] = s
		}
		documented[s.dir] = documented[s.dir] || path.Base(s.path) == "doc.go" && s.syntax.Doc != nil
	}
	for dir, s := range first {
		if !documented[dir] {
			found = append(found, s.finding(1, "doc", "package %s has no doc.go that says what it is for", dir))
		}
	}
	return found
}

// grabBags are names that say nothing of what a package is.
var grabBags = []string{"util", "utils", "common", "helper", "helpers", "models", "misc"}

// checkNames refuses folders that could hold anything.
func checkNames(s *source) []finding {
	for _, name := range strings.Split(s.dir, "/") {
		if slices.Contains(grabBags, name) {
			return []finding{s.finding(1, "name", "a folder called %s holds no one noun", name)}
		}
	}
	return nil
}

// The words are put together here so that this file does not find itself.
var (
	machinePath = regexp.MustCompile(`(^|[^\w.~-])/(` + strings.Join([]string{"work", "root", "farm"}, "|") + `)/`)
	unfinished  = regexp.MustCompile(`\b(` + strings.Join([]string{"TO" + "DO", "FIX" + "ME"}, "|") + `)\b`)
)

// checkText looks at every line of every text file.
func checkText(s *source) (found []finding) {
	number := 0
	for line := range strings.Lines(s.text) {
		number++
		if machinePath.MatchString(line) {
			found = append(found, s.finding(number, "machine", "a path of one machine means nothing on another"))
		}
		if unfinished.MatchString(line) {
			found = append(found, s.finding(number, "unfinished", "what is not built is absent; it is not announced"))
		}
	}
	return found
}

// checkClock keeps the clock in the programs: whatever is below them is told
// the time, so that tests can set it and a wrong clock changes no outcome.
func checkClock(s *source) (found []finding) {
	if s.syntax == nil || s.test || belowAny(s.dir, []string{"cmd", "shared/sim"}) {
		return nil
	}
	s.uses("time", func(name string, line int) {
		if name == "Now" || name == "Since" || name == "Until" {
			found = append(found, s.finding(line, "clock", "time.%s reads the machine's clock: take Now func() time.Time", name))
		}
	})
	return found
}

// The parts of Fyne's own widgets that the kit is made of; all else has the
// looks of a developer's tool.
var (
	stockAllowed  = regexp.MustCompile(`^(BaseWidget|DisableableWidget|NewSimpleRenderer|Entry|New(MultiLine|Password)?Entry|List|NewList|ListItemID|(New)?RichText\w*|\w+Segment)$`)
	stockRefused  = regexp.MustCompile(`AppTabs|DocTabs|Split|InnerWindow|MultipleWindows|Navigation`)
	fyneWidget    = "fyne.io/fyne/v2/widget"
	fyneContainer = "fyne.io/fyne/v2/container"
)

// checkStock keeps stock widgets out of what ships.
func checkStock(s *source) (found []finding) {
	if s.syntax == nil || s.test {
		return nil
	}
	s.uses(fyneWidget, func(name string, line int) {
		if !stockAllowed.MatchString(name) {
			found = append(found, s.finding(line, "stock", "widget.%s is stock: screens are built of shared/touch", name))
		}
	})
	s.uses(fyneContainer, func(name string, line int) {
		if stockRefused.MatchString(name) {
			found = append(found, s.finding(line, "stock", "container.%s is stock: screens are built of shared/touch", name))
		}
	})
	return found
}

// checkFormat is gofmt.
func checkFormat(s *source) []finding {
	if s.syntax == nil {
		return nil
	}
	formatted, err := format.Source([]byte(s.text))
	if err != nil {
		return []finding{s.finding(1, "gofmt", "%v", err)}
	}
	if string(formatted) == s.text {
		return nil
	}
	have, want := strings.Split(s.text, "\n"), strings.Split(string(formatted), "\n")
	line := 0
	for line < len(have) && line < len(want) && have[line] == want[line] {
		line++
	}
	return []finding{s.finding(line+1, "gofmt", "run gofmt -w")}
}
