package main_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cityhall/shared/keys"
	"cityhall/shared/sim/stage"
)

var out = flag.String("out", "", "folder for the journey's pictures and summary.json; empty for a temporary one")

// journey is one run through the real programs: what happened, when, and a
// picture of every screen and page on the way.
type journey struct {
	t        *testing.T
	out      string
	began    time.Time
	steps    []step
	pictures int
}

type step struct {
	What     string   `json:"what"`
	At       int64    `json:"at_ms"`             // since the start
	Took     int64    `json:"took_ms,omitempty"` // of what was measured
	Pictures []string `json:"pictures,omitempty"`
}

func newJourney(t *testing.T) *journey {
	t.Helper()
	j := &journey{t: t, out: *out, began: time.Now()}
	if j.out == "" || t.Name() != "TestFallenTree" {
		j.out = t.TempDir()
	}
	if err := os.RemoveAll(j.out); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(j.out, 0o755); err != nil {
		t.Fatal(err)
	}
	stage.SetOut(t, j.out)
	t.Cleanup(j.save)
	return j
}

// say notes a step that has come true.
func (j *journey) say(took time.Duration, format string, args ...any) {
	s := step{What: fmt.Sprintf(format, args...), At: time.Since(j.began).Milliseconds(), Took: took.Milliseconds()}
	j.steps = append(j.steps, s)
	if took > 0 {
		fmt.Printf("%6.1f s  %s  (%.2f s)\n", float64(s.At)/1000, s.What, took.Seconds())
	} else {
		fmt.Printf("%6.1f s  %s\n", float64(s.At)/1000, s.What)
	}
}

// picture names the next picture after the step before it.
func (j *journey) picture(name string) string {
	j.pictures++
	name = fmt.Sprintf("%02d-%s.png", j.pictures, name)
	if len(j.steps) > 0 {
		last := &j.steps[len(j.steps)-1]
		last.Pictures = append(last.Pictures, name)
	}
	return filepath.Join(j.out, name)
}

func (j *journey) save() {
	raw, err := json.MarshalIndent(map[string]any{"journey": "fallen tree", "true": !j.t.Failed(), "steps": j.steps,
		"total_ms": time.Since(j.began).Milliseconds()}, "", "  ")
	if err != nil {
		j.t.Error(err)
		return
	}
	if err := os.WriteFile(filepath.Join(j.out, "summary.json"), append(raw, '\n'), 0o644); err != nil {
		j.t.Error(err)
	}
}

// window is a device: its program on a display of its own, and its own line to
// the city.
type window struct {
	*stage.Probe
	j       *journey
	name    string
	program string
	display *stage.Display
	line    *stage.Line
	args    []string
	socket  string
	process *stage.Process
}

// newWindow prepares a device that enrols with the link over its own line.
func (j *journey) newWindow(h *hall, name, program, link string, width, height int, args ...string) *window {
	j.t.Helper()
	e, err := keys.ParseEnrolment(link)
	if err != nil {
		j.t.Fatal(err)
	}
	line := stage.NewLine(j.t, strings.TrimPrefix(h.Sync, "http://"))
	e.URL = line.URL()
	folder, err := os.MkdirTemp("", "journey") // short, for the socket's sake
	if err != nil {
		j.t.Fatal(err)
	}
	j.t.Cleanup(func() { os.RemoveAll(folder) })
	w := &window{j: j, name: name, program: program, display: stage.NewDisplay(j.t, width, height), line: line,
		socket: filepath.Join(folder, "probe")}
	w.args = append([]string{"-data", filepath.Join(folder, "data"), "-enrol", e.Link(), "-probe", w.socket, "-fullscreen"}, args...)
	return w
}

// open starts the program and waits for its first screen.
func (w *window) open() time.Duration {
	w.j.t.Helper()
	os.Remove(w.socket)
	began := time.Now()
	w.process = stage.Start(w.j.t, stage.Program{Name: w.name, Path: stage.Binary(w.j.t, w.program), Args: w.args, Display: w.display})
	w.Probe = stage.NewProbe(w.j.t, w.socket, w.display)
	return time.Since(began)
}

// show takes a picture once the screen stands still.
func (w *window) show(name string) {
	w.j.t.Helper()
	w.display.WaitStill(2 * time.Second)
	w.display.SavePNG(w.j.picture(w.name + "-" + name))
}

// press touches buttons one after the other.
func (w *window) press(labels ...string) {
	w.j.t.Helper()
	for _, l := range labels {
		w.TapOn(l)
	}
}

