package console_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
)

func TestRequestPageTellsAll(t *testing.T) {
	f := newTown(t)
	kiosk, tablet := f.devices()
	j := f.finished(kiosk, tablet, "88 Riverside Drive")
	page := f.get("maya", "/console/requests/"+string(j.request), ok)
	contains(t, page, f.record(city.KindRequest, j.request).Text("number"), "Fallen tree or branch", "88 Riverside Drive", "behind the bus stop",
		"Se cayó un árbol grande", "&lt;script&gt;alert(1)&lt;/script&gt;", "Does it block the road?", "Yes", "How large is it?", "A whole tree",
		"To check", "5 days left", "Dana Whitlock, Tree crew", "finished: fixed", "Cut up and carried away.", "Chain oil", "1 hour 35 minutes",
		"by the device's clock", "on Tablet 3", "on Main library", "Tomás Rivera</b> gave it to Tree crew", "Bring the long saw.", "On its way from the device",
		`src="/console/photos/`+string(j.photo)+`"`, "in the console")
	lacks(t, page, "<script>alert", "<no value>", "%!")
	if strings.Count(page, "by the device's clock") != 1 {
		t.Error("only the act with a wrong clock shows the device's time")
	}

	w := f.send(http.MethodGet, "/console/photos/"+string(j.photo), f.signIn("maya"), nil)
	if w.Code != ok || w.Header().Get("Content-Type") != "image/jpeg" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") || w.Body.Len() < 500 {
		t.Errorf("photo: %d %v, %d bytes", w.Code, w.Header(), w.Body.Len())
	}
}

// TestAJobFromTheDesk does at the desk all that a request needs, by the forms.
func TestAJobFromTheDesk(t *testing.T) {
	f := newTown(t)
	kiosk, tablet := f.devices()
	r := report("tree", "88 Riverside Drive")
	kiosk.do(resident, r)
	page := "/console/requests/" + string(r.Request)
	status := func() city.Status { return city.Status(f.record(city.KindRequest, r.Request).Text("status")) }

	f.post("tomas", page, page+"/pause", moved, "reason", "The power line has to be off.")
	if status() != city.StatusWaiting {
		t.Fatalf("paused: %s", status())
	}
	contains(t, f.get("tomas", page, ok), "Paused", "The power line has to be off.")
	f.post("tomas", page, page+"/resume", moved)
	w := f.post("tomas", page, page+"/assign", moved, "crew", "trees", "priority", "urgent", "instruction", "Mind the line.")
	if status() != city.StatusAssigned || w.Header().Get("Location") != page+"?done=assign" {
		t.Fatalf("assigned: %s, to %s", status(), w.Header().Get("Location"))
	}
	contains(t, f.get("tomas", page+"?done=assign", ok), "Assigned. The crew gets it", "Urgent", "Mind the line.")
	f.post("tomas", page, page+"/priority", moved, "priority", "low")
	f.post("tomas", page, page+"/note", moved, "text", "Called the neighbor.")

	order := city.ID(f.record(city.KindWork, r.Request).Text("workorder"))
	visit := city.NewID()
	tablet.do(dana, &city.StartVisit{Visit: visit, WorkOrder: order})
	tablet.do(dana, &city.FinishVisit{Visit: visit, WorkOrder: order, Outcome: city.OutcomeFixed})
	f.post("maya", page, page+"/return", moved, "reason", "The stump is still there.")
	if status() != city.StatusAssigned {
		t.Fatalf("sent back: %s", status())
	}
	visit = city.NewID()
	tablet.do(dana, &city.StartVisit{Visit: visit, WorkOrder: order})
	photo := city.NewID()
	sha, size := f.picture(gray)
	later := city.NewID() // its bytes are still on the tablet
	tablet.do(dana, &city.AddPhoto{Photo: later, Request: r.Request, Visit: visit, Blob: strings.Repeat("ab", 32), Stage: "after", Bytes: 1000})
	tablet.do(dana, &city.AddPhoto{Photo: photo, Request: r.Request, Visit: visit, Blob: sha, Stage: "after", Bytes: size})
	tablet.do(dana, &city.FinishVisit{Visit: visit, WorkOrder: order, Outcome: city.OutcomeFixed})
	contains(t, f.get("maya", page, ok), `value="`+string(later)+`" disabled`, "(not here yet)", `value="`+string(photo)+`">`)
	contains(t, f.post("maya", page, page+"/approve", http.StatusUnprocessableEntity, "words", "The road is free again.", "photos", string(later)).Body.String(), "still on its way")
	f.post("maya", page, page+"/approve", moved, "words", "The road is free again.", "photos", string(photo))
	if status() != city.StatusClosed || string(f.record(city.KindPhoto, photo).Fields["public"]) != "true" {
		t.Fatalf("approved: %s", status())
	}
	contains(t, f.get("maya", page, ok), "Fixed", "The road is free again.", "1 photo published", "Published", "The stump is still there.", "Called the neighbor.")
	f.post("maya", page, page+"/reopen", moved, "reason", "Another branch came down.")
	if status() != city.StatusReceived {
		t.Fatalf("reopened: %s", status())
	}
	f.post("maya", page, page+"/close", moved, "outcome", "not_ours", "owner", "State highway department", "duplicate_of", "left over from another choice")
	contains(t, f.get("maya", page, ok), "Not ours", "State highway department", "Another branch came down.")
}

