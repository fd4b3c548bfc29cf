package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Tree is what a window shows, as the program tells it through its probe.
type Tree struct {
	Screen   string    `json:"screen"`
	Elements []Element `json:"elements"`
}

// Element is one thing on the page: its place in window pixels, which may lie
// outside the window when it is scrolled away.
type Element struct {
	Role     string  `json:"role"`
	Label    string  `json:"label"`
	Text     string  `json:"text"`
	X        float64 `json:"x"`
	Y        float64 `json:"y"`
	W        float64 `json:"w"`
	H        float64 `json:"h"`
	Focused  bool    `json:"focused"`
	Disabled bool    `json:"disabled"`
	Selected bool    `json:"selected"`
	// Offscreen says that it is scrolled out of sight, be it inside the window.
	Offscreen bool `json:"offscreen"`
}

// pressable are the roles of what answers to a tap.
var pressable = map[string]bool{"button": true, "field": true, "checkbox": true, "radio": true, "key": true}

// Probe reads what a program shows and acts on it as a person would: what it
// knows of a button is where it is, and the tap goes through the display.
type Probe struct {
	t       testing.TB
	display *Display
	client  *http.Client
}

// NewProbe waits until the program that serves the socket answers.
func NewProbe(t testing.TB, socket string, display *Display) *Probe {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	s := &Probe{t: t, display: display, client: &http.Client{Transport: transport, Timeout: patience}}
	var err error
	if !until(patience, func() bool { _, err = s.read(); return err == nil }) {
		t.Fatalf("the probe %s does not answer: %v; picture: %s", socket, err, s.picture())
	}
	return s
}

// Tree is what the window shows now.
func (s *Probe) Tree() Tree {
	s.t.Helper()
	tree, err := s.read()
	if err != nil {
		s.t.Fatalf("read what the window shows: %v; picture: %s", err, s.picture())
	}
	return tree
}

func (s *Probe) read() (Tree, error) {
	var tree Tree
	response, err := s.client.Get("http://probe/tree")
	if err != nil {
		return tree, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return tree, fmt.Errorf("the probe answers %s", response.Status)
	}
	err = json.NewDecoder(response.Body).Decode(&tree)
	return tree, err
}

// Find looks for the words now: an element whose label or text is exactly
// these, else one that contains them. Among several, one that can be used comes
// before a disabled one, and one that answers to a tap before plain text.
func (s *Probe) Find(words string) (Element, bool) {
	s.t.Helper()
	return s.Tree().Find(words)
}

// Find is Probe.Find on a tree at hand.
func (tree Tree) Find(words string) (Element, bool) {
	best, found := -1, Element{}
	for _, e := range tree.Elements {
		score := 0
		switch {
		case e.Label == words || e.Text == words:
			score = 4
		case strings.Contains(e.Label, words) || strings.Contains(e.Text, words):
		default:
			continue
		}
		if !e.Disabled {
			score += 2
		}
		if pressable[e.Role] {
			score++
		}
		if score > best {
			best, found = score, e
		}
	}
	return found, best >= 0
}

// Has tells whether the words stand somewhere in the window now.
func (s *Probe) Has(words string) bool {
	s.t.Helper()
	_, ok := s.Find(words)
	return ok
}

// Texts is every word on the page, label and text of each element in turn.
func (s *Probe) Texts() []string {
	s.t.Helper()
	return s.Tree().Texts()
}

// Texts is Probe.Texts on a tree at hand.
func (tree Tree) Texts() []string {
	var texts []string
	for _, e := range tree.Elements {
		for _, text := range []string{e.Label, e.Text} {
			if text != "" && (len(texts) == 0 || texts[len(texts)-1] != text) {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// WaitFor waits for the words, found as by Find.
func (s *Probe) WaitFor(words string, timeout time.Duration) Element {
	s.t.Helper()
	return s.wait(fmt.Sprintf("the words %q", words), timeout, func(tree Tree) (Element, bool) { return tree.Find(words) })
}

// WaitForPattern waits for an element whose label or text matches.
func (s *Probe) WaitForPattern(expression string, timeout time.Duration) Element {
	s.t.Helper()
	pattern := regexp.MustCompile(expression)
	return s.wait(fmt.Sprintf("something like %q", expression), timeout, func(tree Tree) (Element, bool) {
		for _, e := range tree.Elements {
			if pattern.MatchString(e.Label) || pattern.MatchString(e.Text) {
				return e, true
			}
		}
		return Element{}, false
	})
}

// WaitForScreen waits until the program says that it shows this screen.
func (s *Probe) WaitForScreen(name string, timeout time.Duration) {
	s.t.Helper()
	s.wait(fmt.Sprintf("the screen %q", name), timeout, func(tree Tree) (Element, bool) { return Element{}, tree.Screen == name })
}

// WaitGone waits until the words stand nowhere in the window.
func (s *Probe) WaitGone(words string, timeout time.Duration) {
	s.t.Helper()
	s.wait(fmt.Sprintf("the end of the words %q", words), timeout, func(tree Tree) (Element, bool) {
		_, there := tree.Find(words)
		return Element{}, !there
	})
}

// wait looks at the window until it is as wanted.
func (s *Probe) wait(what string, timeout time.Duration, ok func(Tree) (Element, bool)) Element {
	s.t.Helper()
	var found Element
	if !until(timeout, func() (done bool) {
		found, done = ok(s.Tree())
		return done
	}) {
		s.fail("%s did not come in %v", what, timeout)
	}
	return found
}

// fail ends the test with what is on the screen, and a picture.
func (s *Probe) fail(format string, args ...any) {
	s.t.Helper()
	tree := s.Tree()
	s.t.Fatalf("%s\nthe screen is %q and shows:\n  %s\npicture: %s", fmt.Sprintf(format, args...), tree.Screen,
		strings.Join(tree.Texts(), "\n  "), s.picture())
}

// picture saves what the display shows and is where.
func (s *Probe) picture() string {
	path := failurePath(s.t, time.Now().Format("150405.000"))
	if err := s.display.screen.SavePNG(path); err != nil {
		return err.Error()
	}
	return path
}