var reference = regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]\b`)

// reference reads the reference off the receipt, as the resident does.
func (w *window) reference() string {
	w.j.t.Helper()
	for _, s := range w.Texts() {
		if m := reference.FindString(s); m != "" {
			return m
		}
	}
	w.j.t.Fatalf("no reference on the screen: %q", w.Texts())
	return ""
}

const (
	streetAddress = "212 Juniper Avenue"
	residentSays  = "A big maple came down across both lanes. Nobody is hurt."
	soon          = 10 * time.Second
	eventually    = 30 * time.Second
)

// TestFallenTree is the city's first journey, driven as people drive it: real
// windows by touch and key, the console in a real browser, and lines that are
// really cut.
func TestFallenTree(t *testing.T) {
	stage.Need(t, "Xvfb", "chromium")
	j := newJourney(t)
	data := filepath.Join(t.TempDir(), "city")
	h := openHall(t, "-addr", "127.0.0.1:0", "-data", data)
	j.say(0, "%s is open at %s", h.City, h.Sync)

	kiosk := j.newWindow(h, "kiosk", "kiosk", h.Enrol["kiosk"][0].Link, 1080, 1920, "-at", "Alder Bend Public Library")
	took := kiosk.open()
	kiosk.WaitFor("Report a problem", eventually)
	kiosk.WaitFor("The city is reachable", eventually)
	kiosk.WaitFor("Trees and parks", eventually)
	j.say(took, "the library's kiosk is enrolled and shows its first screen")
	kiosk.show("home")

	tablet := j.newWindow(h, "tablet", "fieldapp", h.Enrol["tablet"][0].Link, 1280, 800, "-pin", "2468", "-pictures", filepath.Join(data, "pictures"))
	took = tablet.open()
	j.say(took, "the tree crew's tablet shows its first screen")
	tablet.signIn()
	tablet.show("jobs")

	office := &desk{Browser: stage.NewBrowser(t, 1280, 900), j: j}
	office.Open(h.Console)
	office.SavePNG(j.picture("console-sign-in"))
	office.FillLabel("Name", h.Logins[0].Name)
	office.FillLabel("Password", h.Logins[0].Password)
	office.ClickText("Sign in")
	office.WaitText("Inbox", soon)
	j.say(0, "%s has signed in at the console", h.Logins[0].Name)
	office.SavePNG(j.picture("console-inbox"))

	kiosk.line.Cut()
	kiosk.WaitFor("No line right now", eventually)
	j.say(0, "the kiosk's line is cut, and it says so")
	kiosk.show("offline")
	kiosk.myAddress()
	j.say(0, "a resident reads what concerns %s, without a line", streetAddress)
	ref := kiosk.report()
	j.say(0, "a resident reports a fallen tree and is given %s", ref)

	kiosk.process.Kill()
	j.say(0, "the kiosk is killed")
	kiosk.open()
	kiosk.WaitFor("Report a problem", eventually)
	if kiosk.Has(residentSays) || kiosk.Has(ref) {
		t.Error("the kiosk shows the last resident's words after its start")
	}
	j.say(0, "the kiosk is started again, still without a line, and shows nothing of the last resident")
	kiosk.press("Follow a report")
	kiosk.TypeInto("Your reference", ref)
	kiosk.press("Find it")
	kiosk.WaitFor("Not with the city yet", soon)
	kiosk.WaitFor("Information as of", soon)
	j.say(0, "at this kiosk the reference finds a report that is not with the city yet")
	kiosk.show("track-pending")
	if strings.Contains(office.Text(), streetAddress) {
		t.Error("the office has the report before the line is back")
	}

	back := time.Now()
	kiosk.line.Restore()
	office.WaitText(streetAddress, eventually)
	j.say(time.Since(back), "the line is back, and the office sees the report")
	office.SavePNG(j.picture("console-new"))

	office.assign()
	tablet.WaitFor(streetAddress, eventually)
	j.say(0, "the crew's tablet has the job")
	tablet.show("new-job")
	tablet.line.Cut()
	tablet.WaitFor("Offline", eventually)
	tablet.work()
	j.say(0, "offline, the crew has started, logged outcome, materials and two photos, and finished")
	if strings.Contains(office.Text(), "finished: fixed") {
		t.Error("the office has the visit before the line is back")
	}

	back = time.Now()
	tablet.line.Restore()
	office.WaitText("Approve the work", eventually)
	j.say(time.Since(back), "the tablet's line is back, and the office sees the visit")
	office.approve()

	second := j.newWindow(h, "second", "kiosk", h.Enrol["kiosk"][1].Link, 1280, 800)
	second.open()
	second.WaitFor("Trees and parks", eventually)
	second.press("Follow a report")
	second.TypeInto("Your reference", ref)
	second.show("track")
	second.press("Next") // the keyboard leaves no room for the button; its own key does the same
	second.WaitFor("Fixed", soon)
	second.WaitFor("Tree crew", soon)
	second.WaitFor("The street is open again.", soon)
	second.WaitFor("Photo of the finished work", soon)
	j.say(0, "at the town hall's kiosk the same reference says: fixed, by the tree crew, with its photo")
	second.show("fixed")
	for _, w := range []*window{kiosk, tablet, second} {
		if code := w.process.Stop(); code != 0 {
			t.Errorf("%s ends with %d:\n%s", w.name, code, w.process.Log())
		}
	}
}