func TestErrorsStandBesideTheirFieldAndNothingIsLost(t *testing.T) {
	f := newTown(t)
	kiosk, _ := f.devices()
	r := report("tree", "88 Riverside Drive")
	kiosk.do(resident, r)
	page := "/console/requests/" + string(r.Request)
	long := strings.Repeat("ñ", 1001)
	for _, c := range []struct {
		action, field, words string
		in                   []string
		kept                 string
	}{
		{"assign", "crew", "Choose a crew.", []string{"instruction", "Bring <b>rope</b>", "priority", "high"}, "Bring &lt;b&gt;rope&lt;/b&gt;"},
		{"assign", "crew", "This crew is no longer there", []string{"crew", "ghosts", "priority", "high", "instruction", "keep me"}, "keep me"},
		{"assign", "priority", "Choose a priority.", []string{"crew", "trees", "priority", "panic", "instruction", "keep me"}, "keep me"},
		{"close", "outcome", "Choose how it ended.", []string{"words", "keep me"}, "keep me"},
		{"close", "words", "Say why it is not fixed", []string{"outcome", "not_fixed"}, `value="not_fixed" id="close-outcome-1" checked`},
		{"close", "words", "Shorten this to 1,000", []string{"outcome", "fixed", "words", long}, long},
		{"close", "duplicate_of", "Enter the number", []string{"outcome", "duplicate", "duplicate_of", "12"}, `value="12"`},
		{"close", "duplicate_of", "There is no request with this number", []string{"outcome", "duplicate", "duplicate_of", "0000-0000"}, `value="0000-0000"`},
		{"close", "duplicate_of", "cannot be this one", []string{"outcome", "duplicate", "duplicate_of", f.record(city.KindRequest, r.Request).Text("number")}, "duplicate"},
		{"close", "owner", "Say whose it is", []string{"outcome", "not_ours", "words", "keep me"}, "keep me"},
		{"note", "text", "Write something first.", []string{"text", "  \n "}, "note-text"},
		{"pause", "reason", "Say why.", nil, "pause-reason"},
	} {
		w := f.post("maya", page, page+"/"+c.action, wrong, c.in...)
		body := w.Body.String()
		_, at, _ := strings.Cut(body, `id="`+c.action+"-"+c.field+`-error"`)
		if before, _, _ := strings.Cut(at, "</p>"); !strings.Contains(before, c.words) {
			t.Errorf("%s: beside %s stands %q, want %q", c.action, c.field, plainText(before), c.words)
		}
		contains(t, body, c.kept)
	}
	if s := f.record(city.KindRequest, r.Request).Text("status"); s != "received" {
		t.Errorf("a refused form moved it to %s", s)
	}
	huge := f.form(f.get("maya", page, ok), page+"/note")
	huge.Set("text", strings.Repeat("x", 200_000))
	if w := f.send(http.MethodPost, page+"/note", f.signIn("maya"), huge); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of 200 kB: %d", w.Code)
	}
}

