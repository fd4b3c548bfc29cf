package stage_test

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"cityhall/shared/sim/stage"
)

// page is a program with a probe: a scrolled button, a field and a bare window
// that feed each other as those of a real program do.
type page struct {
	mu      sync.Mutex
	tree    stage.Tree
	pressed int16
	tapped  string
}

// servePage serves the page's probe, and moves it as its window is used.
func servePage(t *testing.T, d *stage.Display) (*page, string) {
	t.Helper()
	p := &page{tree: stage.Tree{Screen: "first", Elements: []stage.Element{
		{Role: "heading", Label: "Report a problem", X: 40, Y: 20, W: 400, H: 40},
		{Role: "field", Label: "Your name", X: 40, Y: 200, W: 400, H: 60},
		{Role: "button", Label: "Report a problem", X: 40, Y: 1500, W: 400, H: 80},
	}}}
	socket := filepath.Join(t.TempDir(), "probe")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		json.NewEncoder(w).Encode(p.tree)
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	w := openWindow(t, d)
	go func() {
		for {
			event, err := w.conn.WaitForEvent()
			if event == nil && err == nil {
				return
			}
			p.happen(w, event)
		}
	}()
	return p, socket
}

func (p *page) happen(w *window, event xgb.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case xproto.ButtonPressEvent:
		p.pressed = e.EventY
	case xproto.ButtonReleaseEvent:
		if moved := float64(e.EventY - p.pressed); moved != 0 {
			for i := range p.tree.Elements {
				p.tree.Elements[i].Y += moved
			}
			return
		}
		for i := range p.tree.Elements {
			at := &p.tree.Elements[i]
			at.Focused = float64(e.EventX) >= at.X && float64(e.EventX) < at.X+at.W && float64(e.EventY) >= at.Y && float64(e.EventY) < at.Y+at.H
			if at.Focused {
				p.tapped = at.Role
			}
		}
	case xproto.KeyPressEvent:
		for i := range p.tree.Elements {
			if sym := w.sym(e); p.tree.Elements[i].Focused && sym < 0x100 {
				p.tree.Elements[i].Text += string(rune(sym))
			}
		}
	}
}

func TestProbeActsThroughTheWindow(t *testing.T) {
	stage.Need(t, "Xvfb")
	d := stage.NewDisplay(t, 480, 900)
	p, socket := servePage(t, d)
	s := stage.NewProbe(t, socket, d)
	s.WaitForScreen("first", time.Second)
	s.TypeInto("Your name", "Inés Ñandú")
	if e := s.WaitForPattern(`Ñan.ú`, time.Second); e.Role != "field" {
		t.Errorf("the name stands in %+v", e)
	}
	s.TapOn("Report a problem")
	p.mu.Lock()
	tapped, y := p.tapped, p.tree.Elements[2].Y
	p.mu.Unlock()
	if tapped != "button" || y+80 > 900 {
		t.Errorf("the tap arrived at the %q; the button lies at %.0f", tapped, y)
	}
}

func TestProbeFailureShowsTheScreen(t *testing.T) {
	stage.Need(t, "Xvfb")
	d := stage.NewDisplay(t, 480, 900)
	_, socket := servePage(t, d)
	j := &judged{TB: t}
	out := t.TempDir()
	stage.SetOut(j, out)
	s := stage.NewProbe(j, socket, d)
	failure := failureOf(t, j, func() { s.WaitFor("Receipt", 100*time.Millisecond) })
	for _, part := range []string{"Receipt", `"first"`, "Your name"} {
		if !strings.Contains(failure, part) {
			t.Errorf("the failure does not say %s: %s", part, failure)
		}
	}
	if pictures, _ := os.ReadDir(out); len(pictures) != 1 {
		t.Errorf("%d pictures of the failure were saved", len(pictures))
	}
}
