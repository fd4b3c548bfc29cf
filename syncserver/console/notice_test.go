package console_test

import (
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

// hydrants is a notice of the parks department, for the day of the fixture and after.
func hydrants(id city.ID) *city.SetNotice {
	return &city.SetNotice{ID: id, Notice: city.Notice{Title: text("Hydrants are flushed", "Limpieza de hidrantes"), Words: text("The water may be brown.", "El agua puede salir turbia."),
		Department: "parks", Districts: []city.ID{"old-town"}, From: "2026-05-13", Until: "2026-05-22"}}
}

// noticed is a form of a notice as somebody fills it in, with what is otherwise.
func noticed(otherwise url.Values) url.Values {
	in := url.Values{"title-en": {"Hydrants are flushed"}, "words-en": {"The water may be brown.\r\nIt is safe."}, "title-es": {""}, "words-es": {""},
		"department": {"parks"}, "from": {"2026-05-18"}, "until": {"2026-05-22"}}
	maps.Copy(in, otherwise)
	return in
}

// fill posts a form of a page with values, and gives what was sent with the answer.
func (f *town) fill(who city.ID, page, action string, status int, values url.Values) (*httptest.ResponseRecorder, url.Values) {
	f.t.Helper()
	in := f.form(f.get(who, page, ok), action)
	maps.Copy(in, values)
	return f.again(who, action, status, in), in
}

// again sends a form as it is.
func (f *town) again(who city.ID, action string, status int, in url.Values) *httptest.ResponseRecorder {
	f.t.Helper()
	w := f.send(http.MethodPost, action, f.signIn(who), in)
	if w.Code != status {
		f.t.Fatalf("POST %s as %s: %d, want %d\n%s", action, who, w.Code, status, plainText(w.Body.String()))
	}
	return w
}

func (f *town) theNotice(id city.ID) city.Notice {
	f.t.Helper()
	var n city.Notice
	f.must(f.record(city.KindNotice, id).Into(&n))
	return n
}

const writing = "/console/notices/new"

// published is the address of a notice that the answer leads to, and its id.
func published(w *httptest.ResponseRecorder) (at string, id city.ID) {
	at, _, _ = strings.Cut(w.Header().Get("Location"), "?")
	return at, city.ID(strings.TrimPrefix(at, "/console/notices/"))
}

// TestANoticeFromTheDesk writes one, finds it in the list, changes it, takes it back
// and publishes it again; a resident is told accordingly.
func TestANoticeFromTheDesk(t *testing.T) {
	f := newTown(t)
	contains(t, f.get("maya", "/console/notices", ok), "No notices yet", "Write a notice", `href="`+writing+`"`)
	told := func(id, district city.ID) bool { return f.theNotice(id).Concerns(district, f.now()) }

	w, _ := f.fill("maya", writing, writing, moved, noticed(url.Values{"title-es": {"Limpieza de hidrantes"}, "districts": {"old-town", "north", "old-town"}}))
	at, id := published(w)
	n := f.theNotice(id)
	if n.Words["en"] != "The water may be brown.\nIt is safe." || n.Title["es"] != "Limpieza de hidrantes" || len(n.Words) != 1 || len(n.Districts) != 2 || n.Department != "parks" || !told(id, "north") {
		t.Fatalf("published %+v", n)
	}
	page := f.get("maya", w.Header().Get("Location"), ok)
	contains(t, page, "Saved. Kiosks have it", "From Mon, May 18 on", "Old Town, Northside · Parks", "Last change: Maya Ellison", "Monday, May 18, to Friday, May 22",
		"Del lunes 18 de mayo al viernes 22 de mayo", `value="2026-05-18"`, `value="old-town" id="notice-districts-1" checked`, "Take back")
	list := f.get("tomas", "/console/notices", ok)
	contains(t, list, `href="`+at+`"`, "Hydrants are flushed", "From Mon, May 18 on", `title="Friday, May 22, 2026"`, "Old Town, Northside", "Parks")
	lacks(t, list, "Write a notice")

	f.fill("maya", at, at, moved, noticed(url.Values{"from": {"2026-05-14"}, "until": {"2026-05-14"}, "districts": nil}))
	contains(t, f.get("maya", at, ok), "Shown now", "Whole city", "Thursday, May 14</p>", "Who reads Español sees the English words.")
	if n := f.theNotice(id); n.Title["es"] != "" || len(n.Districts) != 0 || !told(id, "") {
		t.Errorf("changed to %+v", n)
	}

	f.fill("ruth", at, at+"/withdraw", moved, nil)
	page = f.get("maya", at+"?done=back", ok)
	contains(t, page, "Taken back. Kiosks stop showing it", "Publish again", "Last change: Ruth Adeyemi")
	lacks(t, page, at+"/withdraw")
	contains(t, f.get("tomas", "/console/notices", ok), "Taken back")
	if told(id, "") {
		t.Error("residents are told what was taken back")
	}
	f.fill("maya", at, at, moved, noticed(nil))
	if n := f.theNotice(id); n.Withdrawn || !told(id, "") {
		t.Errorf("published again: %+v", n)
	}
}

// TestWhoMayTell: everybody reads; reviewers and administrators of the department write.
func TestWhoMayTell(t *testing.T) {
	f := newTown(t)
	f.act(system, hydrants("hydrants"))
	at := "/console/notices/hydrants"
	for who, may := range map[city.ID]bool{"maya": true, "ruth": true, "tomas": false, "otto": false} {
		page := f.get(who, at, ok)
		contains(t, page, "Hydrants are flushed", "El agua puede salir turbia.")
		if got := strings.Contains(page, `action="`+at); got != may {
			t.Errorf("%s is offered to change it: %v", who, got)
		}
	}
	lacks(t, f.get("maya", writing, ok), `value="streets"`)
	contains(t, f.get("ruth", writing, ok), `value="streets"`, `value="parks"`)
	// A department that is not theirs is refused, also when it is typed into the form.
	w, _ := f.fill("maya", writing, writing, wrong, noticed(url.Values{"department": {"streets"}}))
	contains(t, w.Body.String(), "Choose one of these departments.", "It is safe.")
	w, _ = f.fill("maya", at, at, wrong, noticed(url.Values{"department": {"streets"}}))
	contains(t, w.Body.String(), "Choose one of these departments.")
	if n := f.theNotice("hydrants"); n.Department != "parks" || n.From != "2026-05-13" {
		t.Errorf("it became %+v", n)
	}
}

// TestWhatIsWrongWithANoticeStandsBesideIt: all of it at once, and nothing is lost.
func TestWhatIsWrongWithANoticeStandsBesideIt(t *testing.T) {
	f := newTown(t)
	beside := func(page, field string) string {
		_, at, _ := strings.Cut(page, `id="notice-`+field+`-error"`)
		words, _, _ := strings.Cut(at, "</p>")
		return words
	}
	for _, c := range []struct {
		in    url.Values
		wrong map[string]string // by field
	}{
		{url.Values{"title-en": {"  "}, "title-es": {"keep me"}}, map[string]string{"title-en": "Write a title in English."}},
		{url.Values{"words-en": {""}, "words-es": {"keep me"}}, map[string]string{"words-en": "Write in English what residents should know."}},
		{url.Values{"title-es": {strings.Repeat("ñ", 121)}, "words-es": {"keep me"}}, map[string]string{"title-es": "Shorten this to 120 characters."}},
		{url.Values{"words-en": {strings.Repeat("ñ", 2001)}, "words-es": {strings.Repeat("n", 2001)}, "title-es": {"keep me"}},
			map[string]string{"words-en": "Shorten this to 2,000 characters.", "words-es": "Shorten this to 2,000"}},
		{url.Values{"from": {"5/18/2026"}, "title-es": {"keep me"}}, map[string]string{"from": "Choose the first day."}},
		{url.Values{"until": {""}, "title-es": {"keep me"}}, map[string]string{"until": "Choose a last day."}},
		{url.Values{"until": {"2026-05-17"}, "title-es": {"keep me"}}, map[string]string{"until": "cannot be before the first"}},
		{url.Values{"until": {"2029-05-17"}, "title-es": {"keep me"}}, map[string]string{"until": "more than two years"}},
		{url.Values{"districts": {"north", "moon"}, "title-es": {"keep me"}}, map[string]string{"districts": "One of these districts is no longer there."}},
		{url.Values{"department": {""}, "title-es": {"keep me"}}, map[string]string{"department": "Choose the department"}},
		{url.Values{"title-en": {""}, "words-en": {""}, "department": {""}, "from": {""}, "until": {"x"}, "words-es": {"keep me"}}, map[string]string{
			"title-en": "Write a title", "words-en": "Write in English", "department": "Choose the department", "from": "Choose the first day.", "until": "Choose a last day."}},
	} {
		w, _ := f.fill("ruth", writing, writing, wrong, noticed(c.in))
		page := w.Body.String()
		contains(t, page, "keep me")
		for field, words := range c.wrong {
			if got := beside(page, field); !strings.Contains(got, words) {
				t.Errorf("%v: beside %s stands %q, want %q", c.wrong, field, plainText(got), words)
			}
		}
		if n := strings.Count(page, `class="wrong"`); n != len(c.wrong) {
			t.Errorf("%v: %d errors are shown", c.wrong, n)
		}
	}
	contains(t, f.get("ruth", "/console/notices", ok), "No notices yet")
}

// TestANoticeIsWrittenOnce: the same form twice makes one, and what was changed in a
// form that had been sent already is not lost.
func TestANoticeIsWrittenOnce(t *testing.T) {
	f := newTown(t)
	w, in := f.fill("maya", writing, writing, moved, noticed(nil))
	at, id := published(w)
	if again, _ := published(f.again("maya", writing, moved, in)); again != at {
		t.Errorf("the second time leads to %s, the first to %s", again, at)
	}
	if n := strings.Count(f.get("maya", "/console/notices", ok), `<tr id="row-`); n != 1 {
		t.Errorf("%d notices", n)
	}
	in.Set("words-en", "The water may be brown\tfor an hour.")
	page := f.again("maya", writing, wrong, in).Body.String()
	contains(t, page, "This form had been saved before", "for an hour.")
	if w := f.theNotice(id).Words["en"]; w != "The water may be brown.\nIt is safe." {
		t.Errorf("it says %q before it is saved", w)
	}
	in2 := f.form(page, at)
	maps.Copy(in2, noticed(url.Values{"words-en": in["words-en"]}))
	for range 2 {
		if again, _ := published(f.again("maya", at, moved, in2)); again != at {
			t.Errorf("saved, it leads to %s", again)
		}
	}
	if w := f.theNotice(id).Words["en"]; w != "The water may be brown for an hour." {
		t.Errorf("it says %q", w)
	}
}

// TestTwoEditANotice: the second one is sent to decide between two whole editions.
func TestTwoEditANotice(t *testing.T) {
	for _, side := range []string{"ours", "theirs"} {
		f := newTown(t)
		f.act(system, hydrants("hydrants"))
		at := "/console/notices/hydrants"
		mayas := f.form(f.get("maya", at, ok), at)
		maps.Copy(mayas, noticed(url.Values{"from": {"2026-05-13"}, "words-en": {"On Friday."}, "districts": {"north"}}))
		f.fill("ruth", at, at, moved, noticed(url.Values{"from": {"2026-05-13"}, "words-en": {"On Monday."}, "until": {"2026-06-30"}, "districts": {"old-town"}}))
		w := f.again("maya", at, moved, mayas)
		review, _, _ := strings.Cut(w.Header().Get("Location"), "?")
		if !strings.HasPrefix(review, "/console/reviews/") {
			t.Fatalf("leads to %s", review)
		}
		if n := f.theNotice("hydrants"); n.Words["en"] != "On Monday." || n.Until != "2026-06-30" {
			t.Fatalf("overwritten: %+v", n)
		}
		page := f.get("maya", review, ok)
		contains(t, page, "Two answers about the words of the notice", "English: On Monday.", "English: On Friday.", "Northside", "Old Town", "Tue, Jun 30", "Fri, May 22",
			"Ruth Adeyemi", "wrote the notice", `href="`+at+`">The notice`)
		if n := strings.Count(page, `value="theirs"`); n != 1 {
			t.Errorf("%d questions for two editions, want 1", n)
		}
		f.fill("maya", review, review, moved, url.Values{"notice/hydrants/words": {side}})
		want := map[string]string{"ours": "On Monday. 2026-06-30 [old-town]", "theirs": "On Friday. 2026-05-22 [north]"}[side]
		if n := f.theNotice("hydrants"); fmt.Sprint(n.Words["en"], " ", n.Until, " ", n.Districts) != want {
			t.Errorf("decided for %s: %+v", side, n)
		}
	}
}

// TestDaysOfANoticeAreOneQuestion: two editions that differ in days and title, and in
// no words, are not mixed either.
func TestDaysOfANoticeAreOneQuestion(t *testing.T) {
	f := newTown(t)
	f.act(system, hydrants("hydrants"))
	at := "/console/notices/hydrants"
	mayas := f.form(f.get("maya", at, ok), at)
	maps.Copy(mayas, noticed(url.Values{"title-en": {"Hydrants again"}, "until": {"2026-05-29"}}))
	f.fill("ruth", at, at, moved, noticed(url.Values{"title-en": {"Hydrants"}, "until": {"2026-06-30"}}))
	review, _, _ := strings.Cut(f.again("maya", at, moved, mayas).Header().Get("Location"), "?")
	if n := strings.Count(f.get("maya", review, ok), `value="theirs"`); n != 1 {
		t.Errorf("%d questions, want 1", n)
	}
}

// TestTakingBackBesideAnEdit: what was taken back meanwhile is not shown again in silence.
func TestTakingBackBesideAnEdit(t *testing.T) {
	f := newTown(t)
	f.act(system, hydrants("hydrants"))
	at := "/console/notices/hydrants"
	mayas := f.form(f.get("maya", at, ok), at)
	maps.Copy(mayas, noticed(nil))
	f.fill("ruth", at, at+"/withdraw", moved, nil)
	w := f.again("maya", at, moved, mayas)
	if to := w.Header().Get("Location"); !strings.HasPrefix(to, "/console/reviews/") || !f.theNotice("hydrants").Withdrawn {
		t.Errorf("leads to %s, %+v", to, f.theNotice("hydrants"))
	}
}

var parts = regexp.MustCompile(`id="part-(\w+)"|<tr id="row-([a-z0-9-]+)"`)

// TestNoticesInTheirOrder: shown, coming, and past with the newest first, at most 200
// of them, which the page says.
func TestNoticesInTheirOrder(t *testing.T) {
	f := newTown(t)
	var dated []store.Dated
	add := func(id, from, until string, withdrawn bool) {
		a := hydrants(city.ID(id))
		a.Notice.From, a.Notice.Until, a.Notice.Withdrawn = from, until, withdrawn
		dated = append(dated, store.Dated{ID: city.NewMutationID(), At: f.now(), Act: a})
	}
	add("last-day", "2026-05-01", "2026-05-14", false)
	add("first-day", "2026-05-14", "2026-05-20", false)
	add("within-a-week", "2026-05-21", "2026-05-22", false)
	add("in-eight-days", "2026-05-22", "2026-05-23", false)
	add("next-year", "2027-01-01", "2027-01-02", false)
	add("taken-back", "2026-05-14", "2026-05-30", true)
	for i := range 201 {
		add(fmt.Sprintf("past-%03d", i), "2025-01-01", time.Date(2025, 1, 2+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), false)
	}
	f.must(f.store.Import(t.Context(), dated))
	page := f.get("tomas", "/console/notices", ok)
	var got []string
	for _, m := range parts.FindAllStringSubmatch(page, -1) {
		got = append(got, m[1]+m[2])
	}
	want := "shown last-day first-day within-a-week coming in-eight-days next-year past taken-back past-200 past-199"
	if order := strings.Join(got, " "); !strings.HasPrefix(order, want) || len(got) != 3+205 || strings.Contains(order, "past-001") {
		t.Errorf("%d: %s", len(got), order)
	}
	contains(t, page, "Only the newest 200 are listed", "200+", "From Thu, May 21 on", "Fri, Jan 1, 2027", "Over")
	// The day is the city's: at eleven at night in New York it is the next one in London.
	f.clock.Store(time.Date(2026, time.May, 15, 3, 0, 0, 0, time.UTC).UnixMilli())
	clear(f.cookies)
	_, at, _ := strings.Cut(f.get("tomas", "/console/notices/last-day", ok), "states")
	if state, _, _ := strings.Cut(at, "</p>"); !strings.Contains(state, "Shown now") {
		t.Errorf("on the evening of its last day: %s", plainText(state))
	}
}

// TestADistrictThatIsGoneStays: an edit of an old notice does not lose it, and its name
// is not invented.
func TestADistrictThatIsGoneStays(t *testing.T) {
	f := newTown(t)
	f.act(system, hydrants("hydrants"))
	less := alderBend
	less.Districts = []city.District{{ID: "north", Name: "Northside"}}
	less.Languages = []string{"en"}
	f.act(system, &city.SetCity{Settings: less})
	at := "/console/notices/hydrants"
	contains(t, f.get("maya", at, ok), "Old town (no longer a district)", "Español")
	f.fill("maya", at, at, moved, noticed(url.Values{"districts": {"old-town"}, "title-es": {"Limpieza"}}))
	if n := f.theNotice("hydrants"); len(n.Districts) != 1 || n.Title["es"] != "Limpieza" {
		t.Errorf("it became %+v", n)
	}
}

// TestWhatWasTypedOutlivesTheSession: who sends a form after twelve hours signs in and
// sends it then; it does what it would have done.
func TestWhatWasTypedOutlivesTheSession(t *testing.T) {
	f := newTown(t)
	f.signIn("maya")
	in := f.form(f.get("maya", writing, ok), writing)
	maps.Copy(in, noticed(url.Values{"words-en": {"Brown.\r\n\"Safe\" & <b>clear</b> ñ"}, "districts": {"north", "old-town"}}))
	f.pass(13 * time.Hour)
	page := f.again("maya", writing, kept, in).Body.String()
	contains(t, page, "Your session has ended. What you typed is kept")
	lacks(t, page, "<b>clear")

	hidden := func(page string) url.Values {
		out := url.Values{}
		for _, m := range regexp.MustCompile(`(?s)<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(page, -1) {
			out.Add(m[1], html.UnescapeString(m[2]))
		}
		return out
	}
	form := hidden(page)
	form.Set("name", "maya")
	form.Set("password", "not this one")
	w := f.send(http.MethodPost, "/console/sign-in", "", form)
	form = hidden(w.Body.String())
	if w.Code != wrong {
		t.Fatalf("a wrong password: %d", w.Code)
	}
	form.Set("name", "maya")
	form.Set("password", password)
	w = f.send(http.MethodPost, "/console/sign-in", "", form)
	if w.Code != ok || len(w.Result().Cookies()) != 1 {
		t.Fatalf("signed in: %d", w.Code)
	}
	f.cookies["maya"] = w.Result().Cookies()[0].Value
	contains(t, w.Body.String(), "Maya Ellison", `action="`+writing+`"`)
	form = hidden(w.Body.String())
	if form.Encode() != in.Encode() {
		t.Errorf("of %v came back %v", in, form)
	}
	_, id := published(f.again("maya", writing, moved, form))
	if n := f.theNotice(id); n.Words["en"] != "Brown.\n\"Safe\" & <b>clear</b> ñ" || len(n.Districts) != 2 {
		t.Errorf("published %+v", n)
	}
}