// TestPostingTwiceIsOnce sends one form twice, as a nervous hand does.
func TestPostingTwiceIsOnce(t *testing.T) {
	f := newTown(t)
	kiosk, _ := f.devices()
	r := report("tree", "88 Riverside Drive")
	kiosk.do(resident, r)
	page := "/console/requests/" + string(r.Request)
	shown := f.get("tomas", page, ok)
	for action, more := range map[string]url.Values{"note": {"text": {"Only once"}}, "assign": {"crew": {"trees"}, "priority": {"normal"}}} {
		in := f.form(shown, page+"/"+action)
		for k, v := range more {
			in[k] = v
		}
		for range 2 {
			if w := f.send(http.MethodPost, page+"/"+action, f.signIn("tomas"), in); w.Code != moved {
				t.Fatalf("%s: %d %s", action, w.Code, plainText(w.Body.String()))
			}
		}
	}
	notes, err := f.store.View(t.Context()).Children(r.Request, city.KindNote)
	orders, err2 := f.store.View(t.Context()).Children(r.Request, city.KindWorkOrder)
	if len(notes) != 1 || len(orders) != 1 || err != nil || err2 != nil {
		t.Errorf("%d notes, %d jobs, %v %v", len(notes), len(orders), err, err2)
	}
}

// TestAnOldPageDoesNotOverwrite: two people had the page open. The second one is
// sent to decide, and neither answer is lost.
func TestAnOldPageDoesNotOverwrite(t *testing.T) {
	f := newTown(t)
	kiosk, _ := f.devices()
	j := f.assigned(kiosk, "88 Riverside Drive")
	page := "/console/requests/" + string(j.request)
	in := f.form(f.get("maya", page, ok), page+"/priority")
	in.Set("priority", "low")
	f.post("tomas", page, page+"/priority", moved, "priority", "urgent")
	w := f.send(http.MethodPost, page+"/priority", f.signIn("maya"), in)
	review := w.Header().Get("Location")
	if w.Code != moved || !strings.HasPrefix(review, "/console/reviews/") {
		t.Fatalf("%d to %q", w.Code, review)
	}
	shown := f.get("maya", review, ok)
	contains(t, shown, "Nothing is lost: decide here", "Two answers about the priority", "Urgent", "Low", "Tomás Rivera", "Maya Ellison")
	contains(t, f.get("tomas", page, ok), "Somebody has to decide", "A reviewer will do it.")

	address, _, _ := strings.Cut(review, "?")
	body := f.post("maya", address, address, wrong).Body.String()
	contains(t, body, "Choose which of the two is to stand.")
	f.post("maya", address, address, moved, "workorder/"+string(j.order)+"/priority", "theirs", "words", "It can wait.")
	if p := f.record(city.KindWorkOrder, j.order).Text("priority"); p != "low" {
		t.Errorf("decided: %s", p)
	}
	contains(t, f.get("maya", address, ok), "Decided", "It can wait.")
	lacks(t, f.get("maya", address, ok), "<textarea")
	contains(t, f.get("maya", "/console/reviews?show=decided", ok), "Two answers about the priority")
	contains(t, f.get("maya", "/console/reviews", ok), "Nothing to decide")
}

// TestAStateIsDecidedWhole: the status of a request and the state of its job are
// one question with two answers.
func TestAStateIsDecidedWhole(t *testing.T) {
	f := newTown(t)
	kiosk, tablet := f.devices()
	j, review := f.conflict(kiosk, tablet, "5 Orchard Terrace")
	address := "/console/reviews/" + string(review)
	page := f.get("maya", address, ok)
	contains(t, page, "Closed", "To check", "Called off", "Done, to be checked", "State highway department", "on Tablet 3", "30 minutes of work")
	if n := strings.Count(page, `value="theirs"`); n != 1 {
		t.Fatalf("%d questions, want 1", n)
	}
	f.post("maya", address, address, moved, "request/"+string(j.request)+"/status", "theirs")
	if s, o := f.record(city.KindRequest, j.request).Text("status"), f.record(city.KindWorkOrder, j.order).Text("state"); s != "checking" || o != "done" {
		t.Errorf("decided: request %s, job %s", s, o)
	}
}

