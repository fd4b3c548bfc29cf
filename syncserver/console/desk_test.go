package console_test

import (
	"bufio"
	"context"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

var gray = color.Gray{90}

func TestSignInTellsNothing(t *testing.T) {
	f := newTown(t)
	f.signIn("maya")
	in := func(name, password string) string {
		w := f.send(http.MethodPost, "/console/sign-in", "", url.Values{"name": {name}, "password": {password}})
		if w.Code != wrong || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: %d with %d cookies", name, w.Code, len(w.Result().Cookies()))
		}
		return w.Body.String()
	}
	if known, unknown := in("maya", "wrong"), in("nobody", "wrong"); strings.ReplaceAll(known, "maya", "nobody") != unknown {
		t.Error("the page tells who exists")
	}
	contains(t, in("", "x"), "Enter your name.")
	contains(t, in("maya", ""), "Enter your password.")

	w := f.send(http.MethodPost, "/console/sign-in", "", url.Values{"name": {"maya"}, "password": {password}, "next": {"//evil.example/console/"}})
	c := w.Result().Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || w.Header().Get("Location") != "/console/requests" {
		t.Errorf("cookie %+v, to %s", c, w.Header().Get("Location"))
	}
	w = f.send(http.MethodPost, "/console/sign-in", "", url.Values{"name": {"maya"}, "password": {password}, "next": {"/console/devices?x=1"}}, "X-Forwarded-Proto", "https")
	if c := w.Result().Cookies()[0]; !c.Secure || w.Header().Get("Location") != "/console/devices?x=1" {
		t.Errorf("behind https: cookie %+v, to %s", c, w.Header().Get("Location"))
	}

	// Who comes by a link elsewhere brings no strict cookie; one reload does.
	w = f.send(http.MethodGet, "/console/sign-in?next=/console/reviews", "", nil, "Sec-Fetch-Site", "cross-site")
	if w.Header().Get("Refresh") != "0" {
		t.Error("no reload for who comes from another site")
	}

	// A session ends with the person's work.
	f.act(system, &city.SetStaff{ID: "maya", Staff: city.Staff{Name: "Maya Ellison", Roles: []city.Role{city.RoleReviewer}}})
	if w := f.send(http.MethodGet, "/console/requests", f.signIn("maya"), nil); w.Code != login {
		t.Errorf("no longer active: %d", w.Code)
	}
}

func TestSignOut(t *testing.T) {
	f := newTown(t)
	cookie := f.signIn("maya")
	f.send(http.MethodPost, "/console/sign-out", cookie, nil)
	if w := f.send(http.MethodGet, "/console/requests", cookie, nil); w.Code != login {
		t.Errorf("after signing out: %d", w.Code)
	}
}

func TestEmptyCity(t *testing.T) {
	f := newTown(t)
	contains(t, f.get("ruth", "/console/requests", ok), "Nothing new. When a resident or a crew reports something")
	contains(t, f.get("ruth", "/console/requests?tab=all&q=oak", ok), "Nothing here fits", "Clear the search")
	contains(t, f.get("ruth", "/console/reviews", ok), "Nothing to decide")
	contains(t, f.get("ruth", "/console/devices", ok), "No devices yet", "Enrol a kiosk or a tablet")
	contains(t, f.get("maya", "/console/devices", ok), "An administrator enrols")
}

