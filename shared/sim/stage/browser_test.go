package stage_test

import (
	"fmt"
	"html"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/sim/stage"
)

const form = `<!doctype html><link rel="icon" href="data:,"><title>Login</title>
<style>@media (prefers-color-scheme: dark) { body { background: #111 } }</style>
<h1>Login</h1><form method="post"><label for="n">Name</label><input id="n" name="name" value="old">
<label>Crew <select name="crew"><option value="t">Trees<option value="w">Water</select></label>
<div style="height:2000px"></div><button>Come in</button></form>
<button id="noise" onclick="console.error('a tree fell')">Make noise</button>`

func servePages(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.Method == http.MethodPost {
			fmt.Fprintf(w, `<link rel="icon" href="data:,"><h1>Hello %s of %s</h1>`, html.EscapeString(r.FormValue("name")), html.EscapeString(r.FormValue("crew")))
			return
		}
		fmt.Fprint(w, form)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestBrowserFillsAFormAndGoesOn(t *testing.T) {
	stage.Need(t, "chromium")
	server := servePages(t)
	b := stage.NewBrowser(t, 1280, 800)
	b.Open(server.URL + "/login")
	b.FillLabel("Name", "Inés Ñandú 🌳")
	b.Select("select[name=crew]", "Water")
	b.ClickText("Come in")
	b.WaitText("Hello Inés Ñandú 🌳 of w", 5*time.Second)
	b.WaitGoneText("Login", time.Second)
	if got := b.TextOf("h1"); !strings.HasPrefix(got, "Hello") || !strings.HasSuffix(b.URL(), "/login") {
		t.Errorf("%s shows %q", b.URL(), got)
	}
	b.Check()

	b.Resize(390, 844)
	b.Open(server.URL)
	b.Dark(true)
	var colour string
	b.Eval(`getComputedStyle(document.body).backgroundColor`, &colour)
	if colour != "rgb(17, 17, 17)" {
		t.Errorf("the dark page is %s", colour)
	}
	short, long := filepath.Join(t.TempDir(), "short.png"), filepath.Join(t.TempDir(), "long.png")
	b.SavePNG(short)
	b.SaveFullPNG(long)
	if w, h := size(t, short); w != 390 || h != 844 {
		t.Errorf("the phone's picture is %d×%d", w, h)
	}
	if w, h := size(t, long); w != 390 || h < 2000 {
		t.Errorf("the whole page's picture is %d×%d", w, h)
	}
}

func TestPageErrorFailsTheTest(t *testing.T) {
	stage.Need(t, "chromium")
	server := servePages(t)
	b := stage.NewBrowser(t, 800, 600)
	b.Open(server.URL)
	b.Click("#noise")
	b.Eval(`setTimeout(() => { throw new Error("and another") })`, nil)
	for end := time.Now().Add(5 * time.Second); len(b.Errors()) < 2 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	said := strings.Join(b.Errors(), "\n")
	if !strings.Contains(said, "a tree fell") || !strings.Contains(said, "and another") {
		t.Errorf("the page's complaints are %q", said)
	}
	b.Allow("a tree fell")
	b.Allow("and another")
	if left := b.Errors(); len(left) != 0 {
		t.Errorf("allowed complaints still count: %q", left)
	}
}

func size(t *testing.T, path string) (width, height int) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	config, err := png.DecodeConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	return config.Width, config.Height
}
