package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Browser is one tab of a headless Chromium with an empty profile. An uncaught
// exception, a console.error or a refusal by the page's own security policy is
// a failure of the test, unless Allow has named it.
type Browser struct {
	t       testing.TB
	ctx     context.Context
	mu      sync.Mutex
	errors  []string
	allowed []*regexp.Regexp
}

// NewBrowser starts Chromium with a page area of this size, in CSS pixels.
func NewBrowser(t testing.TB, width, height int) *Browser {
	t.Helper()
	// A short name, for Chromium puts sockets into it, whose paths are short.
	dir, err := os.MkdirTemp("", "cityhall-web-")
	if err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	// Chromium's sandbox refuses root, and it is missing in many containers; the
	// only pages opened here are our own.
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.DisableGPU, chromedp.WindowSize(width, height),
		chromedp.UserDataDir(filepath.Join(dir, "profile")), chromedp.Env("TMPDIR="+dir), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("lang", "en-US"))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stopAllocator)
	ctx, stop := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(stop)
	b := &Browser{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	b.Resize(width, height)
	t.Cleanup(func() {
		for _, text := range b.Errors() {
			t.Errorf("the page reported: %s", text)
		}
	})
	return b
}

// hear keeps what the page complains of.
func (b *Browser) hear(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeError {
			return
		}
		var words []string
		for _, argument := range e.Args {
			words = append(words, strings.TrimSpace(string(argument.Value)+" "+argument.Description))
		}
		text = "console.error: " + strings.Join(words, " ")
	case *log.EventEntryAdded:
		if e.Entry.Level != log.EntryLevelError {
			return
		}
		text = strings.TrimSpace(fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
	default:
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.errors = append(b.errors, text)
}

// Allow names, by an expression, an error that the test expects of the page.
func (b *Browser) Allow(expression string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.allowed = append(b.allowed, regexp.MustCompile(expression))
}

// Errors are the page's complaints so far, but for the allowed ones.
func (b *Browser) Errors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errors []string
next:
	for _, text := range b.errors {
		for _, allowed := range b.allowed {
			if allowed.MatchString(text) {
				continue next
			}
		}
		errors = append(errors, text)
	}
	return errors
}

// Check ends the test now when the page has complained.
func (b *Browser) Check() {
	b.t.Helper()
	if errors := b.Errors(); len(errors) > 0 {
		b.t.Fatalf("the page reported:\n  %s", strings.Join(errors, "\n  "))
	}
}

// run does one thing in the tab, with an end to its patience.
func run[T any](b *Browser, what string, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.fail("%s: %v", what, err)
	}
	return value
}

// fail ends the test with what the page shows, and a picture.
func (b *Browser) fail(format string, args ...any) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	address, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](pageText))
	path := failurePath(b.t, time.Now().Format("150405.000")+"-page")
	if picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot()); err != nil {
		path = err.Error()
	} else if err := os.WriteFile(path, picture, 0o644); err != nil {
		path = err.Error()
	}
	b.t.Fatalf("%s\nthe page is %s and shows:\n%s\ncomplaints: %q\npicture: %s", fmt.Sprintf(format, args...), address,
		lastLines(text, 60), b.Errors(), path)
}

// pageText is what a person reads on the page.
const pageText = `document.body ? document.body.innerText : ""`

// Open goes to an address and waits until the page has loaded.
func (b *Browser) Open(url string) {
	b.t.Helper()
	run(b, "open "+url, chromedp.Navigate(url))
}

// URL is the address that the tab shows.
func (b *Browser) URL() string {
	b.t.Helper()
	return run(b, "read the address", chromedp.Location())
}

// Text is what a person reads on the page.
func (b *Browser) Text() string {
	b.t.Helper()
	return run(b, "read the page", chromedp.Evaluate[string](pageText))
}

// Resize sets the page area, in CSS pixels, as for a phone or a desk.
func (b *Browser) Resize(width, height int) {
	b.t.Helper()
	run(b, "resize the page", chromedp.EmulateViewport(int64(width), int64(height)))
}

// Dark sets what the page is told of the person's liking for dark pages.
func (b *Browser) Dark(dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	run(b, "ask for a "+scheme+" page", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}))
}

// SavePNG writes a picture of the visible part of the page; its folder is made.
func (b *Browser) SavePNG(path string) {
	b.t.Helper()
	b.save(path, run(b, "photograph the page", chromedp.CaptureScreenshot()))
}

// SaveFullPNG writes a picture of the whole page, however long.
func (b *Browser) SaveFullPNG(path string) {
	b.t.Helper()
	b.save(path, run(b, "photograph the page", chromedp.FullScreenshot(100)))
}

func (b *Browser) save(path string, picture []byte) {
	b.t.Helper()
	makeFolder(b.t, filepath.Dir(path))
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		b.t.Fatalf("save the picture of the page: %v", err)
	}
}
