package stage

import (
	"strings"
	"time"
)

// edge is the share of the window, at its top and bottom, where a scrolled
// element may hide behind a bar that stays.
const edge = 0.10

// TapOn waits for the words, found as by Find, brings the element into view by
// dragging the page, and taps its centre.
func (s *Probe) TapOn(words string) {
	s.t.Helper()
	e := s.wait("an enabled "+quoted(words), patience, func(tree Tree) (Element, bool) {
		e, ok := tree.Find(words)
		return e, ok && !e.Disabled
	})
	s.TapAt(s.still(words, e))
}

// TapAt taps the centre of an element that was just found.
func (s *Probe) TapAt(e Element) {
	s.t.Helper()
	x, y := e.centre()
	if x < 0 || y < 0 || x >= s.display.Width || y >= s.display.Height {
		s.fail("%s lies at %d,%d, outside the window", quoted(e.Label+e.Text), x, y)
	}
	s.display.Tap(x, y)
}

// TypeInto taps the field with this label, waits until it has the focus, types,
// and waits until the text stands in it.
func (s *Probe) TypeInto(field, text string) {
	s.t.Helper()
	s.TapOn(field)
	s.wait("the focus in "+quoted(field), patience, func(tree Tree) (Element, bool) {
		for _, e := range tree.Elements {
			if e.Focused && strings.Contains(e.Label, field) {
				return e, true
			}
		}
		return Element{}, false
	})
	s.display.Key("ctrl+a") // what stands there is replaced
	s.display.Type(text)
	s.wait("the text "+quoted(text)+" in "+quoted(field), patience, func(tree Tree) (Element, bool) {
		for _, e := range tree.Elements {
			if strings.Contains(e.Label, field) && strings.Contains(e.Text, text) {
				return e, true
			}
		}
		return Element{}, false
	})
}

// still brings the element into view and waits until it rests there: pages
// slide in, and a tap on a moving button misses it.
func (s *Probe) still(words string, e Element) Element {
	s.t.Helper()
	end := time.Now().Add(patience)
	for last := (Element{}); time.Now().Before(end); {
		if e.X == last.X && e.Y == last.Y && e.W == last.W && e.H == last.H {
			if s.inView(e) {
				return e
			}
			s.scrollTo(e)
		}
		last = e
		time.Sleep(60 * time.Millisecond)
		e = s.WaitFor(words, patience)
	}
	s.fail("%s cannot be brought into view: it lies at %.0f,%.0f", quoted(words), e.X, e.Y)
	return e
}

// inView tells whether the element's centre can be tapped: its whole height is
// inside the window, or it is higher than the window and its middle is inside.
func (s *Probe) inView(e Element) bool {
	_, y := e.centre()
	height := float64(s.display.Height)
	whole := e.Y >= -1 && e.Y+e.H <= height+1
	return !e.Offscreen && (whole || e.H > height && y >= 0 && y < s.display.Height)
}

// scrollTo drags the page, half a window at most, towards showing the element.
func (s *Probe) scrollTo(e Element) {
	s.t.Helper()
	x, y := e.centre()
	x = min(max(x, s.display.Width/10), s.display.Width*9/10)
	middle := s.display.Height / 2
	reach := int(float64(s.display.Height) * (0.5 - edge) * 0.9)
	distance := min(max(middle-y, -reach), reach)
	s.display.Drag(x, middle-distance/2, x, middle+distance/2)
}

// centre is the element's middle, in pixels.
func (e Element) centre() (x, y int) { return int(e.X + e.W/2), int(e.Y + e.H/2) }

// quoted puts words between quotation marks for a message.
func quoted(words string) string { return "“" + words + "”" }
