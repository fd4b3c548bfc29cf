package console_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sim/stage"
)

// pictures is where the pictures of the pages go; a test's own folder unless
// CITYHALL_PICTURES names another.
func pictures(t *testing.T) func(string) string {
	dir := os.Getenv("CITYHALL_PICTURES")
	if dir == "" {
		dir = t.TempDir()
	}
	return func(name string) string { return filepath.Join(dir, name+".png") }
}

// busy is a town in which much is going on.
func busy(t *testing.T) (*town, *device, *device, job, city.ID) {
	f := newTown(t)
	f.mapped()
	kiosk, tablet := f.devices()
	f.pass(-9 * 24 * time.Hour)
	for i := range 14 {
		f.pass(11 * time.Hour)
		service := []city.ID{"tree", "pothole"}[i%2]
		r := report(service, fmt.Sprintf("%d %s", 12+7*i, []string{"Elm Street", "Calle de la Constitución", "Harbor Road", "Mill Lane"}[i%4]))
		kiosk.do(resident, r)
		switch {
		case i%5 == 3:
			f.act(staff("ruth", "Ruth Adeyemi"), &city.CloseRequest{Request: r.Request, Outcome: city.OutcomeFixed, Words: "Done on the way."})
		case i%5 == 4:
			f.act(staff("ruth", "Ruth Adeyemi"), &city.PauseRequest{Request: r.Request, Reason: "The power company has to switch off the line first."})
		case i == 0 || i == 6:
			f.act(staff("ruth", "Ruth Adeyemi"), &city.AssignRequest{Request: r.Request, WorkOrder: city.NewID(), Crew: "trees", Priority: city.PriorityUrgent})
		}
	}
	f.clock.Store(time.Date(2026, time.May, 14, 14, 30, 0, 0, time.UTC).UnixMilli())
	j := f.finished(kiosk, tablet, "88 Riverside Drive")
	f.pass(4 * time.Minute)
	_, review := f.conflict(kiosk, tablet, "5 Orchard Terrace")
	hello := protocol.Hello{Version: "0.2.0", Disk: 41 << 30, Clock: f.now()}
	f.must(f.store.Greet(context.Background(), kiosk.Device, hello))
	hello.Pending, hello.Blobs, hello.Oldest, hello.Clock, hello.Disk = 3, 2, f.now().Add(-26*time.Hour), f.now().Add(-7*time.Minute), 700<<20
	f.must(f.store.Greet(context.Background(), tablet.Device, hello))
	f.pass(2 * time.Minute)
	return f, kiosk, tablet, j, review
}

// served is the address of the console, with a slash at its end.
func (f *town) served() string {
	server := httptest.NewServer(f.engine)
	f.t.Cleanup(server.Close)
	return server.URL + "/console/"
}

// enter signs in where the browser is asked to, and waits for words of what comes.
func enter(b *stage.Browser, name, password, want string) {
	b.FillLabel("Name", name)
	b.FillLabel("Password", password)
	b.Press("Enter")
	b.WaitText(want, 10*time.Second)
}

// TestPictures shows every page at three sizes and holds each to the basics: no
// sideways scrolling, everything labelled, targets large enough, readable colours.
func TestPictures(t *testing.T) {
	stage.Need(t, "chromium")
	f, _, _, j, review := busy(t)
	shot := pictures(t)
	root := f.served()
	b := stage.NewBrowser(t, 1280, 800)
	f.signIn("ruth")
	b.Open(root)
	b.SavePNG(shot("sign-in"))
	basics(t, b, "sign-in")
	enter(b, "ruth", password, "What and where")
	for _, size := range []struct {
		name string
		w, h int
		dark bool
	}{{"1280", 1280, 800, false}, {"dark", 1440, 900, true}, {"390", 390, 844, false}} {
		b.Resize(size.w, size.h)
		b.Dark(size.dark)
		for name, at := range map[string]string{"inbox": "requests", "overdue": "requests?tab=overdue", "empty": "requests?tab=all&q=nothing", "request": "requests/" + string(j.request),
			"reviews": "reviews", "review": "reviews/" + string(review), "devices": "devices", "enrol": "devices/enrol"} {
			b.Open(root + at)
			b.SaveFullPNG(shot(size.name + "-" + name))
			basics(t, b, size.name+"-"+name)
		}
	}
}

