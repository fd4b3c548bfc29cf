package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// finders are functions for the page: what is visible, what can be clicked and
// bears these words, which field has this label, where an element's middle is.
const finders = `(() => {
const seen = e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0 && getComputedStyle(e).visibility !== "hidden" };
const clean = s => (s || "").replace(/\s+/g, " ").trim();
const best = (list, words, text) => list.find(e => clean(text(e)) === words) || list.find(e => clean(text(e)).includes(words));
const one = css => [...document.querySelectorAll(css)].find(seen);
const worded = words => best([...document.querySelectorAll("button, a, summary, label, option, [role=button], [role=tab], input[type=submit]")].filter(seen),
  words, e => e.innerText || e.value || e.getAttribute("aria-label"));
const labelled = words => { const l = best([...document.querySelectorAll("label")].filter(seen), words, e => e.innerText);
  return l ? l.control : best([...document.querySelectorAll("[aria-label]")].filter(seen), words, e => e.getAttribute("aria-label")) };
const middle = e => { if (!e) return null; e.scrollIntoView({block: "center", inline: "center", behavior: "instant"}); const r = e.getBoundingClientRect();
  const x = r.x + r.width / 2, y = r.y + r.height / 2, top = document.elementFromPoint(x, y);
  return {x, y, off: !!e.disabled, under: top && !e.contains(top) && !top.contains(e) && top.closest("label") !== e.closest("label") ? clean(top.outerHTML).slice(0, 120) : ""} };
const fill = e => { if (!e) return false; e.focus(); if (e.select) e.select(); return document.activeElement === e };
const choose = (e, words) => { if (!e) return false; const o = best([...e.options], words, o => o.text) || [...e.options].find(o => o.value === words);
  if (!o) return false; e.value = o.value; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); return true };
return %s })()`

// finder is an expression that uses the finders.
func finder(format string, args ...any) string {
	literals := make([]any, len(args))
	for i, arg := range args {
		literal, _ := json.Marshal(arg)
		literals[i] = string(literal)
	}
	return strings.Replace(finders, "%s", fmt.Sprintf(format, literals...), 1)
}

// spot is where a click goes.
type spot struct {
	X, Y  float64
	Off   bool   // the element is disabled
	Under string // what lies over it
}

// Click clicks the first visible element that the CSS selector names.
func (b *Browser) Click(css string) {
	b.t.Helper()
	b.clickOn(css, finder("middle(one(%s))", css))
}

// ClickText clicks the button, link or label with these words; exact ones come
// before those that contain them.
func (b *Browser) ClickText(words string) {
	b.t.Helper()
	b.clickOn(quoted(words), finder("middle(worded(%s))", words))
}

// clickOn waits until the element is there, enabled, at rest and not covered,
// and clicks its middle with a real mouse event.
func (b *Browser) clickOn(what, expression string) {
	b.t.Helper()
	var at, last *spot
	if !until(patience, func() bool {
		at, last = b.spot(expression), at
		return at != nil && !at.Off && at.Under == "" && last != nil && *at == *last
	}) {
		b.fail("%s cannot be clicked: %+v", what, at)
	}
	run(b, "click "+what, chromedp.MouseClickXY(at.X, at.Y))
}

// spot asks the page; while one page gives way to the next there is no answer.
func (b *Browser) spot(expression string) *spot {
	at, err := ask[*spot](b, expression)
	if err != nil {
		return nil
	}
	return at
}

// ask evaluates an expression that may fail, as between two pages.
func ask[T any](b *Browser, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression))
}

// holds waits until the expression is true on the page.
func (b *Browser) holds(what, expression string, timeout time.Duration) {
	b.t.Helper()
	if !until(timeout, func() bool {
		ok, err := ask[bool](b, expression)
		return err == nil && ok
	}) {
		b.fail("%s did not come in %v", what, timeout)
	}
}

// Fill replaces what stands in the field that the CSS selector names.
func (b *Browser) Fill(css, text string) {
	b.t.Helper()
	b.fill(css, finder("fill(one(%s))", css), text)
}

// FillLabel replaces what stands in the field with this label.
func (b *Browser) FillLabel(label, text string) {
	b.t.Helper()
	b.fill(quoted(label), finder("fill(labelled(%s))", label), text)
}

func (b *Browser) fill(what, expression, text string) {
	b.t.Helper()
	b.holds("the field "+what, expression, patience)
	if text == "" {
		b.Press("Delete")
		return
	}
	run(b, "write into "+what, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

// Select chooses the option with these words, or this value, in the list that
// the CSS selector names.
func (b *Browser) Select(css, option string) {
	b.t.Helper()
	b.holds("the option "+quoted(option)+" in "+css, finder("choose(one(%s), %s)", css, option), patience)
}

// Press presses a key by its DOM name, such as "Enter", "Tab" or "a".
func (b *Browser) Press(key string) {
	b.t.Helper()
	names := map[string]string{"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Delete": kb.Delete, "Backspace": kb.Backspace,
		"ArrowDown": kb.ArrowDown, "ArrowUp": kb.ArrowUp, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight, " ": " "}
	code, ok := names[key]
	if !ok {
		if len([]rune(key)) != 1 {
			b.t.Fatalf("no key is called %q", key)
		}
		code = key
	}
	run(b, "press "+key, chromedp.KeyEvent(code))
}

// WaitText waits until the words can be read on the page; runs of white space
// count as one blank.
func (b *Browser) WaitText(words string, timeout time.Duration) {
	b.t.Helper()
	b.holds("the words "+quoted(words), finder("!!document.body && clean(document.body.innerText).includes(%s)", words), timeout)
}

// WaitGoneText waits until the words can no longer be read on the page.
func (b *Browser) WaitGoneText(words string, timeout time.Duration) {
	b.t.Helper()
	b.holds("the end of the words "+quoted(words), finder("!!document.body && !clean(document.body.innerText).includes(%s)", words), timeout)
}

// WaitSelector waits until something that the CSS selector names is visible.
func (b *Browser) WaitSelector(css string, timeout time.Duration) {
	b.t.Helper()
	b.holds(css, finder("!!one(%s)", css), timeout)
}

// TextOf is what a person reads in the first visible element that the CSS
// selector names.
func (b *Browser) TextOf(css string) string {
	b.t.Helper()
	b.WaitSelector(css, patience)
	return run(b, "read "+css, chromedp.Evaluate[string](finder("one(%s).innerText", css)))
}

// Eval evaluates an expression of the page's own language into out, a pointer
// to what its JSON fits, or nil. A promise is waited for.
func (b *Browser) Eval(expression string, out any) {
	b.t.Helper()
	wrapped := "(async () => { const v = await (" + expression + "); return v === undefined ? null : v })()"
	text := run(b, "evaluate "+expression, chromedp.Evaluate[json.RawMessage](wrapped, chromedp.EvalAwaitPromise))
	if out == nil {
		return
	}
	if err := json.Unmarshal(text, out); err != nil {
		b.t.Fatalf("evaluate %s: %v", expression, err)
	}
}