func TestInboxNarrowsAndFinds(t *testing.T) {
	f := newTown(t)
	kiosk, tablet := f.devices()
	j := f.finished(kiosk, tablet, "88 Riverside Drive")
	tree, hole := report("tree", "7 Elm Street"), report("pothole", "9 Harbor 100%_Road")
	hole.Place.District = "north"
	kiosk.do(resident, tree)
	kiosk.do(resident, hole)
	all := []string{"88 Riverside Drive", "7 Elm Street", "9 Harbor 100%_Road"}
	for query, want := range map[string][]string{
		"":                             {"7 Elm Street", "9 Harbor 100%_Road"},
		"tab=all":                      all,
		"tab=checking":                 {"88 Riverside Drive"},
		"tab=all&service=pothole":      {"9 Harbor 100%_Road"},
		"tab=all&department=parks":     {"88 Riverside Drive", "7 Elm Street"},
		"tab=all&district=north":       {"9 Harbor 100%_Road"},
		"tab=all&crew=trees":           {"88 Riverside Drive"},
		"status=received":              {"7 Elm Street", "9 Harbor 100%_Road"},
		"q=ELM":                        {"7 Elm Street"},
		"q=100%25_":                    {"9 Harbor 100%_Road"},
		"q=x%25y":                      nil,
		"tab=overdue":                  nil,
		"tab=nonsense&sort=x&at=%00zz": {"7 Elm Street", "9 Harbor 100%_Road"},
	} {
		page := f.get("ruth", "/console/requests?"+query, ok)
		for _, place := range all {
			if got := strings.Contains(page, place+"</span>"); got != strings.Contains(strings.Join(want, "|"), place) {
				t.Errorf("%q shows %s: %v", query, place, got)
			}
		}
	}
	number := f.record(city.KindRequest, j.request).Text("number")
	for _, typed := range []string{number, strings.ToLower(strings.ReplaceAll(number, "-", "")), " " + number + " "} {
		w := f.send(http.MethodGet, "/console/requests?tab=new&q="+url.QueryEscape(typed), f.signIn("ruth"), nil)
		if w.Code != moved || w.Header().Get("Location") != "/console/requests/"+string(j.request) {
			t.Errorf("%q leads to %d %s", typed, w.Code, w.Header().Get("Location"))
		}
	}
	f.pass(30 * 24 * time.Hour)
	f.get("ruth", "/console/requests?tab=overdue", login) // the session has ended long ago
	clear(f.cookies)
	contains(t, f.get("ruth", "/console/requests?tab=overdue", ok), "7 Elm Street", "days overdue")
}

// TestPagingShowsEveryRequestOnce walks all pages there and back while nothing
// changes, in every order.
func TestPagingShowsEveryRequestOnce(t *testing.T) {
	f := newTown(t)
	kiosk, _ := f.devices()
	for i := range 120 {
		if i%3 == 0 {
			f.pass(time.Minute)
		}
		kiosk.do(resident, report([]city.ID{"tree", "pothole"}[i%2], "1 Elm Street"))
	}
	row, link := regexp.MustCompile(`<tr id="row-([^"]+)">`), regexp.MustCompile(`rel="(prev|next)" href="([^"]+)"`)
	links := func(page string) map[string]string {
		out := map[string]string{}
		for _, m := range link.FindAllStringSubmatch(page, -1) {
			out[m[1]] = strings.ReplaceAll(m[2], "&amp;", "&")
		}
		return out
	}
	for _, sort := range []string{"newest", "oldest", "due"} {
		var pages []string
		seen := map[string]bool{}
		for at := "/console/requests?sort=" + sort; at != ""; at = links(pages[len(pages)-1])["next"] {
			page := f.get("ruth", at, ok)
			pages = append(pages, page)
			for _, m := range row.FindAllStringSubmatch(page, -1) {
				if seen[m[1]] {
					t.Fatalf("%s: %s is on two pages", sort, m[1])
				}
				seen[m[1]] = true
			}
		}
		if len(seen) != 120 || len(pages) != 3 {
			t.Fatalf("%s: %d requests on %d pages", sort, len(seen), len(pages))
		}
		back := f.get("ruth", links(pages[2])["prev"], ok)
		if a, b := row.FindAllString(back, -1), row.FindAllString(pages[1], -1); strings.Join(a, "") != strings.Join(b, "") {
			t.Errorf("%s: going back shows another page", sort)
		}
		if first := f.get("ruth", links(back)["prev"], ok); links(first)["prev"] != "" || strings.Join(row.FindAllString(first, -1), "") != strings.Join(row.FindAllString(pages[0], -1), "") {
			t.Errorf("%s: going back does not end at the beginning", sort)
		}
	}
}