// TestMorePictures shows what only a press of a button leads to.
func TestMorePictures(t *testing.T) {
	stage.Need(t, "chromium")
	f, kiosk, tablet, j, _ := busy(t)
	shot := pictures(t)
	root := f.served()
	refused := f.assigned(kiosk, "1 Mill Lane")
	tablet.do(dana, &city.StartVisit{Visit: refused.visit, WorkOrder: refused.order})
	env := tablet.prepared(dana, -time.Hour, &city.FinishVisit{Visit: refused.visit, WorkOrder: refused.order, Outcome: city.OutcomeNotFixed, Reason: "No crane today"})
	f.act(staff("ruth", "Ruth Adeyemi"), &city.AssignRequest{Request: refused.request, WorkOrder: refused.order, Crew: "roads", Priority: city.PriorityHigh})
	v := tablet.push(env)

	b := stage.NewBrowser(t, 1280, 800)
	b.Allow("422")
	f.signIn("ruth")
	b.Open(root + "reviews/" + string(v.Review))
	enter(b, "ruth", password, "All of it")
	b.SaveFullPNG(shot("refused"))
	basics(t, b, "refused")
	b.Open(root + "requests/" + string(j.request))
	b.ClickText("Close it")
	b.ClickText("Not ours")
	b.ClickText("Close the request")
	b.WaitText("Say whose it is", 10*time.Second)
	b.SaveFullPNG(shot("errors"))
	basics(t, b, "errors")
	b.Open(root + "devices/enrol")
	b.ClickText("Tablet, for a crew")
	b.FillLabel("Name", "Tablet 9, north")
	b.ClickText("Tree crew")
	b.SaveFullPNG(shot("enrol-filled"))
	b.ClickText("Make the code")
	b.WaitText("Enrolment line", 10*time.Second)
	b.SaveFullPNG(shot("enrolment"))
	basics(t, b, "enrolment")
	b.Open(root + "devices/" + string(tablet.ID) + "/crews")
	b.SaveFullPNG(shot("crews"))
	basics(t, b, "crews")
	b.Open(root + "devices/" + string(tablet.ID) + "/revoke")
	b.SaveFullPNG(shot("revoke"))
	basics(t, b, "revoke")
	b.Allow("404")
	b.Open(root + "devices/none/revoke")
	b.SaveFullPNG(shot("nothing"))
	basics(t, b, "nothing")
}

// audit lists what is wrong with a page for somebody who cannot see it, cannot
// use a mouse or holds a phone.
const audit = `(() => {
const bad = [], seen = e => { const r = e.getBoundingClientRect(); return r.width > 1 && r.height > 1 && getComputedStyle(e).visibility !== "hidden" };
const name = e => (e.getAttribute("aria-label") || [...(e.labels || [])].map(l => l.textContent).join(" ") || e.textContent.trim() || [...e.querySelectorAll("img")].map(i => i.alt).join(" ")).trim();
if (document.documentElement.scrollWidth > innerWidth) bad.push("scrolls sideways: " + document.documentElement.scrollWidth);
if (document.querySelectorAll("h1").length !== 1) bad.push("h1: " + document.querySelectorAll("h1").length);
let level = 1;
for (const h of document.querySelectorAll("h1,h2,h3,h4")) { const n = +h.tagName[1]; if (n > level + 1) bad.push("heading jumps: " + h.textContent); level = n }
for (const e of document.querySelectorAll("a[href],button,input:not([type=hidden]),select,textarea,summary")) {
  if (!seen(e)) continue;
  if (!name(e)) bad.push("no name: " + e.outerHTML.slice(0, 120));
  if (e.tabIndex < 0 || e.tabIndex > 0) bad.push("tab order: " + e.outerHTML.slice(0, 80));
  const r = (e.closest("label") || e).getBoundingClientRect();
  if (r.height < 24 && !e.closest("p,dd,td")) bad.push("small: " + r.height + " " + e.outerHTML.slice(0, 80));
}
for (const e of document.querySelectorAll("img:not([alt]),table:not(:has(caption)),th:not([scope]),[style],script:not([src]),style")) bad.push("bare: " + e.outerHTML.slice(0, 80));
const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
for (const id of ids.filter((x, i) => ids.indexOf(x) !== i)) bad.push("id twice: " + id);
for (const e of document.querySelectorAll("[aria-describedby]")) for (const id of e.getAttribute("aria-describedby").split(" ")) if (!document.getElementById(id)) bad.push("describes nothing: " + id);
const rgb = s => { const m = s.match(/[\d.]+/g).map(Number); return s.startsWith("color(") ? [m[0] * 255, m[1] * 255, m[2] * 255, m[3] ?? 1] : [m[0], m[1], m[2], m[3] ?? 1] };
const lum = c => { const f = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 }; return .2126 * f(c[0]) + .7152 * f(c[1]) + .0722 * f(c[2]) };
const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > .9) return c } return [255, 255, 255] };
for (const e of document.querySelectorAll("body *")) {
  if (!seen(e) || e.closest(".hidden,svg,[disabled]") || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
  const a = lum(rgb(getComputedStyle(e).color)), b = lum(ground(e)), ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (ratio < 4.5) bad.push("contrast " + ratio.toFixed(2) + ": " + e.textContent.trim().slice(0, 60));
}
return bad })()`