func TestReviewsOfEveryCause(t *testing.T) {
	f := newTown(t)
	kiosk, tablet := f.devices()
	// Refused: the crew finishes a job that is another crew's by now.
	j := f.assigned(kiosk, "1 Mill Lane")
	tablet.do(dana, &city.StartVisit{Visit: j.visit, WorkOrder: j.order})
	env := tablet.prepared(dana, -49*time.Hour, &city.FinishVisit{Visit: j.visit, WorkOrder: j.order, Outcome: city.OutcomeNotFixed, Reason: "No crane <today>", Minutes: 5})
	f.act(staff("ruth", "Ruth Adeyemi"), &city.AssignRequest{Request: j.request, WorkOrder: j.order, Crew: "roads", Priority: city.PriorityHigh})
	v := tablet.push(env)
	if v.Verdict != city.VerdictRefused {
		t.Fatalf("%+v", v)
	}
	list := f.get("maya", "/console/reviews", ok)
	contains(t, list, "The end of a visit could not be applied", "Not applied", "Dana Whitlock, Tree crew")
	address := "/console/reviews/" + string(v.Review)
	page := f.get("maya", address, ok)
	contains(t, page, "The job belonged to another crew by then.", "No crane &lt;today&gt;", "Outcome", "Not fixed", "by the device's clock", "Settle it")
	in := f.form(page, address)
	in.Del("side")
	if w := f.send(http.MethodPost, address, f.signIn("maya"), in); w.Code != wrong {
		t.Errorf("without its sides: %d", w.Code)
	}
	f.post("maya", address, address, moved, "words", "Called the crew.")

	// Not seen: the tablet finishes without having seen a new instruction.
	j = f.assigned(kiosk, "2 Mill Lane")
	tablet.do(dana, &city.StartVisit{Visit: j.visit, WorkOrder: j.order})
	env = tablet.prepared(dana, 0, &city.FinishVisit{Visit: j.visit, WorkOrder: j.order, Outcome: city.OutcomeFixed})
	f.act(staff("ruth", "Ruth Adeyemi"), &city.AssignRequest{Request: j.request, WorkOrder: j.order, Crew: "trees", Priority: city.PriorityHigh, Instruction: "Leave the stump."})
	v = tablet.push(env)
	if v.Verdict != city.VerdictReview {
		t.Fatalf("%+v", v)
	}
	contains(t, f.get("maya", "/console/reviews", ok), "Done without having seen a change of the instruction to the crew", "2 Mill Lane")
	reviews, err := f.store.View(t.Context()).Children(j.request, city.KindReview)
	f.must(err)
	i := slices.IndexFunc(reviews, func(r city.Record) bool { return r.Text("cause") == string(city.CauseStale) })
	page = f.get("maya", "/console/reviews/"+string(reviews[i].ID), ok)
	contains(t, page, "instruction to the crew", "Leave the stump.", "The change that was not seen", "Ruth Adeyemi")
}

// TestErasing: an administrator erases what a resident gave; nobody else is
// offered it, and the history says so without the words.
func TestErasing(t *testing.T) {
	f := newTown(t)
	kiosk, tablet := f.devices()
	j := f.finished(kiosk, tablet, "88 Riverside Drive")
	at := "/console/requests/" + string(j.request)
	lacks(t, f.get("maya", at, ok), "Erase personal data")
	contains(t, f.get("ruth", at, ok), "Erase personal data", "Guadalupe Serrano")
	contains(t, f.post("ruth", at, at+"/erase", wrong).Body.String(), "Say why.")
	f.must(f.console.SweepSticks())
	f.must(os.WriteFile(filepath.Join(f.sticks, "waits.cityhall-answer"), []byte("what a tablet may see"), 0o600))
	f.post("ruth", at, at+"/erase", moved, "reason", "Asked for by the resident")
	if left, err := os.ReadDir(f.sticks); err != nil || len(left) != 0 {
		t.Errorf("an answer that waits outlives an erasure: %v, %v", left, err)
	}
	page := f.get("ruth", at+"?done=erase", ok)
	contains(t, page, "does not come back with a backup", "erased what the resident had given", "Asked for by the resident", "88 Riverside Drive", "What it said was erased")
	lacks(t, page, "Guadalupe", "207 555 0121", "árbol", "behind the bus stop", "Erase personal data")
	lacks(t, f.get("maya", "/console/requests?tab=all&q=serrano", ok), "Riverside")
}