func TestEnrolAndRevoke(t *testing.T) {
	f := newTown(t)
	page := "/console/devices/enrol"
	contains(t, f.post("ruth", page, page, wrong).Body.String(), "Name it after where it stands", "Choose what kind of device it is.")
	contains(t, f.post("ruth", page, page, wrong, "kind", "tablet", "name", "Tablet <9>").Body.String(), "Choose at least one crew", "Tablet &lt;9&gt;")
	in := f.form(f.get("ruth", page, ok), page)
	in.Set("kind", "tablet")
	in.Set("name", "Tablet 9")
	in.Set("crew", "trees")
	var at string
	for range 2 { // the same form twice is the same code
		w := f.send(http.MethodPost, page, f.signIn("ruth"), in)
		if w.Code != moved || at != "" && at != w.Header().Get("Location") {
			t.Fatalf("%d %s", w.Code, w.Header().Get("Location"))
		}
		at = w.Header().Get("Location")
	}
	shown := f.get("ruth", at, ok)
	line := regexp.MustCompile(`value="(cityhall://enrol[^"]+)"`).FindStringSubmatch(shown)
	if line == nil {
		t.Fatal("no enrolment line")
	}
	// The test server's name is no loopback address; a real device would refuse it.
	e, err := keys.ParseEnrolment(strings.Replace(strings.ReplaceAll(line[1], "&amp;", "&"), "example.com", "127.0.0.1", 1))
	f.must(err)
	contains(t, shown, e.Code.Show(), "Tablet 9", "Tree crew")
	w := f.send(http.MethodGet, at+"/qr.png", f.signIn("ruth"), nil)
	if img, err := png.Decode(w.Body); err != nil || img.Bounds().Dx() < 300 {
		t.Errorf("QR: %v", err)
	}
	id, err := keys.NewIdentity(nil)
	f.must(err)
	d, err := f.store.Enrol(context.Background(), e.Code, id.Public(), "")
	if err != nil || d.Kind != city.DeviceTablet || len(d.Grants) != 2 {
		t.Fatalf("%+v, %v", d, err)
	}
	contains(t, f.get("ruth", "/console/devices", ok), "Tablet 9", "of Tree crew", "Never heard from")
	crews := "/console/devices/" + string(d.ID) + "/crews"
	page = f.get("ruth", crews, ok)
	if trees, roads := strings.Index(page, `value="trees"`), strings.Index(page, `value="roads"`); trees < 0 || roads < 0 ||
		!strings.Contains(page[trees:trees+60], "checked") || strings.Contains(page[roads:roads+60], "checked") {
		t.Errorf("the form does not show the tablet's crews: %s", plainText(page))
	}
	contains(t, f.post("ruth", crews, crews, wrong).Body.String(), "Choose at least one crew")
	f.post("ruth", crews, crews, moved, "crew", "roads")
	contains(t, f.get("ruth", "/console/devices?done=crews", ok), "Saved. The tablet learns", "of Street crew")
	if d, err = f.store.Device(context.Background(), d.ID); err != nil || d.GrantRev != 2 || !slices.Equal(d.Grants, []city.Scope{city.ScopeCrew("roads"), city.ScopePublic}) {
		t.Errorf("%+v, %v", d, err)
	}
	revoke := "/console/devices/" + string(d.ID) + "/revoke"
	contains(t, f.get("ruth", revoke, ok), "Revoke Tablet 9?", "cannot be taken back", id.Public().Fingerprint())
	f.post("ruth", revoke, revoke, moved)
	contains(t, f.get("ruth", "/console/devices?done=revoked", ok), "refused from now on", "Revoked")
	wipe := "/console/devices/" + string(d.ID) + "/wipe"
	contains(t, f.get("ruth", wipe, ok), "Wipe Tablet 9?", "unsent work to staff")
	f.post("ruth", wipe, wipe, moved)
	contains(t, f.get("ruth", "/console/devices?done=wipe", ok), "as soon as it has a connection", "Wipe ordered")
	contains(t, f.get("ruth", wipe, ok), "ordered already")
	d, err = f.store.Device(context.Background(), d.ID)
	f.must(err)
	_, _, err = f.store.Quarantine(context.Background(), d, protocol.QuarantineHeader{Last: true, Wiped: true}, nil)
	f.must(err)
	contains(t, f.get("ruth", "/console/devices", ok), "Wiped")
	contains(t, f.get("ruth", wipe, ok), "It said that it was wiped")
	f.pass(31 * time.Minute)
	contains(t, f.get("ruth", at, nothing), "not shown any more")
}

// TestLiveTellsOfNews reads the stream of a page while somebody reports.
func TestLiveTellsOfNews(t *testing.T) {
	f := newTown(t)
	kiosk, _ := f.devices()
	root := f.served()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, root+"live", nil)
	f.must(err)
	r.AddCookie(&http.Cookie{Name: "cityhall_session", Value: f.signIn("maya")})
	answer, err := http.DefaultClient.Do(r)
	f.must(err)
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	next := func() string {
		for lines.Scan() {
			if head, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return head
			}
		}
		return ""
	}
	first := next()
	kiosk.do(resident, report("tree", "1 Elm Street"))
	if second := next(); first == "" || second == "" || second == first {
		t.Errorf("heads %q, %q", first, second)
	}
	f.console.Close()
	if last := next(); last != "" {
		t.Errorf("after the end: %q", last)
	}
}
