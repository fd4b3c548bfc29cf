package touch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"fyne.io/fyne/v2"
)

// element is a Node as the probe tells it: its place lies flat beside the rest.
type element struct {
	Role      string  `json:"role"`
	Label     string  `json:"label"`
	Text      string  `json:"text"`
	X         float32 `json:"x"`
	Y         float32 `json:"y"`
	W         float32 `json:"w"`
	H         float32 `json:"h"`
	Focused   bool    `json:"focused"`
	Disabled  bool    `json:"disabled"`
	Selected  bool    `json:"selected"`
	Offscreen bool    `json:"offscreen"`
}

// ServeProbe answers GET /tree on a Unix socket with the page's name and what
// stands on it, in window pixels, until ctx ends. A file left over at the path
// is replaced. Only the user who runs the program can connect.
func (s *Shell) ServeProbe(ctx context.Context, socket string) error {
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the probe: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("make the probe: %w", err)
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		return errors.Join(fmt.Errorf("make the probe: %w", err), listener.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /tree", s.serveTree)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the probe: %w", err)
	}
	return nil
}

// serveTree looks at the page on the screen's own goroutine.
func (s *Shell) serveTree(w http.ResponseWriter, _ *http.Request) {
	var tree struct {
		Screen   string    `json:"screen"`
		Elements []element `json:"elements"`
	}
	fyne.DoAndWait(func() {
		tree.Screen = s.PageName()
		scale := float32(1)
		if s.canvas != nil {
			scale = s.canvas.Scale()
		}
		for _, n := range Walk(s) {
			r := n.Rect
			tree.Elements = append(tree.Elements, element{n.Role, n.Label, n.Text, r.X * scale, r.Y * scale, r.W * scale, r.H * scale,
				n.Focused, n.Disabled, n.Selected, n.Offscreen})
		}
	})
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(tree) // who asked has gone
}