func basics(t *testing.T, b *stage.Browser, page string) {
	t.Helper()
	var bad []string
	b.Eval(audit, &bad)
	for _, what := range bad {
		t.Errorf("%s: %s", page, what)
	}
}

// TestADayAtTheDesk drives the console as staff do: sign in, wait for what comes
// in, assign it, approve what the crew did and decide between two answers.
func TestADayAtTheDesk(t *testing.T) {
	stage.Need(t, "chromium")
	f := newTown(t)
	kiosk, tablet := f.devices()
	kiosk.do(resident, report("tree", "7 Elm Street"))
	shot := pictures(t)
	f.must(f.store.SetLogin(t.Context(), "maya", "maya", password))
	root := f.served()
	b := stage.NewBrowser(t, 1280, 800)
	b.Allow("422 .*sign-in") // a wrong password
	b.Open(root + "requests?tab=all&q=elm")
	enter(b, "maya", "not this one", "do not fit together")
	b.FillLabel("Password", password)
	b.Press("Enter")
	b.WaitText("7 Elm Street", 10*time.Second) // where the link led

	// What comes in appears by itself.
	b.Open(root)
	b.WaitSelector("tbody tr", 10*time.Second)
	r := report("tree", "88 Riverside Drive")
	kiosk.do(resident, r)
	b.WaitText("88 Riverside Drive", 3*time.Second)
	b.Press("/")
	b.Fill("#q", "riverside")
	b.Press("Enter")
	b.WaitGoneText("7 Elm Street", 10*time.Second)
	b.ClickText("Fallen tree or branch")
	b.WaitText("What to do", 10*time.Second)
	b.Select("select[name=crew]", "Tree crew")
	b.ClickText("High")
	b.Fill("#assign-instruction", "Bring the long saw. 🌳")
	b.ClickText("Assign")
	b.WaitText("Assigned. The crew gets it", 10*time.Second)

	// The crew works; the page follows.
	order := city.ID(f.record(city.KindWork, r.Request).Text("workorder"))
	visit := city.NewID()
	tablet.do(dana, &city.StartVisit{Visit: visit, WorkOrder: order})
	b.WaitText("Crew on site", 3*time.Second)
	b.ClickText("Add a note")
	b.Fill("#note-text", "Not to be lost")
	sha, size := f.picture(gray)
	tablet.do(dana, &city.AddPhoto{Photo: city.NewID(), Request: r.Request, Visit: visit, Blob: sha, Stage: "after", Caption: "Free again", Bytes: size})
	tablet.do(dana, &city.FinishVisit{Visit: visit, WorkOrder: order, Outcome: city.OutcomeFixed, Minutes: 20})
	b.WaitText("This request has just changed", 3*time.Second)
	var typed string
	b.Eval(`document.querySelector("#note-text").value`, &typed)
	if typed != "Not to be lost" {
		t.Errorf("what was typed is %q now", typed)
	}
	b.SavePNG(shot("news"))
	b.ClickText("Show what is new")
	b.WaitText("Approve the work", 10*time.Second)
	b.ClickText("After: Free again")
	b.Fill("#approve-words", "The road is free.")
	b.ClickText("Approve and close")
	b.WaitText("Approved. The request is closed", 10*time.Second)

	// Two answers.
	_, review := f.conflict(kiosk, tablet, "5 Orchard Terrace")
	b.ClickText("Reviews")
	b.WaitText("Two answers about the status", 10*time.Second)
	b.ClickText("Two answers about the status")
	b.WaitText("What came in later", 10*time.Second)
	b.Click(".side-theirs")
	b.FillLabel("Why", "The crew was there.")
	b.ClickText("Decide")
	b.WaitText("Both sides stay in the history", 10*time.Second)
	if s := f.record(city.KindReview, review).Text("state"); s != "closed" {
		t.Errorf("the review is %s", s)
	}
	b.ClickText("Sign out")
	b.WaitText("Password", 10*time.Second)
}

// TestWithoutScript reads the pages as a browser without script would: every
// form is there with a button of its own.
func TestWithoutScript(t *testing.T) {
	f := newTown(t)
	kiosk, _ := f.devices()
	r := report("tree", "7 Elm Street")
	kiosk.do(resident, r)
	for _, at := range []string{"requests", "requests/" + string(r.Request), "devices/enrol", "notices/new"} {
		page := f.get("ruth", "/console/"+at, ok)
		for i, form := range strings.Split(page, "<form")[1:] {
			form, _, _ = strings.Cut(form, "</form>")
			if !strings.Contains(form, `type="submit"`) {
				t.Errorf("%s: form %d has no button", at, i)
			}
		}
	}
}
